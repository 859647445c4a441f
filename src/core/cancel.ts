// One call's "stop now": raised by the caller's hang-up, a deadline or a shutdown. Lighter than AbortSignal, whose
// event target costs more than the rest of a relayed call's bookkeeping.

export interface Cancel {
  readonly raised: boolean
  /** Why, once raised. */
  readonly reason: unknown
  /** Runs `fn` when raised (at once if it already is). Returns the way to unsubscribe. */
  onRaise(fn: (reason: unknown) => void): () => void
  raise(reason: unknown): void
}

export function cancel(): Cancel {
  const listeners = new Set<(reason: unknown) => void>()
  let raised = false
  let why: unknown
  return {
    get raised() {
      return raised
    },
    get reason() {
      return why
    },
    onRaise(fn) {
      if (raised) {
        fn(why)
        return () => {}
      }
      listeners.add(fn)
      return () => listeners.delete(fn)
    },
    raise(reason) {
      if (raised) return
      raised = true
      why = reason
      for (const fn of listeners) fn(reason)
      listeners.clear()
    },
  }
}
