// Stops sending to a deployment that keeps failing. A pure state machine: (state, input, now) -> state.

export interface BreakerState {
  /** Failures in a row. */
  failures: number
  /** When it opened (ms), undefined while closed. */
  openedAt?: number
  /** A half-open trial is under way. */
  trial: boolean
}

export interface BreakerPolicy {
  /** Failures in a row that open it. */
  threshold: number
  /** How long it stays open before one trial. */
  openMs: number
}

export const closed: BreakerState = { failures: 0, trial: false }

/** Whether a call may pass now, and for how many ms not. Passing while half-open claims the single trial. */
export function pass(
  state: BreakerState,
  policy: BreakerPolicy,
  now: number,
): { state: BreakerState; allowed: boolean; waitMs: number } {
  if (state.openedAt === undefined) return { state, allowed: true, waitMs: 0 }
  const waitMs = state.openedAt + policy.openMs - now
  if (waitMs > 0) return { state, allowed: false, waitMs }
  if (state.trial) return { state, allowed: false, waitMs: 1000 }
  return { state: { ...state, trial: true }, allowed: true, waitMs: 0 }
}

/** `neutral`: the call ended without saying anything about health (caller gone, a 4xx); it only frees the trial. */
export function record(
  state: BreakerState,
  outcome: 'ok' | 'failed' | 'neutral',
  policy: BreakerPolicy,
  now: number,
): BreakerState {
  if (outcome === 'ok') return closed
  if (outcome === 'neutral') return state.trial ? { ...state, trial: false } : state
  const failures = state.failures + 1
  if (state.trial || failures >= policy.threshold) return { failures, openedAt: now, trial: false }
  return { ...state, failures }
}
