// /api/v1/registry (document 003) and its plainer twin /api/v1/endpoints: the endpoints of every source, and what may be
// done to them while serving.

import type { SourcedEndpoint } from '../../config/merge-sources.ts'
import { providers } from '../../providers/index.ts'
import {
  addEndpoint,
  draft,
  editEndpoint,
  endpointTag,
  known,
  removeEndpoint,
  toggle,
} from '../control/registry.ts'
import { type AdminCall, type AdminRoute, type Answer, route } from './admin-route.ts'
import { effectiveEndpoint } from './effective-config.ts'
import * as schemas from './schemas.ts'
import type { AdminServices } from './services.ts'
import { circuits, endpointRow } from './view.ts'

function list(services: AdminServices): Answer {
  const data = services.control.merged.endpoints.map((row) => endpointRow(services, row))
  return { body: { object: 'list', data, total: data.length } }
}

function one(services: AdminServices, id: string): Answer {
  const row = known(services.control, id)
  const body = {
    ...endpointRow(services, row),
    entry: entryOf(services, row),
    deployments: circuits(services.control.gateway.runtime, id),
  }
  return { body, etag: body.etag }
}

/** As it would stand in trunkline.yaml. */
function entryOf({ control }: AdminServices, { endpoint }: SourcedEndpoint): unknown {
  const own = control.state.ui.get(endpoint.id)
  if (own && endpoint.source === 'ui') {
    const names = own.plain?.headerNames ?? []
    const headers = Object.fromEntries(names.map((name) => [name, '[secret]']))
    return { ...(own.stored.entry as object), ...(names.length === 0 ? {} : { headers }) }
  }
  return effectiveEndpoint(endpoint)
}

async function changed(
  call: AdminServices & { params: Readonly<Record<string, string>> },
  work: Promise<{ warning?: string }>,
): Promise<Answer> {
  const { warning } = await work
  const id = call.params.id as string
  const row = endpointRow(call, known(call.control, id))
  return { body: warning === undefined ? row : { ...row, warning }, etag: row.etag }
}

async function probe(call: AdminCall<unknown>): Promise<Answer> {
  const { endpoint } = known(call.control, call.params.id as string)
  return { body: await checked(call, endpoint) }
}

async function checked(
  { checks }: AdminServices,
  endpoint: SourcedEndpoint['endpoint'],
): Promise<schemas.ProbeResult> {
  if (endpoint.provider.id === 'demo')
    return {
      id: endpoint.id,
      ok: true,
      status: 200,
      latency_ms: 0,
      models_count: 1,
      models: ['demo'],
      url: endpoint.baseUrl,
    }
  const check = await checks.run(endpoint)
  return {
    id: endpoint.id,
    ok: check.ok,
    status: check.status,
    latency_ms: check.latencyMs,
    models_count: check.models.length,
    models: check.models,
    url: endpoint.baseUrl,
    ...(check.detail === undefined ? {} : { detail: check.detail }),
  }
}

/** Found before and serving under this name. */
function discoveredAs({ merged }: AdminServices['control'], baseUrl: string): string | null {
  const same = merged.endpoints.find(
    ({ endpoint }) => endpoint.source === 'auto-discovery' && endpoint.baseUrl === baseUrl,
  )
  return same?.endpoint.id ?? null
}

async function scan({ control, scanner }: AdminServices): Promise<Answer> {
  const { found, asked, ms } = await scanner.scan()
  const candidates = found.map(
    (row): schemas.Candidate => ({
      id: row.id,
      provider: row.kind === 'ollama' ? 'ollama' : 'openai-compatible',
      kind: row.kind,
      title: row.title,
      base_url: row.baseUrl,
      models: row.models,
      version: row.version ?? null,
      evidence: row.evidence,
      locked: row.locked,
      known_as: row.knownAs ?? discoveredAs(control, row.baseUrl),
    }),
  )
  return { body: { candidates, total: candidates.length, asked, ms } }
}

const tag = 'endpoints'
const changes = true as const

/** Both spellings of one resource. */
function twice(spec: (base: string, name: (verb: string) => string) => AdminRoute[]): AdminRoute[] {
  return [
    ...spec('/api/v1/registry', (verb) => `registry_${verb}`),
    ...spec('/api/v1/endpoints', (verb) => `endpoint_${verb}`),
  ]
}

