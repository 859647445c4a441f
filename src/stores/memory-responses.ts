// Responses in memory: bounded in bytes and age, the least recently named go first.

import { LRUCache } from 'lru-cache'
import type { ResponseStore, StoredResponse } from '../core/ports.ts'

const MAX_BYTES = 64 * 1024 * 1024
const MAX_AGE_MS = 24 * 60 * 60 * 1000

export function memoryResponses(
  limits: { maxBytes?: number; maxAgeMs?: number; now?: () => number } = {},
): ResponseStore {
  const rows = new LRUCache<string, StoredResponse>({
    maxSize: limits.maxBytes ?? MAX_BYTES,
    ttl: limits.maxAgeMs ?? MAX_AGE_MS,
    // Somebody who goes on with a conversation keeps it.
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
    delete: (id) => Promise.resolve(rows.delete(id)),
  }
}

/** Characters are at most two bytes each in memory; objects weigh about as much as their text. */
function sizeOf({ kept }: StoredResponse): number {
  return 512 + (kept ? 2 * (JSON.stringify(kept.input).length + JSON.stringify(kept.answer).length) : 0)
}
