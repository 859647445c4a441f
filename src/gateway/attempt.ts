// One try at one deployment: relay where both sides speak the same dialect, translate where they do not, the built-in
// demo where the endpoint is that. Ends at the commit point: what it returns is good, what it throws may move on.

import { modelFacts } from '../catalog/index.ts'
import type { AnswerContext, GenerationDialect, Metered, Quirks } from '../core/dialect.ts'
import { GatewayError, normalise } from '../core/error.ts'
import type { GenerationRequest } from '../core/request.ts'
import { PACKED } from '../core/seal.ts'
import { type Spoken, quirksOf } from '../providers/provider.ts'
import { headroomOf } from '../routing/rate-headers.ts'
import { type Exchange, send } from '../upstream/send.ts'
import { forgetToken, signed } from '../upstream/signer.ts'
import { unwrapChunks } from '../upstream/unwrap.ts'
import { isStreamType } from '../wire/frames.ts'
import { type Answer, answerOf } from './answer.ts'
import { askShaped, isPlain } from './ask-shaped.ts'
import type { Call } from './call.ts'
import { withUpstreamCallIds } from './call-ids.ts'
import { compacted, compaction, refuseSealedHistory } from './compact.ts'
import { countAnswer, countTokensLocally } from './count-tokens.ts'
import { countUpstream } from './count-upstream.ts'
import { callerOf } from './identify.ts'
import { demoAnswerFor } from './demo/serve.ts'
import { factsOf, tell } from './hooks.ts'
import { paceGuard } from './pace-guard.ts'
import type { ReadRequest } from './read.ts'
import type { CallRecord } from './record.ts'
import { refused } from './refused.ts'
import type { Deployment } from './route-table.ts'
import type { EndpointState, Runtime } from './runtime.ts'
import { THINKING_REFUSED, isBoundElsewhere, withoutReasoning } from './seals.ts'
import { type Keeping, keeping, keptBySocket, speaking, unfolded } from './stored-responses.ts'
import { openSession } from './open-session.ts'
import { isRealtime } from './realtime-session.ts'
import { type Prepared, relayRequest, translateRequest } from './upstream-request.ts'

/** One try; ends at the commit point. @throws GatewayError what may move on to the next deployment. */
export async function attempt(
  call: Call,
  read: ReadRequest,
  deployment: Deployment,
  runtime: Runtime,
  record: CallRecord,
): Promise<Answer> {
  if (!runtime.hooks?.onAttempt) return tryOnce(call, read, deployment, runtime, record)
  const startedAt = runtime.clock.monotonic()
  const ended = (error?: GatewayError): void =>
    tell(runtime, (hooks) =>
      hooks.onAttempt?.({
        ...factsOf(record),
        endpoint: deployment.endpoint.id,
        upstreamModel: deployment.model,
        attempt: record.attempts,
        ms: runtime.clock.monotonic() - startedAt,
        ...(error ? { error } : {}),
      }),
    )
  try {
    const answer = await tryOnce(call, read, deployment, runtime, record)
    ended()
    return answer
  } catch (thrown) {
    ended(normalise(thrown))
    throw thrown
  }
}

