// Calls that are under way, from their arrival to the last byte of their answer. What became of them is in the decision
// records.

import type { CallRecord } from '../gateway/record.ts'

export interface LiveCall {
  id: string
  operation: string
  dialect: string
  /** ms since the Unix epoch. */
  at: number
  /** What is known of it so far; absent until its body has been read. */
  record?: CallRecord
  /** Where its answer goes: one of the two. */
  response?: { readonly writableLength: number }
  socket?: { readonly bufferedAmount: number }
}

export interface LiveCalls {
  begin(call: LiveCall): void
  /** The answer's connection is done with it. An id that never began is no mistake. */
  end(id: string): void
  list(): LiveCall[]
  get(id: string): LiveCall | undefined
  readonly count: number
  /** Of answers, that callers have not taken yet. */
  readonly bufferedBytes: number
}

export function liveCalls(): LiveCalls {
  const calls = new Map<string, LiveCall>()
  return {
    begin(call) {
      calls.set(call.id, call)
    },
    end(id) {
      calls.delete(id)
    },
    list: () => [...calls.values()],
    get: (id) => calls.get(id),
    get count() {
      return calls.size
    },
    get bufferedBytes() {
      let sum = 0
      const sockets = new Set<LiveCall['socket']>()
      for (const { response, socket } of calls.values()) {
        sum += response?.writableLength ?? 0
        sockets.add(socket)
      }
      for (const socket of sockets) sum += socket?.bufferedAmount ?? 0
      return sum
    },
  }
}
