// The request one deployment gets: the caller's bytes with members spliced (relay), or the encoder's body (translate).

import type { EncodeTarget, GenerationDialect, Quirks } from '../core/dialect.ts'
import { GatewayError } from '../core/error.ts'
import { type Json, type JsonObject, isObject } from '../core/json.ts'
import type { Note } from '../core/note.ts'
import type { GenerationRequest } from '../core/request.ts'
import { operationUrl } from '../core/url-rules.ts'
import type { Spoken } from '../providers/provider.ts'
import { betaNames, carried } from '../providers/carrier.ts'
import { authHeaders } from '../upstream/headers.ts'
import { callerOf } from './identify.ts'
import { HOPS, hopsOf } from './hops.ts'
import type { UpstreamRequest } from '../upstream/send.ts'
import { scan, splice, valueAt } from '../wire/json-splice.ts'
import { withField } from '../wire/multipart.ts'
import type { Call } from './call.ts'
import { formType, isPassed } from './passed.ts'
import type { ReadRequest } from './read.ts'
import type { Deployment } from './route-table.ts'
import type { EndpointState } from './runtime.ts'
import type { RealtimeCall } from './realtime-session.ts'

/** Caller headers that mean something to an upstream of the same dialect. Everything else stays here. */
const PASSED = new Set([
  'anthropic-version',
  'anthropic-beta',
  'anthropic-user-profile-id',
  'anthropic-dangerous-direct-browser-access',
  'openai-beta',
  'idempotency-key',
])

export interface Prepared {
  request: UpstreamRequest
  notes: Note[]
  /** We asked for usage on our own; the caller must not see it. */
  hideUsage: boolean
}

/**
 * Path and query of an operation at a deployment; of generation, in the dialect chosen for the call.
 * @throws `unsupported_operation` when the provider has none.
 */
export function pathOf(
  deployment: Deployment,
  operation: Call['operation'],
  spoken: Spoken | undefined,
  stream: boolean,
): string {
  const { endpoint, model } = deployment
  let known = paths.get(deployment)
  if (!known) paths.set(deployment, (known = new Map()))
  const path =
    operation === 'chat'
      ? stream
        ? (spoken?.streamPath ?? spoken?.path)
        : spoken?.path
      : operation === 'count_tokens'
        ? spoken?.countPath
        : operation === 'compact'
          ? spoken?.compactPath
          : (endpoint.provider.shapes?.[operation]?.path?.({ model }) ?? endpoint.provider.paths[operation])
  const before = path === undefined ? undefined : known.get(path)
  if (before !== undefined) return before
  if (path === undefined)
    throw new GatewayError(
      'unsupported_operation',
      `the model "${model}" is served by "${endpoint.id}" (${endpoint.provider.title}), which has no ${operation} operation`,
      { endpoint: endpoint.id, param: 'model' },
    )
  const url = new URL(operationUrl(endpoint.baseUrl, path, { model, providerId: endpoint.provider.id }))
  const found = url.pathname + url.search
  known.set(path, found)
  return found
}

/** A deployment never changes: its paths are worked out once. */
const paths = new WeakMap<Deployment, Map<string, string>>()

