// Calls that are under way, from their arrival to the last byte of their answer. What became of them is in the decision
// records.

import type { ServerResponse } from 'node:http'

export interface LiveCall {
  id: string
  operation: string
  dialect: string
  /** ms since the Unix epoch. */
  at: number
}

export interface LiveCalls {
  /** Counts until the answer's connection is done with it. */
  begin(call: LiveCall, response: ServerResponse): void
  list(): LiveCall[]
  readonly count: number
}

export function liveCalls(): LiveCalls {
  const calls = new Map<string, LiveCall>()
  return {
    begin(call, response) {
      calls.set(call.id, call)
      response.once('close', () => calls.delete(call.id))
    },
    list: () => [...calls.values()],
    get count() {
      return calls.size
    },
  }
}
