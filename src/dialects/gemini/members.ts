// Reading members of this wire: what was not read is kept, so that the same wire gets it back.

import { type GatewayError, invalid } from '../../core/error.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { extrasOf, originFrom, shapeOf } from '../../core/members.ts'
import type { Origin } from '../../core/origin.ts'

export const originOf = (extras: JsonObject, shape: JsonObject): Origin | undefined =>
  originFrom('gemini', extras, shape)

export const ownExtras = (origin: Origin | undefined): JsonObject | undefined => extrasOf('gemini', origin)

export const ownShape = (origin: Origin | undefined): JsonObject => shapeOf('gemini', origin)

/** @param at full name of the member, for the error */
export function numberMember(wire: JsonObject, name: string, at = name): number | null {
  const value = wire[name]
  if (value === null || typeof value === 'number') return value
  throw wrongType(at, 'a number', value)
}

export function wrongType(name: string, wanted: string, value: Json | undefined): GatewayError {
  return invalid(name, `${name} must be ${wanted}, not ${Array.isArray(value) ? 'a list' : typeof value}`)
}
