// Errors, both ways: google.rpc.Status inside `error`, sometimes as the only element of a list. How long to wait stands
// in the details, not in a header.

import { type ErrorKind, GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'

const OVERFLOW = /input token count.*exceed|exceeds the maximum number of tokens|context window/i

/** HTTP status of google.rpc.Code names. */
const STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  UNKNOWN: 500,
  INTERNAL: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
}
const NAME: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'PERMISSION_DENIED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
  529: 'UNAVAILABLE',
}

/** The error object, wherever it stands. */
function inner(body: Json): JsonObject | undefined {
  const first = Array.isArray(body) ? body[0] : body
  if (!isObject(first)) return undefined
  if (isObject(first.error)) return first.error
  return typeof first.error === 'string' ? { message: first.error } : undefined
}

export function decodeError(
  status: number,
  body: Json | string,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  const error = typeof body === 'string' ? undefined : inner(body)
  const message =
    asString(error?.message) ??
    (typeof body === 'string' ? body.slice(0, 300) : JSON.stringify(body).slice(0, 300))
  return made(status, error, message, typeof body === 'string' ? undefined : body, headers, 'firstByte')
}

/** An error object in place of an answer: in a 200, or as an event of a stream. */
export function errorInside(wire: Json): GatewayError | undefined {
  const error = inner(wire)
  if (!error) return undefined
  const code = asNumber(error.code)
  const status =
    code !== undefined && code >= 400 && code <= 599 ? code : (STATUS[asString(error.status) ?? ''] ?? 500)
  return made(
    status,
    error,
    asString(error.message) ?? JSON.stringify(error).slice(0, 300),
    wire,
    {},
    'stream',
  )
}

function made(
  status: number,
  error: JsonObject | undefined,
  message: string,
  body: Json | undefined,
  headers: Readonly<Record<string, string>>,
  phase: 'firstByte' | 'stream',
): GatewayError {
  const details = Array.isArray(error?.details) ? error.details.filter(isObject) : []
  // A wrong key is said with 400.
  const badKey = details.some((row) => row.reason === 'API_KEY_INVALID')
  const kind = badKey ? 'upstream_auth' : kindOf(status, message)
  const retryAfterS = delayOf(details) ?? headerDelay(headers)
  const code = asString(error?.status)
  return new GatewayError(kind, message === '' ? `HTTP ${status}` : message, {
    status: badKey ? 401 : status,
    upstreamStatus: status,
    ...(kind === 'context_length_exceeded' || code === undefined ? {} : { code }),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
    ...(body === undefined ? {} : { verbatim: { dialect: 'gemini', body } }),
    phase,
  })
}

function kindOf(status: number, message: string): ErrorKind {
  if (status === 401 || status === 403) return 'upstream_auth'
  if (status === 429) return 'upstream_rate_limited'
  if (status >= 500) return 'upstream_failed'
  return OVERFLOW.test(message) ? 'context_length_exceeded' : 'upstream_rejected'
}

/** google.rpc.RetryInfo: `"34.4s"`. */
function delayOf(details: readonly JsonObject[]): number | undefined {
  for (const row of details) {
    const match = typeof row.retryDelay === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(row.retryDelay) : null
    if (match) return Number(match[1])
  }
  return undefined
}

function headerDelay(headers: Readonly<Record<string, string>>): number | undefined {
  const seconds = headers['retry-after']
  return seconds !== undefined && seconds.trim() !== '' && Number.isFinite(Number(seconds))
    ? Number(seconds)
    : undefined
}

export function encodeError(
  error: GatewayError,
  _requestId: string,
): { status: number; body: JsonObject; headers: Record<string, string> } {
  const headers: Record<string, string> = {}
  if (error.retryAfterS !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(error.retryAfterS)))
  const { verbatim } = error
  if (verbatim?.dialect === 'gemini' && (isObject(verbatim.body) || Array.isArray(verbatim.body)))
    // A caller of the same dialect gets status and body as they came, also where they disagree.
    return { status: error.upstreamStatus ?? error.status, body: verbatim.body as JsonObject, headers }
  return { status: error.status, body: envelope(error), headers }
}

function envelope(error: GatewayError): JsonObject {
  const { verbatim, retryAfterS } = error
  if (verbatim?.dialect === 'gemini' && isObject(verbatim.body)) return verbatim.body
  return {
    error: {
      code: error.status,
      message: error.message,
      status: NAME[error.status] ?? (error.status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT'),
      // Google's clients wait by this and by no header.
      ...(retryAfterS === undefined
        ? {}
        : {
            details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfterS}s` }],
          }),
    },
  }
}

/** An event of the stream; Google's clients throw it. Nothing follows. */
export function failureFrame(error: GatewayError, _requestId: string): string {
  return `data: ${JSON.stringify(envelope(error))}\n\n`
}

/** An answer that is none: the error inside it, or what is missing. */
export function notAnAnswer(wire: Json): GatewayError {
  const found = errorInside(wire)
  return new GatewayError(
    'bad_upstream_response',
    found ? found.message : 'the upstream answered 200 without candidates',
    { phase: 'firstByte' },
  )
}
