// requests_per_second: calls are spaced instead of refused, and wait for their slot up to a bound. Pure.

export interface Pacer {
  /** When the next slot is free (ms). */
  nextAt: number
}

export function pacer(): Pacer {
  return { nextAt: 0 }
}

/**
 * Takes the next slot and says how many ms to wait for it, or refuses: the wait would be longer than `maxWaitMs`, after
 * `refusedMs` it would not.
 */
export function pace(
  state: Pacer,
  perSecond: number,
  maxWaitMs: number,
  now: number,
): { waitMs: number } | { refusedMs: number } {
  const at = Math.max(now, state.nextAt)
  const waitMs = at - now
  if (waitMs > maxWaitMs) return { refusedMs: waitMs - maxWaitMs }
  state.nextAt = at + 1000 / perSecond
  return { waitMs }
}

/** Gives back a slot nobody used, if no later one was taken: the caller went while it waited. */
export function giveBack(state: Pacer, slotAt: number, perSecond: number): void {
  if (state.nextAt === slotAt + 1000 / perSecond) state.nextAt = slotAt
}
