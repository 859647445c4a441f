// The little that routing needs to know of a body, found by a scan: big bodies are parsed only when a translation
// needs them.

import { GatewayError, invalid } from '../core/error.ts'
import { type Json, type JsonObject, isObject } from '../core/json.ts'
import { type TopLevel, scan, valueAt } from '../wire/json-splice.ts'
import type { Call } from './call.ts'

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
  top: TopLevel
  /** Top-level members that were scanned for and found. */
  has(name: string): boolean
  /** Parses the whole body, once. */
  json(): JsonObject
}

/** @throws GatewayError `invalid_request` with the member that is wrong. */
export function read(call: Call, defaultModel: string | undefined, watched: readonly string[]): ReadRequest {
  const top = scan(call.body, ['model', 'stream', 'stream_options', 'messages', 'input', ...watched])
  const value = (name: string): Json | undefined => {
    const span = top.spans.get(name)
    return span && valueAt(call.body, span)
  }
  const model = value('model')
  if (model !== undefined && typeof model !== 'string')
    throw invalid('model', `model must be a string, not ${kindOf(model)}`)
  const stream = value('stream')
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', `stream must be true or false, not ${kindOf(stream)}`)
  const streamOptions = value('stream_options')
  checkMessages(call, top)
  // A small body is checked whole; of a big one only the structure the scan met, the upstream judges the rest.
  let parsed = call.body.length <= CHECKED_BYTES ? parse(call.body) : undefined
  return {
    model: model === undefined || model === '' ? (defaultModel ?? '') : model,
    stream: stream === true,
    includeUsage: isObject(streamOptions) && streamOptions.include_usage === true,
    streamOptions,
    top,
    has: (name) => top.spans.has(name),
    json() {
      parsed ??= parse(call.body)
      return parsed
    },
  }
}

/** The one check of content that even a relay makes: a missing or empty `messages` is answered here. */
function checkMessages(call: Call, top: TopLevel): void {
  if (call.operation !== 'chat' && call.operation !== 'count_tokens') return
  const span = top.spans.get('messages')
  if (!span) throw invalid('messages', 'messages is missing')
  if (call.body[span.valueStart] !== 91) throw invalid('messages', 'messages must be an array')
  let at = span.valueStart + 1
  while (at < span.valueEnd && (call.body[at] as number) <= 32) at++
  if (call.body[at] === 93) throw invalid('messages', 'messages must not be empty')
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
