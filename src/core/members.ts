// What a decoder does with members it does not read: they are kept with their dialect, so that the same wire gets them
// back and every other one can note them.

import type { Json, JsonObject } from './json.ts'
import type { DialectId, Origin } from './origin.ts'

/** Members of `wire` that are not in `known`. */
export function unread(wire: JsonObject, known: ReadonlySet<string>): JsonObject {
  const left: JsonObject = {}
  for (const key in wire) {
    const value = wire[key]
    if (value !== undefined && !known.has(key)) left[key] = value
  }
  return left
}

/** Undefined where there is nothing to keep. */
export function originFrom(
  dialect: DialectId,
  extras: JsonObject,
  shape: JsonObject = {},
): Origin | undefined {
  const hasExtras = Object.keys(extras).length > 0
  const hasShape = Object.keys(shape).length > 0
  if (!hasExtras && !hasShape) return undefined
  return { dialect, ...(hasExtras ? { extras } : {}), ...(hasShape ? { shape } : {}) }
}

/** Unread members of a node of that dialect; nothing for a node of another. */
export function extrasOf(dialect: DialectId, origin: Origin | undefined): JsonObject | undefined {
  return origin?.dialect === dialect ? origin.extras : undefined
}

/** How a node of that dialect was spelt; empty for a node of another. */
export function shapeOf(dialect: DialectId, origin: Origin | undefined): JsonObject {
  return origin?.dialect === dialect ? (origin.shape ?? {}) : {}
}

/** Absent and empty are alike to whoever never hears of the member. */
export function saysNothing(value: Json): boolean {
  if (value === null || value === '') return true
  return (
    typeof value === 'object' &&
    Object.values(value).every((inner) => inner === undefined || saysNothing(inner))
  )
}

/** The members that say something; undefined for none. */
export function saying(members: JsonObject): JsonObject | undefined {
  const left: JsonObject = {}
  let any = false
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined || saysNothing(value)) continue
    left[name] = value
    any = true
  }
  return any ? left : undefined
}
