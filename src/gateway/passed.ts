// Plain operations of OpenAI's public shape (images, audio, moderations): no dialect stands between, so the request passes
// with its model put in place, as JSON or as a form, and the answer passes as it comes, whatever it is.

import { GatewayError, invalid } from '../core/error.ts'
import { type Json, asNumber, isObject } from '../core/json.ts'
import type { Usage } from '../core/usage.ts'
import { type Operation, operationsOf } from '../providers/provider.ts'
import type { Exchange } from '../upstream/send.ts'
import { collectBody } from '../upstream/send.ts'
import { FormReader, isForm } from '../wire/multipart.ts'
import type { Config } from '../config/config.ts'
import type { Clock } from '../core/clock.ts'
import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import { outlet } from './outlet.ts'
import type { LiveStream, StreamEnd } from './pump.ts'
import type { ReadRequest } from './read.ts'

const PASSED: ReadonlySet<Operation> = new Set<Operation>([
  'images',
  'image_edits',
  'image_variations',
  'speech',
  'transcriptions',
  'translations',
  'moderations',
])

/** Generation, counting and embeddings are more than plain. */
export function isPassed(operation: Operation): boolean {
  return PASSED.has(operation)
}

/** The content type of a call whose body is a form; undefined for JSON. */
export function formType(call: Pick<Call, 'operation' | 'headers'>): string | undefined {
  const type = call.headers['content-type']
  return PASSED.has(call.operation) && typeof type === 'string' && isForm(type) ? type : undefined
}

/** What routing needs of a form. Of one that is still coming, `stream` counts where it is among what is held. */
export function readForm(call: Call, type: string, defaultModel: string | undefined): ReadRequest {
  const form = new FormReader(type)
  form.push(call.body)
  if (!call.upload) form.end()
  const model = form.field('model')?.value
  return {
    model: model === undefined || model === '' ? (defaultModel ?? '') : model,
    stream: form.field('stream')?.value === 'true',
    includeUsage: false,
    streamOptions: undefined,
    sentModel: model,
    member: () => undefined,
    json() {
      throw invalid(null, 'a form is no JSON')
    },
  }
}

/**
 * A name by which the first endpoint with that operation is reached.
 * @throws GatewayError `unsupported_operation` where there is none.
 */
export function anyModel(operation: Call['operation'], { endpoints }: Pick<Config, 'endpoints'>): string {
  const able = endpoints.find(({ provider }) => (operationsOf(provider) as string[]).includes(operation))
  if (!able) throw new GatewayError('unsupported_operation', `no endpoint here has ${operation}`)
  return `${able.id}/${able.models[0]?.name ?? 'default'}`
}

const ANSWER_CAP = 64 * 1024 * 1024

/** JSON comes whole, for its usage; sound, text and event streams flow. */
export async function passedAnswer(
  exchange: Exchange,
  headers: Record<string, string>,
  clock: Clock,
): Promise<Exclude<Answer, { kind: 'session' }>> {
  const type = exchange.headers['content-type'] ?? 'application/octet-stream'
  headers['content-type'] = type
  if (type.includes('html')) {
    exchange.abort()
    throw new GatewayError('bad_upstream_response', 'the upstream answered 200 with an HTML page', {
      upstreamStatus: 200,
    })
  }
  if (!type.includes('json')) return { kind: 'stream', live: passStream(exchange, clock), headers }
  const body = await collectBody(exchange, ANSWER_CAP)
  const usage = usageIn(body)
  return { kind: 'whole', body, headers, ...(usage ? { usage } : {}) }
}

/** Bytes as they come, with back-pressure; a break closes the caller's connection. */
export function passStream(exchange: Exchange, clock: Clock): LiveStream {
  const out = outlet(clock, '', exchange)
  const listeners: ((end: StreamEnd) => void)[] = []
  let end: StreamEnd | undefined
  const settle = (how: StreamEnd): void => {
    end = how
    out.end()
    for (const listener of listeners) listener(how)
  }
  exchange.consume({
    data(chunk) {
      out.write(chunk)
      out.flush()
    },
    end: () => settle({ endedBy: 'upstream' }),
    failed: (error) => settle({ error, endedBy: error.kind === 'caller_gone' ? 'caller' : 'upstream' }),
  })
  return {
    attach: (sink) => out.attach(sink),
    onEnd(fn) {
      if (end) fn(end)
      else listeners.push(fn)
    },
  }
}

/** Token counts under the names that images and transcriptions have for them. */
function usageIn(body: Buffer): Usage | undefined {
  let wire: Json
  try {
    wire = JSON.parse(body.toString('utf8')) as Json
  } catch {
    return undefined
  }
  if (!isObject(wire) || !isObject(wire.usage)) return undefined
  const input = asNumber(wire.usage.input_tokens) ?? asNumber(wire.usage.prompt_tokens)
  const output = asNumber(wire.usage.output_tokens) ?? asNumber(wire.usage.completion_tokens)
  if (input === undefined && output === undefined) return undefined
  return {
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    raw: { dialect: 'openai-chat', value: wire.usage },
  }
}
