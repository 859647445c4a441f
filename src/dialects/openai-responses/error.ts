// Responses errors: the family's over HTTP; inside an answer a code and a message, which Codex goes by.

import { type ErrorKind, GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import {
  decodeError as decode,
  encodeError as encode,
  envelope,
  errorInside as familyError,
} from '../openai-family/error.ts'

export function decodeError(
  status: number,
  body: Json | string,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  return decode('openai-responses', status, body, headers)
}

/** The upstream's own words, except that Codex must find the code of an overflow, whatever the upstream called it. */
export function encodeError(error: GatewayError, requestId: string): ReturnType<typeof encode> {
  const encoded = encode(error, requestId)
  if (error.kind !== 'context_length_exceeded') return encoded
  const inner = isObject(encoded.body.error) ? encoded.body.error : envelope(error)
  return { ...encoded, body: { ...encoded.body, error: { ...inner, code: 'context_length_exceeded' } } }
}

const STATUS: Readonly<Record<string, number>> = {
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  server_error: 500,
  server_is_overloaded: 503,
  slow_down: 503,
}

/** An `error` event, or the `error` of a failed response, as the error it would have been over HTTP. */
export function errorSaid(wire: Json | undefined): GatewayError {
  const inner = isObject(wire) && isObject(wire.error) ? wire.error : isObject(wire) ? wire : {}
  const message =
    asString(inner.message) ?? `the upstream said: ${JSON.stringify(wire ?? null).slice(0, 300)}`
  const code = asString(inner.code)
  const status = STATUS[code ?? ''] ?? (code === undefined ? 500 : 400)
  return decode('openai-responses', status, { error: { ...inner, message } }, {})
}

/** The error object that stands where an answer should; `"error": null` of a response is none. */
export function errorInside(wire: JsonObject): GatewayError | undefined {
  if (wire.object === 'response') return wire.status === 'failed' ? errorSaid(wire) : undefined
  return familyError(wire)
}

/** Codes that clients act on; everything else is the server's fault to them, and worth another try. */
const CODES: Readonly<Partial<Record<ErrorKind, string>>> = {
  context_length_exceeded: 'context_length_exceeded',
  rate_limited: 'rate_limit_exceeded',
  upstream_rate_limited: 'rate_limit_exceeded',
  budget_exceeded: 'insufficient_quota',
}

export function answerError(error: GatewayError): JsonObject {
  const quota = error.code === 'insufficient_quota' ? error.code : undefined
  return { code: quota ?? CODES[error.kind] ?? 'server_error', message: error.message }
}

/** Above any number that a stream has reached, and still a 32-bit integer. */
const LAST_NUMBER = 2_000_000_000

/**
 * A failure in the midst of a stream. Codex ignores the bare `error` event and reads `response.failed`; nothing follows.
 * @param sequence number of the event where the stream is our own.
 */
export function failedEvent(error: GatewayError, response: JsonObject, sequence = LAST_NUMBER): string {
  const failed = { ...response, status: 'failed', error: answerError(error) }
  return `event: response.failed\ndata: ${JSON.stringify({ type: 'response.failed', sequence_number: sequence, response: failed })}\n\n`
}

/** Members that every Response has: what was asked is not at hand here. */
const UNTOLD: JsonObject = {
  instructions: null,
  metadata: null,
  parallel_tool_calls: true,
  temperature: null,
  tool_choice: 'auto',
  tools: [],
  top_p: null,
}

export function failureFrame(error: GatewayError, requestId: string): string {
  return failedEvent(error, {
    id: answerId(requestId),
    object: 'response',
    created_at: 0,
    model: '',
    output: [],
    incomplete_details: null,
    ...UNTOLD,
  })
}

/** Our own answers are named after their call. */
export function answerId(requestId: string): string {
  return `resp_${requestId.replace(/^req_/, '')}`
}
