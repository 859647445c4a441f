// Endpoints that the key variables bring, added to a configuration.

import type { EndpointConfig } from '../providers/endpoint.ts'
import type { Config } from './config.ts'
import { implicitRoutes } from './implicit-routes.ts'

/** A new configuration. Endpoints whose id is taken are left out: nothing that is configured is ever replaced. */
export function addEndpoints(config: Config, added: readonly EndpointConfig[]): Config {
  const taken = new Set(config.endpoints.map((endpoint) => endpoint.id))
  const fresh = added.filter((endpoint) => !taken.has(endpoint.id))
  return {
    ...config,
    endpoints: [...config.endpoints, ...fresh],
    routes: [...config.routes, ...implicitRoutes(fresh, config.routes)],
  }
}
