// The models of an endpoint: the live list, or the declared names marked as such. Names are never invented.

import type { EndpointConfig } from '../providers/endpoint.ts'
import type { AskDeps } from '../upstream/ask.ts'

export interface ModelInfo {
  id: string
  /** Same as `id`: the pair that settings pages bind to. */
  value: string
  label: string
  /** The endpoint itself listed it just now. */
  live: boolean
}

export interface ModelList {
  /** false: the endpoint's list failed and `models` is what was declared. */
  live: boolean
  models: ModelInfo[]
  /** Why it is not live. */
  reason?: string
  /** HTTP status of the list; absent: no HTTP answer. */
  status?: number
}

export function declaredList(names: readonly string[]): ModelList {
  return { live: false, models: names.map((name) => row(name, false)) }
}

export async function liveList(endpoint: EndpointConfig, deps: AskDeps): Promise<ModelList> {
  // What asks endpoints weighs more than the client: it loads when first used.
  const { listModels } = await import('../upstream/ask.ts')
  const listing = await listModels(endpoint, deps)
  const status = listing.status === null ? {} : { status: listing.status }
  if (listing.models) return { live: true, models: listing.models.map((name) => row(name, true)), ...status }
  return {
    ...declaredList(endpoint.models.map(({ name }) => name)),
    reason: listing.error ?? 'the list failed',
    ...status,
  }
}

function row(id: string, live: boolean): ModelInfo {
  return { id, value: id, label: id, live }
}
