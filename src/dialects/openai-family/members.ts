// Reading the members of a wire object: those that have no word, and those of one type.

import { type GatewayError, invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'

/** Members of `wire` that are not in `known`. */
export function rest(wire: JsonObject, known: ReadonlySet<string>): JsonObject {
  return unreadMembers(wire, known) ?? {}
}

/** The same, and undefined for none: a stream asks this of every chunk, and hardly ever is there one. */
export function unreadMembers(wire: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let left: JsonObject | undefined
  for (const key in wire) {
    const value = wire[key]
    if (value === undefined || known.has(key)) continue
    left ??= {}
    left[key] = value
  }
  return left
}

/** The readers below throw `invalid_request` naming the member; null is a value of every type. */
export function number(wire: JsonObject, name: string): number | null {
  const value = wire[name]
  if (value === null || typeof value === 'number') return value
  throw typeError(name, 'a number', value)
}

export function bool(wire: JsonObject, name: string): boolean | null {
  const value = wire[name]
  if (value === null || typeof value === 'boolean') return value
  throw typeError(name, 'true or false', value)
}

export function string(wire: JsonObject, name: string): string | null {
  const value = wire[name]
  if (value === null || typeof value === 'string') return value
  throw typeError(name, 'a string', value)
}

export function object(wire: JsonObject, name: string): JsonObject | null {
  const value = wire[name]
  if (value === null || isObject(value)) return value
  throw typeError(name, 'an object', value)
}

function typeError(name: string, wanted: string, value: Json | undefined): GatewayError {
  return invalid(name, `${name} must be ${wanted}, not ${Array.isArray(value) ? 'a list' : typeof value}`)
}
