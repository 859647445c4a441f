// Endpoints that a second source brings (local engines, key variables, the registry), added to a configuration.

import type { EndpointConfig } from '../providers/endpoint.ts'
import type { Config } from './config.ts'

/** A new configuration. Endpoints whose id is taken are left out: nothing that is configured is ever replaced. */
export function addEndpoints(config: Config, added: readonly EndpointConfig[]): Config {
  const taken = new Set(config.endpoints.map((endpoint) => endpoint.id))
  const fresh = added.filter((endpoint) => !taken.has(endpoint.id))
  const names = new Set(config.routes.map((route) => route.name))
  const routes = fresh.flatMap((endpoint) =>
    endpoint.models
      .filter((model) => !names.has(model.name))
      .map((model) => ({
        name: model.name,
        targets: [{ endpoint: endpoint.id, model: model.upstream, weight: 1 }],
        strategy: 'priority' as const,
        fallback: [],
      })),
  )
  return { ...config, endpoints: [...config.endpoints, ...fresh], routes: [...config.routes, ...routes] }
}
