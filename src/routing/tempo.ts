// The slow-stream guard: a stream that drips far below a declared rate holds a caller and a slot without end, and the
// idle limit never fires. Judged over a window, so that one long thought is not a slow stream. Pure.

export interface Tempo {
  windowAt: number
  tokens: number
  /** The smallest event seen: what an event weighs around its text. */
  leastBytes: number
}

/** A window shorter than this judges a pause, not a pace. */
const WINDOW_MS = 10_000
/** Bytes of text in one token, roughly: the guard is against dripping, not for billing. */
const BYTES_A_TOKEN = 4

export function tempo(now: number): Tempo {
  return { windowAt: now, tokens: 0, leastBytes: Number.POSITIVE_INFINITY }
}

/**
 * Counts what one read brought: each event is a token at least, and what it weighs above the lightest one is text.
 * True: over the last window the stream was slower than `minTokensPerSecond`.
 */
export function tooSlow(
  state: Tempo,
  { events, bytes }: { events: number; bytes: number },
  minTokensPerSecond: number,
  now: number,
): boolean {
  if (events > 0) {
    state.leastBytes = Math.min(state.leastBytes, bytes / events)
    state.tokens += events + Math.max(0, bytes - events * state.leastBytes) / BYTES_A_TOKEN
  }
  const ms = now - state.windowAt
  if (ms < WINDOW_MS) return false
  const rate = (state.tokens * 1000) / ms
  state.windowAt = now
  state.tokens = 0
  return rate < minTokensPerSecond
}
