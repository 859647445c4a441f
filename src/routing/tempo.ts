// The slow-stream guard: a stream that drips far below a declared rate holds a caller and a slot without end, and the
// idle limit never fires. Judged over a window, so that one long thought is not a slow stream. Pure.

export interface Tempo {
  startedAt: number
  windowAt: number
  bytes: number
}

/** A window shorter than this judges a pause, not a pace. */
const WINDOW_MS = 10_000
/** The bytes one token takes on the wire, event around it included: the guard is against dripping, not for billing. */
const BYTES_A_TOKEN = 4

export function tempo(now: number): Tempo {
  return { startedAt: now, windowAt: now, bytes: 0 }
}

/** Counts bytes of content; true: over the last window it was slower than `minTokensPerSecond`. */
export function tooSlow(state: Tempo, bytes: number, minTokensPerSecond: number, now: number): boolean {
  state.bytes += bytes
  const ms = now - state.windowAt
  if (ms < WINDOW_MS) return false
  const rate = (state.bytes / BYTES_A_TOKEN / ms) * 1000
  state.windowAt = now
  state.bytes = 0
  return rate < minTokensPerSecond
}
