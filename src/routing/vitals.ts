// What is known of one deployment while it serves: load, speed, failures, rest. One object per deployment, shared by
// all routes that lead to it, mutated in place by whoever observes; strategies only read it.

import { type BreakerState, closed } from './breaker.ts'
import { type Ewma, ewma, feed } from './ewma.ts'
import { hash } from './hash.ts'
import type { Headroom } from './rate-headers.ts'

export interface Vitals {
  /** `endpoint/model`. */
  readonly key: string
  /** Of the key, for rendezvous hashing. */
  readonly hash: number
  /** Attempts under way. */
  inFlight: number
  /** Ms from sending to the first good byte. */
  firstByteMs: Ewma
  /** Output tokens a second, after the first byte. */
  tokensPerSecond: Ewma
  /** Share of attempts that failed. */
  failed: Ewma
  /** Share of input tokens read from the upstream's prompt cache. */
  cached: Ewma
  breaker: BreakerState
  /** The upstream asked us to wait until then (ms since the epoch; 0: it did not). */
  coolUntil: number
  /** What the upstream's rate-limit headers last said. */
  headroom: Headroom
  /** Learned from the engine: the model is in memory. undefined: not known. */
  warm: boolean | undefined
  /** Learned from the engine: calls it takes at once, and how many of them are free. */
  slots: { total: number; free: number; at: number } | undefined
}

/** A minute: long enough to be calm, short enough to notice an engine that got busy. */
export const TAU_MS = 60_000

export function vitals(key: string): Vitals {
  return {
    key,
    hash: hash(key),
    inFlight: 0,
    firstByteMs: ewma(),
    tokensPerSecond: ewma(),
    failed: ewma(),
    cached: ewma(),
    breaker: closed,
    coolUntil: 0,
    headroom: {},
    warm: undefined,
    slots: undefined,
  }
}

/** One finished attempt. Times in ms; undefined: not observed. */
export interface Observation {
  failed: boolean
  firstByteMs?: number
  /** Ms after the first byte. */
  streamMs?: number
  outputTokens?: number
  inputTokens?: number
  cachedTokens?: number
}

export function observe(of: Vitals, seen: Observation, now: number): void {
  feed(of.failed, seen.failed ? 1 : 0, now, TAU_MS)
  if (seen.firstByteMs !== undefined) feed(of.firstByteMs, seen.firstByteMs, now, TAU_MS)
  if (seen.failed) return
  const { outputTokens, streamMs, inputTokens, cachedTokens } = seen
  // A handful of tokens in one packet says nothing about speed.
  if (outputTokens !== undefined && outputTokens >= 8 && streamMs !== undefined && streamMs >= 5)
    feed(of.tokensPerSecond, (outputTokens * 1000) / streamMs, now, TAU_MS)
  if (inputTokens !== undefined && inputTokens > 0)
    feed(of.cached, (cachedTokens ?? 0) / inputTokens, now, TAU_MS * 10)
}

/** What a cold model costs in calls: loading takes longer than waiting behind a few. */
const COLD = 4

/** The load with the loading of a model that is known not to be in memory. */
export function loadAndLoading(of: Vitals, weight: number, now: number): number {
  return load(of, weight, now) + (of.warm === false ? COLD : 0)
}

/** Calls per unit of capacity: engine's own slots where known, else the declared weight. Lower is less busy. */
export function load(of: Vitals, weight: number, now: number): number {
  const { slots } = of
  // A count of slots older than a few seconds is no longer one; our own count of calls is always current.
  if (slots && now - slots.at < 10_000)
    return Math.max(of.inFlight, slots.total - slots.free) / Math.max(1, slots.total)
  return of.inFlight / weight
}
