// Ollama's errors: one text under `error`, with a status, or as a line of its own in a stream that began with 200.

import { ERRORS, GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import { isOwn } from './form.ts'

const OVERFLOW = /exceeds? the (available )?context|context (length|window)|input length|prompt is too long/i

export function decodeError(
  status: number,
  body: Json | string,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  const message = textOf(body) ?? `HTTP ${status}`
  const overflow = status < 500 && OVERFLOW.test(message)
  const retryAfterS = Number(headers['retry-after'])
  const kind = overflow
    ? 'context_length_exceeded'
    : status === 401 || status === 403
      ? 'upstream_auth'
      : status === 429
        ? 'upstream_rate_limited'
        : status >= 500
          ? 'upstream_failed'
          : 'upstream_rejected'
  return new GatewayError(kind, message, {
    status,
    upstreamStatus: status,
    ...(headers['retry-after'] !== undefined && Number.isFinite(retryAfterS) ? { retryAfterS } : {}),
    ...(isObject(body) ? { verbatim: { dialect: 'ollama', body } } : {}),
    phase: 'firstByte',
  })
}

/** The text under `error`, in Ollama's form or in OpenAI's, which its /v1 routes use. */
function textOf(body: Json | string): string | undefined {
  if (typeof body === 'string') return body === '' ? undefined : body.slice(0, 300)
  if (!isObject(body)) return undefined
  if (typeof body.error === 'string') return body.error
  return isObject(body.error) ? asString(body.error.message) : JSON.stringify(body).slice(0, 300)
}

/** The error in an answer that came with 200. */
export function errorInside(wire: JsonObject): GatewayError | undefined {
  if (wire.error === undefined || wire.error === null) return undefined
  const message = textOf(wire) ?? 'the upstream says an error without a text'
  const kind = OVERFLOW.test(message) ? 'context_length_exceeded' : 'bad_upstream_response'
  return new GatewayError(kind, message, { phase: 'stream' })
}

export function encodeError(
  error: GatewayError,
  _requestId: string,
): { status: number; body: JsonObject; headers: Record<string, string> } {
  const headers: Record<string, string> = {}
  if (error.retryAfterS !== undefined)
    headers['retry-after'] = String(Math.min(60, Math.max(1, Math.ceil(error.retryAfterS))))
  if (!ERRORS[error.kind].retry && error.status >= 400 && error.status !== 429)
    headers['x-should-retry'] = 'false'
  const { verbatim } = error
  if (verbatim && isOwn(verbatim.dialect) && isObject(verbatim.body))
    return { status: error.status, body: verbatim.body, headers }
  return { status: error.status, body: { error: error.message }, headers }
}

/** A line of its own; the stream ends after it, without a `done` line. */
export function failureLine(error: GatewayError, _requestId: string): string {
  return `${JSON.stringify({ error: error.message })}\n`
}
