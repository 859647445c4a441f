// What an operator does to endpoints and routes while serving: add, edit, switch, rank, remove. Everything the registry
// holds may be changed here; of what is declared elsewhere only the switch and the rank, as an override.

import { isNowhere } from '../../core/address.ts'
import { DraftError } from '../../config/endpoint.ts'
import type { SourcedEndpoint } from '../../config/merge-sources.ts'
import { type EndpointEntry, type RouteEntry, endpointSchema } from '../../config/schema.ts'
import { fallbackOf, routesOf } from '../../config/sources/routes.ts'
import { fallbackNames } from '../../config/config.ts'
import { GatewayError, invalid } from '../../core/error.ts'
import type { Json } from '../../core/json.ts'
import type { StoredEndpoint, Write } from '../../core/ports.ts'
import type { EndpointConfig } from '../../providers/endpoint.ts'
import { type Control, hashed } from './control.ts'
import { uiEndpoint } from './restore.ts'
import { SecretParts, split } from './secret-parts.ts'
import type { Actor, State, UiEndpoint } from './state.ts'

export interface EndpointInput {
  url?: string | undefined
  provider?: string | undefined
  priority?: number | undefined
  models?: string | readonly string[] | null | undefined
  enabled?: boolean | undefined
  /** Absent keeps what is there; null or "" takes it away. */
  api_key?: string | null | undefined
  entry?: EndpointEntry | undefined
}

const TOP_PRIORITY = 1000

/** The row that serves under this id, or the one that waits behind a stronger source. @throws 404 */
export function known(control: Control, id: string): SourcedEndpoint {
  const found = control.merged.endpoints.find((row) => row.endpoint.id === id)
  if (!found)
    throw new GatewayError('not_found', `no endpoint "${id}" (GET /api/v1/registry lists them)`, {
      param: 'id',
    })
  return found
}

/** Changes with every change of what is declared; probes and calls leave it alone. */
export function endpointTag(row: SourcedEndpoint, ui: UiEndpoint | undefined): string {
  const said = [factsOf(row.endpoint), row.enabled, row.shadowedBy, ui?.stored.credential?.text]
  return `"${hashed(said).slice(0, 20)}"`
}

const facts = new WeakMap<EndpointConfig, string>()

/** An endpoint's configuration is never changed, only replaced: it is hashed once. */
function factsOf(endpoint: EndpointConfig): string {
  let known = facts.get(endpoint)
  if (known === undefined) {
    const { provider, ...rest } = endpoint
    known = hashed([provider.id, rest])
    facts.set(endpoint, known)
  }
  return known
}

export async function addEndpoint(
  control: Control,
  actor: Actor,
  input: EndpointInput & { id: string },
): Promise<{ id: string; warning?: string }> {
  const id = input.id.trim().toLowerCase()
  const made = draft(control, id, undefined, input)
  const said = await control.change({
    actor,
    action: 'endpoint.add',
    target: id,
    after: made.stored,
    writes: [{ kind: 'put_endpoint', row: made.stored }],
    apply(state) {
      if (control.merged.endpoints.some((row) => row.endpoint.id === id))
        throw new GatewayError('invalid_request', `endpoint "${id}" exists already`, {
          status: 409,
          code: 'conflict',
          param: 'id',
        })
      return { ...state, ui: new Map([...state.ui, [id, made]]) }
    },
  })
  return { id, ...warningOf(control, said, made) }
}

/** @param ifMatch the tag the caller saw; a change by somebody else since then is 412. */
export async function editEndpoint(
  control: Control,
  actor: Actor,
  id: string,
  input: EndpointInput,
  check: (tag: string) => void,
): Promise<{ warning?: string }> {
  const row = known(control, id)
  const ui = control.state.ui.get(id)
  check(endpointTag(row, ui))
  const { enabled, priority, ...rest } = input
  if (!ui || row.endpoint.source !== 'ui') {
    const touched = Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [name]))
    if (touched.length > 0)
      throw new GatewayError(
        'invalid_request',
        `endpoint "${id}" comes from ${row.endpoint.source}: change ${touched.join(', ')} there (only enabled and priority may be changed here)`,
        { status: 409, code: 'conflict', param: touched[0] ?? null },
      )
    return override(control, actor, row, {
      ...(enabled === undefined ? {} : { enabled }),
      ...(priority === undefined ? {} : { priority: clamped(priority) }),
    })
  }
  const made = draft(control, id, ui, input)
  const said = await control.change({
    actor,
    action: actionOf(input),
    target: id,
    before: ui.stored,
    after: made.stored,
    writes: [{ kind: 'put_endpoint', row: made.stored }],
    apply: (state) => {
      if (state.ui.get(id) !== ui) throw overtaken(id)
      return { ...state, ui: new Map([...state.ui, [id, made]]) }
    },
  })
  return warningOf(control, said, made)
}

