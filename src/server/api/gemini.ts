// Google's paths: the model and the method stand in the path, the key may stand in the query, and a stream without
// `alt=sse` is one JSON list written piece by piece. Clients: @google/genai, gemini-cli, and their Vertex modes.

import { GatewayError, normalise } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { decodeEmbeddings, encodeEmbeddings } from '../../dialects/gemini/embeddings.ts'
import { gemini } from '../../dialects/gemini/index.ts'
import type { Call, Sink } from '../../gateway/call.ts'
import { readBody } from '../body.ts'
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
}

export function isGeminiPath(path: string): boolean {
  return PATH.test(path)
}

export const geminiMethod: Handler = (context: Context) => {
  const { url } = context
  const [, collection = 'models', name = '', method = ''] = PATH.exec(url.pathname) ?? []
  const model = collection === 'models' ? decoded(name) : `${collection}/${decoded(name)}`
  if (method === 'embedContent' || method === 'batchEmbedContents')
    return embed(context, model, method === 'batchEmbedContents')
  const asked = METHODS[method]
  if (!asked)
    return failWith(
      context,
      new GatewayError(
        'not_found',
        `no method ${method} here (known: ${Object.keys(METHODS).join(', ')}, embedContent, batchEmbedContents)`,
      ),
      gemini,
    )
  const stream = method === 'streamGenerateContent'
  return answer(context, {
    ...asked,
    named: { model, stream },
    headers: keyedHeaders(context),
    ...(stream && url.searchParams.get('alt') !== 'sse'
      ? { reframed: { type: 'application/json; charset=utf-8', sink: (to: Sink) => listReframer(to) } }
      : {}),
  })
}

/** Embeddings go in OpenAI's form, where the model stands in the body. */
const embedder = { ...unchecked, addressing: 'body' } as const

async function embed(context: Context, model: string, batch: boolean): Promise<void> {
  const { request, response, gateway } = context
  let asked: JsonObject
  try {
    const bytes = await readBody(request, gateway.runtime.config.server.maxBodyBytes)
    asked = decodeEmbeddings(parsed(bytes), model, batch)
  } catch (thrown) {
    return failWith(context, normalise(thrown), gemini)
  }
  const reply = await gateway.handle({
    id: context.id,
    operation: 'embeddings',
    dialect: embedder,
    headers: keyedHeaders(context),
    body: Buffer.from(JSON.stringify(asked)),
    cancel: context.cancel,
  })
  if (response.destroyed || !('body' in reply)) return
  const text = reply.body.toString()
  const body = reply.status === 200 ? JSON.stringify(encodeEmbeddings(JSON.parse(text) as Json, batch)) : text
  response.writeHead(reply.status, { ...reply.headers, 'content-length': String(Buffer.byteLength(body)) })
  response.end(body)
}

function parsed(bytes: Buffer): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new GatewayError('invalid_request', 'the request body is not valid JSON', { cause })
  }
  if (!isObject(value)) throw new GatewayError('invalid_request', 'the request body must be a JSON object')
  return value
}

/** A malformed escape stands for itself: no model has that name. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
