// Reading members of this wire: what was not read is kept, so that the same wire gets it back.

import { type GatewayError, invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { extrasOf, originFrom, shapeOf } from '../../core/members.ts'
import type { Origin } from '../../core/origin.ts'
import type { CacheMark } from '../../core/part.ts'

export { unread as rest } from '../../core/members.ts'

export const originOf = (extras: JsonObject, shape: JsonObject): Origin | undefined =>
  originFrom('anthropic-messages', extras, shape)

/** A cache breakpoint; `null` is none and stays an unread member. */
export function cacheMark(wire: JsonObject): CacheMark | undefined {
  return isObject(wire.cache_control) ? { raw: wire.cache_control } : undefined
}

export const ownExtras = (origin: Origin | undefined): JsonObject | undefined =>
  extrasOf('anthropic-messages', origin)

export const ownShape = (origin: Origin | undefined): JsonObject => shapeOf('anthropic-messages', origin)

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
