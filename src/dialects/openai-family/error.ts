// Errors of OpenAI's wires, both ways. The hosts that copy them spell errors in many forms (decode); what we say always
// has the four keys the official clients read (encode). Shared by the dialects of this family.

import { ERRORS, GatewayError, type ErrorKind } from '../../core/error.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import type { DialectId } from '../../core/origin.ts'

const OVERFLOW =
  /maximum context length|exceeded model token limit|exceed_context_size|input token count.*exceed|reduce the length|too large for model|context window|prompt is too long|context_length_exceeded/i

/** What a content policy refused, as OpenAI, Azure, DashScope and their like say it. */
const REFUSED =
  /content_filter|content_policy|responsible_?ai|data_inspection_failed|sensitive_words|moderation/i
/** A 429 that means the account has no money: waiting does not help, another account does. */
const NO_MONEY =
  /insufficient_quota|exceeded_current_quota|insufficient_balance|payment_method_required|billing|\b1113\b/i

const FAMILY: ReadonlySet<string> = new Set<DialectId>([
  'openai-chat',
  'openai-responses',
  'openai-completions',
])

interface Said {
  message: string
  type?: string
  code?: string
  param?: string
}

/** Message, type and code in whatever form the host has, first match wins. */
function said(body: Json | string): Said {
  if (typeof body === 'string') return { message: body.slice(0, 300) }
  if (Array.isArray(body)) return said(body[0] ?? '')
  if (!isObject(body)) return { message: String(body) }
  const { error } = body
  if (isObject(error)) return fields(error)
  if (typeof error === 'string') return { ...fields(body), message: error }
  if (typeof body.message === 'string') return fields(body)
  if (typeof body.detail === 'string') return { ...fields(body), message: body.detail }
  if (Array.isArray(body.detail)) {
    const first = body.detail.find(isObject)
    const loc = Array.isArray(first?.loc)
      ? first.loc
          .filter((step) => step !== 'body')
          .map((step) => asString(step) ?? JSON.stringify(step))
          .join('.')
      : undefined
    return { message: asString(first?.msg) ?? JSON.stringify(body.detail), ...(loc ? { param: loc } : {}) }
  }
  if (Array.isArray(body.errors)) return said(body.errors[0] ?? '')
  if (isObject(body.base_resp))
    return {
      message: asString(body.base_resp.status_msg) ?? '',
      code: JSON.stringify(body.base_resp.status_code ?? null),
    }
  return { message: JSON.stringify(body).slice(0, 300) }
}

function fields(wire: JsonObject): Said {
  const found: Said = { message: asString(wire.message) ?? JSON.stringify(wire).slice(0, 300) }
  const { type, param, code, status } = wire
  if (typeof type === 'string') found.type = type
  if (typeof param === 'string') found.param = param
  if (typeof code === 'string') found.code = code
  else if (typeof code === 'number') found.code = String(code)
  else if (typeof status === 'string') found.code = status
  return found
}

/** @param dialect the wire it was said on; the body is passed on unchanged to callers of this family. */
export function decodeError(
  dialect: DialectId,
  status: number,
  body: Json | string,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  const { message, type, code, param } = said(body)
  const overflow =
    status < 500 && (OVERFLOW.test(message) || OVERFLOW.test(code ?? '') || OVERFLOW.test(type ?? ''))
  const retryAfterS = retryAfter(headers)
  const label = `${code ?? ''} ${type ?? ''}`
  const kind = REFUSED.test(label) && status < 429 ? 'content_refused' : kindOf(status, label)
  return new GatewayError(overflow ? 'context_length_exceeded' : kind, message || `HTTP ${status}`, {
    status,
    upstreamStatus: status,
    param: param ?? null,
    ...(overflow ? {} : { code: code ?? null }),
    ...(type === undefined ? {} : { type }),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
    ...(isObject(body) ? { verbatim: { dialect, body } } : {}),
    phase: 'firstByte',
  })
}

