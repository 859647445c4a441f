// What a failed call throws: `RateLimit`, `ServerError` or `Other`, each with everything that is known of the answer.
// The class is decided in one place, from the closed table of core/error.ts, so that a call straight at an endpoint and
// the same call through the gateway end alike.

import { ERRORS, type ErrorKind, type GatewayError } from '../core/error.ts'
import type { Json } from '../core/json.ts'
import { RATE_LIMIT_WAIT_MS, type RetryFailure, retryAfterMs } from './retry-plan.ts'

export interface LlmErrorFields {
  /** HTTP status; 0 where no HTTP answer came or the client itself refused. */
  status: number
  /** Row of the error table (docs/reference/errors.md), or a reason of the client's own. */
  kind: ErrorKind | 'breaker_open' | 'unknown_provider' | 'not_configured'
  /** The upstream's code, e.g. `context_length_exceeded`. */
  code?: string | null
  /** The member of the request that is wrong. */
  param?: string | null
  /** The answer's body: parsed where it was JSON, else its text. */
  body?: Json | string
  /** Lower-case names. */
  headers?: Readonly<Record<string, string>>
  requestId?: string
  /** Tries made; 0: the request never left. */
  attempts: number
  provider?: string
  model?: string
  cause?: unknown
}

/** The common part of the three classes; catch it to catch all of them. */
export class LlmError extends Error {
  readonly status: number
  readonly kind: LlmErrorFields['kind']
  readonly code: string | null
  readonly param: string | null
  readonly body: Json | string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly requestId: string | undefined
  readonly attempts: number
  readonly provider: string | undefined
  readonly model: string | undefined

  constructor(message: string, fields: LlmErrorFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.name = 'LlmError'
    this.status = fields.status
    this.kind = fields.kind
    this.code = fields.code ?? null
    this.param = fields.param ?? null
    this.body = fields.body
    this.headers = fields.headers ?? {}
    this.requestId = fields.requestId
    this.attempts = fields.attempts
    this.provider = fields.provider
    this.model = fields.model
  }
}

/** The upstream said 429. Retried up to five tries, unless the quota is spent. */
export class RateLimit extends LlmError {
  /** What the upstream asked to wait; 30,000 where it did not say. */
  readonly retryAfterMs: number
  constructor(message: string, fields: LlmErrorFields & { retryAfterMs: number }) {
    super(message, fields)
    this.name = 'RateLimit'
    this.retryAfterMs = fields.retryAfterMs
  }
}

/** A 5xx, no answer at all (status 0), or an answer that is none. Retried up to three tries before the first byte. */
export class ServerError extends LlmError {
  constructor(message: string, fields: LlmErrorFields) {
    super(message, fields)
    this.name = 'ServerError'
  }
}

/** Everything another try cannot cure: a 4xx, or a request the client itself refuses. */
export class Other extends LlmError {
  constructor(message: string, fields: LlmErrorFields) {
    super(message, fields)
    this.name = 'Other'
  }
}

export interface ValidationIssue {
  message: string
  /** `answers[0].name`; "" is the whole value. */
  path: string
}

/** The model's answer does not satisfy the schema given as `validate`. The raw text is kept. */
export class InvalidAnswer extends Error {
  readonly text: string
  readonly issues: readonly ValidationIssue[]
  constructor(text: string, issues: readonly ValidationIssue[]) {
    const shown = issues
      .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
      .join('; ')
    super(`the answer does not satisfy the schema: ${shown}`)
    this.name = 'InvalidAnswer'
    this.text = text
    this.issues = issues
  }
}

/** One failed try: the gateway's own error form, with what of the HTTP answer was seen. */
export interface Failed {
  error: GatewayError
  headers: Readonly<Record<string, string>>
  body?: Json | string
  /** Something of the answer was already handed to the caller. */
  begun: boolean
}

export function classOf(error: GatewayError): RetryFailure['class'] {
  if (error.status === 429) return 'rate_limit'
  const { whose } = ERRORS[error.kind]
  if (
    error.status >= 500 &&
    (whose === 'upstream' || whose === 'gateway' || error.upstreamStatus !== undefined)
  )
    return 'server'
  return 'other'
}

/** What the retry rules are told. */
export function retryFailure(failed: Failed, now: number): RetryFailure {
  const { error, headers } = failed
  const after = retryAfterMs(headers, now)
  const spent = error.code === 'insufficient_quota' || error.type === 'insufficient_quota'
  return {
    class: classOf(error),
    ...(after === undefined ? {} : { retryAfterMs: after }),
    // Trunkline and others say outright when another try is no use; a spent quota does not come back by waiting.
    ...(failed.begun || spent || headers['x-should-retry'] === 'false' ? { final: true } : {}),
  }
}

export function errorOf(
  failed: Failed,
  about: { attempts: number; provider: string; model: string; now: number },
): LlmError {
  const { error, headers } = failed
  const requestId = requestIdOf(headers)
  const body = failed.body ?? error.verbatim?.body
  const fields: LlmErrorFields = {
    status: withoutAnswer(error) ? 0 : error.status,
    kind: error.kind,
    code: error.code,
    param: error.param,
    headers,
    attempts: about.attempts,
    provider: about.provider,
    model: about.model,
    cause: error,
    ...(body === undefined ? {} : { body }),
    ...(requestId === undefined ? {} : { requestId }),
  }
  const name = classOf(error)
  if (name === 'rate_limit')
    return new RateLimit(error.message, {
      ...fields,
      retryAfterMs: retryAfterMs(headers, about.now) ?? RATE_LIMIT_WAIT_MS,
    })
  return name === 'server' ? new ServerError(error.message, fields) : new Other(error.message, fields)
}

/** Refused, unresolved, TLS, a timeout before the head: the upstream never said a status. */
function withoutAnswer(error: GatewayError): boolean {
  return (
    error.upstreamStatus === undefined &&
    (error.kind === 'backend_unavailable' || error.kind === 'upstream_timeout') &&
    error.phase !== 'stream'
  )
}

export function requestIdOf(headers: Readonly<Record<string, string>>): string | undefined {
  return headers['x-request-id'] ?? headers['request-id'] ?? headers['x-amzn-requestid']
}
