// Errors, both ways. The wording is an API: clients of this dialect recover by it, so an upstream's own body goes
// out unchanged and only foreign errors get a new envelope.

import { ERRORS, type ErrorKind, GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'

const OVERFLOW =
  /prompt is too long|exceeds? the maximum (allowed )?(number of )?(input )?tokens|context window|context_length_exceeded|exceed context limit/i

/** Statuses by error type, for errors inside a stream, where HTTP has already said 200. */
const STATUS: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
}

const TYPE: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

interface Said {
  type?: string
  message: string
}

/** Type and message, in this envelope or in those of the platforms in front of it. */
function said(body: Json | string): Said {
  if (typeof body === 'string') return { message: body.slice(0, 300) }
  // Vertex answers a failed stream with a list of one.
  if (Array.isArray(body) && body.length > 0) return said(body[0] as Json)
  if (!isObject(body)) return { message: JSON.stringify(body).slice(0, 300) }
  const inner = isObject(body.error) ? body.error : body
  const message = asString(inner.message) ?? asString(body.error) ?? JSON.stringify(body).slice(0, 300)
  // Google and Azure wrap the real envelope as a JSON string.
  if (message.startsWith('{')) {
    try {
      const wrapped = JSON.parse(message) as Json
      if (isObject(wrapped) && isObject(wrapped.error) && typeof wrapped.error.message === 'string')
        return said(wrapped)
    } catch {
      // Not an envelope: the text stands for itself.
    }
  }
  const type = isObject(body.error) ? asString(inner.type) : undefined
  return type === undefined ? { message } : { type, message }
}

export function decodeError(
  status: number,
  body: Json | string,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  const { type, message } = said(body)
  const retryAfterS = retryAfter(headers)
  return new GatewayError(kindOf(status, type, message), message === '' ? `HTTP ${status}` : message, {
    status,
    upstreamStatus: status,
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
    // A platform in front that has an envelope of its own (Bedrock, Vertex) gets ours; the wording stays.
    ...(isObject(body) &&
    (body.type === 'error' || (isObject(body.error) ? body.error.type : body.error) !== undefined)
      ? { verbatim: { dialect: 'anthropic-messages', body } }
      : {}),
    phase: 'firstByte',
  })
}

/** The envelope inside a stream or a 200; undefined when the object is none. */
export function errorInside(wire: JsonObject): GatewayError | undefined {
  if (wire.type !== 'error' && !isObject(wire.error)) return undefined
  const { type, message } = said(wire)
  const status = STATUS[type ?? ''] ?? 500
  return new GatewayError(kindOf(status, type, message), message, {
    status,
    upstreamStatus: status,
    verbatim: { dialect: 'anthropic-messages', body: wire },
    phase: 'stream',
  })
}

function kindOf(status: number, type: string | undefined, message: string): ErrorKind {
  if (status === 401 || status === 402 || status === 403) return 'upstream_auth'
  if (status === 429) return 'upstream_rate_limited'
  if (status >= 500) return 'upstream_failed'
  if (/content filtering policy/i.test(message)) return 'content_refused'
  return type === 'request_too_large' || OVERFLOW.test(message)
    ? 'context_length_exceeded'
    : 'upstream_rejected'
}

function retryAfter(headers: Readonly<Record<string, string>>): number | undefined {
  const ms = headers['retry-after-ms']
  if (ms !== undefined && ms.trim() !== '' && Number.isFinite(Number(ms))) return Number(ms) / 1000
  const seconds = headers['retry-after']
  return seconds !== undefined && seconds.trim() !== '' && Number.isFinite(Number(seconds))
    ? Number(seconds)
    : undefined
}

/** Kinds that the gateway itself does not try again, but the caller may. */
const CALLER_MAY_RETRY: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'rate_limited',
  'overloaded',
  'endpoint_not_ready',
  'stream_interrupted',
])

export function encodeError(
  error: GatewayError,
  requestId: string,
): { status: number; body: JsonObject; headers: Record<string, string> } {
  const headers: Record<string, string> = {}
  const { retryAfterS } = error
  if (retryAfterS !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterS)))
  // The official clients retry 408, 409, 429 and 5xx by themselves unless told not to.
  if (!ERRORS[error.kind].retry && !CALLER_MAY_RETRY.has(error.kind) && retryAfterS === undefined)
    headers['x-should-retry'] = 'false'
  return { status: error.status, body: envelope(error, requestId), headers }
}

function envelope(error: GatewayError, requestId: string): JsonObject {
  const { verbatim } = error
  if (verbatim?.dialect === 'anthropic-messages' && isObject(verbatim.body)) return verbatim.body
  return {
    type: 'error',
    error: { type: typeOf(error), message: error.message },
    request_id: requestId,
  }
}

function typeOf(error: GatewayError): string {
  const status = error.upstreamStatus
  if (status === undefined) return ERRORS[error.kind].anthropic
  return TYPE[status] ?? (status >= 500 || status === 424 ? 'api_error' : 'invalid_request_error')
}

/** In a stream; official clients throw it. No message_stop follows. */
export function failureFrame(error: GatewayError, requestId: string): string {
  return `event: error\ndata: ${JSON.stringify(envelope(error, requestId))}\n\n`
}
