// The four sources become one configuration, by one rule: config, then environment, then registry, then discovery. Who
// loses an id stays visible as shadowed; nobody's entry is ever replaced or forgotten. Pure.

import { goesThroughProxy } from '../core/proxy-rule.ts'
import type { EndpointConfig, Source } from '../providers/endpoint.ts'
import type { Config, ProxyConfig } from './config.ts'
import { implicitRoutes } from './implicit-routes.ts'
import type { RouteEntry } from './schema.ts'
import { type RouteEntries, routesOf } from './sources/routes.ts'

export interface Override {
  enabled?: boolean
  priority?: number
}

export interface Layers {
  /** What the file and the environment say, merged by the loader. */
  declared: Config
  /** Endpoints of the registry. */
  ui: readonly EndpointConfig[]
  /** Endpoints of the registry that are switched off, or cannot be called. */
  off: ReadonlySet<string>
  /** Routes of the registry, as they would stand under `routes:`. */
  routes: Readonly<Record<string, RouteEntry>>
  discovered: readonly EndpointConfig[]
  /** What an operator changed about endpoints that are declared elsewhere, by id. */
  overrides: ReadonlyMap<string, Override>
}

export interface SourcedEndpoint {
  endpoint: EndpointConfig
  enabled: boolean
  /** The source that has the same id and wins. */
  shadowedBy?: Source
}

export interface Merged {
  config: Config
  /** Every endpoint of every source, in the order of the sources. */
  endpoints: SourcedEndpoint[]
}

const ANYWHERE: Pick<RouteEntries, 'endpointIds' | 'place'> = {
  endpointIds: new Set(),
  place: () => ({ file: 'registry' }),
}

export function mergeSources(layers: Layers): Merged {
  const { declared, overrides, off } = layers
  const rank = [...declared.endpoints, ...(declared.shadowed ?? []), ...layers.ui, ...layers.discovered]
  const winners = new Map<string, Source>()
  const endpoints = rank.map((given): SourcedEndpoint => {
    const winner = winners.get(given.id)
    if (winner !== undefined) return { endpoint: given, enabled: false, shadowedBy: winner }
    winners.set(given.id, given.source)
    const change = given.source === 'ui' ? undefined : overrides.get(given.id)
    return {
      endpoint: change?.priority === undefined ? given : { ...given, priority: change.priority },
      enabled: given.source === 'ui' ? !off.has(given.id) : (change?.enabled ?? true),
    }
  })
  for (const row of endpoints) row.endpoint = behindProxy(row.endpoint, declared.proxy)
  const serving = endpoints.filter((row) => row.enabled).map((row) => row.endpoint)
  const written = declared.routes.filter((route) => route.implicit !== true)
  const names = new Set(written.map((route) => route.name))
  // What a stored route names may be away for now (a discovered engine, a switched-off endpoint): it is passed over.
  const stored = routesOf({ value: { routes: layers.routes }, ...ANYWHERE }, serving, [])
  const routes = [...written, ...stored.filter((route) => !names.has(route.name))]
  return {
    config: { ...declared, endpoints: serving, routes: [...routes, ...implicitRoutes(serving, routes)] },
    endpoints,
  }
}

/** The operator's proxy, where the endpoint names none of its own and its host is one that goes through it. */
function behindProxy(endpoint: EndpointConfig, proxy: ProxyConfig | undefined): EndpointConfig {
  if (!proxy || endpoint.proxy !== undefined || endpoint.source === 'demo') return endpoint
  const url = new URL(endpoint.baseUrl)
  const address = url.protocol === 'https:' ? proxy.https : proxy.http
  if (address === undefined || !goesThroughProxy(url.hostname, proxy.none ?? '')) return endpoint
  return { ...endpoint, proxy: address }
}
