// The rest of Ollama's own API beside chat and generate: what clients that only speak it ask before and around a chat.
// Lists come from the same rows as /v1/models; digests are made up of the name, for clients cut them.

import { createHash } from 'node:crypto'
import type { ModelEntry } from '../../catalog/index.ts'
import { GatewayError, invalid, normalise } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { ollama } from '../../dialects/ollama/index.ts'
import { readBody } from '../body.ts'
import { type Context, type Handler, sendJson } from '../context.ts'
import { failWith } from '../fail.ts'
import { version as ownVersion } from '../version.ts'
import { modelRows } from './models.ts'

/** Who asks for this text wants to know whether an Ollama server is there; one speaks, though it is no Ollama. */
export const root: Handler = (context) => {
  context.response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
  context.response.end(context.request.method === 'HEAD' ? undefined : 'Ollama is running')
}

/** Clients compare it with the release that brought a feature: we speak what 0.13 spoke. */
export const version: Handler = (context) =>
  sendJson(context, 200, { version: '0.13.0', trunkline: ownVersion() })

export const tags: Handler = (context) =>
  sendJson(context, 200, {
    models: modelRows(context.gateway.runtime, true).map(({ id, entry }) => tag(id, entry)),
  })

/** Every route is ready to serve; no window size or memory is known, and none is claimed. */
export const running: Handler = (context) =>
  sendJson(context, 200, {
    models: modelRows(context.gateway.runtime, true).map(({ id, entry }) => ({
      ...tag(id, entry),
      expires_at: '0001-01-01T00:00:00Z',
      size_vram: 0,
      ...(entry?.contextTokens === undefined ? {} : { context_length: entry.contextTokens }),
    })),
  })

function tag(name: string, entry: ModelEntry | undefined): JsonObject {
  return {
    name,
    model: name,
    modified_at: '1970-01-01T00:00:00Z',
    size: 0,
    digest: createHash('sha256').update(name).digest('hex'),
    details: details(),
    capabilities: capabilities(entry),
  }
}

/** Clients choose their buttons by these; what nobody knows of a model is offered, and the upstream judges. */
function capabilities(entry: ModelEntry | undefined): string[] {
  return [
    'completion',
    ...(entry?.tools === false ? [] : ['tools']),
    ...(entry?.input?.includes('image') === false ? [] : ['vision']),
    ...(entry?.reasoning === false ? [] : ['thinking']),
  ]
}

function details(): JsonObject {
  return {
    parent_model: '',
    format: 'gguf',
    family: 'trunkline',
    families: ['trunkline'],
    parameter_size: '',
    quantization_level: '',
  }
}

export const show: Handler = (context) =>
  guarded(context, async () => {
    const body = await jsonBody(context)
    const name = typeof body.model === 'string' ? body.model : body.name
    if (typeof name !== 'string') throw invalid('model', 'model must be a string')
    const { runtime } = context.gateway
    const route = runtime.routes.match(name)
    const entry = modelRows(runtime, false).find((row) => row.id === route.name)?.entry
    const contextTokens = entry?.contextTokens
    sendJson(context, 200, {
      modelfile: '',
      parameters: '',
      template: '',
      modified_at: '1970-01-01T00:00:00Z',
      details: details(),
      model_info: {
        'general.architecture': 'trunkline',
        'general.basename': route.name,
        ...(contextTokens === undefined ? {} : { 'trunkline.context_length': contextTokens }),
      },
      capabilities: capabilities(entry),
    })
  })

/** POST /api/embed: a text or a list, answered in order. */
export const embed: Handler = (context) =>
  guarded(context, async () => {
    const body = await jsonBody(context)
    const { input } = body
    if (
      typeof input !== 'string' &&
      !(Array.isArray(input) && input.every((text) => typeof text === 'string'))
    )
      throw invalid('input', 'input must be a text or a list of texts')
    const answer = await embeddings(context, body, input)
    if (!answer) return
    sendJson(context, 200, {
      model: body.model,
      embeddings: answer.vectors,
      ...(answer.tokens === undefined ? {} : { prompt_eval_count: answer.tokens }),
    })
  })

/** POST /api/embeddings, the older form: one prompt, one vector. */
export const embedOne: Handler = (context) =>
  guarded(context, async () => {
    const body = await jsonBody(context)
    const { prompt } = body
    if (typeof prompt !== 'string') throw invalid('prompt', 'prompt must be a text')
    const answer = await embeddings(context, body, prompt)
    if (answer) sendJson(context, 200, { embedding: answer.vectors[0] ?? [] })
  })

interface Vectors {
  vectors: Json[]
  tokens: number | undefined
}

/** Asks in OpenAI's form, which every provider of embeddings is reached by; undefined: a failure was answered. */
async function embeddings(context: Context, body: JsonObject, input: Json): Promise<Vectors | undefined> {
  const asked = {
    model: body.model,
    input,
    encoding_format: 'float',
    ...(typeof body.dimensions === 'number' ? { dimensions: body.dimensions } : {}),
  }
  const reply = await context.gateway.handle({
    id: context.id,
    operation: 'embeddings',
    dialect: ollama,
    headers: context.request.headers,
    body: Buffer.from(JSON.stringify(asked)),
    cancel: context.cancel,
  })
  if (!('body' in reply)) throw new GatewayError('internal', 'embeddings do not stream')
  if (reply.status !== 200) {
    context.response.writeHead(reply.status, reply.headers)
    context.response.end(reply.body)
    return undefined
  }
  const wire: unknown = JSON.parse(reply.body.toString())
  const rows = isObject(wire) && Array.isArray(wire.data) ? wire.data.filter(isObject) : []
  const usage = isObject(wire) && isObject(wire.usage) ? wire.usage.prompt_tokens : undefined
  return {
    vectors: rows.map((row) => row.embedding ?? []),
    // 0 stands for a count that the host did not tell.
    tokens: typeof usage === 'number' && usage > 0 ? usage : undefined,
  }
}

async function guarded(context: Context, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (thrown) {
    failWith(context, normalise(thrown), ollama)
  }
}

async function jsonBody(context: Context): Promise<JsonObject> {
  const bytes = await readBody(context.request, context.gateway.runtime.config.server.maxBodyBytes)
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new GatewayError('invalid_request', 'the request body is not valid JSON', { cause })
  }
  if (!isObject(value)) throw invalid(null, 'the request body must be a JSON object')
  return value
}
