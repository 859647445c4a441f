// Cache breakpoints. Here they are blocks of their own, right after what they mark; canonically they are marks on it,
// in Anthropic's spelling (`ephemeral`), so that one mark fits both wires.

import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { CacheMark } from '../../core/part.ts'

/** The mark of a `{cachePoint}` block; undefined where it is none, or of a kind that nobody knows yet. */
export function markOf(block: Json): CacheMark | undefined {
  if (!isObject(block) || Object.keys(block).length !== 1 || !isObject(block.cachePoint)) return undefined
  const { type, ...rest } = block.cachePoint
  return type === 'default' ? { raw: { type: 'ephemeral', ...rest } } : undefined
}

/** Only the lifetime means something here; other keys (a scope) belong to other wires, but come back as they were. */
export function cachePoint(mark: CacheMark, own = false): JsonObject {
  const { type: _type, ...rest } = mark.raw
  const kept = own ? rest : typeof rest.ttl === 'string' ? { ttl: rest.ttl } : {}
  return { cachePoint: { type: 'default', ...kept } }
}
