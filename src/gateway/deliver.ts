// The last stage: response headers, settlement exactly once, and the call's log line. Also the one door for failures.

import type { GatewayError } from '../core/error.ts'
import { ERRORS } from '../core/error.ts'
import { notesHeader } from '../core/note.ts'
import type { Usage } from '../core/usage.ts'
import { countCall } from '../telemetry/counters.ts'
import { costUsd, reportedCostUsd } from '../governance/cost.ts'
import type { Lease } from './admit.ts'
import type { Answer } from './answer.ts'
import type { Call, Reply, WholeReply } from './call.ts'
import type { DecidedWait, Decision } from './decisions.ts'
import { settledFacts, tell } from './hooks.ts'
import type { StreamEnd } from './pump.ts'
import type { CallRecord } from './record.ts'
import type { Runtime } from './runtime.ts'
import type { RealtimeReply } from './realtime-session.ts'

export function deliver(
  answer: Exclude<Answer, { kind: 'session' }>,
  call: Call,
  record: CallRecord,
  lease: Lease,
  runtime: Runtime,
): Reply {
  const { headers } = answer
  disclose(call, record, headers)
  record.status = 200
  const settle = (end: StreamEnd): void => {
    record.endedBy = end.endedBy
    if (end.error) record.error = end.error
    lease.settle(end.usage)
    settled(record, end.usage, runtime)
  }
  if (answer.kind === 'whole' && answer.rest) {
    answer.rest.onEnd(settle)
    return { status: 200, headers, body: answer.body }
  }
  if (answer.kind === 'whole') {
    lease.settle(answer.usage)
    settled(record, answer.usage, runtime)
    // Of a stream nobody knows it before the end.
    if (record.costUsd !== undefined) headers['x-trunkline-cost'] = decimal(record.costUsd)
    return { status: 200, headers, body: answer.body }
  }
  headers['cache-control'] = 'no-cache'
  headers['x-accel-buffering'] = 'no'
  answer.live.onEnd(settle)
  return { status: 200, headers, stream: (sink) => answer.live.attach(sink) }
}

/** An open session; it is settled when it ends. */
export function deliverSession(
  { live: session, headers }: Extract<Answer, { kind: 'session' }>,
  call: Call,
  record: CallRecord,
  lease: Lease,
  runtime: Runtime,
): RealtimeReply {
  disclose(call, record, headers)
  record.status = 101
  session.onEnd(({ endedBy, error, usage }) => {
    record.endedBy = endedBy
    if (error) record.error = error
    lease.settle(usage)
    settled(record, usage, runtime)
  })
  return { status: 101, headers, session }
}

/** A failure in the caller's dialect. */
export function refuse(error: GatewayError, call: Call, record: CallRecord, runtime: Runtime): WholeReply {
  const { status, body, headers } = call.dialect.error.encode(error, call.id)
  record.status = status
  record.error = error
  const { whose } = ERRORS[error.kind]
  record.endedBy =
    whose === 'caller' && !error.upstreamStatus ? 'caller' : error.upstreamStatus ? 'upstream' : 'gateway'
  settled(record, undefined, runtime)
  const shown: Record<string, string> = { 'content-type': 'application/json', ...headers }
  disclose(call, record, shown)
  if (error.upstreamStatus !== undefined) shown['x-trunkline-upstream-status'] = String(error.upstreamStatus)
  return { status, headers: shown, body: JSON.stringify(body) }
}

/** Adds the headers that say what the gateway did. */
function disclose(call: Call, record: CallRecord, headers: Record<string, string>): void {
  headers['x-request-id'] = call.id
  if (call.dialect.id === 'anthropic-messages') headers['request-id'] = call.id
  if (record.endpoint !== undefined) headers['x-trunkline-endpoint'] = ascii(record.endpoint)
  if (record.upstreamModel !== undefined) headers['x-trunkline-model'] = ascii(record.upstreamModel)
  if (record.attempts > 0) headers['x-trunkline-attempts'] = String(record.attempts)
  if (record.fallback !== undefined) headers['x-trunkline-fallback'] = ascii(record.fallback)
  if (record.waits.length > 0) discloseQueue(record.waits, headers)
  if (record.notes.length > 0) headers['x-trunkline-notes'] = notesHeader(record.notes)
  if (record.overheadMs !== undefined) headers['x-trunkline-overhead-ms'] = String(round(record.overheadMs))
}

/** The place in the queue on arrival, and how long it took. */
function discloseQueue(waits: readonly DecidedWait[], headers: Record<string, string>): void {
  const queued = waits.find(({ why }) => why === 'queue')
  if (queued) headers['x-trunkline-queue'] = `place=${queued.place}; waited=${Math.round(queued.ms)}ms`
}

/** Header values must be visible ASCII; model names need not be. */
function ascii(text: string): string {
  return /^[\x20-\x7e]*$/.test(text)
    ? text
    : text.replace(/[^\x20-\x7e]/g, (char) => encodeURIComponent(char))
}

