// When to send a second attempt beside a slow first one: after the observed 95th percentile of the first byte, and only
// within a share of all calls, so that hedging never becomes the load that makes everything slow.

export interface HedgePolicy {
  /** Share of calls that may be hedged, over the long run. */
  share: number
  /** Never sooner than this. */
  minDelayMs: number
}

export interface HedgeState {
  /** The latest first-byte times, a ring. */
  samples: number[]
  next: number
  /** p95 of the samples, worked out anew every so many. */
  p95: number | undefined
  /** Hedges that may be made now. */
  tokens: number
}

const WINDOW = 200
/** Fewer tell nothing about a 95th percentile. */
const ENOUGH = 20

export function hedgeState(): HedgeState {
  return { samples: [], next: 0, p95: undefined, tokens: 0 }
}

/** One finished first byte of the route. */
export function noticed(state: HedgeState, firstByteMs: number): void {
  state.samples[state.next % WINDOW] = firstByteMs
  state.next++
  if (state.next < ENOUGH || state.next % 10 !== 0) return
  const sorted = [...state.samples].sort((a, b) => a - b)
  state.p95 = sorted[Math.floor((sorted.length - 1) * 0.95)] as number
}

/** Ms after which this call may be hedged; undefined: it may not. Every call must ask once: asking earns the share. */
export function hedgeAfterMs(state: HedgeState, policy: HedgePolicy): number | undefined {
  state.tokens = Math.min(10, state.tokens + policy.share)
  return state.p95 === undefined ? undefined : Math.max(policy.minDelayMs, state.p95)
}

/** Claims one hedge at the moment it is sent; false: the share is used up. */
export function claim(state: HedgeState): boolean {
  if (state.tokens < 0.999_999) return false
  state.tokens -= 1
  return true
}
