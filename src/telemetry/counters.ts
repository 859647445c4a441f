// What is counted of the traffic. A call pays a few additions and look-ups for it; everything else happens when somebody
// asks. Bounded: names that callers can invent share one row once there are many.

import type { ErrorKind } from '../core/error.ts'
import type { Usage } from '../core/usage.ts'
import { type Histogram, histogram, note } from './histogram.ts'

/** Of one operation. Times in ms. */
export interface OperationCounts {
  /** Calls by the status their caller got. */
  byStatus: Map<number, number>
  duration: Histogram
  firstByte: Histogram
  overhead: Histogram
}

/** Tokens, each undefined count taken as none. `input` includes what the cache gave, `output` the reasoning. */
export interface TokenCounts {
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
  reasoning: number
}

/** Of one model at one endpoint. */
export interface DeploymentCounts {
  /** Calls whose last attempt went there. */
  calls: number
  failed: number
  tokens: TokenCounts
  costUsd: number
  /** Attempts by how they ended: `answered`, `cancelled`, or the kind of their error. */
  attempts: Map<string, number>
}

export interface Counters {
  calls: number
  failed: number
  fallbacks: number
  tokens: TokenCounts
  costUsd: number
  byOperation: Map<string, OperationCounts>
  errors: Map<ErrorKind, number>
  /** By endpoint and model. */
  deployments: Map<string, Map<string, DeploymentCounts>>
  /** Rows of `deployments`. */
  rows: number
}

/** What is counted of a call when it has ended; a record of the gateway's is one. */
export interface Ended {
  operation: string
  status?: number
  endpoint?: string
  upstreamModel?: string
  fallback?: string
  costUsd?: number
  firstByteMs?: number
  overheadMs?: number
  error?: { kind: ErrorKind }
}

/** A whole answer of a small model takes tens of ms, one of a large one minutes. */
export const DURATION_MS = [
  10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 300_000, 900_000,
] as const
export const FIRST_BYTE_MS = [
  5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000,
] as const
/** Waits in queues are part of it. */
export const OVERHEAD_MS = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 500, 1_000, 5_000, 10_000, 30_000,
] as const

/** Pairs of endpoint and model with a row of their own. */
export const MOST_ROWS = 500
/** The endpoint and the model of the row that all others share. */
export const OTHERS = 'other'

export function counters(): Counters {
  return {
    calls: 0,
    failed: 0,
    fallbacks: 0,
    tokens: noTokens(),
    costUsd: 0,
    byOperation: new Map(),
    errors: new Map(),
    deployments: new Map(),
    rows: 0,
  }
}

/** Counts a call that has ended. @param ms of the whole call */
export function countCall(all: Counters, call: Ended, usage: Usage | undefined, ms: number): void {
  const operation = operationOf(all, call.operation)
  const status = call.status ?? 0
  all.calls++
  operation.byStatus.set(status, (operation.byStatus.get(status) ?? 0) + 1)
  note(operation.duration, ms)
  if (call.firstByteMs !== undefined) note(operation.firstByte, call.firstByteMs)
  if (call.overheadMs !== undefined) note(operation.overhead, call.overheadMs)
  if (call.error) {
    all.failed++
    all.errors.set(call.error.kind, (all.errors.get(call.error.kind) ?? 0) + 1)
  }
  if (call.fallback !== undefined) all.fallbacks++
  if (usage) add(all.tokens, usage)
  if (call.costUsd !== undefined) all.costUsd += call.costUsd
  if (call.endpoint === undefined || call.upstreamModel === undefined) return
  const row = deploymentOf(all, call.endpoint, call.upstreamModel)
  row.calls++
  if (call.error) row.failed++
  if (usage) add(row.tokens, usage)
  if (call.costUsd !== undefined) row.costUsd += call.costUsd
}

export function countAttempt(all: Counters, endpoint: string, model: string, outcome: string): void {
  const { attempts } = deploymentOf(all, endpoint, model)
  attempts.set(outcome, (attempts.get(outcome) ?? 0) + 1)
}

/** Calls by the status their caller got. */
export function byStatus({ byOperation }: Counters): Map<number, number> {
  const sums = new Map<number, number>()
  for (const operation of byOperation.values())
    for (const [status, count] of operation.byStatus) sums.set(status, (sums.get(status) ?? 0) + count)
  return sums
}

function operationOf(all: Counters, name: string): OperationCounts {
  let row = all.byOperation.get(name)
  if (!row) {
    row = {
      byStatus: new Map(),
      duration: histogram(DURATION_MS),
      firstByte: histogram(FIRST_BYTE_MS),
      overhead: histogram(OVERHEAD_MS),
    }
    all.byOperation.set(name, row)
  }
  return row
}

function deploymentOf(all: Counters, endpoint: string, model: string): DeploymentCounts {
  const found = all.deployments.get(endpoint)?.get(model)
  if (found) return found
  if (all.rows >= MOST_ROWS && endpoint !== OTHERS) return deploymentOf(all, OTHERS, OTHERS)
  const made: DeploymentCounts = { calls: 0, failed: 0, tokens: noTokens(), costUsd: 0, attempts: new Map() }
  let models = all.deployments.get(endpoint)
  if (!models) all.deployments.set(endpoint, (models = new Map()))
  models.set(model, made)
  all.rows++
  return made
}

function noTokens(): TokenCounts {
  return { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 }
}

function add(to: TokenCounts, { input, output, cacheRead, cacheWrite, reasoning }: Usage): void {
  to.input += input ?? 0
  to.output += output ?? 0
  to.cacheRead += cacheRead ?? 0
  to.cacheWrite += cacheWrite ?? 0
  to.reasoning += reasoning ?? 0
}
