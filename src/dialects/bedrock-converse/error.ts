// Errors, both ways. The body is `{"message": ...}`, the name stands in a header; inside a stream an exception is a
// message of its own. Statuses: the service model of bedrock-runtime.

import { ERRORS, type ErrorKind, GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import { awsMessage } from '../../wire/aws-event-stream.ts'
import { ID } from './own.ts'

const STATUS: Readonly<Record<string, number>> = {
  validationexception: 400,
  servicequotaexceededexception: 400,
  conflictexception: 400,
  accessdeniedexception: 403,
  unrecognizedclientexception: 403,
  invalidsignatureexception: 403,
  expiredtokenexception: 403,
  resourcenotfoundexception: 404,
  modeltimeoutexception: 408,
  modelerrorexception: 424,
  modelstreamerrorexception: 424,
  throttlingexception: 429,
  modelnotreadyexception: 429,
  internalserverexception: 500,
  serviceunavailableexception: 503,
}

const OVERFLOW = /input is too long|prompt is too long|too many input tokens|context window|maximum context/i
const ON_DEMAND = /on-demand throughput isn.t supported/i
const EXPIRED = /security token included in the request is expired/i

/** @param headers lower-case names; `x-amzn-errortype` may carry a URL behind a colon. */
export function decodeError(
  status: number,
  body: Json | string,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  const name = bareName(
    headers['x-amzn-errortype'] ?? (isObject(body) ? asString(body['__type']) : undefined),
  )
  return errorOf(status, name, body, 'firstByte')
}

/** An exception inside a stream, by its event name. */
export function exceptionOf(event: string, body: Json | string): GatewayError {
  return errorOf(STATUS[event.toLowerCase()] ?? 500, event, body, 'stream')
}

/** `ThrottlingException:http://internal...` and `com.amazon.x#ThrottlingException` are both that name. */
function bareName(type: string | undefined): string {
  return ((type ?? '').split(':')[0] as string).split('#').at(-1) as string
}

function errorOf(
  http: number,
  name: string,
  body: Json | string,
  phase: 'firstByte' | 'stream',
): GatewayError {
  const wire: JsonObject = isObject(body) ? body : {}
  // The model behind the service failed: its own status and words say more.
  const status = asNumber(wire.originalStatusCode) ?? http
  const said =
    asString(wire.originalMessage) ??
    asString(wire.message) ??
    asString(wire.Message) ??
    (typeof body === 'string' ? body.slice(0, 300) : '')
  const kind = kindOf(status, said)
  return new GatewayError(kind, explained(kind, said === '' ? name || `HTTP ${status}` : said), {
    status,
    upstreamStatus: status,
    ...(name === '' ? {} : { code: name }),
    ...(isObject(body) ? { verbatim: { dialect: ID, body } } : {}),
    phase,
  })
}

function kindOf(status: number, message: string): ErrorKind {
  if (status === 401 || status === 403) return 'upstream_auth'
  if (status === 408) return 'upstream_timeout'
  if (status === 429) return 'upstream_rate_limited'
  if (status >= 500 || status === 424) return 'upstream_failed'
  return OVERFLOW.test(message) ? 'context_length_exceeded' : 'upstream_rejected'
}

/** What the wording means, where the caller or the operator can act on it. */
function explained(kind: ErrorKind, message: string): string {
  // Claude's clients compact when they read these words.
  if (kind === 'context_length_exceeded' && !message.includes('prompt is too long'))
    return `${message} (prompt is too long)`
  if (ON_DEMAND.test(message))
    return `${message} Name an inference profile as the upstream model, e.g. "us." or "global." before the id.`
  return EXPIRED.test(message) ? `${message} Renew the session credentials of the endpoint.` : message
}

const NAMES: Readonly<Record<number, string>> = {
  400: 'ValidationException',
  401: 'UnrecognizedClientException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  424: 'ModelErrorException',
  429: 'ThrottlingException',
  503: 'ServiceUnavailableException',
}

function nameOf(error: GatewayError): string {
  return NAMES[error.status] ?? (error.status >= 500 ? 'InternalServerException' : (NAMES[400] as string))
}

function bodyOf(error: GatewayError): JsonObject {
  const { verbatim } = error
  return verbatim?.dialect === ID && isObject(verbatim.body) ? verbatim.body : { message: error.message }
}

export function encodeError(
  error: GatewayError,
  requestId: string,
): { status: number; body: JsonObject; headers: Record<string, string> } {
  return {
    status: error.status,
    body: bodyOf(error),
    headers: {
      'x-amzn-errortype': nameOf(error),
      'x-amzn-requestid': requestId,
      ...(error.retryAfterS === undefined
        ? {}
        : { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterS))) }),
    },
  }
}

/** Exceptions that a stream of this wire has; any other failure is an internal one. */
const STREAMED = new Set(['ValidationException', 'ThrottlingException', 'ServiceUnavailableException'])

/** The message as latin1 text, one character a byte: frames of this wire are no text. */
export function failureFrame(error: GatewayError): string {
  const name = nameOf(error)
  const word =
    ERRORS[error.kind].whose === 'upstream' && error.kind === 'stream_interrupted'
      ? 'ModelStreamErrorException'
      : STREAMED.has(name)
        ? name
        : 'InternalServerException'
  const event = word.charAt(0).toLowerCase() + word.slice(1)
  return awsMessage(event, JSON.stringify(bodyOf(error)), 'exception').toString('latin1')
}
