// Google's paths: the model and the method stand in the path, the key may stand in the query, and a stream without
// `alt=sse` is one JSON list written piece by piece. Clients: @google/genai, gemini-cli, and their Vertex modes.

import { GatewayError } from '../../core/error.ts'
import { gemini } from '../../dialects/gemini/index.ts'
import type { Call, Sink } from '../../gateway/call.ts'
import type { Context, Handler } from '../context.ts'
import { failWith } from '../fail.ts'
import { keyedHeaders } from '../google-caller.ts'
import { listReframer } from '../../gateway/json-list.ts'
import { answer } from './generate.ts'

/** `/v1beta/models/{model}:{method}`, also below a project of Vertex's; a colon may come percent-encoded. */
const PATH =
  /^(?:\/gemini)?\/(?:v1|v1beta|v1beta1|v1alpha)\/(?:projects\/[^/]+\/locations\/[^/]+\/)?(?:publishers\/google\/)?(models|tunedModels)\/(.+?)(?::|%3[Aa])([a-zA-Z]+)$/

/** A count may hold its request in a wrapper: the upstream judges it. */
const { content: _content, ...unchecked } = gemini

const METHODS: Readonly<Record<string, Pick<Call, 'operation' | 'dialect'>>> = {
  generateContent: { operation: 'chat', dialect: gemini },
  streamGenerateContent: { operation: 'chat', dialect: gemini },
  countTokens: { operation: 'count_tokens', dialect: unchecked },
  embedContent: { operation: 'embeddings', dialect: gemini },
  batchEmbedContents: { operation: 'embeddings', dialect: gemini },
}

export function isGeminiPath(path: string): boolean {
  return PATH.test(path)
}

export const geminiMethod: Handler = (context: Context) => {
  const { url } = context
  const [, collection = 'models', name = '', method = ''] = PATH.exec(url.pathname) ?? []
  const asked = METHODS[method]
  if (!asked)
    return failWith(
      context,
      new GatewayError('not_found', `no method ${method} here (known: ${Object.keys(METHODS).join(', ')})`),
      gemini,
    )
  const model = decoded(name)
  const stream = method === 'streamGenerateContent'
  return answer(context, {
    ...asked,
    named: { model: collection === 'models' ? model : `${collection}/${model}`, stream },
    headers: keyedHeaders(context),
    ...(stream && url.searchParams.get('alt') !== 'sse'
      ? { reframed: { type: 'application/json; charset=utf-8', sink: (to: Sink) => listReframer(to) } }
      : {}),
  })
}

/** A malformed escape stands for itself: no model has that name. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
