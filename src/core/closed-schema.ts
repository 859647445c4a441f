// JSON Schemas for strict tools and structured output: this API compiles them to a grammar, demands closed objects, and
// refuses bounds. A refused bound moves into the description, where the model still reads it.

import { type Json, type JsonObject, isObject } from './json.ts'

const BOUNDS = [
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'maxItems',
  'uniqueItems',
] as const
const MAPS = ['properties', '$defs', 'definitions'] as const
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const

/** A pure function of the schema, so that the same tool always becomes the same bytes. */
function strictSchema(schema: JsonObject): JsonObject {
  const wire: JsonObject = {}
  const moved: JsonObject = {}
  for (const [key, value] of Object.entries(schema)) {
    if ((BOUNDS as readonly string[]).includes(key)) moved[key] = value
    // Of the lower bounds of a list only 0 and 1 are taken.
    else if (key === 'minItems' && typeof value === 'number' && value > 1) moved[key] = value
    else if ((MAPS as readonly string[]).includes(key) && isObject(value)) wire[key] = mapValues(value)
    else if ((LISTS as readonly string[]).includes(key) && Array.isArray(value)) wire[key] = value.map(inner)
    else if (key === 'items' && value !== undefined) wire[key] = inner(value)
    else wire[key] = value
  }
  if (isObject(wire.properties) || wire.type === 'object') wire.additionalProperties = false
  if (Object.keys(moved).length > 0) {
    const said = typeof wire.description === 'string' ? `${wire.description}\n\n` : ''
    wire.description = `${said}${JSON.stringify(moved)}`
  }
  return wire
}

/** The same, and whether anything had to change for it: the caller is told. */
export function strictly(schema: JsonObject): { schema: JsonObject; changed: boolean } {
  const wire = strictSchema(schema)
  return { schema: wire, changed: JSON.stringify(wire) !== JSON.stringify(schema) }
}

/** Why a note says that a schema was changed. */
export const CLOSED = 'objects are closed and refused bounds moved into descriptions, as this API demands'

function mapValues(map: JsonObject): JsonObject {
  const wire: JsonObject = {}
  for (const [key, value] of Object.entries(map)) if (value !== undefined) wire[key] = inner(value)
  return wire
}

function inner(value: Json): Json {
  return isObject(value) ? strictSchema(value) : value
}

/** The root of a tool's schema must say that it is an object. */
export function objectSchema(schema: JsonObject | undefined): JsonObject {
  if (schema === undefined || Object.keys(schema).length === 0) return { type: 'object', properties: {} }
  return schema.type === 'object' ? schema : { ...schema, type: 'object' }
}
