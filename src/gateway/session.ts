// What one connection keeps of its own answers: over a WebSocket a client goes on from an answer that it asked nobody to
// store, and only on that socket. All sessions share one bound; a session that closes forgets.

import type { Holding } from '../core/holding.ts'
import type { StoredResponse } from '../core/ports.ts'
import { memoryResponses } from '../stores/memory-responses.ts'

export interface Session {
  get(id: string): Promise<StoredResponse | undefined>
  put(row: StoredResponse): void
  close(): void
}

export interface Sessions {
  open(): Session
  holding(): Holding
}

export function sessions(): Sessions {
  const all = memoryResponses()
  let serial = 0
  return {
    holding: () => all.holding(),
    open() {
      const own = `${++serial}/`
      const ids = new Set<string>()
      let closed = false
      return {
        async get(id) {
          const row = await all.get(own + id)
          return row && { ...row, id }
        },
        put(row) {
          // An answer may end in the very moment its socket goes.
          if (closed) return
          ids.add(row.id)
          void all.put({ ...row, id: own + row.id })
        },
        close() {
          closed = true
          for (const id of ids) void all.delete(own + id)
        },
      }
    },
  }
}
