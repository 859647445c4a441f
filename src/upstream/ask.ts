// Questions the gateway itself puts to an endpoint: its model list, and whether a trivial chat works.

import { cancel } from '../core/cancel.ts'
import type { Clock } from '../core/clock.ts'
import { modelFacts } from '../catalog/index.ts'
import type { GenerationDialect, Quirks } from '../core/dialect.ts'
import { normalise } from '../core/error.ts'
import { type Json, isObject } from '../core/json.ts'
import type { DialectId } from '../core/origin.ts'
import type { GenerationRequest } from '../core/request.ts'
import { operationUrl } from '../core/url-rules.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import type { Operation } from '../providers/provider.ts'
import type { Pools } from './pools.ts'
import { collectBody, send } from './send.ts'
import { endpointHeaders } from './headers.ts'
import { signed } from './signer.ts'

export interface ProbeResult {
  ok: boolean
  /** The step that failed: models, model_listed, chat. */
  failedStep?: string
  reason?: string
  /** HTTP status of the models list; null: no HTTP answer; undefined: not asked. */
  modelsStatus?: number | null
  modelsOk?: boolean
  chatOk?: boolean
  /** Model ids seen. */
  models: string[]
  /** Of a model that is an adapter on another (LoRA), that other, where the list says so. */
  parents?: Record<string, string>
  testedAt: number
}

export interface AskDeps {
  pools: Pools
  clock: Clock
  dialects: ReadonlyMap<DialectId, GenerationDialect>
}

interface Said {
  status: number | null
  body?: Json
  error?: string
}

const LIST_LIMIT_MS = 5_000
/** A cold local model may have to be loaded first (requirement R-000-24). */
const CHAT_LIMIT_MS = 60_000

async function ask(
  endpoint: EndpointConfig,
  operation: Exclude<Operation, 'compact'>,
  body: Json | undefined,
  limitMs: number,
  deps: AskDeps,
): Promise<Said> {
  const path =
    operation === 'chat'
      ? endpoint.provider.speaks[0]?.path
      : operation === 'count_tokens'
        ? endpoint.provider.speaks[0]?.countPath
        : endpoint.provider.paths[operation]
  if (path === undefined)
    return { status: 404, error: `${endpoint.provider.title} has no ${operation} operation` }
  const model = endpoint.probeModel ?? endpoint.models[0]?.upstream ?? ''
  const url = new URL(operationUrl(endpoint.baseUrl, path, { model, providerId: endpoint.provider.id }))
  const text = body === undefined ? undefined : JSON.stringify(body)
  const said = await say(endpoint, url.pathname + url.search, text, limitMs, deps)
  if (said.text === undefined) return { status: said.status, ...(said.error ? { error: said.error } : {}) }
  try {
    return { status: said.status, body: JSON.parse(said.text) as Json }
  } catch {
    return { status: said.status, error: 'the answer is not JSON' }
  }
}

/** One request of our own, bounded in every phase; never throws. A `text` is sent as JSON, without one it is a GET. */
export async function say(
  endpoint: EndpointConfig,
  path: string,
  text: string | undefined,
  limitMs: number,
  deps: Pick<AskDeps, 'pools' | 'clock'>,
): Promise<{ status: number | null; text?: string; error?: string }> {
  try {
    const exchange = await send({
      dispatcher: deps.pools.get(endpoint),
      endpoint: {
        ...endpoint,
        timeouts: {
          connectMs: Math.min(endpoint.timeouts.connectMs, limitMs),
          firstByteMs: limitMs,
          idleMs: limitMs,
          totalMs: limitMs,
        },
      },
      request: await signed(endpoint, deps.clock, {
        method: text === undefined ? 'GET' : 'POST',
        path,
        headers: {
          accept: 'application/json',
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
          ...endpointHeaders(endpoint),
        },
        ...(text === undefined ? {} : { body: text }),
      }),
      clock: deps.clock,
      cancel: cancel(),
    })
    const bytes = await collectBody(exchange, 16 * 1024 * 1024)
    return { status: exchange.status, text: bytes.toString('utf8') }
  } catch (thrown) {
    return { status: null, error: normalise(thrown).message }
  }
}

