// The closed table of failures. One class, one `kind` union; `normalise` is the only way in and each dialect's
// error encoder the only way out. docs/reference/errors.md is generated from ERRORS.

import type { Json } from './json.ts'

export type ErrorKind =
  | 'invalid_request'
  | 'unsupported_operation'
  | 'unauthenticated'
  | 'permission_denied'
  | 'model_not_found'
  | 'not_found'
  | 'payload_too_large'
  | 'context_length_exceeded'
  | 'content_refused'
  | 'rate_limited'
  | 'budget_exceeded'
  | 'overloaded'
  | 'upstream_rate_limited'
  | 'upstream_auth'
  | 'upstream_rejected'
  | 'backend_unavailable'
  | 'endpoint_not_ready'
  | 'upstream_failed'
  | 'upstream_timeout'
  | 'bad_upstream_response'
  | 'stream_interrupted'
  | 'caller_gone'
  | 'internal'

export interface ErrorRow {
  /** Whose fault it is, for logs and metrics. */
  whose: 'caller' | 'gateway' | 'operator' | 'upstream' | 'us'
  /** HTTP status, unless the error itself carries the upstream's. */
  status: number
  /** The same deployment may be tried again. */
  retry: boolean
  /** The next deployment of the route may be tried. */
  failOver: boolean
  /** Counts against the deployment's breaker. */
  trips: boolean
  openai: { type: string; code: string | null }
  anthropic: string
  meaning: string
}

const row = (
  whose: ErrorRow['whose'],
  status: number,
  [retry, failOver, trips]: [boolean, boolean, boolean],
  openai: [string, string | null],
  anthropic: string,
  meaning: string,
): ErrorRow => ({
  whose,
  status,
  retry,
  failOver,
  trips,
  openai: { type: openai[0], code: openai[1] },
  anthropic,
  meaning,
})

const NO: [boolean, boolean, boolean] = [false, false, false]

// prettier-ignore
export const ERRORS: Readonly<Record<ErrorKind, ErrorRow>> = {
  invalid_request: row(
    'caller',
    400,
    NO,
    ['invalid_request_error', 'invalid_request'],
    'invalid_request_error',
    'The request cannot be understood or is not valid in its dialect.',
  ),
  unsupported_operation: row(
    'caller',
    400,
    NO,
    ['invalid_request_error', 'unsupported_operation'],
    'invalid_request_error',
    'The endpoint behind the model has no such operation.',
  ),
  unauthenticated: row(
    'caller',
    401,
    NO,
    ['invalid_request_error', 'invalid_api_key'],
    'authentication_error',
    'No key, or a key the gateway does not know.',
  ),
  permission_denied: row(
    'caller',
    403,
    NO,
    ['permission_error', 'permission_denied'],
    'permission_error',
    'The key may not do this.',
  ),
  model_not_found: row(
    'caller',
    404,
    NO,
    ['invalid_request_error', 'model_not_found'],
    'not_found_error',
    'No route, endpoint or wildcard serves this model name.',
  ),
  not_found: row(
    'caller',
    404,
    NO,
    ['invalid_request_error', 'not_found'],
    'not_found_error',
    'No such path.',
  ),
  payload_too_large: row(
    'caller',
    413,
    NO,
    ['invalid_request_error', 'payload_too_large'],
    'request_too_large',
    'The request body is larger than server.max_body_bytes, a form larger than server.max_upload_bytes.',
  ),
  context_length_exceeded: row(
    'caller',
    400,
    NO,
    ['invalid_request_error', 'context_length_exceeded'],
    'invalid_request_error',
    'The conversation does not fit the model.',
  ),
  content_refused: row(
    'caller',
    400,
    NO,
    ['invalid_request_error', 'content_filter'],
    'invalid_request_error',
    'A content policy refused the request.',
  ),
  rate_limited: row(
    'caller',
    429,
    NO,
    ['rate_limit_error', 'rate_limit_exceeded'],
    'rate_limit_error',
    'A limit configured in the gateway is used up.',
  ),
  budget_exceeded: row(
    'caller',
    429,
    NO,
    ['insufficient_quota', 'insufficient_quota'],
    'rate_limit_error',
    'A budget configured in the gateway is used up.',
  ),
  overloaded: row(
    'gateway',
    503,
    NO,
    ['server_error', 'overloaded'],
    'overloaded_error',
    'The gateway sheds load.',
  ),
  upstream_rate_limited: row(
    'upstream',
    429,
    [true, true, false],
    ['rate_limit_error', 'rate_limit_exceeded'],
    'rate_limit_error',
    'The upstream asked us to slow down.',
  ),
  upstream_auth: row(
    'operator',
    401,
    [false, true, false],
    ['invalid_request_error', 'upstream_auth'],
    'authentication_error',
    'The upstream refused the credential of the endpoint.',
  ),
  upstream_rejected: row(
    'caller',
    400,
    NO,
    ['invalid_request_error', 'upstream_rejected'],
    'invalid_request_error',
    'The upstream refused the request.',
  ),
  backend_unavailable: row(
    'upstream',
    503,
    [true, true, true],
    ['server_error', 'backend_unavailable'],
    'api_error',
    'The upstream could not be reached (refused, DNS, TLS, connect timeout) or its breaker is open.',
  ),
  endpoint_not_ready: row(
    'operator',
    503,
    [false, true, false],
    ['server_error', 'endpoint_not_ready'],
    'api_error',
    'The start-up probe of a gated endpoint has not passed.',
  ),
  upstream_failed: row(
    'upstream',
    502,
    [true, true, true],
    ['server_error', 'upstream_failed'],
    'api_error',
    'The upstream answered 5xx.',
  ),
  upstream_timeout: row(
    'upstream',
    504,
    [true, true, true],
    ['server_error', 'upstream_timeout'],
    'timeout_error',
    'The upstream was slower than the firstByte, idle or total limit.',
  ),
  bad_upstream_response: row(
    'upstream',
    502,
    [true, true, true],
    ['server_error', 'bad_upstream_response'],
    'api_error',
    'The upstream answered something that is not a valid answer (HTML, an error inside a 200, a malformed body).',
  ),
  stream_interrupted: row(
    'upstream',
    502,
    [false, false, true],
    ['server_error', 'stream_interrupted'],
    'api_error',
    'The stream broke after its first byte was sent.',
  ),
  caller_gone: row(
    'caller',
    499,
    NO,
    ['invalid_request_error', 'caller_gone'],
    'invalid_request_error',
    'The caller hung up.',
  ),
  internal: row(
    'us',
    500,
    NO,
    ['server_error', 'internal_error'],
    'api_error',
    'A fault of the gateway itself.',
  ),
}

