// What was decided for each of the latest calls and why: candidates with scores and refusals, attempts with phase and
// time, waits, notes, who ended it. A bounded ring in memory, read by `trunkline explain` and GET /api/v1/calls.
// Contents (messages, answers, credentials) never appear here.

import type { ErrorKind, Phase } from '../core/error.ts'
import type { Holding } from '../core/holding.ts'
import type { Note } from '../core/note.ts'

/** A deployment that was looked at, in the order of the route's declaration. */
export interface DecidedCandidate {
  endpoint: string
  /** The upstream's model name. */
  model: string
  /** The strategy's number for it, lower is better; absent where the strategy has none. */
  score?: number
  /** Why it was left out or put last; absent for one that could be picked. */
  refused?: string
}

/** One look at one route. A fallback makes a second one. */
export interface DecidedPick {
  route: string
  strategy: string
  candidates: DecidedCandidate[]
  /** Indexes of `candidates` in the order they were to be tried. */
  order: number[]
  /** What fixed the first place beside the strategy: sticky session, canary share. */
  because?: string
}

/** Why an attempt was made. */
export type AttemptReason = 'first' | 'retry' | 'reconnect' | 'fail-over' | 'fallback' | 'hedge' | 'shadow'

export interface DecidedAttempt {
  endpoint: string
  model: string
  reason: AttemptReason
  /** Ms after the call arrived. */
  startedMs: number
  /** Ms until its end: of the whole answer, of the stream, or its failure. Absent while under way. */
  ms?: number
  /** Ms until the first good byte. */
  firstByteMs?: number
  /** How far it came. */
  phase: Phase
  /** The upstream's status, where it gave one. */
  status?: number
  /** `answered`, or the error kind it ended with, or `cancelled` (loser of a hedge, caller gone). */
  outcome?: 'answered' | 'cancelled' | ErrorKind
  message?: string
  /** Which of several credentials, counted from 1. */
  credential?: number
}

export interface DecidedWait {
  why: 'pace' | 'queue' | 'back-off' | 'retry-after'
  ms: number
  /** Place in the queue on arrival, from 1. */
  place?: number
}

/** A form that went on while it came. */
export interface DecidedUpload {
  /** Of the form, read from the caller. */
  bytes: number
  /** Most of it that the gateway held at once, without what the sockets do. */
  heldBytes: number
  /** false: more had gone out than was held, so that a failure was final. */
  repeatable: boolean
}

export interface Decision {
  /** `x-request-id`. */
  id: string
  /** Arrival, ms since the Unix epoch. */
  at: number
  operation: string
  dialect: string
  /** As the caller named it; absent when the body could not be read. */
  model?: string
  route?: string
  endpoint?: string
  upstreamModel?: string
  path?: string
  stream: boolean
  status?: number
  picks: DecidedPick[]
  attempts: DecidedAttempt[]
  waits: DecidedWait[]
  notes: Note[]
  upload?: DecidedUpload
  fallback?: string
  /** Whole call, ms. */
  ms: number
  firstByteMs?: number
  overheadMs?: number
  input?: number
  output?: number
  /** US dollars; absent: not known. */
  costUsd?: number
  endedBy: 'caller' | 'gateway' | 'upstream'
  phase: Phase
  error?: { kind: ErrorKind; message: string }
}

export interface Decisions {
  add(decision: Decision): void
  /** Newest first. */
  recent(limit?: number): Decision[]
  byId(id: string): Decision | undefined
  holding(): Holding
  /** Hears every decision as it is added, until the returned function is called. */
  subscribe(listener: (decision: Decision) => void): () => void
}

/** @param capacity calls that are remembered; the oldest make room. */
export function decisions(capacity = 1_000): Decisions {
  const ring: (Decision | undefined)[] = Array.from({ length: capacity })
  const listeners = new Set<(decision: Decision) => void>()
  let next = 0
  let added = 0
  return {
    add(decision) {
      ring[next] = decision
      next = (next + 1) % capacity
      added++
      for (const listener of listeners) listener(decision)
    },
    recent(limit = 50) {
      const found: Decision[] = []
      for (let back = 1; back <= capacity && found.length < limit; back++) {
        const decision = ring[(next - back + capacity) % capacity]
        if (!decision) break
        found.push(decision)
      }
      return found
    },
    // Asked by a person now and then, added to by every call: so the ring is walked, and no index is kept.
    byId(id) {
      for (let back = 1; back <= capacity; back++) {
        const decision = ring[(next - back + capacity) % capacity]
        if (decision?.id === id) return decision
      }
      return undefined
    },
    holding: () => ({ entries: Math.min(added, capacity), mostEntries: capacity }),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
