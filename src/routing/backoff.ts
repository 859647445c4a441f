// How long to wait before the same deployment is tried again. Pure: chance is passed in.

import type { Random } from '../core/clock.ts'

export interface RetryPolicy {
  /** Further tries at the same deployment. */
  max: number
  baseMs: number
  capMs: number
  /**
   * full: anywhere from 0 to the exponential bound (fewest collisions). decorrelated: from the base to three times the
   * wait before it (never near 0).
   */
  jitter: 'full' | 'decorrelated'
}

export const RETRY: RetryPolicy = { max: 0, baseMs: 250, capMs: 8_000, jitter: 'full' }

/**
 * Ms to wait before try `turn` (1: the first retry).
 * @param beforeMs the wait before the previous try, 0 for none.
 * @param askedMs what the upstream asked for; a shorter wait would be refused again.
 */
export function backoffMs(
  { baseMs, capMs, jitter }: RetryPolicy,
  turn: number,
  beforeMs: number,
  askedMs: number | undefined,
  random: Random,
): number {
  const spread =
    jitter === 'full'
      ? random() * Math.min(capMs, baseMs * 2 ** turn)
      : Math.min(capMs, baseMs + random() * (Math.max(baseMs, beforeMs) * 3 - baseMs))
  // Who was told the same moment must not come back in the same moment.
  return askedMs === undefined || askedMs <= 0
    ? spread
    : Math.max(spread, askedMs + random() * Math.min(250, baseMs))
}
