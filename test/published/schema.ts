// What in a value breaks a schema of OpenAI's published description: a small reader of the parts of JSON Schema that the
// description uses. Absent where the description is.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JsonObject, isObject } from '../../src/core/json.ts'

const FILE = join(import.meta.dirname, '../../../shared/specs/openai.openapi.json')

/** Undefined, with a visible line, where the description is not at hand. */
export function openApi(): ((schema: string, value: unknown) => string[]) | undefined {
  if (!existsSync(FILE)) {
    console.log('skipped: no OpenAPI description of OpenAI at hand, answers are not validated against it')
    return undefined
  }
  const document = JSON.parse(readFileSync(FILE, 'utf8')) as { components: { schemas: JsonObject } }
  const { schemas } = document.components
  return (name, value) => check({ $ref: `#/components/schemas/${name}` }, value, name, schemas)
}

function check(schema: unknown, value: unknown, at: string, schemas: JsonObject): string[] {
  if (!isObject(schema)) return []
  if (typeof schema.$ref === 'string')
    return check(schemas[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)], value, at, schemas)
  if (value === null && schema.nullable === true) return []
  const broken: string[] = []
  const inside = (inner: unknown): string[] => check(inner, value, at, schemas)
  for (const one of list(schema.allOf)) broken.push(...inside(one))
  for (const name of ['anyOf', 'oneOf'] as const) {
    const all = list(schema[name])
    if (all.length === 0) continue
    // Where a type tells the options apart, the one of that type was meant.
    const typed = all.filter((option) => isObject(value) && typesOf(option, schemas).includes(value.type))
    const options = typed.length > 0 ? typed : all
    const tries = options.map(inside)
    // The option that fails least is the one that was meant.
    if (!tries.some((found) => found.length === 0))
      broken.push(...(tries.toSorted((a, b) => a.length - b.length)[0] as string[]))
  }
  if (Array.isArray(schema.enum) && !schema.enum.includes(value as never))
    broken.push(`${at}: ${JSON.stringify(value)} is none of ${JSON.stringify(schema.enum)}`)
  if (typeof schema.type === 'string' && !isType(schema.type, value))
    return [...broken, `${at}: ${JSON.stringify(value)?.slice(0, 60)} is no ${schema.type}`]
  if (isObject(value)) {
    for (const name of list(schema.required))
      if (typeof name === 'string' && !(name in value)) broken.push(`${at}.${name} is missing`)
    if (isObject(schema.properties))
      for (const [name, inner] of Object.entries(schema.properties))
        if (value[name] !== undefined) broken.push(...check(inner, value[name], `${at}.${name}`, schemas))
  }
  if (Array.isArray(value) && schema.items !== undefined)
    for (const [index, item] of value.entries())
      broken.push(...check(schema.items, item, `${at}[${index}]`, schemas))
  return broken
}

function typesOf(option: unknown, schemas: JsonObject): unknown[] {
  if (!isObject(option)) return []
  if (typeof option.$ref === 'string')
    return typesOf(schemas[option.$ref.slice(option.$ref.lastIndexOf('/') + 1)], schemas)
  const type = isObject(option.properties) ? option.properties.type : undefined
  return isObject(type) ? list(type.enum) : []
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function isType(type: string, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isObject(value)
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'null':
      return value === null
    default:
      return typeof value === type
  }
}
