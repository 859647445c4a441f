// Time and chance as values that are passed in, so that a test can move them.

export interface Timer {
  /** Start the full delay again, from now. */
  refresh(): void
  cancel(): void
}

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Milliseconds on a clock that never goes back; only differences mean something. */
  monotonic(): number
  /** Call `fn` once after `ms`, unless cancelled. Never keeps the process alive on its own. */
  timer(ms: number, fn: () => void): Timer
}

/** Gives a number in [0, 1). */
export type Random = () => number
