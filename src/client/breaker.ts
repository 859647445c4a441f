// Stops asking an upstream that keeps failing. A pure state machine, (state, input, now) -> state: failures in a row
// open it, each failed trial doubles the rest, several successes close it. A 4xx says nothing about health.

export interface BreakerPolicy {
  /** Failures in a row that open it. */
  threshold: number
  /** First rest; doubles with each failed trial. */
  openMs: number
  maxOpenMs: number
  /** Successes in a row that close it again. */
  successes: number
}

export const BREAKER: Readonly<BreakerPolicy> = {
  threshold: 5,
  openMs: 10_000,
  maxOpenMs: 120_000,
  successes: 2,
}

export type BreakerState =
  | { phase: 'closed'; failures: number }
  | { phase: 'open'; until: number; restMs: number }
  | { phase: 'half-open'; trial: boolean; successes: number; restMs: number }

export const CLOSED: BreakerState = { phase: 'closed', failures: 0 }

export type Passage = { allowed: true; state: BreakerState } | { allowed: false; waitMs: number }

/** Passing while half-open claims the single trial: the others go on waiting until it is back. */
export function passBreaker(state: BreakerState, now: number): Passage {
  switch (state.phase) {
    case 'closed':
      return { allowed: true, state }
    case 'open':
      return now < state.until
        ? { allowed: false, waitMs: state.until - now }
        : { allowed: true, state: { phase: 'half-open', trial: true, successes: 0, restMs: state.restMs } }
    case 'half-open':
      return state.trial ? { allowed: false, waitMs: 0 } : { allowed: true, state: { ...state, trial: true } }
    default:
      return state satisfies never
  }
}

/** `neutral`: a 4xx, a 429 or the caller's own abort; it only frees the trial. */
export function recordOutcome(
  state: BreakerState,
  outcome: 'ok' | 'failed' | 'neutral',
  policy: BreakerPolicy,
  now: number,
): BreakerState {
  const open = (restMs: number): BreakerState => ({ phase: 'open', until: now + restMs, restMs })
  switch (state.phase) {
    case 'closed': {
      if (outcome === 'neutral') return state
      if (outcome === 'ok') return CLOSED
      const failures = state.failures + 1
      return failures >= policy.threshold ? open(policy.openMs) : { phase: 'closed', failures }
    }
    case 'half-open': {
      if (outcome === 'failed') return open(Math.min(policy.maxOpenMs, state.restMs * 2))
      const successes = state.successes + (outcome === 'ok' ? 1 : 0)
      return successes >= policy.successes ? CLOSED : { ...state, trial: false, successes }
    }
    case 'open':
      // A try that began before it opened: what it found is old news.
      return state
    default:
      return state satisfies never
  }
}