export const registryRoutes: readonly AdminRoute[] = [
  ...twice((base, name) => [
    route({
      method: 'GET',
      path: base,
      id: name('list'),
      tag,
      summary: 'Every endpoint of every source, with its tag; shadowed ones too',
      answer: schemas.endpointList,
      handler: list,
    }),
    route({
      method: 'POST',
      path: base,
      id: name('add'),
      tag,
      summary: 'Adds an endpoint: live at once, kept in endpoints.db',
      body: schemas.addEndpoint,
      answer: schemas.added,
      status: 201,
      changes,
      async handler(call) {
        const { id, warning } = await addEndpoint(call.control, call.actor, call.body)
        const row = endpointRow(call, known(call.control, id))
        const body = { ...row, status: 'added', ...(warning === undefined ? {} : { warning }) }
        return { status: 201, body, etag: row.etag, headers: { location: `${base}/${id}` } }
      },
    }),
    route({
      method: 'POST',
      path: `${base}/scan`,
      id: name('scan'),
      tag,
      summary: 'Looks for model servers now; lists candidates and changes nothing',
      bodyOptional: true,
      answer: schemas.scanResult,
      handler: scan,
    }),
    route({
      method: 'POST',
      path: `${base}/try`,
      id: name('try'),
      tag,
      summary: 'Asks an endpoint that is not stored yet for its models',
      body: schemas.tryEndpoint,
      answer: schemas.probeResult,
      async handler(call) {
        const id = (call.body.id ?? 'trial').trim().toLowerCase()
        return { body: await checked(call, draft(call.control, id, undefined, call.body).config) }
      },
    }),
    route({
      method: 'GET',
      path: `${base}/{id}`,
      id: name('get'),
      tag,
      summary: 'One endpoint with its entry and the breakers of its deployments',
      answer: schemas.endpointDetail,
      handler: (call) => one(call, call.params.id as string),
    }),
    ...(['PUT', 'PATCH'] as const).map((method) =>
      route({
        method,
        path: `${base}/{id}`,
        id: name(method === 'PUT' ? 'put' : 'edit'),
        tag,
        summary: 'Changes what is given; of endpoints declared elsewhere only enabled and priority',
        body: schemas.editEndpoint,
        answer: schemas.endpointRow,
        changes,
        handler: (call) =>
          changed(
            call,
            editEndpoint(call.control, call.actor, call.params.id as string, call.body, call.check),
          ),
      }),
    ),
    route({
      method: 'DELETE',
      path: `${base}/{id}`,
      id: name('delete'),
      tag,
      summary: 'Removes an endpoint of the registry',
      answer: schemas.deleted,
      changes,
      async handler(call) {
        const id = call.params.id as string
        const { warning } = await removeEndpoint(call.control, call.actor, id, call.check)
        return { body: { id, deleted: true, ...(warning === undefined ? {} : { warning }) } }
      },
    }),
    route({
      method: 'POST',
      path: `${base}/{id}/toggle`,
      id: name('toggle'),
      tag,
      summary: 'Switches an endpoint off or on; a body may say which',
      body: schemas.toggle,
      bodyOptional: true,
      answer: schemas.endpointRow,
      changes,
      handler(call) {
        const id = call.params.id as string
        const row = known(call.control, id)
        call.check(endpointTag(row, call.control.state.ui.get(id)))
        return changed(call, toggle(call.control, call.actor, id, call.body.enabled))
      },
    }),
    route({
      method: 'POST',
      path: `${base}/{id}/priority`,
      id: name('priority'),
      tag,
      summary: 'Of several endpoints with one model, the highest priority has the plain name',
      body: schemas.priority,
      answer: schemas.endpointRow,
      changes,
      handler: (call) =>
        changed(
          call,
          editEndpoint(call.control, call.actor, call.params.id as string, call.body, call.check),
        ),
    }),
    route({
      method: 'POST',
      path: `${base}/{id}/probe`,
      id: name('probe'),
      tag,
      summary: 'Asks it for its model list; nothing is generated',
      bodyOptional: true,
      answer: schemas.probeResult,
      handler: probe,
    }),
  ]),
  route({
    method: 'GET',
    path: '/api/v1/providers',
    id: 'provider_list',
    tag,
    summary: 'The providers an endpoint may name',
    answer: schemas.providerList,
    handler: () => ({
      body: {
        object: 'list',
        data: providers.map((record) => ({
          id: record.id,
          title: record.title,
          base_url: record.base ?? null,
          dialects: record.speaks.map((row) => row.dialect),
          key_variables: record.env.key,
          local: record.local === true,
        })),
      },
    }),
  }),
]
