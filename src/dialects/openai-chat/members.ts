// Reading of members that several parts of the dialect share: what was not read, how it was spelt, cache marks.

import { type JsonObject, isObject } from '../../core/json.ts'
import type { Origin } from '../../core/origin.ts'
import type { CacheMark } from '../../core/part.ts'

export { rest, unreadMembers } from '../openai-family/members.ts'

export function originOf(extras: JsonObject, shape: JsonObject): Origin | undefined {
  const hasExtras = Object.keys(extras).length > 0
  const hasShape = Object.keys(shape).length > 0
  if (!hasExtras && !hasShape) return undefined
  return { dialect: 'openai-chat', ...(hasExtras ? { extras } : {}), ...(hasShape ? { shape } : {}) }
}

/** `cache_control`, the extension that clients of Claude behind this dialect use. */
export function cacheMark(wire: JsonObject): CacheMark | undefined {
  return isObject(wire.cache_control) ? { raw: wire.cache_control } : undefined
}