/** The ids of a models list in any shape met (`data[].id`, `models[].name`, bare array), or undefined if it is none. */
export function modelIds(body: Json | undefined): string[] | undefined {
  const rows = isObject(body) ? (body.data ?? body.models) : body
  if (!Array.isArray(rows)) return undefined
  return rows.flatMap((row) => {
    const id = isObject(row) ? (row.id ?? row.name ?? row.model) : row
    // Google lists resources; their last step is the name that calls take.
    return typeof id === 'string' ? [id.replace(/^(publishers\/[^/]+\/)?models\//, '')] : []
  })
}

/** Adapters of a models list, each with the model it sits on (`parent`, vLLM). */
function parentsIn(body: Json | undefined): Record<string, string> | undefined {
  const rows = isObject(body) && Array.isArray(body.data) ? body.data : []
  const found = rows.flatMap((row): [string, string][] =>
    isObject(row) && typeof row.id === 'string' && typeof row.parent === 'string' && row.parent !== row.id
      ? [[row.id, row.parent]]
      : [],
  )
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

export interface Listing {
  status: number | null
  models?: string[]
  parents?: Record<string, string>
  error?: string
}

/** A host without a models list is reachable all the same: 404 and 405 are answers. */
export function answers({ models, status }: Listing): boolean {
  return models !== undefined || status === 404 || status === 405
}

export async function listModels(endpoint: EndpointConfig, deps: AskDeps): Promise<Listing> {
  const said = await ask(endpoint, 'models', undefined, LIST_LIMIT_MS, deps)
  if (said.status !== 200) return { status: said.status, error: said.error ?? `HTTP ${said.status}` }
  const models = modelIds(said.body)
  if (!models) return { status: 200, error: 'the answer is not a model list' }
  const parents = parentsIn(said.body)
  return { status: 200, models, ...(parents ? { parents } : {}) }
}

/** Steps of document 000: models list, model in it, a trivial chat. The body of a failed list is never shown. */
export async function probeEndpoint(endpoint: EndpointConfig, deps: AskDeps): Promise<ProbeResult> {
  const base = { models: [] as string[], testedAt: deps.clock.now() }
  const model = endpoint.probeModel ?? endpoint.models[0]?.upstream
  const listing = await listModels(endpoint, deps)
  const models = listing.models ?? []
  const found: Omit<ProbeResult, 'ok'> = {
    ...base,
    models,
    ...(listing.parents ? { parents: listing.parents } : {}),
    modelsStatus: listing.status,
    modelsOk: !!listing.models,
  }
  const unsupported =
    (listing.status === 404 || listing.status === 405) &&
    (endpoint.probe !== 'gate' || !endpoint.probeRequireModels)
  if (!listing.models && !unsupported)
    return {
      ...found,
      ok: false,
      failedStep: 'models',
      reason: `the models list failed: ${listing.status === null ? listing.error : `HTTP ${listing.status}`}`,
    }
  if (model === undefined) return { ...found, ok: true }
  if (listing.models && endpoint.probeRequireModels && !listed(models, model))
    return {
      ...found,
      ok: false,
      failedStep: 'model_listed',
      reason: `the model "${model}" is not listed by the endpoint (${models.slice(0, 5).join(', ') || 'empty list'})`,
    }
  // Only a gated endpoint is asked to generate: a probe must not spend the operator's tokens unasked.
  if (endpoint.probe !== 'gate') return { ...found, ok: true }
  const chat = await probeChat(endpoint, model, deps)
  return chat === undefined
    ? { ...found, ok: true, chatOk: true }
    : { ...found, ok: false, chatOk: false, failedStep: 'chat', reason: chat }
}

/** Ollama lists `name:latest` for what everybody calls `name`. */
function listed(models: readonly string[], model: string): boolean {
  return (
    models.includes(model) ||
    models.includes(`${model}:latest`) ||
    models.includes(model.replace(/:latest$/, ''))
  )
}

/** Why a trivial chat fails, or undefined when it works. 16 tokens: reasoning models answer nothing in one. */
export async function probeChat(
  endpoint: EndpointConfig,
  model: string,
  deps: AskDeps,
): Promise<string | undefined> {
  const id = endpoint.provider.speaks[0]?.dialect
  const dialect = id && deps.dialects.get(id)
  if (!dialect) return `${endpoint.provider.title} generates nothing`
  const record = endpoint.provider.quirks
  // A ping is answered whole: where that takes a model that does not think, it does not.
  const quirks: Quirks =
    record.wholeAnswers === undefined
      ? record
      : { ...record, force: { ...record.force, ...(record.reasoningOff as Quirks['force']) } }
  const request: GenerationRequest = {
    dialect: dialect.id,
    model,
    messages: [{ role: 'user', parts: [{ kind: 'text', text: 'ping' }] }],
    maxOutputTokens: 16,
    stream: false,
  }
  const body = (maxTokensField: Quirks['maxTokensField']): Json =>
    dialect.request.encode(request, {
      model,
      quirks: maxTokensField === undefined ? quirks : { ...quirks, maxTokensField },
      facts: modelFacts(dialect.id, model),
    }).body
  const first = endpoint.provider.quirks.maxTokensField ?? 'max_tokens'
  let said = await ask(endpoint, 'chat', body(first), CHAT_LIMIT_MS, deps)
  const other = first === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
  if (said.status === 400 && JSON.stringify(said.body ?? '').includes(other))
    said = await ask(endpoint, 'chat', body(other), CHAT_LIMIT_MS, deps)
  if (said.status === null) return said.error
  if (said.status !== 200) return `the chat answered HTTP ${said.status}`
  if (said.body === undefined) return said.error
  const found = dialect.inspect(said.body, endpoint.provider.quirks)
  return found.error?.message
}
