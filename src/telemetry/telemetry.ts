// What operators see of the traffic: one log line per call and counters. Contents never appear here.

import type { Logger } from 'pino'

export interface Counters {
  calls: number
  failed: number
  inputTokens: number
  outputTokens: number
  /** Calls by `status`. */
  byStatus: Map<number, number>
}

export interface Telemetry {
  log: Logger
  counters: Counters
}

export function telemetry(log: Logger): Telemetry {
  return { log, counters: { calls: 0, failed: 0, inputTokens: 0, outputTokens: 0, byStatus: new Map() } }
}
