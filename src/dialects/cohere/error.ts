// Errors, both ways: `{"message": ..., "id": ...}`. Two statuses are this vendor's own: 498 is a bad token, 499 a request
// it gave up.

import { type ErrorKind, GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import { ID } from './own.ts'

const OVERFLOW = /too many tokens|context length|maximum (number of )?tokens|prompt is too long/i

export function decodeError(
  status: number,
  body: Json | string,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  const said = isObject(body)
    ? (asString(body.message) ?? '')
    : typeof body === 'string'
      ? body.slice(0, 300)
      : ''
  const seconds = Number(headers['retry-after'])
  return new GatewayError(kindOf(status, said), said === '' ? `HTTP ${status}` : said, {
    status: status === 498 ? 401 : status === 499 ? 502 : status,
    upstreamStatus: status,
    ...(headers['retry-after'] !== undefined && Number.isFinite(seconds) ? { retryAfterS: seconds } : {}),
    ...(isObject(body) ? { verbatim: { dialect: ID, body } } : {}),
    phase: 'firstByte',
  })
}

function kindOf(status: number, message: string): ErrorKind {
  if (status === 401 || status === 403 || status === 498) return 'upstream_auth'
  if (status === 429) return 'upstream_rate_limited'
  if (status >= 499) return 'upstream_failed'
  return OVERFLOW.test(message) ? 'context_length_exceeded' : 'upstream_rejected'
}

function bodyOf(error: GatewayError, requestId: string): JsonObject {
  const { verbatim } = error
  return verbatim?.dialect === ID && isObject(verbatim.body)
    ? verbatim.body
    : { id: requestId, message: error.message }
}

export function encodeError(
  error: GatewayError,
  requestId: string,
): { status: number; body: JsonObject; headers: Record<string, string> } {
  const { retryAfterS } = error
  const headers: Record<string, string> =
    retryAfterS === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterS))) }
  return { status: error.status, body: bodyOf(error, requestId), headers }
}

/** A stream says a failure in its last event. */
export function failureFrame(error: GatewayError): string {
  const delta = { finish_reason: 'ERROR', error: error.message }
  return `event: message-end\ndata: ${JSON.stringify({ type: 'message-end', delta })}\n\n`
}
