// Requests and tokens per minute over a sliding window, exact: never more than the limit in any 60 seconds. Tokens are
// reserved by estimate at admission and replaced by the true count when the call settles.

const WINDOW_MS = 60_000

export interface Entry {
  at: number
  tokens: number
  /** It has left the window. */
  gone: boolean
}

/** Calls of the last minute, oldest first, from `head` on. Mutated by `admit` and `settle`. */
export interface Window {
  entries: Entry[]
  head: number
  tokens: number
}

export function emptyWindow(): Window {
  return { entries: [], head: 0, tokens: 0 }
}

export interface Limits {
  rpm?: number
  tpm?: number
}

/** Admits one call, or says how many ms to wait. A single call larger than the whole tpm limit passes alone. */
export function admit(
  window: Window,
  limits: Limits,
  tokens: number,
  now: number,
): { entry: Entry } | { waitMs: number } {
  const waitMs = waitFor(window, limits, tokens, now)
  return waitMs > 0 ? { waitMs } : { entry: reserve(window, tokens, now) }
}

/** Ms until a call of so many tokens may pass, 0: now. Reserves nothing. */
export function waitFor(window: Window, limits: Limits, tokens: number, now: number): number {
  expire(window, now)
  const { entries } = window
  let waitMs = 0
  if (limits.rpm !== undefined && entries.length - window.head >= limits.rpm) {
    const freeing = entries[entries.length - Math.max(1, Math.floor(limits.rpm))]
    waitMs = freeing ? freeing.at + WINDOW_MS - now : WINDOW_MS
  }
  if (limits.tpm !== undefined && window.tokens > 0 && window.tokens + tokens > limits.tpm) {
    let held = window.tokens
    for (let index = window.head; index < entries.length; index++) {
      const entry = entries[index] as Entry
      if (entry.tokens === 0) continue
      held -= entry.tokens
      waitMs = Math.max(waitMs, entry.at + WINDOW_MS - now)
      // A call above the limit passes once it is alone.
      if (held <= 0 || held + tokens <= limits.tpm) break
    }
  }
  return waitMs
}

/** Counts a call that was found to fit. */
export function reserve(window: Window, tokens: number, now: number): Entry {
  const entry = { at: now, tokens, gone: false }
  window.entries.push(entry)
  window.tokens += tokens
  return entry
}

/** The share that is left, 0 to 1, of the tightest limit; undefined: there is none. */
export function shareLeft(window: Window, limits: Limits, now: number): number | undefined {
  if (limits.rpm === undefined && limits.tpm === undefined) return undefined
  expire(window, now)
  const calls = limits.rpm === undefined ? 1 : 1 - (window.entries.length - window.head) / limits.rpm
  const tokens = limits.tpm === undefined ? 1 : 1 - window.tokens / limits.tpm
  return Math.max(0, Math.min(calls, tokens))
}

/** Replaces the estimate by the true count; an entry that already left the window changes nothing. */
export function settle(window: Window, entry: Entry, tokens: number): void {
  if (entry.gone) return
  window.tokens += tokens - entry.tokens
  entry.tokens = tokens
}

function expire(window: Window, now: number): void {
  const { entries } = window
  while (window.head < entries.length) {
    const entry = entries[window.head] as Entry
    if (entry.at > now - WINDOW_MS) break
    entry.gone = true
    window.tokens -= entry.tokens
    window.head++
  }
  // The dead head is cut off only once it is the larger half, so that expiry costs constant time per call.
  if (window.head > 1024 && window.head * 2 > entries.length) {
    entries.splice(0, window.head)
    window.head = 0
  }
}
