// Reading members of this wire: what was not read is kept, so that the same wire gets it back.

import { type GatewayError, invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Origin } from '../../core/origin.ts'
import type { CacheMark } from '../../core/part.ts'

/** Members of `wire` that are not in `known`. */
export function rest(wire: JsonObject, known: ReadonlySet<string>): JsonObject {
  const left: JsonObject = {}
  for (const [key, value] of Object.entries(wire))
    if (!known.has(key) && value !== undefined) left[key] = value
  return left
}

export function originOf(extras: JsonObject, shape: JsonObject): Origin | undefined {
  const hasExtras = Object.keys(extras).length > 0
  const hasShape = Object.keys(shape).length > 0
  if (!hasExtras && !hasShape) return undefined
  return {
    dialect: 'anthropic-messages',
    ...(hasExtras ? { extras } : {}),
    ...(hasShape ? { shape } : {}),
  }
}

/** A cache breakpoint; `null` is none and stays an unread member. */
export function cacheMark(wire: JsonObject): CacheMark | undefined {
  return isObject(wire.cache_control) ? { raw: wire.cache_control } : undefined
}

/** Unread members of a node of this dialect; nothing for a node of another. */
export function ownExtras(origin: Origin | undefined): JsonObject | undefined {
  return origin?.dialect === 'anthropic-messages' ? origin.extras : undefined
}

export function ownShape(origin: Origin | undefined): JsonObject {
  return origin?.dialect === 'anthropic-messages' ? (origin.shape ?? {}) : {}
}

export function number(wire: JsonObject, name: string): number | null {
  const value = wire[name]
  if (value === null || typeof value === 'number') return value
  throw typeError(name, 'a number', value)
}

export function string(wire: JsonObject, name: string): string | null {
  const value = wire[name]
  if (value === null || typeof value === 'string') return value
  throw typeError(name, 'a string', value)
}

export function typeError(name: string, wanted: string, value: Json | undefined): GatewayError {
  return invalid(name, `${name} must be ${wanted}, not ${Array.isArray(value) ? 'a list' : typeof value}`)
}
