// What operators see of the traffic: one log line per call and counters. Contents never appear here.

import type { Logger } from 'pino'
import { type Counters, counters } from './counters.ts'

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
    counters: counters(),
  }
}