/** The caller's bytes, with only named members changed. Never in place: a retry splices the same original again. */
export function relayRequest(
  call: Call,
  read: ReadRequest,
  deployment: Deployment,
  state: EndpointState,
  spoken: Spoken | undefined,
  quirks: Quirks,
): Prepared {
  const notes: Note[] = []
  const changes: Record<string, Json | undefined> = {}
  const left = read.sentModel === undefined && isPassed(call.operation)
  if (call.dialect.addressing === 'body' && read.sentModel !== deployment.model && !left)
    changes.model = deployment.model
  // What a caller of Google's dialect says to Google alone.
  if (call.operation === 'embeddings' && call.dialect.id === 'gemini') changes.google = undefined
  let hideUsage = false
  if (call.dialect.id === 'openai-chat' && call.operation === 'chat') {
    if (!read.stream) {
      if (read.streamOptions !== undefined && quirks.streamUsage === 'never')
        changes.stream_options = undefined
    } else if (quirks.streamUsage === 'never') {
      if (read.streamOptions !== undefined) {
        changes.stream_options = undefined
        notes.push({ field: 'stream_options', action: 'dropped', why: 'the endpoint refuses it' })
      }
    } else if (quirks.streamUsage === 'ok' && !read.includeUsage) {
      changes.stream_options = {
        ...(isObject(read.streamOptions) ? read.streamOptions : {}),
        include_usage: true,
      }
      hideUsage = true
    }
  }
  if (call.operation === 'chat') applyQuirks(call, read, deployment, quirks, changes, notes)
  const salt = call.operation === 'chat' ? cacheSalt(call, deployment) : undefined
  if (salt !== undefined && read.member('cache_salt') === undefined) changes.cache_salt = salt
  const carrier = spoken?.carrier
  const plain = carrier?.plainCount === true && call.operation === 'count_tokens'
  if (carrier && !plain) {
    const named = carrier.betaMember === undefined ? '' : betas(call.headers['anthropic-beta'] ?? '')
    const fitted = carried(carrier, { ...read.json(), ...changes }, betaNames(named))
    Object.assign(changes, fitted.changes)
    notes.push(...fitted.notes)
  }
  const form = formType(call)
  let body =
    Object.keys(changes).length === 0
      ? call.body
      : form === undefined
        ? splice(call.body, changes)
        : withField(call.body, form, 'model', deployment.model)
  if (carrier?.count && call.operation === 'count_tokens')
    body = Buffer.from(JSON.stringify(carrier.count.wrap(body.toString('utf8'))))
  const { upload } = call
  return {
    request: {
      method: 'POST',
      path: pathOf(deployment, call.operation, spoken, read.stream),
      headers: headersFor(
        call,
        state,
        spoken,
        upload ? upload.lengthWith(body) : body.length,
        true,
        form === undefined ? {} : { 'content-type': form },
      ),
      body: upload ? upload.body(body) : body,
    },
    notes,
    hideUsage,
  }
}

/**
 * What keeps this caller's prompt cache apart from others' on one server: the digest of its key, so that nobody else can
 * say it, in letters that vLLM takes (at most 128, no `@`, `/`, `\\`). Undefined for a caller without a key.
 */
function cacheSalt(call: Call, { endpoint }: Deployment): string | undefined {
  const caller = endpoint.provider.cacheSalt === true ? callerOf(call) : ''
  return caller === '' ? undefined : caller
}

/** Quirks on a relayed body: only the members they name are looked up, unless the dialect must read the whole. */
function applyQuirks(
  call: Call,
  read: ReadRequest,
  deployment: Deployment,
  quirks: Quirks,
  changes: Record<string, Json | undefined>,
  notes: Note[],
): void {
  const { body } = call
  const { fit, needsFit } = call.dialect.request
  if (fit && needsFit?.(quirks) !== false) {
    const given = { ...read.json(), ...changes }
    const fitted = fit(given, { model: deployment.model, quirks, facts: {} }, notes)
    for (const name of new Set([...Object.keys(given), ...Object.keys(fitted)]))
      if (fitted[name] !== given[name]) changes[name] = fitted[name]
    return
  }
  const { drop, rename, force, clamp, maxTokensField } = quirks
  if (!drop && !rename && !force && !clamp && maxTokensField === undefined) return
  const other = maxTokensField === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
  const renames = { ...rename, ...(maxTokensField === undefined ? {} : { [other]: maxTokensField }) }
  const wanted = [
    ...(drop ?? []),
    ...Object.keys(renames),
    ...Object.values(renames),
    ...Object.keys(clamp ?? {}),
  ]
  const provider = deployment.endpoint.provider.title
  if (wanted.length > 0) {
    const { spans } = scan(body, wanted)
    for (const name of drop ?? [])
      if (spans.has(name)) {
        changes[name] = undefined
        notes.push({ field: name, action: 'dropped', why: `${provider} refuses it` })
      }
    for (const [from, to] of Object.entries(renames)) {
      const span = spans.get(from)
      if (!span) continue
      changes[from] = undefined
      if (!spans.has(to)) changes[to] = valueAt(body, span)
    }
    for (const [name, { min, max }] of Object.entries(clamp ?? {})) {
      const span = spans.get(name)
      const value = span && valueAt(body, span)
      if (typeof value !== 'number') continue
      const kept = Math.min(Math.max(value, min ?? value), max ?? value)
      if (kept === value) continue
      changes[name] = kept
      notes.push({ field: name, action: 'approximated', why: `${provider} takes ${min ?? ''}..${max ?? ''}` })
    }
  }
  for (const [name, value] of Object.entries(force ?? {})) changes[name] = value
}

