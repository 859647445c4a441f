// The life of a call: the table of contents of the product. The order is fixed and visible.

import { GatewayError, normalise } from '../core/error.ts'
import type { Answer } from './answer.ts'
import { attempts } from './attempts.ts'
import { type Lease, admit } from './admit.ts'
import type { Call, Reply, WholeReply } from './call.ts'
import { deliver, deliverSession, refuse } from './deliver.ts'
import { earlyReply } from './early-reply.ts'
import { identify } from './identify.ts'
import { factsOf, observed, tell } from './hooks.ts'
import { anyModel, formType, isPassed, readForm } from './passed.ts'
import { type ReadRequest, read } from './read.ts'
import type { CallRecord } from './record.ts'
import type { Route } from './route-table.ts'
import type { Runtime } from './runtime.ts'
import type { RealtimeCall, RealtimeReply } from './realtime-session.ts'
import { pinned, resumed } from './stored-responses.ts'
import { warmedUp } from './warm-up.ts'

export function handle(call: Call, runtime: Runtime): Promise<Reply> {
  const record = begin(call, runtime)
  const reply = serve(call, runtime, record)
  // Model, stream and route are known by now: `serve` has run up to its first wait.
  const afterMs = record.stream ? runtime.routes.known(record.route ?? '')?.keepAliveAfterMs : undefined
  return afterMs === undefined ? reply : earlyReply(reply, afterMs, call, record, runtime)
}

/** Opens a realtime session; the caller is let in once the upstream has let us. */
export async function open(call: RealtimeCall, runtime: Runtime): Promise<RealtimeReply | WholeReply> {
  const record = begin(call, runtime)
  const lease: { held?: Lease } = {}
  try {
    const answer = await answered(call, runtime, record, lease)
    if (answer.kind === 'session' && lease.held)
      return deliverSession(answer, call, record, lease.held, runtime)
    throw new GatewayError('internal', 'the answer to a session is no session')
  } catch (thrown) {
    lease.held?.release()
    return refuse(normalise(thrown), call, record, runtime)
  }
}

async function serve(call: Call, runtime: Runtime, record: CallRecord): Promise<Reply> {
  const lease: { held?: Lease } = {}
  try {
    const answer = await answered(call, runtime, record, lease)
    if (answer.kind === 'session' || !lease.held)
      throw new GatewayError('internal', 'the answer to a call is a session')
    return observed(deliver(answer, call, record, lease.held, runtime), call, record, runtime)
  } catch (thrown) {
    lease.held?.release()
    return refuse(normalise(thrown), call, record, runtime)
  }
}

/** @param lease gets what the caller was admitted with; to be settled or released by whoever asks. */
async function answered(
  call: Call,
  runtime: Runtime,
  record: CallRecord,
  lease: { held?: Lease },
): Promise<Answer> {
  identify(call, runtime) //                                              401
  const request = requestOf(call, runtime) //          400
  record.model = request.model
  record.stream = request.stream
  tell(runtime, (hooks) => hooks.onRequest?.(factsOf(record)))
  const route = runtime.routes.match(request.model) //                    404
  record.route = route.name
  if (call.dialect.id === 'openai-responses') await resume(call, request, runtime) // 400 a response that is gone
  lease.held = await admit(call, runtime, record) //                      429   reserves the caller's rate
  guard(call, request) //                                                 400   content policy
  if (call.socket?.warmUp === true) return warmedUp(call, request, runtime)
  return cached(route, () => attempts(call, request, pinned(route, request, runtime), runtime, record)) // 502 503 504
}

function requestOf(call: Call, runtime: Runtime): ReadRequest {
  const form = formType(call)
  const { defaultModel } = runtime.config
  const request = form === undefined ? read(call, defaultModel) : readForm(call, form, defaultModel)
  // Moderations and images may leave the model to the host: any endpoint that has the operation will do.
  return isPassed(call.operation) && request.sentModel === undefined
    ? { ...request, model: anyModel(call.operation, runtime.config) }
    : request
}

async function resume(call: Call, request: ReadRequest, runtime: Runtime): Promise<void> {
  const from = await resumed(call, request, runtime)
  if (from) request.resumed = from
}

/** No guardrail is configured yet: every request passes. */
function guard(_call: Call, _request: ReadRequest): void {}

/** No cache is configured yet: every call goes to its deployment. */
function cached(_route: Route, ask: () => Promise<Answer>): Promise<Answer> {
  return ask()
}

/** The record of a call that has just come. */
export function begin(call: Call, runtime: Runtime): CallRecord {
  const record: CallRecord = {
    id: call.id,
    operation: call.operation,
    dialect: call.dialect.id,
    ...(call.upload ? { upload: call.upload } : {}),
    attempts: 0,
    stream: false,
    notes: [],
    picks: [],
    tries: [],
    waits: [],
    at: runtime.clock.now(),
    endedBy: 'upstream',
    phase: 'admit',
    startedAt: runtime.clock.monotonic(),
  }
  if (call.live) call.live.record = record
  return record
}
