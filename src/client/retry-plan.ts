// Whether and when a failed try is made again: a pure decision, (state, failure, policy, chance) -> wait or stop. The
// rules are document 004's: 429 up to five tries, 5xx and silence before the first byte up to three, anything else never.

import type { Random } from '../core/clock.ts'

export interface RetryPolicy {
  /** Caps both classes: 429 at min(5, this), 5xx at min(3, this). */
  maxAttempts: number
  /** Shortest back-off. */
  baseMs: number
  /** Longest back-off; a longer Retry-After is still honoured. */
  capMs: number
  multiplier: number
  /** A Retry-After longer than this is not waited for: the error reaches the caller with its `retryAfterMs`. */
  maxRetryAfterMs: number
}

export const RETRY: Readonly<RetryPolicy> = {
  maxAttempts: 5,
  baseMs: 1_000,
  capMs: 60_000,
  multiplier: 2,
  maxRetryAfterMs: 600_000,
}

/** Waited after a 429 that does not say how long. */
export const RATE_LIMIT_WAIT_MS = 30_000

export const MOST_ATTEMPTS = { rate_limit: 5, server: 3, other: 1 } as const

/** What the retry rules need to know of a failure. */
export interface RetryFailure {
  class: keyof typeof MOST_ATTEMPTS
  /** What the upstream asked for, where it did. */
  retryAfterMs?: number
  /** The upstream, or the quota it reports as spent, says that another try is no use. */
  final?: boolean
}

export interface RetryState {
  /** Tries made, the failed one included. */
  attempts: number
  lastWaitMs: number
}

export type RetryDecision = { retry: false } | { retry: true; waitMs: number }

export function decideRetry(
  state: RetryState,
  failure: RetryFailure,
  policy: RetryPolicy,
  random: Random,
): RetryDecision {
  const most = Math.min(MOST_ATTEMPTS[failure.class], policy.maxAttempts)
  if (failure.final === true || state.attempts >= most) return { retry: false }
  const asked = failure.retryAfterMs ?? (failure.class === 'rate_limit' ? RATE_LIMIT_WAIT_MS : 0)
  if (asked > policy.maxRetryAfterMs) return { retry: false }
  return { retry: true, waitMs: Math.max(asked, jitter(state.lastWaitMs, policy, random)) }
}

/** Decorrelated jitter: uniform between the base and a multiple of the last wait, capped. */
function jitter(lastWaitMs: number, { baseMs, capMs, multiplier }: RetryPolicy, random: Random): number {
  const high = Math.max(baseMs, lastWaitMs * multiplier)
  return Math.min(capMs, baseMs + random() * (high - baseMs))
}

/**
 * Milliseconds an answer's headers ask to wait: `retry-after-ms`, or `retry-after` as seconds (fractions too) or as a
 * date, which is at least one second away. Undefined where they do not say or cannot be read.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const ms = amount(headers['retry-after-ms'])
  if (ms !== undefined) return ms
  const text = headers['retry-after']?.trim()
  if (text === undefined) return undefined
  const seconds = amount(text)
  if (seconds !== undefined) return seconds * 1_000
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(1_000, date - now)
}

function amount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined
}
