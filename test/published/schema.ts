// JSON Schema as far as the vendors' published descriptions use it, compiled once into closures. A keyword that would
// restrict a value and is not known here throws at compile time, so that nothing is passed over unseen.

import { type JsonObject, isObject } from '../../src/core/json.ts'

/** What breaks the schema, a line each, with the place below the value: `.choices[0].logprobs is missing`. */
export type Check = (value: unknown) => readonly string[]

interface Problem {
  at: string
  what: string
}
/** Undefined: holds. Nothing is allocated for a value that holds. */
type Test = (value: unknown) => Problem[] | undefined

/** @param schemas by name, as `#/components/schemas/<name>` references them. */
export function compileSchemas(schemas: JsonObject): (name: string) => Check {
  const tests = new Map<string, Test>()
  const named = (name: string): Test => {
    const known = tests.get(name)
    if (known) return known
    const schema = schemas[name]
    if (!isObject(schema)) throw new Error(`no schema ${name}`)
    // Schemas refer to themselves in circles: what meets the name while it is compiled looks it up when it runs.
    tests.set(name, (value) => (tests.get(name) as Test)(value))
    const test = compile(schema, { named, schemas })
    tests.set(name, test)
    return test
  }
  return (name) => {
    const test = named(name)
    return (value) => test(value)?.map(({ at, what }) => `${at} ${what}`) ?? NONE
  }
}

const NONE: readonly string[] = []

interface Scope {
  named(name: string): Test
  schemas: JsonObject
}

/** Keywords that say something about a schema and ask nothing of a value. */
const SILENT = new Set(
  'title description default example examples deprecated discriminator readOnly writeOnly optional nullable format $recursiveAnchor'.split(
    ' ',
  ),
)
/** Keywords that are read together with another one. */
const TOGETHER = new Set(['type', 'additionalProperties'])

function compile(schema: unknown, scope: Scope): Test {
  if (!isObject(schema)) return () => undefined
  const tests: Test[] = []
  const typed = schema.type === undefined ? undefined : type(schema.type)
  for (const [keyword, given] of Object.entries(schema)) {
    const make = KEYWORDS[keyword]
    if (make) tests.push(make(given, schema, scope))
    else if (!SILENT.has(keyword) && !TOGETHER.has(keyword) && !keyword.startsWith('x-'))
      throw new Error(`schema keyword ${keyword} is not known here`)
  }
  if (schema.properties === undefined && schema.additionalProperties !== undefined)
    tests.push(properties({}, schema, scope))
  if (schema.format === 'date-time')
    tests.push(
      when((value) => typeof value === 'string' && !DATE_TIME.test(value), 'is no RFC 3339 date and time'),
    )
  // OpenAPI 3.0's word, which OpenAI's 3.1 file still uses, beside a `$ref` as well.
  const nullable = schema.nullable === true
  return (value) => {
    if (nullable && value === null) return undefined
    // Of another type, the rest would only say so again.
    let found = typed?.(value)
    if (found) return found
    for (const test of tests) {
      const more = test(value)
      if (more) found = found ? [...found, ...more] : more
    }
    return found
  }
}

const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

/** A problem of this very value when `bad` says so. */
function when(bad: (value: unknown) => boolean, what: string): Test {
  return (value) => (bad(value) ? [{ at: '', what: `${what}: ${shown(value)}` }] : undefined)
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 60)

function type(given: unknown): Test {
  const types = Array.isArray(given) ? given.map(String) : [String(given)]
  return when((value) => !types.some((one) => isType(one, value)), `is no ${types.join(' or ')}`)
}

