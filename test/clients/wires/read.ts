// What the wires are read with.

import { type Json, type JsonObject, asString, isObject } from '../../../src/core/json.ts'

export function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** The object in a call's argument text; what is none stands under `unreadable`, so that it is seen. */
export function argumentsIn(text: Json | undefined): JsonObject {
  try {
    const value = JSON.parse(asString(text) ?? '') as Json
    return isObject(value) ? value : { unreadable: value }
  } catch {
    return { unreadable: text ?? null }
  }
}