/** The handshake of a realtime session: the deployment's model in its address, the caller's other parameters kept. */
export function sessionRequest(
  call: RealtimeCall,
  deployment: Deployment,
  state: EndpointState,
): UpstreamRequest {
  const [path, own] = pathOf(deployment, 'realtime', undefined, false).split('?') as [string, string?]
  const query = new URLSearchParams(call.query)
  for (const [name, value] of new URLSearchParams(own)) query.set(name, value)
  query.set('model', deployment.model)
  const headers: Record<string, string> = { ...state.headers }
  if (state.countsHops) headers[HOPS] = String(hopsOf(call.headers) + 1)
  const beta = call.headers['openai-beta']
  if (beta !== undefined) headers['openai-beta'] = String(beta)
  return { method: 'GET', path: `${path}?${query.toString()}`, headers }
}

/** A plain operation in the host's own shape. */
export function plainRequest(
  call: Call,
  deployment: Deployment,
  state: EndpointState,
  wire: JsonObject,
): UpstreamRequest {
  const body = Buffer.from(JSON.stringify(wire))
  return {
    method: 'POST',
    path: pathOf(deployment, call.operation, undefined, false),
    headers: headersFor(call, state, undefined, body.length, false, {}),
    body,
  }
}

/** A translated request that is only to be counted. */
export function countRequest(
  call: Call,
  deployment: Deployment,
  state: EndpointState,
  spoken: Spoken,
  wire: JsonObject,
): UpstreamRequest {
  const body = Buffer.from(JSON.stringify(wire))
  return {
    method: 'POST',
    path: pathOf(deployment, 'count_tokens', spoken, false),
    headers: headersFor(call, state, spoken, body.length, false, {}),
    body,
  }
}

export function translateRequest(
  call: Call,
  request: GenerationRequest,
  deployment: Deployment,
  state: EndpointState,
  spoken: Spoken,
  upstream: GenerationDialect,
  target: EncodeTarget,
): Prepared {
  const encoded = upstream.request.encode(request, target)
  const { carrier } = spoken
  if (carrier) {
    const fitted = carried(carrier, encoded.body, betaNames(encoded.headers?.['anthropic-beta']))
    for (const [name, value] of Object.entries(fitted.changes))
      if (value === undefined) delete encoded.body[name]
      else encoded.body[name] = value
    encoded.notes.push(...fitted.notes)
  }
  const salt = cacheSalt(call, deployment)
  if (salt !== undefined) encoded.body.cache_salt ??= salt
  const body = Buffer.from(JSON.stringify(encoded.body satisfies JsonObject))
  return {
    request: {
      method: 'POST',
      path: pathOf(deployment, 'chat', spoken, request.stream),
      headers: headersFor(call, state, spoken, body.length, false, encoded.headers ?? {}),
      body,
    },
    notes: encoded.notes,
    hideUsage: false,
  }
}

function headersFor(
  call: Call,
  state: EndpointState,
  spoken: Spoken | undefined,
  /** undefined: it goes in chunks. */
  length: number | undefined,
  sameDialect: boolean,
  extra: Record<string, string>,
): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(length === undefined ? {} : { 'content-length': String(length) }),
    ...state.headers,
    ...extra,
  }
  if (state.countsHops) headers[HOPS] = String(hopsOf(call.headers) + 1)
  if (spoken?.auth) {
    for (const name of Object.keys(authHeaders(state.config))) delete headers[name]
    Object.assign(headers, authHeaders(state.config, spoken.auth))
  }
  if (sameDialect)
    for (const name of PASSED) {
      const value = call.headers[name]
      if (value !== undefined) headers[name] = name === 'anthropic-beta' ? betas(value) : String(value)
    }
  if (spoken?.carrier)
    for (const name of Object.keys(headers))
      if (
        name === 'anthropic-version' ||
        (name === 'anthropic-beta' &&
          (spoken.carrier.betaMember !== undefined ||
            (spoken.carrier.plainCount === true && call.operation === 'count_tokens')))
      )
        delete headers[name]
  return headers
}

/** `anthropic-beta` may arrive as several lines: one list, no duplicates, first-seen order. */
function betas(value: string | string[]): string {
  const names = (Array.isArray(value) ? value.join(',') : value).split(',').map((name) => name.trim())
  return [...new Set(names.filter((name) => name !== ''))].join(',')
}
