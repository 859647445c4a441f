// GET /v1/models and /v1/models/{id}: what there is, in the caller's shape. Names declared are always listed; those of
// a wildcard endpoint are listed as far as its own list told them; nothing is invented.

import { GatewayError } from '../../core/error.ts'
import { claudeFacts } from '../../catalog/claude.ts'
import { geminiFacts } from '../../catalog/gemini.ts'
import type { ModelEntry } from '../../catalog/index.ts'
import type { Runtime } from '../../gateway/runtime.ts'
import { type Context, sendJson } from '../context.ts'
import { failWith } from '../fail.ts'
import { isGoogleCaller } from '../google-caller.ts'

export interface Row {
  id: string
  owner: string
  /** What the catalogue says of the model behind the name. */
  entry?: ModelEntry
}

/** @param availableOnly leaves out what a failed probe says is down. */
export function modelRows(runtime: Runtime, availableOnly: boolean): Row[] {
  const found = new Map<string, Row>()
  const up = (id: string): boolean => !availableOnly || runtime.probes.status(id).status !== 'down'
  for (const { name, endpoint } of runtime.routes.list())
    if (up(endpoint)) found.set(name, { id: name, owner: endpoint })
  for (const endpoint of runtime.config.endpoints) {
    if (!endpoint.wildcard || !up(endpoint.id)) continue
    for (const id of runtime.probes.status(endpoint.id).result?.models ?? [])
      if (!found.has(id)) found.set(id, { id, owner: endpoint.id })
  }
  for (const row of found.values()) {
    const entry = entryOf(row.id, runtime)
    if (entry) row.entry = entry
  }
  return [...found.values()]
}

/** Of a route, what is known of its first target: the others stand in for it. */
function entryOf(name: string, runtime: Runtime): ModelEntry | undefined {
  // An alias may lead nowhere.
  const target = runtime.config.aliases[name]
  if (target !== undefined && !runtime.routes.known(target)) return undefined
  const first = runtime.routes.match(name).deployments[0]
  return (
    first &&
    runtime.catalog.find({
      provider: first.endpoint.provider.id,
      endpoint: first.endpoint.id,
      model: first.model,
    })
  )
}

export function listModels(context: Context): void {
  const { runtime } = context.gateway
  const all = modelRows(runtime, context.url.searchParams.get('available') === 'true')
  if (!isAnthropic(context) && isGoogleCaller(context)) return sendJson(context, 200, page(all, context))
  if (!isAnthropic(context)) return sendJson(context, 200, { object: 'list', data: all.map(openai) })
  const data = all.map(anthropic)
  sendJson(context, 200, {
    data,
    has_more: false,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  })
}

export function getModel(context: Context): void {
  const id = decoded(context.url.pathname.replace(/^(\/gemini)?(\/v1(beta|alpha)?)?\/models\//, ''))
  const row = modelRows(context.gateway.runtime, false).find((entry) => entry.id === id)
  if (!row)
    return failWith(
      context,
      new GatewayError(
        'model_not_found',
        `the model "${id}" is not served here; GET /v1/models lists what is`,
        {
          param: 'model',
        },
      ),
    )
  sendJson(
    context,
    200,
    isAnthropic(context) ? anthropic(row) : isGoogleCaller(context) ? google(row) : openai(row),
  )
}

/** A malformed escape stands for itself: no model has that name. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function isAnthropic(context: Context): boolean {
  return context.request.headers['anthropic-version'] !== undefined
}

/** Nobody knows when a model was made; clients want a number, and 0 claims nothing. */
function openai({ id, owner, entry }: Row): Record<string, unknown> {
  return { id, object: 'model', created: 0, owned_by: owner, ...(entry ? known(entry) : {}) }
}

/** What the catalogue knows, in the names that OpenRouter's list made usual; prices are dollars per million tokens. */
function known(entry: ModelEntry): Record<string, unknown> {
  const { price } = entry
  const abilities = [
    entry.tools === true ? 'tools' : [],
    entry.reasoning === true ? 'reasoning' : [],
    entry.jsonSchema === true ? 'json_schema' : [],
    entry.input?.includes('image') === true ? 'vision' : [],
  ].flat()
  return {
    ...(entry.contextTokens === undefined ? {} : { context_length: entry.contextTokens }),
    ...(entry.maxOutputTokens === undefined ? {} : { max_output_tokens: entry.maxOutputTokens }),
    ...(entry.input === undefined
      ? {}
      : { architecture: { input_modalities: entry.input, output_modalities: entry.output ?? [] } }),
    ...(abilities.length === 0 ? {} : { abilities }),
    ...(price === undefined
      ? {}
      : {
          price_per_million: {
            currency: 'USD',
            as_of: price.asOf,
            ...(price.input === undefined ? {} : { input: price.input }),
            ...(price.output === undefined ? {} : { output: price.output }),
            ...(price.cacheRead === undefined ? {} : { cache_read: price.cacheRead }),
            ...(price.cacheWrite === undefined ? {} : { cache_write: price.cacheWrite }),
            ...(price.tiers === undefined ? {} : { tiers: price.tiers }),
          },
        }),
  }
}

function anthropic({ id, entry }: Row): Record<string, unknown> & { id: string } {
  const { contextTokens, maxOutputTokens } = { ...entry, ...claudeFacts(id) }
  return {
    id,
    type: 'model',
    display_name: id,
    created_at: '1970-01-01T00:00:00Z',
    ...(contextTokens === undefined ? {} : { max_input_tokens: contextTokens }),
    ...(maxOutputTokens === undefined ? {} : { max_tokens: maxOutputTokens }),
  }
}

const PAGE = 50
const PAGE_MOST = 1_000

/** One page in Google's shape; the token of the next one is where it begins. */
function page(all: readonly Row[], { url }: Context): Record<string, unknown> {
  const size = Math.min(PAGE_MOST, Math.max(1, Number(url.searchParams.get('pageSize') ?? PAGE) || PAGE))
  const from = Math.max(0, Number(url.searchParams.get('pageToken') ?? 0) || 0)
  const models = all.slice(from, from + size).map(google)
  return from + size < all.length ? { models, nextPageToken: String(from + size) } : { models }
}

function google({ id }: Row): Record<string, unknown> {
  const { contextTokens, maxOutputTokens } = { ...claudeFacts(id), ...geminiFacts(id) }
  return {
    name: `models/${id}`,
    baseModelId: id,
    version: '',
    displayName: id,
    ...(contextTokens === undefined ? {} : { inputTokenLimit: contextTokens }),
    ...(maxOutputTokens === undefined ? {} : { outputTokenLimit: maxOutputTokens }),
    supportedGenerationMethods: ['generateContent', 'countTokens'],
  }
}
