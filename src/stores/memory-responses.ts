// Responses in memory: bounded in bytes and age, the least recently named go first.

import { LRUCache } from 'lru-cache'
import type { Holding } from '../core/holding.ts'
import type { ResponseStore, StoredResponse } from '../core/ports.ts'
import { RESPONSE_BOUNDS, ROW_BYTES, type ResponseBounds } from './response-bounds.ts'

export function memoryResponses(
  limits: Partial<ResponseBounds> & { now?: (() => number) | undefined } = {},
): ResponseStore & { holding(): Holding } {
  const mostBytes = limits.maxBytes ?? RESPONSE_BOUNDS.maxBytes
  const rows = new LRUCache<string, StoredResponse>({
    maxSize: mostBytes,
    ttl: limits.maxAgeMs ?? RESPONSE_BOUNDS.maxAgeMs,
    updateAgeOnGet: true,
    sizeCalculation: sizeOf,
    ...(limits.now ? { perf: { now: limits.now }, ttlResolution: 0 } : {}),
  })
  return {
    get: (id) => Promise.resolve(rows.get(id)),
    put(row) {
      rows.set(row.id, row)
      return Promise.resolve()
    },
    holding: () => ({ entries: rows.size, bytes: rows.calculatedSize, mostBytes }),
    delete: (id) => Promise.resolve(rows.delete(id)),
  }
}

/** Characters are at most two bytes each in memory; objects weigh about as much as their text. */
function sizeOf({ kept }: StoredResponse): number {
  return ROW_BYTES + (kept ? 2 * (JSON.stringify(kept.input).length + JSON.stringify(kept.answer).length) : 0)
}
