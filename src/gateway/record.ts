// The facts of one call as they become known: what its log line, its metrics and its response headers are made of.

import type { GatewayError, Phase } from '../core/error.ts'
import type { Note } from '../core/note.ts'
import type { Usage } from '../core/usage.ts'

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
  upstreamStatus?: number
  stream: boolean
  status?: number
  notes: Note[]
  usage?: Usage
  error?: GatewayError
  /** Who ended the call. */
  endedBy: 'caller' | 'gateway' | 'upstream'
  phase: Phase
  /** Monotonic ms. */
  startedAt: number
  firstByteMs?: number
  /** Ms until the upstream was asked: time spent in the gateway before it. */
  overheadMs?: number
}
