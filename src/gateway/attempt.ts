// One try at one deployment: relay where both sides speak the same dialect, translate where they do not, the built-in
// demo where the endpoint is that. Ends at the commit point: what it returns is good, what it throws may move on.

import { STREAM_TYPE, isStreamType } from '../wire/frames.ts'
import { modelFacts } from '../catalog/index.ts'
import type { AnswerContext, GenerationDialect, Metered } from '../core/dialect.ts'
import { GatewayError, normalise } from '../core/error.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { replay } from '../core/collect.ts'
import { PACKED } from '../core/seal.ts'
import type { StreamEvent } from '../core/event.ts'
import type { GenerationRequest } from '../core/request.ts'
import type { Usage } from '../core/usage.ts'
import { rerankTokens } from '../providers/shapes/reranks.ts'
import { type Spoken, quirksOf } from '../providers/provider.ts'
import { headroomOf } from '../routing/rate-headers.ts'
import { retryAfterMs } from '../routing/retry-after.ts'
import { type Exchange, collectBody, send } from '../upstream/send.ts'
import { forgetToken, signed } from '../upstream/signer.ts'
import { unwrapChunks } from '../upstream/unwrap.ts'
import type { Call } from './call.ts'
import { customCalls } from './custom-calls.ts'
import { demoAnswerFor } from './demo/serve.ts'
import { embeddingsAnswer } from './embeddings.ts'
import { factsOf, tell } from './hooks.ts'
import { type LiveStream, eventStream, relayStream, translateStream } from './pump.ts'
import { paceGuard } from './pace-guard.ts'
import { isPassed, passedAnswer } from './passed.ts'
import type { ReadRequest } from './read.ts'
import type { CallRecord } from './record.ts'
import type { Deployment } from './route-table.ts'
import type { Runtime } from './runtime.ts'
import { issuesSeals, watchParts } from './seals.ts'
import { toolNames } from '../core/tool-names.ts'
import { jsonOf, publicError, shapedAnswer } from './shaped.ts'
import { type Keeping, keeping, speaking, unfolded } from './stored-responses.ts'
import { countAnswer, countTokensLocally } from './count-tokens.ts'
import { countUpstream } from './count-upstream.ts'
import { type Prepared, plainRequest, relayRequest, translateRequest } from './upstream-request.ts'

export type Answer =
  | { kind: 'whole'; body: Buffer | string; headers: Record<string, string>; usage?: Usage }
  | { kind: 'stream'; live: LiveStream; headers: Record<string, string> }

const ANSWER_CAP = 64 * 1024 * 1024
const ERROR_CAP = 1024 * 1024