async function tryOnce(
  arrived: Call,
  given: ReadRequest,
  deployment: Deployment,
  runtime: Runtime,
  record: CallRecord,
  /** What a second try of the same attempt goes without. */
  again?: 'a member' | 'thinking',
): Promise<Answer> {
  const { endpoint } = deployment
  const { provider } = endpoint
  if (isRealtime(arrived))
    return openSession(arrived, deployment, stateOf(endpoint.id, record, runtime), runtime, record)
  const asked = needsWhole(arrived, deployment) ? await whole(arrived, deployment, runtime) : arrived
  const spoken = speaking(asked, given, provider, deployment.model)
  // Who keeps the caller's responses: the upstream, where it speaks their dialect and does, else the gateway.
  const own = spoken?.dialect === asked.dialect.id
  const keeps = own && spoken?.stateless !== true && !keptBySocket(asked, given)
  const { call, read } =
    asked.dialect.id === 'openai-responses'
      ? await unfolded(asked, given, keeps, own, runtime)
      : { call: asked, read: given }
  if (call.operation === 'compact' && (spoken?.compactPath === undefined || call.body.includes(PACKED))) {
    const shorter = compaction(call)
    if (runtime.config.server.strict && shorter.notes.length > 0) throw refuseLoss(shorter)
    const answer = await tryOnce(shorter.call, shorter.read, deployment, runtime, record, again)
    const whole = compacted(answer, shorter)
    record.notes = [...record.notes, ...shorter.notes]
    return whole
  }
  const context = contextOf(call, read, runtime, record)
  const store = keeping(asked, given, deployment, runtime)
  if (store)
    context.keep = (answer) =>
      kept(store, keeps, { ...NOTHING, answer, ...(typeof answer.id === 'string' ? { id: answer.id } : {}) })
  if (provider.id === 'demo') {
    record.path = 'demo'
    return demoAnswerFor(call, read, runtime, context)
  }
  const spoke = spoken?.dialect === call.dialect.id
  const quirks = runtime.learned.onTop(quirksOf(provider, spoken), `${endpoint.id}/${deployment.model}`)
  // State that we packed for the caller is taken out, and put back where it belongs, in the canonical form.
  const decoded = call.operation === 'chat' || call.operation === 'count_tokens'
  const same =
    spoke &&
    !(decoded && call.body.includes(PACKED)) &&
    !(call.operation === 'chat' && mustRewrite(call, read, deployment.model, quirks))
  if (call.operation === 'count_tokens' && spoken?.countPath === undefined)
    return countTokensLocally(call, read)

  const relayed = same || call.operation !== 'chat'
  const upstream = upstreamDialect(call, deployment, spoken, runtime)
  record.path = relayed ? 'relay' : 'translate'
  const state = stateOf(endpoint.id, record, runtime)
  const shape = isPlain(call.operation) ? provider.shapes?.[call.operation] : undefined
  if (shape) return askShaped(shape, { call, read, deployment, state, upstream, runtime, record })
  if (call.operation === 'count_tokens' && spoken && !same) {
    record.path = 'translate'
    const target = { deployment, spoken, upstream, quirks: quirksOf(provider, spoken), state }
    const tokens = await countUpstream(call, read, target, runtime)
    return tokens === undefined ? countTokensLocally(call, read) : countAnswer(call, tokens)
  }
  const sealTarget = {
    account: endpoint.id,
    model: deployment.model,
    dialect: upstream.seals ?? upstream.id,
    caller: callerOf(call),
  }
  let request: GenerationRequest | undefined
  let prepared: Prepared
  if (relayed) prepared = relayRequest(call, read, deployment, state, spoken, quirks)
  else {
    if (call.dialect.id === 'openai-responses') refuseSealedHistory(read, upstream)
    const canonical = call.dialect.request.decode({ ...read.json(), model: deployment.model })
    const recalled = runtime.seals.recall(canonical, sealTarget)
    const said = again === 'thinking' ? withoutReasoning(recalled.request) : recalled.request
    request = said
    context.request = said
    const entry = runtime.catalog.find({
      provider: provider.id,
      endpoint: endpoint.id,
      model: deployment.model,
    })
    const target = {
      model: deployment.model,
      quirks,
      facts: modelFacts(upstream.id, deployment.model, entry),
    }
    const restored = withUpstreamCallIds(said, endpoint.id)
    prepared = translateRequest(call, restored, deployment, state, spoken as Spoken, upstream, target)
    prepared.notes.unshift(...recalled.notes)
    if (again === 'thinking') prepared.notes.unshift(THINKING_REFUSED)
  }
  record.notes = prepared.notes
  if (runtime.config.server.strict && prepared.notes.length > 0) throw refuseLoss(prepared)

  if (state.sign) Object.assign(prepared.request.headers, await state.sign(prepared.request))
  if (endpoint.access) prepared.request = await signed(endpoint, runtime.clock, prepared.request)
  record.overheadMs = runtime.clock.monotonic() - record.startedAt
  record.phase = 'connect'
  const { minTokensPerSecond } = runtime.routes.known(record.route ?? '')?.config ?? {}
  const ask = (): Promise<Exchange> =>
    send({
      dispatcher: runtime.pools.get(endpoint),
      endpoint,
      request: prepared.request,
      clock: runtime.clock,
      cancel: call.cancel,
    })
  let sent = await ask()
  if (
    sent.status === 401 &&
    endpoint.access &&
    endpoint.access.type !== 'aws' &&
    call.upload?.spent !== true
  ) {
    // A token may be withdrawn before its time: one more try with a new one.
    sent.abort()
    forgetToken(endpoint)
    prepared.request = await signed(endpoint, runtime.clock, prepared.request)
    sent = await ask()
  }
  let exchange =
    minTokensPerSecond === undefined ? sent : paceGuard(sent, minTokensPerSecond, endpoint.id, runtime.clock)
  record.upstreamStatus = exchange.status
  record.phase = 'firstByte'
  const headroom = headroomOf(exchange.headers, runtime.clock.now())
  if (headroom) deployment.vitals.headroom = headroom
  if (
    call.operation === 'count_tokens' &&
    spoken?.carrier?.count &&
    (exchange.status === 400 || exchange.status === 404)
  ) {
    // Many models behind a cloud count nothing; a client must not stop working for that.
    exchange.abort()
    return countTokensLocally(call, read)
  }
  if (exchange.status < 200 || exchange.status > 299) {
    const error = await refused(exchange, upstream, deployment, record, runtime.clock.now())
    // A member this host turns out not to take: once more without it, and not again today.
    const key = `${endpoint.id}/${deployment.model}`
    const { body } = prepared.request
    const known = typeof body === 'string' || Buffer.isBuffer(body) ? body : undefined
    if (!again && call.operation === 'chat' && runtime.learned.from(error, key, known))
      return tryOnce(call, read, deployment, runtime, record, 'a member')
    // Thinking bound to a conversation that the vendor no longer takes for this one. Its own clients recover themselves;
    // another dialect's have never heard of it.
    if (!again && request && call.dialect.id !== upstream.id && isBoundElsewhere(error))
      return tryOnce(call, read, deployment, runtime, record, 'thinking')
    throw error
  }
  if (spoken?.carrier?.stream && isStreamType(exchange.headers['content-type'] ?? '', 'aws-event-stream'))
    exchange = unwrapChunks(exchange)

  return answerOf(exchange, {
    call,
    read,
    relayed,
    spoken,
    upstream,
    quirks,
    context,
    request,
    hideUsage: prepared.hideUsage,
    kept: store && ((found) => kept(store, keeps, found)),
    sealTarget,
    endpointId: endpoint.id,
    runtime,
    record,
  })
}

