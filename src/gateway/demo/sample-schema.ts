// A small value that a JSON schema allows, with plausible contents: what the demo model fills arguments and forms with.

import { type Json, type JsonObject, asArray, asNumber, asString, isObject } from '../../core/json.ts'

const FORMATS: Record<string, string> = {
  date: '2025-01-31',
  time: '12:00:00Z',
  'date-time': '2025-01-31T12:00:00Z',
  email: 'demo@example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '00000000-0000-4000-8000-000000000000',
  duration: 'P1D',
}

/** Deep enough for real forms; a schema that demands itself ends here. */
const MAX_DEPTH = 12

/** Keywords it does not read (pattern, not, if ...) may make the value invalid; a demo need not solve them. */
export function sampleSchema(schema: Json | undefined): Json {
  const root = schema
  return sample(schema, 0, '')

  function sample(at: Json | undefined, depth: number, name: string): Json {
    if (!isObject(at)) return {}
    if (depth > MAX_DEPTH) return null
    if (at.const !== undefined) return at.const
    const given = asArray(at.enum)?.[0] ?? at.default ?? asArray(at.examples)?.[0]
    if (given !== undefined) return given
    const reference = asString(at.$ref)
    if (reference !== undefined) return sample(resolve(root, reference), depth + 1, name)
    const all = asArray(at.allOf)
    if (all) return sample(merged([{ ...at, allOf: undefined }, ...all]), depth + 1, name)
    const choice = asArray(at.anyOf)?.[0] ?? asArray(at.oneOf)?.[0]
    if (choice !== undefined)
      return sample(merged([{ ...at, anyOf: undefined, oneOf: undefined }, choice]), depth + 1, name)
    const type = Array.isArray(at.type) ? at.type.find((one) => one !== 'null') : at.type
    switch (type) {
      case 'string':
        return text(at, name)
      case 'integer':
      case 'number':
        return number(at, type === 'integer')
      case 'boolean':
        return true
      case 'null':
        return null
      case 'array':
        return Array.from({ length: Math.max(0, asNumber(at.minItems) ?? 0) }, (_, index) =>
          sample(asArray(at.prefixItems)?.[index] ?? at.items, depth + 1, name),
        )
      default:
        return object(at, depth)
    }
  }

  function object(at: JsonObject, depth: number): JsonObject {
    const properties = isObject(at.properties) ? at.properties : {}
    const value: JsonObject = {}
    for (const name of asArray(at.required) ?? [])
      if (typeof name === 'string')
        value[name] = sample(properties[name] ?? { type: 'string' }, depth + 1, name)
    return value
  }
}

function text(at: JsonObject, name: string): string {
  const plain = FORMATS[asString(at.format) ?? ''] ?? (name === '' ? 'demo' : `demo ${name}`)
  const cut = plain.slice(0, asNumber(at.maxLength))
  return cut.padEnd(asNumber(at.minLength) ?? 0, '.')
}

function number(at: JsonObject, whole: boolean): number {
  const step = asNumber(at.multipleOf) ?? 1
  const above = asNumber(at.exclusiveMinimum)
  const least = asNumber(at.minimum) ?? (above === undefined ? undefined : above + (whole ? 1 : 0.5))
  const below = asNumber(at.exclusiveMaximum)
  const most = asNumber(at.maximum) ?? (below === undefined ? undefined : below - (whole ? 1 : 0.5))
  const wanted = Math.max(Math.min(1, most ?? 1), least ?? -Infinity)
  const stepped = asNumber(at.multipleOf) === undefined ? wanted : Math.ceil(wanted / step) * step
  return whole ? Math.ceil(stepped) : stepped
}

function resolve(root: Json | undefined, reference: string): Json | undefined {
  if (!reference.startsWith('#')) return undefined
  let at: Json | undefined = root
  for (const step of reference.split('/').slice(1))
    at = isObject(at) ? at[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  return at
}

function merged(schemas: readonly Json[]): JsonObject {
  const whole: JsonObject = {}
  for (const one of schemas.filter(isObject)) {
    const { properties, required, ...rest } = one
    Object.assign(whole, rest)
    if (isObject(properties))
      whole.properties = { ...(isObject(whole.properties) ? whole.properties : {}), ...properties }
    if (Array.isArray(required)) whole.required = [...(asArray(whole.required) ?? []), ...required]
  }
  return whole
}
