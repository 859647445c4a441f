// /api/v1/routes and /api/v1/models: the public names, what is behind each, and how the calls remembered were shared.

import { fallbackNames } from '../../config/config.ts'
import { claudeFacts } from '../../catalog/claude.ts'
import type { RouteConfig } from '../../config/config.ts'
import type { SourcedEndpoint } from '../../config/merge-sources.ts'
import { deleteRoute, putRoute, routeTag } from '../control/registry.ts'
import { GatewayError } from '../../core/error.ts'
import { allShares } from '../views/all.ts'
import { type AdminRoute, route } from './admin-route.ts'
import * as schemas from './schemas.ts'
import type { AdminServices } from './services.ts'
import { circuitAt, healthOf } from './view.ts'

/** What every row asks for, gathered once: there may be thousands of rows. */
interface Gathered {
  /** Endpoints that serve, by id. */
  endpoints: ReadonlyMap<string, SourcedEndpoint>
  /** Names of the routes that the file declares. */
  written: ReadonlySet<string>
  /** Calls remembered, by route and `endpoint/model`. */
  shares: ReadonlyMap<string, ReadonlyMap<string, number>>
}

async function gather({ control, peers }: AdminServices): Promise<Gathered> {
  const shares = await allShares({ control, ...(peers ? { peers } : {}) })
  const serving = control.merged.endpoints.filter((row) => row.shadowedBy === undefined)
  const written = control.state.declared.routes.filter((row) => row.implicit !== true)
  return {
    endpoints: new Map(serving.map((row) => [row.endpoint.id, row])),
    written: new Set(written.map((row) => row.name)),
    shares,
  }
}

function routeRow(services: AdminServices, config: RouteConfig, gathered: Gathered): schemas.RouteRow {
  const { control } = services
  const { runtime } = control.gateway
  const mine = gathered.shares.get(config.name)
  const all = [...(mine?.values() ?? [])].reduce((sum, count) => sum + count, 0)
  const stored = control.state.routes.get(config.name)
  const fromFile = gathered.written.has(config.name)
  const entry = stored && !fromFile ? stored.entry : entryOf(config)
  return {
    name: config.name,
    strategy: config.strategy,
    targets: config.targets.map((target) => {
      const row = gathered.endpoints.get(target.endpoint)
      const here = mine?.get(`${target.endpoint}/${target.model}`) ?? 0
      return {
        endpoint: target.endpoint,
        model: target.model,
        weight: target.weight,
        health: row ? healthOf(services, row).state : 'unknown',
        circuit_state: circuitAt(runtime, target.endpoint, target.model).circuit_state,
        calls: here,
        share: all === 0 ? null : here / all,
      }
    }),
    fallback: fallbackNames(config.fallback),
    source: fromFile ? 'config' : stored ? 'ui' : 'implicit',
    entry,
    etag: routeTag(config.name, entry),
  }
}

function entryOf(config: RouteConfig): unknown {
  return {
    strategy: config.strategy,
    targets: config.targets.map(({ endpoint, model, weight }) => ({ to: `${endpoint}/${model}`, weight })),
    ...(fallbackNames(config.fallback).length === 0 ? {} : { fallback: config.fallback }),
  }
}

async function rows(services: AdminServices): Promise<schemas.RouteRow[]> {
  const gathered = await gather(services)
  return services.control.gateway.runtime.config.routes.map((config) => routeRow(services, config, gathered))
}

async function routeNamed(services: AdminServices, name: string): Promise<schemas.RouteRow> {
  const config = services.control.gateway.runtime.config.routes.find((row) => row.name === name)
  if (!config)
    throw new GatewayError('not_found', `no route "${name}" (GET /api/v1/routes lists them)`, {
      param: 'name',
    })
  return routeRow(services, config, await gather(services))
}

function models({ control }: AdminServices): schemas.ModelRow[] {
  const { runtime } = control.gateway
  const { config } = runtime
  const up = (id: string): boolean => runtime.probes.status(id).status !== 'down'
  const found = new Map<string, schemas.ModelRow>()
  const add = (row: Omit<schemas.ModelRow, 'context_tokens' | 'max_output_tokens'>): void => {
    if (found.has(row.id)) return
    const facts = claudeFacts(row.id)
    found.set(row.id, {
      ...row,
      context_tokens: facts.contextTokens ?? null,
      max_output_tokens: facts.maxOutputTokens ?? null,
    })
  }
  for (const config of runtime.config.routes) {
    const endpoints = config.targets.map((target) => target.endpoint)
    const kind = config.implicit === true ? 'implicit' : 'route'
    add({ id: config.name, kind, alias_of: null, endpoints, available: endpoints.some(up) })
  }
  for (const [name, target] of Object.entries(config.aliases)) {
    const endpoints = found.get(target)?.endpoints ?? []
    add({ id: name, kind: 'alias', alias_of: target, endpoints, available: endpoints.some(up) })
  }
  for (const endpoint of config.endpoints) {
    if (!endpoint.wildcard) continue
    for (const id of runtime.probes.status(endpoint.id).result?.models ?? [])
      add({ id, kind: 'found', alias_of: null, endpoints: [endpoint.id], available: up(endpoint.id) })
  }
  return [...found.values()]
}

export const routeRoutes: readonly AdminRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/routes',
    id: 'route_list',
    tag: 'routes',
    summary: 'Every public model name with its plan',
    answer: schemas.routeList,
    handler: async (call) => ({ body: { object: 'list', data: await rows(call) } }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/routes/{name}',
    id: 'route_get',
    tag: 'routes',
    summary: 'One route',
    answer: schemas.routeRow,
    async handler(call) {
      const body = await routeNamed(call, call.params.name as string)
      return { body, etag: body.etag }
    },
  }),
  route({
    method: 'PUT',
    path: '/api/v1/routes/{name}',
    id: 'route_put',
    tag: 'routes',
    summary: 'Adds or replaces a route of the registry; one that a file declares is changed there',
    body: schemas.editRoute,
    answer: schemas.routeRow,
    changes: true,
    async handler(call) {
      const name = call.params.name as string
      const there = call.control.gateway.runtime.config.routes.some((row) => row.name === name)
      if (there) call.check((await routeNamed(call, name)).etag)
      const { warning } = await putRoute(call.control, call.actor, name, call.body)
      const body = await routeNamed(call, name)
      return { body: warning === undefined ? body : { ...body, warning }, etag: body.etag }
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/routes/{name}',
    id: 'route_delete',
    tag: 'routes',
    summary: 'Removes a route of the registry',
    answer: schemas.deleted,
    changes: true,
    async handler(call) {
      const name = call.params.name as string
      if (call.control.state.routes.has(name)) call.check((await routeNamed(call, name)).etag)
      await deleteRoute(call.control, call.actor, name)
      return { body: { id: name, deleted: true } }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/models',
    id: 'model_list',
    tag: 'routes',
    summary: 'Every name that can be called, with what is known of it',
    answer: schemas.modelList,
    handler(call) {
      const data = models(call)
      return { body: { object: 'list', data, total: data.length } }
    },
  }),
]
