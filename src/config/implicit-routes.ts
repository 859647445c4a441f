// Every declared model is reachable by its name; of several unrelated endpoints the one with the highest priority has
// it, then the stronger source, then the earlier id. Nothing is balanced that nobody declared.

import type { EndpointConfig, Source } from '../providers/endpoint.ts'
import type { RouteConfig } from './config.ts'

/** Which source wins an id, a name or an address: the first one. */
export const SOURCE_ORDER: readonly Source[] = ['config', 'env', 'ui', 'auto-discovery', 'demo']

/** @returns routes for the names that `declared` does not have, in the order in which the names were met. */
export function implicitRoutes(
  endpoints: readonly EndpointConfig[],
  declared: readonly Pick<RouteConfig, 'name'>[],
): RouteConfig[] {
  const taken = new Set(declared.map((route) => route.name))
  const found = new Map<string, { endpoint: EndpointConfig; upstream: string }>()
  for (const endpoint of endpoints)
    for (const model of endpoint.models) {
      if (taken.has(model.name)) continue
      const before = found.get(model.name)
      // A name twice in one endpoint: the first line counts.
      if (!before || (before.endpoint !== endpoint && goesFirst(endpoint, before.endpoint)))
        found.set(model.name, { endpoint, upstream: model.upstream })
    }
  return [...found].map(([name, { endpoint, upstream }]) => ({
    name,
    targets: [{ endpoint: endpoint.id, model: upstream, weight: 1 }],
    strategy: 'priority',
    fallback: [],
    implicit: true,
  }))
}

function goesFirst(one: EndpointConfig, other: EndpointConfig): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority
  const [a, b] = [SOURCE_ORDER.indexOf(one.source), SOURCE_ORDER.indexOf(other.source)]
  return a === b ? one.id < other.id : a < b
}