export type Phase = 'admit' | 'connect' | 'firstByte' | 'stream' | 'settle'

export interface GatewayErrorFields {
  /** Overrides the table's status, e.g. with the upstream's own. */
  status?: number
  /** The member of the request that is wrong, as the caller wrote it. */
  param?: string | null
  /** Overrides the table's OpenAI code or type with the upstream's own. */
  code?: string | null
  type?: string
  /** Seconds to wait. */
  retryAfterS?: number
  /** The upstream's error body, word for word, and its dialect's name, to be passed on unchanged in that dialect. */
  verbatim?: { dialect: string; body: Json | string; contentType?: string }
  /** The upstream's status, where there was one. */
  upstreamStatus?: number
  phase?: Phase
  endpoint?: string
  cause?: unknown
}

export class GatewayError extends Error {
  readonly kind: ErrorKind
  readonly status: number
  readonly param: string | null
  readonly code: string | null
  readonly type: string
  readonly retryAfterS: number | undefined
  readonly verbatim: GatewayErrorFields['verbatim']
  readonly upstreamStatus: number | undefined
  readonly phase: Phase | undefined
  readonly endpoint: string | undefined

  constructor(kind: ErrorKind, message: string, fields: GatewayErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.name = 'GatewayError'
    this.kind = kind
    const table = ERRORS[kind]
    this.status = fields.status ?? table.status
    this.param = fields.param ?? null
    this.code = fields.code === undefined ? table.openai.code : fields.code
    this.type = fields.type ?? table.openai.type
    this.retryAfterS = fields.retryAfterS
    this.verbatim = fields.verbatim
    this.upstreamStatus = fields.upstreamStatus
    this.phase = fields.phase
    this.endpoint = fields.endpoint
  }
}

/** The one door for whatever was thrown: a GatewayError stays itself, anything else is our own fault. */
export function normalise(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new GatewayError('internal', `internal error: ${message}`, { cause: thrown })
}

/** Shorthand for a bad member of a request. */
export function invalid(param: string | null, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param })
}