function settled(record: CallRecord, usage: Usage | undefined, runtime: Runtime): void {
  const { log, counters } = runtime.telemetry
  const ms = runtime.clock.monotonic() - record.startedAt
  if (usage) {
    record.usage = usage
    const cost = costOf(record, usage, runtime)
    if (cost !== undefined) record.costUsd = cost
  }
  record.phase = record.error ? record.phase : 'settle'
  countCall(counters, record, usage, ms)
  runtime.decisions.add(decisionOf(record, ms))
  tell(runtime, (hooks) => hooks.onSettled?.(settledFacts(record, runtime)))
  if (!log.isLevelEnabled('info')) return
  if (!record.error) return runtime.telemetry.callLine(callLine(record, ms))
  const line = { ...(JSON.parse(`{${callLine(record, ms)}}`) as object), reason: record.error.message }
  if (record.error.kind === 'internal') log.error({ ...line, err: record.error.cause }, 'call')
  else if (ERRORS[record.error.kind].whose !== 'caller') log.warn(line, 'call')
  else log.info(line, 'call')
}

/** What the upstream says it cost, else what its prices make it. */
function costOf(record: CallRecord, usage: Usage, runtime: Runtime): number | undefined {
  const provider = runtime.endpoints.get(record.endpoint ?? '')?.config.provider.id
  if (provider === undefined || record.upstreamModel === undefined || record.endpoint === undefined)
    return undefined
  const reported = reportedCostUsd(usage)
  if (reported !== undefined) return reported
  const price = runtime.catalog.price({ provider, endpoint: record.endpoint, model: record.upstreamModel })
  // Sound costs many times what text does: without its price the cost of a session is not known.
  const sound = record.operation === 'realtime' && (usage.audioInput ?? usage.audioOutput ?? 0) > 0
  if (sound && (price?.audioInput === undefined || price.audioOutput === undefined)) return undefined
  return price && costUsd(usage, price)
}

/** Never in exponents, which a spreadsheet reads as text. */
function decimal(value: number): string {
  return value.toFixed(12).replace(/\.?0+$/, '')
}

/** Members of the call's log line. Written by hand: one line a call through a general logger costs a tenth of a relay. */
function callLine(record: CallRecord, ms: number): string {
  const { usage } = record
  let line = `"id":"${record.id}","op":"${record.operation}","dialect":"${record.dialect}"`
  if (record.model !== undefined) line += `,"model":${JSON.stringify(record.model)}`
  if (record.endpoint !== undefined) line += `,"endpoint":${JSON.stringify(record.endpoint)}`
  if (record.upstreamModel !== undefined) line += `,"upstream_model":${JSON.stringify(record.upstreamModel)}`
  if (record.path !== undefined) line += `,"path":"${record.path}"`
  line += `,"stream":${record.stream},"status":${record.status},"ms":${round(ms)}`
  if (record.firstByteMs !== undefined) line += `,"first_byte_ms":${round(record.firstByteMs)}`
  line += `,"attempts":${record.attempts}`
  if (record.fallback !== undefined) line += `,"fallback":${JSON.stringify(record.fallback)}`
  const pick = record.picks[0]
  if (pick && pick.candidates.length > 1) {
    line += `,"route":${JSON.stringify(pick.route)},"strategy":"${pick.strategy}"`
    if (pick.because !== undefined) line += `,"because":${JSON.stringify(pick.because)}`
    const refused = pick.candidates.reduce((sum, row) => (row.refused === undefined ? sum : sum + 1), 0)
    if (refused > 0) line += `,"refused":${refused}`
  }
  if (record.waits.length > 0)
    line += `,"waited_ms":${round(record.waits.reduce((sum, wait) => sum + wait.ms, 0))}`
  if (usage?.input !== undefined) line += `,"input":${usage.input}`
  if (usage?.output !== undefined) line += `,"output":${usage.output}`
  if (record.costUsd !== undefined) line += `,"cost_usd":${decimal(record.costUsd)}`
  if (record.notes.length > 0) line += `,"notes":${record.notes.length}`
  line += `,"ended_by":"${record.endedBy}","phase":"${record.phase}"`
  if (record.error) line += `,"error":"${record.error.kind}"`
  return line
}

/** What is kept of a call once it is over. Plain assignments: a spread per optional member costs microseconds here. */
function decisionOf(record: CallRecord, ms: number): Decision {
  const { error, usage, upload } = record
  const kept: Decision = {
    id: record.id,
    at: record.at,
    operation: record.operation,
    dialect: record.dialect,
    stream: record.stream,
    picks: record.picks,
    attempts: record.tries,
    waits: record.waits,
    notes: record.notes,
    ms,
    endedBy: record.endedBy,
    phase: record.phase,
  }
  if (record.model !== undefined) kept.model = record.model
  if (record.route !== undefined) kept.route = record.route
  if (record.endpoint !== undefined) kept.endpoint = record.endpoint
  if (record.upstreamModel !== undefined) kept.upstreamModel = record.upstreamModel
  if (record.path !== undefined) kept.path = record.path
  if (record.status !== undefined) kept.status = record.status
  if (record.fallback !== undefined) kept.fallback = record.fallback
  if (record.firstByteMs !== undefined) kept.firstByteMs = record.firstByteMs
  if (record.overheadMs !== undefined) kept.overheadMs = record.overheadMs
  if (upload)
    kept.upload = { bytes: upload.bytes, heldBytes: upload.mostHeldBytes, repeatable: !upload.spent }
  if (usage?.input !== undefined) kept.input = usage.input
  if (usage?.output !== undefined) kept.output = usage.output
  if (record.costUsd !== undefined) kept.costUsd = record.costUsd
  // The upstream's words may be long; the ring is bounded in bytes as well.
  if (error) kept.error = { kind: error.kind, message: error.message.slice(0, 500) }
  return kept
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
