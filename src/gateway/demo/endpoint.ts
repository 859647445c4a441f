// The demo model as an endpoint of a configuration: no host, no key, always last.

import type { Config } from '../../config/config.ts'
import type { EndpointConfig } from '../../providers/endpoint.ts'

const DEMO: EndpointConfig = {
  id: 'demo',
  provider: {
    id: 'demo',
    title: 'Trunkline demo',
    env: { key: [] },
    auth: { type: 'none' },
    speaks: [],
    paths: { embeddings: '/embeddings', models: '/models' },
    quirks: {},
    local: true,
  },
  baseUrl: 'in-process',
  models: [{ name: 'demo', upstream: 'demo' }],
  wildcard: false,
  source: 'demo',
  probe: 'off',
  probeRequireModels: false,
  timeouts: { connectMs: 0, firstByteMs: 0, idleMs: 0, totalMs: 0 },
  rateLimit: {},
  maxRetries: 0,
  headers: {},
  priority: -1000,
  tls: { insecure: false },
}

/** Adds the demo unless something else already has its name. */
export function withDemo(config: Config): Config {
  if (
    config.endpoints.some((endpoint) => endpoint.id === 'demo') ||
    config.routes.some((route) => route.name === 'demo')
  )
    return config
  return {
    ...config,
    endpoints: [...config.endpoints, DEMO],
    routes: [
      ...config.routes,
      {
        name: 'demo',
        targets: [{ endpoint: 'demo', model: 'demo', weight: 1 }],
        strategy: 'priority',
        fallback: [],
      },
    ],
    ...(config.defaultModel === undefined && config.routes.length === 0 ? { defaultModel: 'demo' } : {}),
  }
}
