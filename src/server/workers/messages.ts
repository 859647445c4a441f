// What a worker and its parent say to each other. Numbers `n` are the worker's own and name one admission.

import type { ErrorKind, Phase } from '../../core/error.ts'
import type { DecidedWait } from '../../gateway/decisions.ts'
import type { Entering, LimitLoad } from '../../gateway/limits.ts'
import type { RateLimit } from '../../providers/endpoint.ts'
import type { Ended, Values } from '../metrics/metric.ts'

/** State of a deployment that all workers go by. */
export interface Rest {
  /** `endpoint/model`. */
  key: string
  failures: number
  /** When its breaker opened, ms since the epoch; absent: it is closed. */
  openedAt?: number
  /** It asked us to wait until then. */
  coolUntil: number
}

export type ToParent =
  | {
      type: 'enter'
      n: number
      /** Names the limited thing. */
      key: string
      who: string
      limits: RateLimit
      entering: Entering
      patient: boolean
    }
  | { type: 'cancel'; n: number }
  | { type: 'end'; n: number; tokens?: number; seen?: { overloaded: boolean; firstByteMs?: number } }
  | { type: 'rest'; rest: Rest }
  /** What a worker had counted that takes no more calls. */
  | { type: 'ended'; pid: number; values: Values }
  /** What had those counted that have ended? */
  | { type: 'counts'; n: number }
  /** How busy are the limits? */
  | { type: 'loads'; n: number }
  | { type: 'ready' }
  /** It listens no more. */
  | { type: 'leaving' }

export type ToWorker =
  | { type: 'in'; n: number; waits: DecidedWait[] }
  | {
      type: 'no'
      n: number
      waits: DecidedWait[]
      error: { kind: ErrorKind; message: string; retryAfterS?: number; phase?: Phase; endpoint?: string }
    }
  | { type: 'rest'; rest: Rest }
  | { type: 'loads'; n: number; loads: LimitLoad[] }
  | { type: 'counts'; n: number; ended: Ended }
  /** The answer to `leaving`: no connection comes after it. */
  | { type: 'left' }
