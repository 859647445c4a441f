// The facts of one call as they become known: what its log line, its metrics and its response headers are made of.

import type { GatewayError, Phase } from '../core/error.ts'
import type { Note } from '../core/note.ts'
import type { Usage } from '../core/usage.ts'
import type { DecidedAttempt, DecidedPick, DecidedWait } from './decisions.ts'
import type { Upload } from './upload.ts'

export interface CallRecord {
  id: string
  operation: string
  dialect: string
  /** The name the caller used. */
  model?: string
  route?: string
  endpoint?: string
  upstreamModel?: string
  path?: 'relay' | 'translate' | 'demo'
  attempts: number
  /** `from->to` when a declared fallback answered. */
  fallback?: string
  upstreamStatus?: number | undefined
  /** Which of several credentials of the endpoint, from 0. */
  credential?: number | undefined
  stream: boolean
  status?: number
  notes: Note[]
  /** How the deployment was chosen, what was tried and what was waited for (decisions.ts). */
  picks: DecidedPick[]
  tries: DecidedAttempt[]
  waits: DecidedWait[]
  /** A form too large to be held. */
  upload?: Upload
  usage?: Usage
  /** US dollars; undefined: not known. */
  costUsd?: number
  error?: GatewayError
  /** Who ended the call. */
  endedBy: 'caller' | 'gateway' | 'upstream'
  phase: Phase
  /** Arrival, ms since the Unix epoch. */
  at: number
  /** Monotonic ms. */
  startedAt: number
  firstByteMs?: number
  /** Ms until the upstream was asked: time spent in the gateway before it. */
  overheadMs?: number
}
