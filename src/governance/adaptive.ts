// Finds how many calls an upstream takes at once by watching it: additive increase while it answers as fast as it can,
// multiplicative decrease when it pushes back or slows down. Opt-in. Pure.

export interface Adaptive {
  limit: number
  /** The fastest first byte seen lately (ms), which drifts up so that an old best does not rule for ever. */
  bestMs: number
  /** Not lowered again before then: one overload is one sign, however many calls it hits. */
  calmUntil: number
}

export interface AdaptivePolicy {
  min: number
  max: number
}

/** Slower than so many times the best is a queue at the other end. */
const SLOW = 3
const CALM_MS = 1_000

export function adaptive({ min, max }: AdaptivePolicy): Adaptive {
  return { limit: Math.min(max, Math.max(min, 8)), bestMs: 0, calmUntil: 0 }
}

/**
 * One finished attempt.
 * @param running calls that were under way beside it: a limit that is not reached says nothing about more.
 */
export function learn(
  state: Adaptive,
  policy: AdaptivePolicy,
  seen: { overloaded: boolean; firstByteMs?: number },
  running: number,
  now: number,
): void {
  const { firstByteMs } = seen
  const slow = firstByteMs !== undefined && state.bestMs > 0 && firstByteMs > state.bestMs * SLOW
  if (seen.overloaded || slow) {
    if (now < state.calmUntil) return
    state.calmUntil = now + CALM_MS
    state.limit = Math.max(policy.min, state.limit * (seen.overloaded ? 0.7 : 0.9))
    return
  }
  if (firstByteMs === undefined) return
  state.bestMs = state.bestMs === 0 ? firstByteMs : Math.min(firstByteMs, state.bestMs * 1.001)
  if (running + 1 >= state.limit * 0.8) state.limit = Math.min(policy.max, state.limit + 1 / state.limit)
}

/** Calls at once. */
export function allowed(state: Adaptive): number {
  return Math.max(1, Math.floor(state.limit))
}
