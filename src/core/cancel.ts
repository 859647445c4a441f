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

type Listener = (reason: unknown) => void

class Token implements Cancel {
  raised = false
  reason: unknown
  /** Nearly every call has one listener at a time. */
  private only: Listener | undefined
  private more: Set<Listener> | undefined

  onRaise(fn: Listener): () => void {
    if (this.raised) {
      fn(this.reason)
      return nothing
    }
    if (!this.only) this.only = fn
    else (this.more ??= new Set()).add(fn)
    return () => {
      if (this.only === fn) this.only = undefined
      else this.more?.delete(fn)
    }
  }

  raise(reason: unknown): void {
    if (this.raised) return
    this.raised = true
    this.reason = reason
    const { only, more } = this
    this.only = this.more = undefined
    only?.(reason)
    if (more) for (const fn of more) fn(reason)
  }
}

function nothing(): void {}

export function cancel(): Cancel {
  return new Token()
}
