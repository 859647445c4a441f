// Keeps a conversation where its prompt cache is warm. Which candidate a key belongs to is worked out by weighted
// rendezvous hashing: nothing is stored, every replica agrees, and when a deployment goes, only its own keys move.

import { hash } from './hash.ts'
import type { Candidate } from './strategy.ts'

/** Spreads two hashes over 32 bits (the finaliser of MurmurHash3). */
function mix(a: number, b: number): number {
  let value = (a ^ Math.imul(b, 0x9e3779b1)) >>> 0
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/**
 * The one of the first `among` candidates of `order` the key belongs to, by its place in `order`; -1 for none. One whose engine says that
 * no slot is free is passed over while another has one: a warm cache is worth less than a queue.
 */
export function belongsTo(
  key: number,
  order: readonly number[],
  among: number,
  candidates: readonly Candidate[],
  now: number,
): number {
  let best = -1
  let bestScore = Number.NEGATIVE_INFINITY
  let bestFull = true
  for (let place = 0; place < among; place++) {
    const { vitals, weight } = candidates[order[place] as number] as Candidate
    const { slots } = vitals
    const full = slots !== undefined && now - slots.at < 10_000 && slots.free <= 0
    // Weighted rendezvous: -weight / ln(u) with u in (0, 1).
    const score = -weight / Math.log((mix(key, vitals.hash) + 1) / 0x1_0000_0001)
    if (full === bestFull ? score <= bestScore : full) continue
    best = place
    bestScore = score
    bestFull = full
  }
  return best
}

/** Headers by which known clients name their session, in the order they are believed. */
const SESSION_HEADERS = [
  'x-trunkline-session',
  'x-session-id',
  'session_id',
  'session-id',
  'x-claude-code-session-id',
  'x-session-affinity',
  'x-conversation-id',
  'x-litellm-session-id',
  'openai-conversation-id',
]

/** The members of a request body that say which conversation it belongs to. */
export interface SessionHints {
  header(name: string): string | undefined
  promptCacheKey?: unknown
  /** `metadata.session_id`, `metadata.user_id` (Claude Code puts its session there). */
  metadata?: unknown
  /** The beginning of the conversation, stable over its turns. */
  prefix?: () => string | undefined
}

/** Which conversation a call belongs to, and how it was told; undefined: no way to say. */
export function sessionOf(hints: SessionHints): { key: number; by: string } | undefined {
  for (const name of SESSION_HEADERS) {
    const value = hints.header(name)
    if (value !== undefined && value !== '') return { key: hash(value), by: name }
  }
  if (typeof hints.promptCacheKey === 'string' && hints.promptCacheKey !== '')
    return { key: hash(hints.promptCacheKey), by: 'prompt_cache_key' }
  if (typeof hints.metadata === 'object' && hints.metadata !== null) {
    const { session_id: session, user_id: user } = hints.metadata as Record<string, unknown>
    if (typeof session === 'string' && session !== '')
      return { key: hash(session), by: 'metadata.session_id' }
    if (typeof user === 'string' && user.includes('session'))
      return { key: hash(user), by: 'metadata.user_id' }
  }
  const prefix = hints.prefix?.()
  return prefix === undefined ? undefined : { key: hash(prefix), by: 'conversation prefix' }
}