function kindOf(status: number, label: string): ErrorKind {
  // 402 is the endpoint's account, as much as a wrong key is.
  if (status === 401 || status === 402 || status === 403) return 'upstream_auth'
  if (status === 429 && NO_MONEY.test(label)) return 'upstream_auth'
  if (status === 429) return 'upstream_rate_limited'
  return status >= 500 ? 'upstream_failed' : 'upstream_rejected'
}

function retryAfter(headers: Readonly<Record<string, string>>): number | undefined {
  const ms = Number(headers['retry-after-ms'])
  if (headers['retry-after-ms'] !== undefined && Number.isFinite(ms)) return ms / 1000
  const seconds = Number(headers['retry-after'])
  return headers['retry-after'] !== undefined && Number.isFinite(seconds) ? seconds : undefined
}

/** MiniMax says every error with HTTP 200 and a number of its own; greater numbers are no server faults. */
const MINIMAX: Readonly<Record<number, number>> = {
  1002: 429,
  1004: 401,
  1008: 402,
  1026: 400,
  1027: 400,
  1039: 400,
  2013: 400,
  2049: 401,
}

function minimax(base: JsonObject): GatewayError {
  const status = MINIMAX[base.status_code as number]
  const message = asString(base.status_msg) ?? 'the upstream says an error without a text'
  return status === undefined
    ? new GatewayError('bad_upstream_response', message)
    : new GatewayError(kindOf(status, ''), message, { status, upstreamStatus: status, phase: 'firstByte' })
}

/** The error object some hosts put into a 200 or into a stream chunk; `"error": null` is none. */
export function errorInside(wire: JsonObject): GatewayError | undefined {
  const { error } = wire
  if (error === undefined || error === null || error === false || error === '') {
    const { base_resp: base } = wire
    if (isObject(base) && typeof base.status_code === 'number' && base.status_code !== 0) return minimax(base)
    return wire.object === 'error' ? new GatewayError('bad_upstream_response', said(wire).message) : undefined
  }
  const { message, type, code, param } = said(wire)
  const given = isObject(error) ? (error.status_code ?? error.status ?? error.code) : undefined
  const status = typeof given === 'number' && given >= 400 && given <= 599 ? given : undefined
  const kind: ErrorKind = status === undefined ? 'bad_upstream_response' : kindOf(status, '')
  return new GatewayError(OVERFLOW.test(message) ? 'context_length_exceeded' : kind, message, {
    ...(status === undefined ? {} : { status, upstreamStatus: status }),
    ...(type === undefined ? {} : { type }),
    ...(kind === 'bad_upstream_response' ? {} : { code: code ?? null }),
    param: param ?? null,
    phase: 'firstByte',
  })
}

export function encodeError(
  error: GatewayError,
  _requestId: string,
): { status: number; body: JsonObject; headers: Record<string, string> } {
  const headers: Record<string, string> = {}
  // Clients ignore waits above 60 s and hammer instead.
  if (error.retryAfterS !== undefined)
    headers['retry-after'] = String(Math.min(60, Math.max(1, Math.ceil(error.retryAfterS))))
  if (error.kind === 'unauthenticated') headers['www-authenticate'] = 'Bearer'
  if (!ERRORS[error.kind].retry && error.status >= 400 && error.status !== 429)
    headers['x-should-retry'] = 'false'
  const { verbatim } = error
  if (verbatim && FAMILY.has(verbatim.dialect) && isObject(verbatim.body))
    return { status: error.status, body: verbatim.body, headers }
  return { status: error.status, body: { error: envelope(error) }, headers }
}

export function envelope(error: GatewayError): JsonObject {
  return { message: error.message, type: error.type, param: error.param, code: error.code }
}

/** What openai-node turns into an APIError inside a stream; no `[DONE]` follows a break. */
export function failureFrame(error: GatewayError, _requestId: string): string {
  return `data: ${JSON.stringify({ error: envelope(error) })}\n\n`
}