/** Of the credential whose turn it is, where there are several. */
function stateOf(endpoint: string, { credential }: CallRecord, runtime: Runtime): EndpointState {
  const base = runtime.endpoints.get(endpoint)
  const state = (credential === undefined ? undefined : base?.credentials?.states[credential]) ?? base
  if (!state) throw new GatewayError('internal', `endpoint "${endpoint}" has no state`)
  return state
}

/** A signature covers the whole body, and a host's own shape is made of it. */
function needsWhole({ upload, operation }: Call, { endpoint }: Deployment): boolean {
  if (!upload) return false
  return (
    endpoint.access?.type === 'aws' ||
    (isPlain(operation) && endpoint.provider.shapes?.[operation] !== undefined)
  )
}

async function whole({ upload, ...call }: Call, { endpoint }: Deployment, runtime: Runtime): Promise<Call> {
  const why = `endpoint "${endpoint.id}" (${endpoint.provider.title}) takes a form only whole,`
  const body = await upload?.whole(call.body, runtime.config.server.maxBodyBytes, why)
  return { ...call, body: body ?? call.body }
}

/** Both sides speak the same dialect, but what this host answers is not quite of it. */
function mustRewrite(call: Call, { stream, member }: ReadRequest, model: string, quirks: Quirks): boolean {
  const { rewrites } = call.dialect.request
  if (!rewrites) return false
  return rewrites({ model, quirks }, { stream, member, holds: (text) => call.body.includes(text) })
}

const NOTHING: Metered = { finish: [], terminal: true }

/** An answer, as far as it is known: its id as soon as there is one, the whole of it at its end. */
function kept(store: Keeping, keeps: boolean, { id, answer }: Metered): void {
  if (keeps && id !== undefined) store.pin(id)
  else if (!keeps && answer) store.keep(answer)
}

/** The codec of what the upstream will say. Plain operations speak OpenAI's shapes. @throws `unsupported_operation`. */
function upstreamDialect(
  call: Call,
  { endpoint, model }: Deployment,
  spoken: Spoken | undefined,
  runtime: Runtime,
): GenerationDialect {
  if (!spoken && call.operation === 'chat')
    throw new GatewayError(
      'unsupported_operation',
      `the model "${model}" is served by "${endpoint.id}" (${endpoint.provider.title}), which has no ${call.operation} operation`,
      { endpoint: endpoint.id, param: 'model' },
    )
  const id = spoken?.dialect ?? 'openai-chat'
  const found = runtime.dialects.get(id)
  if (!found) throw new GatewayError('internal', `no codec for dialect "${id}"`)
  return found
}

function contextOf(call: Call, read: ReadRequest, runtime: Runtime, record: CallRecord): AnswerContext {
  return {
    model: record.route ?? read.model,
    id: call.id,
    created: Math.floor(runtime.clock.now() / 1000),
    includeUsage: read.includeUsage,
  }
}

function refuseLoss(prepared: Pick<Prepared, 'notes'>): GatewayError {
  const lost = prepared.notes.map((note) => `${note.field} (${note.action}: ${note.why})`).join('; ')
  return new GatewayError('invalid_request', `strict mode refuses to lose: ${lost}`, {
    param: prepared.notes[0]?.field ?? null,
  })
}
