// What would change from one configuration to another, thing by thing and field by field. Secrets count by whether they
// are the same, and are shown as "[secret]".

import { Secret } from '../core/secret.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import type { Config, RouteConfig } from './config.ts'

export interface FieldChange {
  field: string
  before: unknown
  after: unknown
}

export interface Change {
  kind: 'added' | 'removed' | 'changed'
  what: 'endpoint' | 'route' | 'alias' | 'setting'
  id: string
  fields: FieldChange[]
}

export interface Plan {
  changes: Change[]
  /** Keys of settings that take effect at the next start. */
  restart: string[]
}

export function planChanges(before: Config, after: Config): Plan {
  const changes = [
    ...compare('endpoint', byId(before.endpoints, endpointFacts), byId(after.endpoints, endpointFacts)),
    ...compare('route', routesOf(before), routesOf(after)),
    ...compare('alias', aliasesOf(before), aliasesOf(after)),
    ...compare('setting', settingsOf(before), settingsOf(after)).map((row) => ({
      ...row,
      kind: 'changed' as const,
    })),
  ]
  const restart = changes.flatMap((row) =>
    row.what === 'setting' && after.settings?.get(row.id as never)?.restart === true ? [row.id] : [],
  )
  return { changes, restart }
}

type Facts = Record<string, unknown>

function compare(what: Change['what'], before: Map<string, Facts>, after: Map<string, Facts>): Change[] {
  const changes: Change[] = []
  for (const [id, facts] of before) {
    const now = after.get(id)
    if (!now) changes.push({ kind: 'removed', what, id, fields: fieldsOf(facts, {}) })
    else {
      const fields = fieldsOf(facts, now)
      if (fields.length > 0) changes.push({ kind: 'changed', what, id, fields })
    }
  }
  for (const [id, facts] of after)
    if (!before.has(id)) changes.push({ kind: 'added', what, id, fields: fieldsOf({}, facts) })
  return changes
}

function fieldsOf(before: Facts, after: Facts): FieldChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((field) =>
    same(before[field], after[field])
      ? []
      : [{ field, before: before[field] ?? null, after: after[field] ?? null }],
  )
}

function same(a: unknown, b: unknown): boolean {
  if (a instanceof Secret && b instanceof Secret) return a.reveal() === b.reveal()
  if (isFacts(a) && isFacts(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]))
  return JSON.stringify(a) === JSON.stringify(b)
}

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
}

function byId<T extends { id: string }>(rows: readonly T[], facts: (row: T) => Facts): Map<string, Facts> {
  return new Map(rows.map((row) => [row.id, facts(row)]))
}

function endpointFacts({ id: _id, provider, headers, ...rest }: EndpointConfig): Facts {
  return {
    ...rest,
    provider: provider.id,
    // A header's value may be a secret of its own.
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, new Secret(value)])),
  }
}

function routesOf(config: Config): Map<string, Facts> {
  const written = config.routes.filter((route) => route.implicit !== true)
  return new Map(written.map(({ name, ...rest }: RouteConfig) => [name, { ...rest }]))
}

function aliasesOf(config: Config): Map<string, Facts> {
  return new Map(Object.entries(config.aliases).map(([name, to]) => [name, { to }]))
}

function settingsOf(config: Config): Map<string, Facts> {
  return new Map([...(config.settings ?? [])].map(([key, row]) => [key, { value: row.value }]))
}
