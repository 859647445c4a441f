// Calls as the admin API shows them: from a decision record, or from what is known of a call under way.

import type { Decision } from '../../gateway/decisions.ts'
import type { CallDetail, CallRow } from '../admin/schemas.ts'
import type { LiveCall } from '../live-calls.ts'

export const LIMIT = { usual: 100, top: 1_000 }

export function callRow(decision: Decision): CallRow {
  return {
    id: decision.id,
    at: new Date(decision.at).toISOString(),
    state: 'done',
    operation: decision.operation,
    dialect: decision.dialect,
    model: decision.model ?? null,
    route: decision.route ?? null,
    endpoint: decision.endpoint ?? null,
    upstream_model: decision.upstreamModel ?? null,
    stream: decision.stream,
    status: decision.status ?? null,
    ms: decision.ms,
    first_byte_ms: decision.firstByteMs ?? null,
    overhead_ms: decision.overheadMs ?? null,
    attempts: decision.attempts.length,
    fallback: decision.fallback ?? null,
    input: decision.input ?? null,
    output: decision.output ?? null,
    notes: decision.notes.length,
    ended_by: decision.endedBy,
    error: decision.error ?? null,
  }
}

/** What is known of it so far. */
export function liveRow({ id, at, operation, dialect, record }: LiveCall, now: number): CallRow {
  const attempt = record?.tries.at(-1)
  return {
    id,
    at: new Date(at).toISOString(),
    state: 'under_way',
    operation,
    dialect,
    model: record?.model ?? null,
    route: record?.route ?? null,
    // Of a hedged call the record says nothing before one has won.
    endpoint: record?.endpoint ?? attempt?.endpoint ?? null,
    upstream_model: record?.upstreamModel ?? attempt?.model ?? null,
    stream: record?.stream ?? false,
    status: null,
    ms: now - at,
    first_byte_ms: record?.firstByteMs ?? null,
    overhead_ms: record?.overheadMs ?? null,
    attempts: record?.tries.length ?? 0,
    fallback: record?.fallback ?? null,
    input: null,
    output: null,
    notes: record?.notes.length ?? 0,
    ended_by: null,
    error: null,
  }
}

export function callDetail(decision: Decision): CallDetail {
  return detail(callRow(decision), decision)
}

/** What is known of a call under way; undefined: nothing yet. */
export function liveDetail(call: LiveCall, now: number): CallDetail | undefined {
  const { record } = call
  if (!record) return undefined
  const { tries: attempts, upload, ...rest } = record
  return detail(liveRow(call, now), {
    ...rest,
    attempts,
    ...(upload
      ? { upload: { bytes: upload.bytes, heldBytes: upload.mostHeldBytes, repeatable: !upload.spent } }
      : {}),
  })
}

type Story = Pick<Decision, 'path' | 'phase' | 'picks' | 'attempts' | 'waits' | 'notes' | 'upload'>

function detail(row: CallRow, decision: Story): CallDetail {
  return {
    ...row,
    path: decision.path ?? null,
    phase: decision.phase,
    picks: decision.picks.map((pick) => ({
      route: pick.route,
      strategy: pick.strategy,
      because: pick.because ?? null,
      order: pick.order,
      candidates: pick.candidates.map((one) => ({
        endpoint: one.endpoint,
        model: one.model,
        score: one.score ?? null,
        refused: one.refused ?? null,
      })),
    })),
    tries: decision.attempts.map((tried) => ({
      endpoint: tried.endpoint,
      model: tried.model,
      reason: tried.reason,
      started_ms: tried.startedMs,
      ms: tried.ms ?? null,
      first_byte_ms: tried.firstByteMs ?? null,
      phase: tried.phase,
      status: tried.status ?? null,
      outcome: tried.outcome ?? null,
      message: tried.message ?? null,
    })),
    waits: decision.waits.map((wait) => ({ why: wait.why, ms: wait.ms, place: wait.place ?? null })),
    note_list: decision.notes.map((note) => ({ field: note.field, action: note.action, why: note.why })),
    upload: decision.upload
      ? {
          bytes: decision.upload.bytes,
          held_bytes: decision.upload.heldBytes,
          repeatable: decision.upload.repeatable,
        }
      : null,
  }
}

/** What is not known yet may be what is looked for; a status it has none. */
export function maybeWanted(query: URLSearchParams): (row: CallRow) => boolean {
  const [model, endpoint] = [query.get('model'), query.get('endpoint')]
  return (row) =>
    (model === null || row.model === null || row.model === model) &&
    (endpoint === null || row.endpoint === null || row.endpoint === endpoint)
}

/** `?model=`, `?endpoint=` and `?status=` (a number, `ok`, or `failed`) narrow the list and the tail alike. */
export function wanted(query: URLSearchParams): (row: CallRow) => boolean {
  const [model, endpoint, status] = ['model', 'endpoint', 'status'].map((name) => query.get(name))
  return (row) =>
    (model === null || model === undefined || row.model === model) &&
    (endpoint === null || endpoint === undefined || row.endpoint === endpoint) &&
    (status === null ||
      status === undefined ||
      (status === 'failed'
        ? row.error !== null
        : status === 'ok'
          ? row.error === null
          : String(row.status) === status))
}

export function limitOf(query: URLSearchParams): number {
  const given = Number(query.get('limit') ?? LIMIT.usual)
  return Number.isInteger(given) && given > 0 ? Math.min(given, LIMIT.top) : LIMIT.usual
}
