// Schemas, both ways. Inbound there are two forms: free JSON Schema, and Google's own `Schema` (upper-case types,
// `nullable`, integer limits as strings), which becomes JSON Schema. Outbound the JSON Schema form is used, of which
// Google reads a subset: what it does not read moves into the description, where the model still sees it.

import { type Json, type JsonObject, isObject } from '../../core/json.ts'

const NUMERIC = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'])

/** The enum's numbers, which older clients write. */
const TYPES = ['type_unspecified', 'string', 'number', 'integer', 'boolean', 'array', 'object', 'null']

/** Google's `Schema` as JSON Schema. */
export function jsonSchemaOf(schema: JsonObject): JsonObject {
  const out: JsonObject = {}
  for (const [given, value] of Object.entries(schema)) {
    if (value === undefined) continue
    const key = given.includes('_') ? given.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()) : given
    if (key === 'type' && typeof value === 'string') out.type = value.toLowerCase()
    else if (key === 'type' && typeof value === 'number') out.type = TYPES[value] ?? value
    else if (key === 'properties' && isObject(value)) out.properties = mapped(value, jsonSchemaOf)
    else if (key === 'items' && isObject(value)) out.items = jsonSchemaOf(value)
    else if (key === 'anyOf' && Array.isArray(value))
      out.anyOf = value.map((one) => (isObject(one) ? jsonSchemaOf(one) : one))
    else if (NUMERIC.has(key) && typeof value === 'string' && /^\d+$/.test(value)) out[key] = Number(value)
    else if (key === 'example') out.examples = [value]
    else if (key !== 'nullable' && key !== 'propertyOrdering') out[key] = value
  }
  if (schema.nullable === true) {
    if (typeof out.type === 'string') out.type = [out.type, 'null']
    else if (Array.isArray(out.anyOf)) out.anyOf = [...out.anyOf, { type: 'null' }]
    if (Array.isArray(out.enum) && !out.enum.includes(null)) out.enum = [...out.enum, null]
  }
  // A free object.
  if (out.type === 'unspecified' || out.type === 'type_unspecified') delete out.type
  return out
}

/** What the JSON Schema form understands (the API's own documentation of `responseJsonSchema`). */
const READ = new Set([
  '$id',
  '$defs',
  '$ref',
  '$anchor',
  'type',
  'format',
  'title',
  'description',
  'enum',
  'items',
  'prefixItems',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'anyOf',
  'oneOf',
  'properties',
  'additionalProperties',
  'required',
  'propertyOrdering',
])
/** Says nothing about the values. */
const SILENT = new Set(['$schema', '$comment', 'deprecated', 'readOnly', 'writeOnly'])

export interface Adapted {
  schema: JsonObject
  /** Keywords that had to change, in the order met. */
  changed: string[]
}

/** A pure function of the schema, so that the same tool always becomes the same bytes. */
export function adaptSchema(schema: JsonObject): Adapted {
  const changed = new Set<string>()
  return { schema: adapt(schema, changed), changed: [...changed] }
}

function adapt(given: JsonObject, changed: Set<string>): JsonObject {
  const schema = merged(given, changed)
  if (typeof schema.$ref === 'string') return reference(schema, changed)
  const out: JsonObject = {}
  const moved: JsonObject = {}
  const inner = (value: Json): Json => (isObject(value) ? adapt(value, changed) : value)
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined) continue
    if (key === 'const') {
      out.enum = [value]
      changed.add(key)
    } else if (key === 'definitions' && isObject(value)) {
      out.$defs = mapped(value, (one) => adapt(one, changed))
      changed.add(key)
    } else if (key === 'exclusiveMinimum' || key === 'exclusiveMaximum') {
      changed.add(key)
      const bound = key === 'exclusiveMinimum' ? 'minimum' : 'maximum'
      if (typeof value !== 'number' || schema[bound] !== undefined) moved[key] = value
      // The next whole number for integers; the bound itself for others, said exactly in the description.
      else if (schema.type === 'integer') out[bound] = key === 'exclusiveMinimum' ? value + 1 : value - 1
      else {
        out[bound] = value
        moved[key] = value
      }
    } else if (!READ.has(key)) {
      changed.add(key)
      if (!SILENT.has(key)) moved[key] = value
    } else if ((key === 'properties' || key === '$defs') && isObject(value))
      out[key] = mapped(value, (one) => adapt(one, changed))
    else if (key === 'items' || key === 'additionalProperties') out[key] = inner(value)
    else if ((key === 'anyOf' || key === 'oneOf' || key === 'prefixItems') && Array.isArray(value))
      out[key] = value.map(inner)
    else out[key] = value
  }
  if (Object.keys(moved).length > 0) {
    const said = typeof out.description === 'string' ? `${out.description}\n\n` : ''
    out.description = `${said}${JSON.stringify(moved)}`
  }
  return out
}

/** Beside a reference only `$` keywords are taken. */
function reference(schema: JsonObject, changed: Set<string>): JsonObject {
  const out: JsonObject = {}
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined) continue
    if (key === '$ref' && typeof value === 'string') out.$ref = value.replace(/^#\/definitions\//, '#/$defs/')
    else if (key === '$defs' && isObject(value)) out.$defs = mapped(value, (one) => adapt(one, changed))
    else if (key.startsWith('$') && !SILENT.has(key)) out[key] = value
    else changed.add(key)
  }
  return out
}

/** `allOf` has no form: its members are laid over each other. */
function merged(schema: JsonObject, changed: Set<string>): JsonObject {
  if (!Array.isArray(schema.allOf)) return schema
  changed.add('allOf')
  const { allOf, ...own } = schema
  let out: JsonObject = own
  for (const one of allOf) {
    if (!isObject(one)) continue
    const flat = merged(one, changed)
    const properties =
      isObject(out.properties) || isObject(flat.properties)
        ? {
            properties: {
              ...(isObject(out.properties) ? out.properties : {}),
              ...(isObject(flat.properties) ? flat.properties : {}),
            },
          }
        : {}
    const lists = [out.required, flat.required].filter(Array.isArray) as Json[][]
    const required = lists.length > 0 ? { required: [...new Set(lists.flat())] } : {}
    out = { ...flat, ...out, ...properties, ...required }
  }
  return out
}

function mapped(map: JsonObject, change: (schema: JsonObject) => JsonObject): JsonObject {
  const out: JsonObject = {}
  for (const [key, value] of Object.entries(map))
    if (value !== undefined) out[key] = isObject(value) ? change(value) : value
  return out
}