function actionOf(input: EndpointInput): string {
  const given = Object.entries(input).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  if (given.length === 1 && given[0] === 'enabled') return 'endpoint.toggle'
  return given.length === 1 && given[0] === 'priority' ? 'endpoint.priority' : 'endpoint.edit'
}

export async function removeEndpoint(
  control: Control,
  actor: Actor,
  id: string,
  check: (tag: string) => void,
): Promise<{ warning?: string }> {
  const row = known(control, id)
  const ui = control.state.ui.get(id)
  check(endpointTag(row, ui))
  // A stored row that another source shadows may go, too: nobody serves it.
  if (!ui)
    throw invalid(
      'id',
      `endpoint "${id}" comes from ${row.endpoint.source}: remove it there, or switch it off here`,
    )
  return control.change({
    actor,
    action: 'endpoint.delete',
    target: id,
    before: ui.stored,
    writes: [{ kind: 'delete_endpoint', id }],
    apply: (state) => ({ ...state, ui: without(state.ui, id) }),
  })
}

/** The other way round, or as told. */
export function toggle(control: Control, actor: Actor, id: string, enabled?: boolean) {
  const row = known(control, id)
  const ui = control.state.ui.get(id)
  const now = row.endpoint.source === 'ui' && ui ? ui.stored.enabled : row.enabled
  return editEndpoint(control, actor, id, { enabled: enabled ?? !now }, () => {})
}

async function override(
  control: Control,
  actor: Actor,
  row: SourcedEndpoint,
  change: { enabled?: boolean; priority?: number },
): Promise<{ warning?: string }> {
  const { id, source } = row.endpoint
  const before = control.state.overrides.get(id)
  const after = { ...before, ...change }
  // What discovery found is in memory only, and so is what was said about it.
  const writes: Write[] = source === 'auto-discovery' ? [] : [{ kind: 'put_override', row: { id, ...after } }]
  return control.change({
    actor,
    action: change.enabled === undefined ? 'endpoint.priority' : 'endpoint.toggle',
    target: id,
    before: before ?? null,
    after,
    writes,
    apply: (state) => ({ ...state, overrides: new Map([...state.overrides, [id, after]]) }),
  })
}

/** A registry endpoint as it would be after the change. @throws invalid with the member that is wrong. */
export function draft(
  control: Control,
  id: string,
  before: UiEndpoint | undefined,
  input: EndpointInput,
): UiEndpoint {
  const names = modelNames(input.models)
  const { open: given, secret } = split(input.entry ?? {})
  const elsewhere = Object.keys(given).find((name) => /_(env|file)$/.test(name))
  if (elsewhere !== undefined)
    throw invalid(
      'entry',
      `a stored endpoint cannot name a variable or a file of this machine (${elsewhere}); give the value itself`,
    )
  const entry: EndpointEntry = {
    ...((before?.stored.entry ?? {}) as EndpointEntry),
    ...given,
    ...(input.url === undefined ? {} : { base_url: input.url }),
    ...(input.provider === undefined ? {} : { provider: input.provider }),
    ...(names === undefined ? {} : { models: names }),
    ...(input.priority === undefined ? {} : { priority: clamped(input.priority) }),
  }
  if (before === undefined && entry.provider === undefined) entry.provider = 'openai-compatible'
  const parts = (before?.plain ?? new SecretParts()).with({
    ...secret,
    ...(input.api_key === undefined ? {} : { api_key: input.api_key?.trim() ?? null }),
  })
  // A seal that does not open is kept until something new is given in its place.
  const touched = input.api_key !== undefined || Object.keys(secret).length > 0
  const kept = before?.credential === 'locked' && !touched ? before.stored.credential : undefined
  const sealed = kept ?? (control.sealer && !parts.isEmpty ? parts.seal(control.sealer, id) : undefined)
  const parsed = endpointSchema.safeParse(entry)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(
      memberOf(issue?.path.map(String)[0]),
      `${issue?.path.join('.') ?? 'entry'}: ${issue?.message ?? 'not valid'}`,
    )
  }
  const stored: StoredEndpoint = {
    id,
    url: '',
    enabled: input.enabled ?? before?.stored.enabled ?? true,
    entry: JSON.parse(JSON.stringify(entry)) as Json,
    ...(sealed === undefined ? {} : { credential: sealed }),
    updatedAt: new Date(control.clock.now()).toISOString(),
  }
  try {
    const made = uiEndpoint(stored, control.sealer, kept ? undefined : parts)
    stored.url = made.config.baseUrl
    const { hostname } = new URL(made.config.baseUrl)
    if (isNowhere(hostname)) throw invalid('url', `no server can be at ${hostname}: give its own address`)
    return made
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown
    if (thrown instanceof DraftError) throw invalid(memberOf(thrown.key) ?? 'id', thrown.message)
    throw invalid('entry', (thrown as Error).message)
  }
}

