// The built-in demo as an endpoint: answers in the caller's dialect without leaving the process.

import { collect } from '../../core/collect.ts'
import type { AnswerContext } from '../../core/dialect.ts'
import { GatewayError, invalid } from '../../core/error.ts'
import { asNumber, asString } from '../../core/json.ts'
import { STREAM_TYPE } from '../../wire/frames.ts'
import type { Answer } from '../answer.ts'
import type { Call } from '../call.ts'
import { countTokensLocally } from '../count-tokens.ts'
import { toBase64 } from '../embeddings.ts'
import { eventStream } from '../pump.ts'
import type { ReadRequest } from '../read.ts'
import type { Runtime } from '../runtime.ts'
import { demoEmbedding, demoEvents } from './demo.ts'

const JSON_HEADERS = { 'content-type': 'application/json' }

export function demoAnswerFor(
  call: Call,
  read: ReadRequest,
  runtime: Runtime,
  context: AnswerContext,
): Answer {
  if (call.operation === 'count_tokens') return countTokensLocally(call, read)
  if (call.operation === 'embeddings') return embeddings(read)
  if (call.operation !== 'chat')
    throw new GatewayError('unsupported_operation', `the demo model has no ${call.operation} operation`)
  const request = call.dialect.request.decode({ ...read.json(), model: read.model })
  context.request = request
  const events = demoEvents(request)
  const response = collect(events)
  if (read.stream)
    return {
      kind: 'stream',
      live: eventStream(events, {
        clock: runtime.clock,
        dialect: call.dialect,
        context,
        usage: response.usage,
      }),
      headers: { 'content-type': STREAM_TYPE[call.dialect.framing] },
    }
  const { body } = call.dialect.response.encode(response, context)
  return {
    kind: 'whole',
    body: JSON.stringify(body),
    headers: { ...JSON_HEADERS },
    ...(response.usage ? { usage: response.usage } : {}),
  }
}

function embeddings(read: ReadRequest): Answer {
  const { input, dimensions, encoding_format } = read.json()
  const texts = typeof input === 'string' ? [input] : input
  if (!Array.isArray(texts) || texts.length === 0)
    throw invalid('input', 'input must be a string or a list of strings')
  const vectors = demoEmbedding(
    texts.map((text) => (typeof text === 'string' ? text : JSON.stringify(text))),
    asNumber(dimensions),
  )
  const tokens = texts.reduce<number>(
    (sum, text) => sum + Math.ceil((asString(text) ?? JSON.stringify(text)).length / 4),
    0,
  )
  return {
    kind: 'whole',
    body: JSON.stringify({
      object: 'list',
      model: read.model,
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: encoding_format === 'base64' ? toBase64(vector) : vector,
      })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    }),
    headers: { ...JSON_HEADERS },
    usage: { input: tokens, total: tokens },
  }
}