/** Upstream headers a caller of any dialect may see. */
const SHOWN =
  /^(x-ratelimit-|anthropic-ratelimit-|retry-after|request-id$|openai-processing-ms$|openai-version$)/

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
  asked: Call,
  given: ReadRequest,
  deployment: Deployment,
  runtime: Runtime,
  record: CallRecord,
  again = false,
): Promise<Answer> {
  const { endpoint } = deployment
  const { provider } = endpoint
  const spoken = speaking(asked, given, provider, deployment.model)
  // Who keeps the caller's responses: the upstream, where it speaks their dialect and does, else the gateway.
  const own = spoken?.dialect === asked.dialect.id
  const keeps = own && spoken?.stateless !== true
  const { call, read } =
    asked.dialect.id === 'openai-responses'
      ? await unfolded(asked, given, keeps, own, runtime)
      : { call: asked, read: given }
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
  // State that we packed for the caller is taken out, and put back where it belongs, in the canonical form.
  const same = spoke && !(call.operation === 'chat' && call.body.includes(PACKED))
  if (call.operation === 'count_tokens' && spoken?.countPath === undefined)
    return countTokensLocally(call, read)

  const relayed = same || call.operation !== 'chat'
  const upstream = upstreamDialect(call, deployment, spoken, runtime)
  record.path = relayed ? 'relay' : 'translate'
  const base = runtime.endpoints.get(endpoint.id)
  const state =
    (record.credential === undefined ? undefined : base?.credentials?.states[record.credential]) ?? base
  if (!state) throw new GatewayError('internal', `endpoint "${endpoint.id}" has no state`)
  const shape = isPlain(call.operation) ? provider.shapes?.[call.operation] : undefined
  if (shape) {
    record.path = 'translate'
    record.phase = 'connect'
    const whole = await shapedAnswer(shape, read.json(), deployment, async (wire) => {
      const request = await signed(endpoint, runtime.clock, plainRequest(call, deployment, state, wire))
      const { clock, pools } = runtime
      const one = await send({
        dispatcher: pools.get(endpoint),
        endpoint,
        request,
        clock,
        cancel: call.cancel,
      })
      record.upstreamStatus = one.status
      record.phase = 'firstByte'
      if (one.status < 200 || one.status > 299)
        throw publicError(await refused(one, upstream, deployment, record, clock.now()))
      return { body: jsonOf(await collectBody(one, ANSWER_CAP), endpoint.id), headers: one.headers }
    })
    record.firstByteMs = runtime.clock.monotonic() - record.startedAt
    return plainAnswer(whole, read, call.operation)
  }
  if (call.operation === 'count_tokens' && spoken && !same) {
    record.path = 'translate'
    const target = { deployment, spoken, upstream, quirks: quirksOf(provider, spoken), state }
    const tokens = await countUpstream(call, read, target, runtime)
    return tokens === undefined ? countTokensLocally(call, read) : countAnswer(call, tokens)
  }
  const sealTarget = { account: endpoint.id, model: deployment.model, dialect: upstream.seals ?? upstream.id }
  let request: GenerationRequest | undefined
  let prepared: Prepared
  const quirks = runtime.learned.onTop(quirksOf(provider, spoken), `${endpoint.id}/${deployment.model}`)
  if (relayed) prepared = relayRequest(call, read, deployment, state, spoken, quirks)
  else {
    const decoded = call.dialect.request.decode({ ...read.json(), model: deployment.model })
    const recalled = runtime.seals.recall(decoded, sealTarget)
    request = recalled.request
    context.request = request
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
    prepared = translateRequest(call, request, deployment, state, spoken as Spoken, upstream, target)
    prepared.notes.unshift(...recalled.notes)
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
  if (sent.status === 401 && endpoint.access && endpoint.access.type !== 'aws') {
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
    if (!again && call.operation === 'chat' && runtime.learned.from(error, key, prepared.request.body))
      return tryOnce(call, read, deployment, runtime, record, true)
    throw error
  }
  if (spoken?.carrier?.stream && isStreamType(exchange.headers['content-type'] ?? '', 'aws-event-stream'))
    exchange = unwrapChunks(exchange)

  const headers: Record<string, string> = {}
  for (const name in exchange.headers) if (SHOWN.test(name)) headers[name] = exchange.headers[name] as string
  if (isPassed(call.operation)) {
    record.firstByteMs = runtime.clock.monotonic() - record.startedAt
    return passedAnswer(exchange, headers, runtime.clock)
  }
  const type = exchange.headers['content-type'] ?? ''
  const streamed = read.stream && call.operation !== 'embeddings' && call.operation !== 'count_tokens'
  if (streamed && isStreamType(type, upstream.framing)) {
    const rename = request && toolNames(request, upstream)
    const watch = !relayed && issuesSeals(upstream) ? runtime.seals.watch(sealTarget) : undefined
    const rewrite = rename && watch ? (event: StreamEvent) => watch(rename(event)) : (rename ?? watch)
    const unwrap = request && customCalls(request)
    const live = relayed
      ? await relayStream({
          exchange,
          clock: runtime.clock,
          dialect: call.dialect,
          quirks,
          requestId: call.id,
          endpoint: endpoint.id,
          hideUsage: prepared.hideUsage,
          ...(store ? { told: (found: Metered) => kept(store, keeps, found) } : {}),
        })
      : await translateStream({
          exchange,
          clock: runtime.clock,
          from: upstream,
          dialect: call.dialect,
          quirks,
          context,
          requestId: call.id,
          ...(rewrite ? { rewrite } : {}),
          ...(unwrap ? { unwrap } : {}),
        })
    record.firstByteMs = runtime.clock.monotonic() - record.startedAt
    record.phase = 'stream'
    headers['content-type'] = STREAM_TYPE[call.dialect.framing]
    return { kind: 'stream', live, headers }
  }

  const body = await collectBody(exchange, ANSWER_CAP)
  record.firstByteMs = runtime.clock.monotonic() - record.startedAt
  const wire = jsonAnswer(body, type, endpoint.id)
  headers['content-type'] = 'application/json'
  if (call.operation === 'embeddings') return embeddingsAnswer(wire, body, read, headers)
  if (call.operation === 'count_tokens') {
    const count = spoken?.carrier?.count
    if (!count) return { kind: 'whole', body, headers }
    const tokens = count.read(wire)
    if (tokens === undefined) return countTokensLocally(call, read)
    return countAnswer(call, tokens)
  }
  if (relayed && !streamed) {
    const found: Metered = upstream.inspect(wire, quirks)
    if (found.error) throw found.error
    if (store) kept(store, keeps, found)
    return { kind: 'whole', body, headers, ...(found.usage ? { usage: found.usage } : {}) }
  }
  const response = upstream.response.decode(wire, quirks)
  const rewrite = request && toolNames(request, upstream)
  if (rewrite)
    for (const choice of response.choices)
      for (const part of choice.parts) if (part.kind === 'tool_call') part.name = rewrite.original(part.name)
  const unwrap = request && customCalls(request)
  if (unwrap)
    for (const choice of response.choices)
      for (const part of choice.parts) if (part.kind === 'tool_call') unwrap.part(part)
  if (issuesSeals(upstream) && response.choices[0])
    watchParts(response.choices[0].parts, runtime.seals.watch(sealTarget))
  if (streamed) {
    const events: StreamEvent[] = []
    replay(response, (event) => events.push(event))
    headers['content-type'] = STREAM_TYPE[call.dialect.framing]
    const { clock } = runtime
    const live = eventStream(events, { clock, dialect: call.dialect, context, usage: response.usage })
    return { kind: 'stream', live, headers }
  }
  const encoded = call.dialect.response.encode(response, context)
  record.notes = [...record.notes, ...encoded.notes]
  return {
    kind: 'whole',
    body: JSON.stringify(encoded.body),
    headers,
    ...(response.usage ? { usage: response.usage } : {}),
  }
}

function isPlain(
  operation: Call['operation'],
): operation is Exclude<Call['operation'], 'chat' | 'count_tokens' | 'compact'> {
  return operation !== 'chat' && operation !== 'count_tokens' && operation !== 'compact'
}

/** An answer in the public shape. */
function plainAnswer(whole: JsonObject, read: ReadRequest, operation: Call['operation']): Answer {
  const headers = { 'content-type': 'application/json' }
  const body = Buffer.from(JSON.stringify(whole))
  if (operation === 'embeddings') return embeddingsAnswer(whole, body, read, headers)
  const tokens = rerankTokens(whole)
  return {
    kind: 'whole',
    body,
    headers,
    ...(tokens === undefined ? {} : { usage: { input: tokens, total: tokens } }),
  }
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

/** A non-2xx answer as an error, its body read up to a cap and kept word for word. */
async function refused(
  exchange: Exchange,
  upstream: GenerationDialect,
  deployment: Deployment,
  record: CallRecord,
  now: number,
): Promise<GatewayError> {
  if (exchange.status >= 300 && exchange.status < 400) {
    exchange.abort()
    return new GatewayError(
      'bad_upstream_response',
      `endpoint "${deployment.endpoint.id}" answered a redirect (${exchange.status}); redirects are never followed, set its base_url to the final address`,
      { endpoint: deployment.endpoint.id, upstreamStatus: exchange.status },
    )
  }
  const text = (await collectBody(exchange, ERROR_CAP)).toString('utf8')
  let body: Json | string = text
  try {
    body = JSON.parse(text) as Json
  } catch {
    // Not JSON (an HTML page of some proxy): the decoder makes a message of its beginning.
  }
  record.phase = 'firstByte'
  // Codecs know no clock: dates and resets become a plain number of ms here.
  const waitMs = retryAfterMs(exchange.headers, now)
  const { headers } = exchange
  return upstream.error.decode(
    exchange.status,
    body,
    waitMs === undefined ? headers : { ...headers, 'retry-after-ms': String(waitMs) },
  )
}

/** The parsed body of a 2xx answer. LM Studio and proxies answer 200 with HTML or an error object. */
function jsonAnswer(body: Buffer, type: string, endpoint: string): Json {
  try {
    return JSON.parse(body.toString('utf8')) as Json
  } catch (cause) {
    throw new GatewayError(
      'bad_upstream_response',
      `endpoint "${endpoint}" answered 200 with ${type.includes('html') ? 'an HTML page' : 'a body that is not JSON'}: ${body.toString('utf8', 0, 120)}`,
      { endpoint, upstreamStatus: 200, cause },
    )
  }
}

function refuseLoss(prepared: Prepared): GatewayError {
  const lost = prepared.notes.map((note) => `${note.field} (${note.action}: ${note.why})`).join('; ')
  return new GatewayError('invalid_request', `strict mode refuses to lose: ${lost}`, {
    param: prepared.notes[0]?.field ?? null,
  })
}