/** The API's own name for a member of an entry. */
function memberOf(key: string | undefined): string | null {
  return key === undefined ? null : key === 'base_url' ? 'url' : key
}

function modelNames(given: EndpointInput['models']): string[] | undefined {
  if (given === undefined) return undefined
  if (given === null) return []
  const items = typeof given === 'string' ? given.split(',') : given
  return [...new Set(items.map((item) => item.trim()).filter((item) => item !== ''))]
}

function clamped(priority: number): number {
  return Math.max(-TOP_PRIORITY, Math.min(TOP_PRIORITY, Math.round(priority)))
}

function warningOf(control: Control, said: { warning?: string }, made: UiEndpoint): { warning?: string } {
  if (said.warning !== undefined) return said
  if (made.credential !== 'memory' || control.sealer) return {}
  return {
    warning:
      'the credential is kept in memory only: set TRUNKLINE_SECRET_KEY (or a master key) to have it stored',
  }
}

function overtaken(id: string): GatewayError {
  return new GatewayError('invalid_request', `"${id}" was changed by somebody else meanwhile; look again`, {
    status: 412,
    code: 'precondition_failed',
  })
}

function without<T>(map: ReadonlyMap<string, T>, key: string): Map<string, T> {
  const rest = new Map(map)
  rest.delete(key)
  return rest
}

// ---------------------------------------------------------------- routes

export function routeTag(name: string, entry: unknown): string {
  return `"${hashed([name, entry]).slice(0, 20)}"`
}

export async function putRoute(control: Control, actor: Actor, name: string, entry: RouteEntry) {
  if (name === '' || name.length > 256) throw invalid('name', 'a route needs a name of 1 to 256 characters')
  const declared = control.state.declared.routes.find(
    (route) => route.name === name && route.implicit !== true,
  )
  if (declared)
    throw new GatewayError(
      'invalid_request',
      `route "${name}" stands in the configuration file: change it there (PUT /api/v1/config)`,
      { status: 409, code: 'conflict', param: 'name' },
    )
  const problems: Parameters<typeof routesOf>[2] = []
  const serving = control.merged.endpoints
    .filter((row) => row.shadowedBy === undefined)
    .map((row) => row.endpoint)
  routesOf(
    { value: { routes: { [name]: entry } }, endpointIds: new Set(), place: () => ({ file: 'registry' }) },
    serving,
    problems,
  )
  const wrong = problems.find((problem) => problem.severity === 'error')
  if (wrong) throw invalid('targets', wrong.message)
  const names = new Set([...control.merged.config.routes.map((route) => route.name), name])
  const lost = fallbackNames(fallbackOf(entry.fallback)).find((other) => !names.has(other))
  if (lost !== undefined)
    throw invalid('fallback', `route "${name}" falls back to "${lost}", which is no route`)
  const before = control.state.routes.get(name)
  const stored = {
    name,
    entry: JSON.parse(JSON.stringify(entry)) as Json,
    updatedAt: new Date(control.clock.now()).toISOString(),
  }
  return control.change({
    actor,
    action: 'route.put',
    target: name,
    ...(before === undefined ? {} : { before: before.stored }),
    after: stored,
    writes: [{ kind: 'put_route', row: stored }],
    apply: (state: State) => ({ ...state, routes: new Map([...state.routes, [name, { stored, entry }]]) }),
  })
}

export async function deleteRoute(control: Control, actor: Actor, name: string) {
  const before = control.state.routes.get(name)
  if (!before) {
    const there = control.merged.config.routes.some((route) => route.name === name)
    if (!there)
      throw new GatewayError('not_found', `no route "${name}" (GET /api/v1/routes lists them)`, {
        param: 'name',
      })
    throw invalid('name', `route "${name}" is not one of the registry: it is declared elsewhere`)
  }
  return control.change({
    actor,
    action: 'route.delete',
    target: name,
    before: before.stored,
    writes: [{ kind: 'delete_route', name }],
    apply: (state: State) => ({ ...state, routes: without(state.routes, name) }),
  })
}
