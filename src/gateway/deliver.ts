// The last stage: response headers, settlement exactly once, and the call's log line. Also the one door for failures.

import type { GatewayError } from '../core/error.ts'
import { ERRORS } from '../core/error.ts'
import { notesHeader } from '../core/note.ts'
import type { Usage } from '../core/usage.ts'
import type { Lease } from './admit.ts'
import type { Answer } from './attempt.ts'
import type { Call, Reply } from './call.ts'
import type { Decision } from './decisions.ts'
import type { CallRecord } from './record.ts'
import type { Runtime } from './runtime.ts'

export function deliver(
  answer: Answer,
  call: Call,
  record: CallRecord,
  lease: Lease,
  runtime: Runtime,
): Reply {
  const headers = Object.assign(answer.headers, disclosure(call, record))
  record.status = 200
  if (answer.kind === 'whole') {
    lease.settle(answer.usage)
    settled(record, answer.usage, runtime)
    return { status: 200, headers, body: answer.body }
  }
  headers['cache-control'] = 'no-cache'
  headers['x-accel-buffering'] = 'no'
  answer.live.onEnd((end) => {
    record.endedBy = end.endedBy
    if (end.error) record.error = end.error
    lease.settle(end.usage)
    settled(record, end.usage, runtime)
  })
  return { status: 200, headers, stream: (sink) => answer.live.attach(sink) }
}

/** A failure in the caller's dialect. */
export function refuse(error: GatewayError, call: Call, record: CallRecord, runtime: Runtime): Reply {
  const { status, body, headers } = call.dialect.error.encode(error, call.id)
  record.status = status
  record.error = error
  const { whose } = ERRORS[error.kind]
  record.endedBy =
    whose === 'caller' && !error.upstreamStatus ? 'caller' : error.upstreamStatus ? 'upstream' : 'gateway'
  settled(record, undefined, runtime)
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...headers,
      ...disclosure(call, record),
      ...(error.upstreamStatus === undefined
        ? {}
        : { 'x-trunkline-upstream-status': String(error.upstreamStatus) }),
    },
    body: JSON.stringify(body),
  }
}

function disclosure(call: Call, record: CallRecord): Record<string, string> {
  const headers: Record<string, string> = { 'x-request-id': call.id }
  if (call.dialect.id === 'anthropic-messages') headers['request-id'] = call.id
  if (record.endpoint !== undefined) headers['x-trunkline-endpoint'] = ascii(record.endpoint)
  if (record.upstreamModel !== undefined) headers['x-trunkline-model'] = ascii(record.upstreamModel)
  if (record.attempts > 0) headers['x-trunkline-attempts'] = String(record.attempts)
  if (record.fallback !== undefined) headers['x-trunkline-fallback'] = ascii(record.fallback)
  if (record.notes.length > 0) headers['x-trunkline-notes'] = notesHeader(record.notes)
  if (record.overheadMs !== undefined) headers['x-trunkline-overhead-ms'] = record.overheadMs.toFixed(2)
  return headers
}

/** Header values must be visible ASCII; model names need not be. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (char) => encodeURIComponent(char))
}

function settled(record: CallRecord, usage: Usage | undefined, runtime: Runtime): void {
  const { log, counters } = runtime.telemetry
  if (usage) record.usage = usage
  record.phase = record.error ? record.phase : 'settle'
  counters.calls++
  counters.byStatus.set(record.status ?? 0, (counters.byStatus.get(record.status ?? 0) ?? 0) + 1)
  if (record.error) counters.failed++
  counters.inputTokens += usage?.input ?? 0
  counters.outputTokens += usage?.output ?? 0
  runtime.decisions.add(decisionOf(record, runtime))
  if (!log.isLevelEnabled('info')) return
  const line = {
    id: record.id,
    op: record.operation,
    dialect: record.dialect,
    model: record.model,
    endpoint: record.endpoint,
    upstream_model: record.upstreamModel,
    path: record.path,
    stream: record.stream,
    status: record.status,
    ms: round(runtime.clock.monotonic() - record.startedAt),
    first_byte_ms: round(record.firstByteMs),
    attempts: record.attempts,
    fallback: record.fallback,
    input: usage?.input,
    output: usage?.output,
    notes: record.notes.length > 0 ? record.notes.length : undefined,
    ended_by: record.endedBy,
    phase: record.phase,
    error: record.error?.kind,
    reason: record.error?.message,
  }
  if (record.error?.kind === 'internal') log.error({ ...line, err: record.error.cause }, 'call')
  else if (record.error && ERRORS[record.error.kind].whose !== 'caller') log.warn(line, 'call')
  else log.info(line, 'call')
}

/** What is kept of a call once it is over. */
function decisionOf(record: CallRecord, runtime: Runtime): Decision {
  const { error, usage } = record
  return {
    id: record.id,
    at: record.at,
    operation: record.operation,
    dialect: record.dialect,
    ...(record.model === undefined ? {} : { model: record.model }),
    ...(record.route === undefined ? {} : { route: record.route }),
    ...(record.endpoint === undefined ? {} : { endpoint: record.endpoint }),
    ...(record.upstreamModel === undefined ? {} : { upstreamModel: record.upstreamModel }),
    ...(record.path === undefined ? {} : { path: record.path }),
    stream: record.stream,
    ...(record.status === undefined ? {} : { status: record.status }),
    picks: record.picks,
    attempts: record.tries,
    waits: record.waits,
    notes: record.notes,
    ...(record.fallback === undefined ? {} : { fallback: record.fallback }),
    ms: runtime.clock.monotonic() - record.startedAt,
    ...(record.firstByteMs === undefined ? {} : { firstByteMs: record.firstByteMs }),
    ...(record.overheadMs === undefined ? {} : { overheadMs: record.overheadMs }),
    ...(usage?.input === undefined ? {} : { input: usage.input }),
    ...(usage?.output === undefined ? {} : { output: usage.output }),
    endedBy: record.endedBy,
    phase: record.phase,
    // The upstream's words may be long; the ring is bounded in bytes as well.
    ...(error ? { error: { kind: error.kind, message: error.message.slice(0, 500) } } : {}),
  }
}

function round(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 100) / 100
}
