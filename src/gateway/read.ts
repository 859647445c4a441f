// The little that routing needs to know of a body, found by a scan: big bodies are parsed only when a translation
// needs them.

import { GatewayError, invalid } from '../core/error.ts'
import { type Json, type JsonObject, isObject } from '../core/json.ts'
import { scan, valueAt } from '../wire/json-splice.ts'
import type { Call } from './call.ts'
import type { Resumed } from './stored-responses.ts'

/** Parsing 64 KB costs about as much as the rest of a relayed call. */
const CHECKED_BYTES = 64 * 1024

export interface ReadRequest {
  /** As the caller named it, or the configured default. */
  model: string
  stream: boolean
  /** The caller asked for usage in the stream. */
  includeUsage: boolean
  /** `stream_options` as sent; undefined when absent. */
  streamOptions: Json | undefined
  /** `model` as sent; undefined when absent. */
  sentModel: Json | undefined
  /** One root member as sent, found without parsing a big body. */
  member(name: string): Json | undefined
  /** Parses the whole body, once. */
  json(): JsonObject
  /** The response this one goes on from (stored-responses.ts). */
  resumed?: Resumed
}

/** The few members that routing looks at, found without parsing a big body. */
interface Glance {
  member(name: string): Json | undefined
  /** State of the dialect's content member. */
  content: 'missing' | 'no array' | 'empty' | 'some'
  parsed?: JsonObject
}

/** @throws GatewayError `invalid_request` with the member that is wrong. */
export function read(call: Call, defaultModel: string | undefined): ReadRequest {
  // A small body is checked whole; of a big one only the structure the scan met, the upstream judges the rest.
  const { content = 'messages' } = call.dialect
  const glance =
    call.body.length <= CHECKED_BYTES ? parsedGlance(call.body, content) : scannedGlance(call.body, content)
  const { named } = call
  const model = named ? named.model : glance.member('model')
  if (model !== undefined && typeof model !== 'string')
    throw invalid('model', `model must be a string, not ${kindOf(model)}`)
  const stream = named ? named.stream : glance.member('stream')
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', `stream must be true or false, not ${kindOf(stream)}`)
  const streamOptions = glance.member('stream_options')
  if (call.dialect.content !== undefined && (call.operation === 'chat' || call.operation === 'count_tokens'))
    checkContent(content, glance)
  let { parsed } = glance
  return {
    model: model === undefined || model === '' ? (defaultModel ?? '') : model,
    stream: stream === true || (stream === undefined && call.dialect.streamsByDefault === true),
    includeUsage: isObject(streamOptions) && streamOptions.include_usage === true,
    streamOptions,
    sentModel: model,
    member: (name) => glance.member(name),
    json() {
      parsed ??= parse(call.body)
      return named ? { ...parsed, ...named } : parsed
    },
  }
}

function parsedGlance(body: Buffer, content: string): Glance {
  const parsed = parse(body)
  const rows = parsed[content]
  return {
    parsed,
    member: (name) => parsed[name],
    content:
      rows === undefined
        ? 'missing'
        : !Array.isArray(rows)
          ? 'no array'
          : rows.length === 0
            ? 'empty'
            : 'some',
  }
}

const LOOKED_AT: ReadonlySet<string> = new Set(['model', 'stream', 'stream_options'])

function scannedGlance(body: Buffer, content: string): Glance {
  const { spans } = scan(body, [...LOOKED_AT, content])
  return {
    member(name) {
      const span = LOOKED_AT.has(name) ? spans.get(name) : scan(body, [name]).spans.get(name)
      return span && valueAt(body, span)
    },
    get content() {
      const span = spans.get(content)
      if (!span) return 'missing'
      if (body[span.valueStart] !== 91) return 'no array'
      let at = span.valueStart + 1
      while (at < span.valueEnd && (body[at] as number) <= 32) at++
      return body[at] === 93 ? 'empty' : 'some'
    },
  }
}

/** The one check of content that even a relay makes: a missing or empty `messages` is answered here. */
function checkContent(name: string, { content }: Glance): void {
  if (content === 'missing') throw invalid(name, `${name} is missing`)
  if (content === 'no array') throw invalid(name, `${name} must be an array`)
  if (content === 'empty') throw invalid(name, `${name} must not be empty`)
}

function parse(body: Buffer): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : ''
    throw new GatewayError('invalid_request', `the request body is not valid JSON: ${why}`, { cause })
  }
  if (!isObject(value)) throw invalid(null, 'the request body must be a JSON object')
  return value
}

function kindOf(value: Json): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
