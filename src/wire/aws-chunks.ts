// The stream of InvokeModel: messages named `chunk` whose payload is `{"bytes": <base64 of one JSON event>}`. Unwrapped
// they are the vendor's own events; here they become server-sent ones, so that Claude's codec and relay read them.

import type { Frame } from '../core/dialect.ts'
import { GatewayError } from '../core/error.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../core/json.ts'
import { ERROR_EVENT, awsReader } from './aws-event-stream.ts'
import { type SseReader, sseFrame } from './sse.ts'

/** What an exception says in Anthropic's words. */
const TYPES: Readonly<Record<string, string>> = {
  throttlingexception: 'rate_limit_error',
  modelnotreadyexception: 'rate_limit_error',
  validationexception: 'invalid_request_error',
  accessdeniedexception: 'permission_error',
  resourcenotfoundexception: 'not_found_error',
  modeltimeoutexception: 'timeout_error',
  serviceunavailableexception: 'overloaded_error',
}

/** The event inside one message, or undefined where it carries none. @throws `bad_upstream_response`. */
export function chunkFrame({ event, data }: Frame): Frame | undefined {
  if (event.endsWith('Exception') || event === ERROR_EVENT) {
    const wire = parse(data)
    return { event: 'error', data: JSON.stringify(errorEvent(event, isObject(wire) ? wire : {}, data)) }
  }
  if (event !== 'chunk') return undefined
  const wire = parse(data)
  if (!isObject(wire) || typeof wire.bytes !== 'string')
    throw new GatewayError('bad_upstream_response', `a chunk carries no bytes: ${data.slice(0, 120)}`)
  const text = Buffer.from(wire.bytes, 'base64').toString('utf8')
  const inner = parse(text)
  // Events without a type are the platform's own.
  if (!isObject(inner) || typeof inner.type !== 'string') return undefined
  return { event: inner.type, data: text.includes('"amazon-bedrock-') ? withoutOwn(inner) : text }
}

/** Metrics and guardrail traces of the platform stand beside the vendor's members of the last event. */
function withoutOwn(event: JsonObject): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(event).filter(([name]) => !name.startsWith('amazon-bedrock-'))),
  )
}

function errorEvent(name: string, wire: JsonObject, data: string): JsonObject {
  const status = asNumber(wire.originalStatusCode)
  const type =
    status === 529 ? 'overloaded_error' : status === 429 ? 'rate_limit_error' : TYPES[name.toLowerCase()]
  const message = asString(wire.originalMessage) ?? asString(wire.message) ?? data.slice(0, 300)
  return { type: 'error', error: { type: type ?? 'api_error', message } }
}

/** Bytes of the wrapped stream in, server-sent events out. */
export function chunksToSse(write: (bytes: Buffer) => void): SseReader {
  return awsReader({
    frame(frame) {
      const inner = chunkFrame(frame)
      if (inner) write(Buffer.from(sseFrame(inner.event, inner.data)))
    },
  })
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
