// Calls that are under way, from their arrival to the last byte of their answer. What became of them is in the decision
// records.

export interface LiveCall {
  id: string
  operation: string
  dialect: string
  /** ms since the Unix epoch. */
  at: number
}

export interface LiveCalls {
  begin(call: LiveCall): void
  /** The answer's connection is done with it. An id that never began is no mistake. */
  end(id: string): void
  list(): LiveCall[]
  readonly count: number
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
    get count() {
      return calls.size
    },
  }
}