const KEYWORDS: Readonly<Record<string, (given: unknown, schema: JsonObject, scope: Scope) => Test>> = {
  $ref: (given, _schema, { named }) => named(refName(given)),
  // One schema refers to itself so, and no answer of ours holds it.
  $recursiveRef: () => () => undefined,
  enum(given) {
    const words = new Set(given as unknown[])
    return when((value) => !words.has(value), 'is not in its enum')
  },
  const: (given) => when((value) => value !== given, `is not ${shown(given)}`),
  allOf(given, _schema, scope) {
    const tests = list(given).map((inner) => compile(inner, scope))
    return (value) => {
      const found = tests.flatMap((test) => test(value) ?? [])
      return found.length > 0 ? found : undefined
    }
  },
  anyOf: (given, _schema, scope) => union(list(given), scope),
  // The options of the published unions overlap, so `exactly one` is read as `one`.
  oneOf: (given, _schema, scope) => union(list(given), scope),
  not(given, _schema, scope) {
    const test = compile(given, scope)
    return when((value) => test(value) === undefined, 'is what it must not be')
  },
  required(given) {
    const names = list(given).map(String)
    return (value) => {
      if (!isObject(value)) return undefined
      const missing = names.filter((name) => value[name] === undefined)
      return missing.length > 0 ? missing.map((name) => ({ at: `.${name}`, what: 'is missing' })) : undefined
    }
  },
  properties,
  propertyNames(given, _schema, scope) {
    const test = compile(given, scope)
    return (value) =>
      isObject(value) && Object.keys(value).some((name) => test(name))
        ? [{ at: '', what: 'has a bad name' }]
        : undefined
  },
  items(given, _schema, scope) {
    const test = compile(given, scope)
    return (value) => {
      if (!Array.isArray(value)) return undefined
      let found: Problem[] | undefined
      for (const [index, item] of value.entries()) {
        const inner = test(item)
        if (inner) (found ??= []).push(...inner.map(({ at, what }) => ({ at: `[${index}]${at}`, what })))
      }
      return found
    }
  },
  minimum: (given) =>
    when((value) => typeof value === 'number' && value < Number(given), `is below ${shown(given)}`),
  maximum: (given) =>
    when((value) => typeof value === 'number' && value > Number(given), `is above ${shown(given)}`),
  exclusiveMinimum: (given) =>
    when((value) => typeof value === 'number' && value <= Number(given), `is not above ${shown(given)}`),
  minLength: (given) =>
    when(
      (value) => typeof value === 'string' && Array.from(value).length < Number(given),
      `is shorter than ${shown(given)}`,
    ),
  maxLength: (given) =>
    when(
      // Units first: only a long one is counted in characters.
      (value) =>
        typeof value === 'string' && value.length > Number(given) && Array.from(value).length > Number(given),
      `is longer than ${shown(given)}`,
    ),
  minItems: (given) =>
    when(
      (value) => Array.isArray(value) && value.length < Number(given),
      `has fewer than ${shown(given)} items`,
    ),
  maxItems: (given) =>
    when(
      (value) => Array.isArray(value) && value.length > Number(given),
      `has more than ${shown(given)} items`,
    ),
  maxProperties: (given) =>
    when(
      (value) => isObject(value) && Object.keys(value).length > Number(given),
      `has more than ${shown(given)} members`,
    ),
  pattern(given) {
    const pattern = new RegExp(String(given), 'u')
    return when((value) => typeof value === 'string' && !pattern.test(value), `is not like ${shown(given)}`)
  },
}

function properties(given: unknown, schema: JsonObject, scope: Scope): Test {
  const members = Object.entries(isObject(given) ? given : {}).map(([name, inner]): [string, Test] => [
    name,
    compile(inner, scope),
  ])
  const known = new Set(members.map(([name]) => name))
  const { additionalProperties: more } = schema
  const rest: Test | undefined =
    more === undefined || more === true
      ? undefined
      : more === false
        ? () => [{ at: '', what: 'is not allowed' }]
        : compile(more, scope)
  return (value) => {
    if (!isObject(value)) return undefined
    let found: Problem[] | undefined
    const add = (name: string, inner: Problem[] | undefined): void => {
      if (inner) (found ??= []).push(...inner.map(({ at, what }) => ({ at: `.${name}${at}`, what })))
    }
    for (const [name, test] of members) if (value[name] !== undefined) add(name, test(value[name]))
    if (rest)
      for (const name of Object.keys(value))
        if (!known.has(name) && value[name] !== undefined) add(name, rest(value[name]))
    return found
  }
}

/** Holds when one option does. Options told apart by `type` are looked up by it. */
function union(options: unknown[], scope: Scope): Test {
  const open: Test[] = []
  const byType = new Map<unknown, Test[]>()
  for (const option of options) {
    const test = compile(option, scope)
    const types = typesOf(option, scope)
    if (types.length === 0) open.push(test)
    for (const type of types) byType.set(type, [...(byType.get(type) ?? []), test])
  }
  const all = [...new Set([...byType.values()].flat())]
  return (value) => {
    const type = isObject(value) ? value.type : undefined
    const typed = type === undefined ? all : (byType.get(type) ?? [])
    const known = typed.length > 0 || byType.size === 0
    // The option of its type was meant; among equals, the one that fails least.
    let least: Problem[] | undefined
    for (const test of [...typed, ...open]) {
      const found = test(value)
      if (!found) return undefined
      if (!least || found.length < least.length) least = found
    }
    return known && least ? least : [{ at: '', what: `has a type of no option: ${shown(type)}` }]
  }
}

/** The values of `type` that an option takes; none: it does not say. */
function typesOf(option: unknown, scope: Scope): unknown[] {
  if (!isObject(option)) return []
  if (option.$ref !== undefined) return typesOf(scope.schemas[refName(option.$ref)], scope)
  const type = isObject(option.properties) ? option.properties.type : undefined
  if (!isObject(type)) return []
  return type.const === undefined ? list(type.enum) : [type.const]
}

const refName = (ref: unknown): string => {
  const text = String(ref)
  return text.slice(text.lastIndexOf('/') + 1)
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
