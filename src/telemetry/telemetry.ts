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
  /** Logs a call that went well; `members` are those of its line, as JSON text without the braces. */
  callLine(members: string): void
  counters: Counters
}

/** @param write takes whole lines of the call log; without it they go through the logger, at several times the cost. */
export function telemetry(log: Logger, write?: (line: string) => void): Telemetry {
  return {
    log,
    callLine: write
      ? (members) => write(`{"level":30,"time":${Date.now()},${members},"msg":"call"}\n`)
      : (members) => log.info(JSON.parse(`{${members}}`) as object, 'call'),
    counters: { calls: 0, failed: 0, inputTokens: 0, outputTokens: 0, byStatus: new Map() },
  }
}
