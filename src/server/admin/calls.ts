// /api/v1/calls: what is under way, what became of the latest calls and why, and the tail of it as an event stream.

import { GatewayError } from '../../core/error.ts'
import type { Decision } from '../../gateway/decisions.ts'
import type { LiveCall } from '../live-calls.ts'
import { type AdminCall, type AdminRoute, route } from './admin-route.ts'
import * as schemas from './schemas.ts'
import { iso } from './view.ts'

const LIMIT = { usual: 100, top: 1_000 }
/** A tail that nobody reads is let go rather than gathered in memory. */
const TAIL_BUFFER_BYTES = 1024 * 1024
const TAIL_BEAT_MS = 15_000

function callRow(decision: Decision): schemas.CallRow {
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

function liveRow(call: LiveCall, now: number): schemas.CallRow {
  return {
    id: call.id,
    at: iso(call.at) as string,
    state: 'under_way',
    operation: call.operation,
    dialect: call.dialect,
    model: null,
    route: null,
    endpoint: null,
    upstream_model: null,
    stream: false,
    status: null,
    ms: now - call.at,
    first_byte_ms: null,
    overhead_ms: null,
    attempts: 0,
    fallback: null,
    input: null,
    output: null,
    notes: 0,
    ended_by: null,
    error: null,
  }
}

function callDetail(decision: Decision): schemas.CallDetail {
  return {
    ...callRow(decision),
    path: decision.path ?? null,
    phase: decision.phase,
    picks: decision.picks.map((pick) => ({
      route: pick.route,
      strategy: pick.strategy,
      because: pick.because ?? null,
      order: pick.order,
      candidates: pick.candidates.map((row) => ({
        endpoint: row.endpoint,
        model: row.model,
        score: row.score ?? null,
        refused: row.refused ?? null,
      })),
    })),
    tries: decision.attempts.map((row) => ({
      endpoint: row.endpoint,
      model: row.model,
      reason: row.reason,
      started_ms: row.startedMs,
      ms: row.ms ?? null,
      first_byte_ms: row.firstByteMs ?? null,
      phase: row.phase,
      status: row.status ?? null,
      outcome: row.outcome ?? null,
      message: row.message ?? null,
    })),
    waits: decision.waits.map((row) => ({ why: row.why, ms: row.ms, place: row.place ?? null })),
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

/** `?model=`, `?endpoint=` and `?status=` (a number, `ok`, or `failed`) narrow the list and the tail alike. */
function wanted(query: URLSearchParams): (row: schemas.CallRow) => boolean {
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

function limitOf(query: URLSearchParams): number {
  const given = Number(query.get('limit') ?? LIMIT.usual)
  return Number.isInteger(given) && given > 0 ? Math.min(given, LIMIT.top) : LIMIT.usual
}

/** Calls as they end, one `data:` line each; a beat of comments keeps proxies from closing it. */
function tail({ context, control, query }: AdminCall<unknown>): undefined {
  const { response } = context
  const keep = wanted(query)
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-request-id': context.id,
  })
  response.write(': calls as they end\n\n')
  const send = (text: string): void => {
    if (response.writableLength > TAIL_BUFFER_BYTES) response.destroy()
    else response.write(text)
  }
  const stop = control.gateway.runtime.decisions.subscribe((decision) => {
    const row = callRow(decision)
    if (keep(row)) send(`event: call\nid: ${row.id}\ndata: ${JSON.stringify(row)}\n\n`)
  })
  const beat = setInterval(() => send(': beat\n\n'), TAIL_BEAT_MS)
  beat.unref()
  response.once('close', () => {
    clearInterval(beat)
    stop()
  })
  return undefined
}

const filters = {
  model: 'only this name',
  endpoint: 'only this endpoint',
  status: 'a status, "ok" or "failed"',
}

export const callRoutes: readonly AdminRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/calls',
    id: 'call_list',
    tag: 'calls',
    summary: 'Calls under way, then the latest ones, newest first',
    query: { ...filters, limit: `at most this many (${LIMIT.usual}, up to ${LIMIT.top})` },
    answer: schemas.callList,
    handler({ control, live, query }) {
      const now = control.clock.now()
      const keep = wanted(query)
      const limit = limitOf(query)
      const done = control.gateway.runtime.decisions.recent(LIMIT.top).map(callRow).filter(keep)
      const running = live.list().map((call) => liveRow(call, now))
      return { body: { object: 'list', data: [...running, ...done.slice(0, limit)], under_way: live.count } }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/calls/stream',
    id: 'call_tail',
    tag: 'calls',
    summary: 'The tail: one event per call as it ends',
    query: filters,
    answer: schemas.callRow,
    stream: true,
    handler: tail,
  }),
  route({
    method: 'GET',
    path: '/api/v1/calls/{id}',
    id: 'call_get',
    tag: 'calls',
    summary: 'One call: what was decided, tried and waited for, and what was lost in translation',
    answer: schemas.callDetail,
    handler({ control, params }) {
      const decision = control.gateway.runtime.decisions.byId(params.id as string)
      if (!decision)
        throw new GatewayError('not_found', `no call "${params.id}" is remembered; the latest thousand are`, {
          param: 'id',
        })
      return { body: callDetail(decision) }
    },
  }),
]
