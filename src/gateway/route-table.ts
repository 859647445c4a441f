// From a model name to a plan. Exact public name, then alias, then `endpoint/model`, then a wildcard endpoint, else 404.
// Names are opaque and case-sensitive; nothing is guessed from a prefix.

import type { Config, RouteConfig } from '../config/config.ts'
import { GatewayError } from '../core/error.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import type { Credits, Strategy } from '../routing/order.ts'

/** One thing a call can be sent to: endpoint and upstream model. */
export interface Deployment {
  endpoint: EndpointConfig
  /** The upstream's own model name. */
  model: string
  weight: number
}

export interface Route {
  name: string
  strategy: Strategy
  deployments: Deployment[]
  credits: Credits
  fallback: string[]
}

export interface RouteTable {
  /** @throws GatewayError `model_not_found`. */
  match(model: string): Route
  /** Public names with the endpoints behind them, in listing order. */
  list(): { name: string; endpoint: string; fixed: boolean }[]
}

export function routeTable(config: Config): RouteTable {
  const endpoints = new Map(config.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  const routes = new Map<string, Route>()
  for (const route of config.routes) routes.set(route.name, build(route, endpoints))
  const wildcards = config.endpoints
    .filter((endpoint) => endpoint.wildcard)
    .sort((a, b) => b.priority - a.priority)
  // Routes made on the fly for `endpoint/model` and wildcard names; bounded, for a caller can invent names.
  const made = new Map<string, Route>()

  const single = (name: string, endpoint: EndpointConfig, model: string): Route => {
    let route = made.get(name)
    if (!route) {
      if (made.size >= 1000) made.clear()
      route = {
        name,
        strategy: 'priority',
        deployments: [{ endpoint, model, weight: 1 }],
        credits: [],
        fallback: [],
      }
      made.set(name, route)
    }
    return route
  }

  return {
    match(model) {
      const exact = routes.get(model) ?? routes.get(config.aliases[model] ?? '')
      if (exact) return exact
      const slash = model.indexOf('/')
      const endpoint = slash > 0 ? endpoints.get(model.slice(0, slash)) : undefined
      if (endpoint) {
        const rest = model.slice(slash + 1)
        const declared = endpoint.models.find((entry) => entry.name === rest || entry.upstream === rest)
        if (declared) return single(model, endpoint, declared.upstream)
        if (endpoint.wildcard && rest !== '') return single(model, endpoint, rest)
      }
      const wildcard = wildcards[0]
      if (wildcard && model !== '') return single(model, wildcard, model)
      throw new GatewayError('model_not_found', notFound(model, [...routes.keys()]), { param: 'model' })
    },
    list() {
      const rows = [...routes.values()].map((route) => ({
        name: route.name,
        endpoint: route.deployments[0]?.endpoint.id ?? '',
        fixed: true,
      }))
      for (const name of Object.keys(config.aliases))
        if (!routes.has(name)) rows.push({ name, endpoint: 'alias', fixed: true })
      return rows
    },
  }
}

function build(route: RouteConfig, endpoints: ReadonlyMap<string, EndpointConfig>): Route {
  const deployments = route.targets.flatMap((target) => {
    const endpoint = endpoints.get(target.endpoint)
    return endpoint ? [{ endpoint, model: target.model, weight: target.weight }] : []
  })
  return { name: route.name, strategy: route.strategy, deployments, credits: [], fallback: route.fallback }
}

function notFound(model: string, known: string[]): string {
  if (model === '') return 'no model was named; GET /v1/models lists what there is'
  const wanted = model.toLowerCase()
  const near = known
    .filter((name) => {
      const other = name.toLowerCase()
      return other.includes(wanted) || wanted.includes(other) || other.slice(0, 4) === wanted.slice(0, 4)
    })
    .slice(0, 3)
  const hint = near.length > 0 ? ` (did you mean ${near.map((name) => `"${name}"`).join(', ')}?)` : ''
  return `the model "${model}" is not served here${hint}; GET /v1/models lists what is`
}
