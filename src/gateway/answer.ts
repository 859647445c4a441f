// A 2xx answer on its way to the caller: relayed or translated, streamed or whole. A stream is returned at the commit point,
// with its first frame seen to be good.

import { answerLosses, streamLosses } from '../core/answer-notes.ts'
import { collector, replay } from '../core/collect.ts'
import type { AnswerContext, GenerationDialect, Metered, Quirks } from '../core/dialect.ts'
import { GatewayError } from '../core/error.ts'
import type { StreamEvent } from '../core/event.ts'
import type { Json } from '../core/json.ts'
import type { Note } from '../core/note.ts'
import type { GenerationRequest } from '../core/request.ts'
import type { GenerationResponse } from '../core/response.ts'
import { toolNames } from '../core/tool-names.ts'
import type { Usage } from '../core/usage.ts'
import type { Spoken } from '../providers/provider.ts'
import { type Exchange, collectBody } from '../upstream/send.ts'
import { STREAM_TYPE, frameReader, isStreamType } from '../wire/frames.ts'
import { answerFilter, filtered } from './answer-filter.ts'
import { GOING_ON, type Rest, toItsEnd } from './background.ts'
import type { Call } from './call.ts'
import { callIds } from './call-ids.ts'
import { countAnswer, countTokensLocally } from './count-tokens.ts'
import { customCalls } from './custom-calls.ts'
import { embeddingsAnswer } from './embeddings.ts'
import { isPassed, passedAnswer } from './passed.ts'
import { type LiveStream, eventStream, relayStream, translateStream } from './pump.ts'
import type { ReadRequest } from './read.ts'
import type { CallRecord } from './record.ts'
import type { Runtime } from './runtime.ts'
import type { RealtimeSession } from './realtime-session.ts'
import { type SealTarget, issuesSeals, watchParts } from './seals.ts'

export type Answer =
  | {
      kind: 'whole'
      body: Buffer | string
      headers: Record<string, string>
      usage?: Usage
      /** What it says goes on at the upstream: the usage is known only then. */
      rest?: Rest
    }
  | { kind: 'stream'; live: LiveStream; headers: Record<string, string> }
  | { kind: 'session'; live: RealtimeSession; headers: Record<string, string> }

/** What was asked, as far as its answer depends on it. */
export interface Asked {
  call: Call
  read: ReadRequest
  /** The caller's bytes went on, and the upstream's come back. */
  relayed: boolean
  spoken: Spoken | undefined
  upstream: GenerationDialect
  quirks: Quirks
  context: AnswerContext
  /** The decoded request of a translation. */
  request: GenerationRequest | undefined
  hideUsage: boolean
  /** Told what is found of an answer that is to be kept. */
  kept: ((found: Metered) => void) | undefined
  sealTarget: SealTarget
  endpointId: string
  runtime: Runtime
  record: CallRecord
}

/** Largest whole answer, bytes. */
export const ANSWER_CAP = 64 * 1024 * 1024

/** Upstream headers a caller of any dialect may see. */
const SHOWN =
  /^(x-ratelimit-|anthropic-ratelimit-|retry-after|request-id$|openai-processing-ms$|openai-version$)/

export async function answerOf(exchange: Exchange, asked: Asked): Promise<Answer> {
  const { call, read, upstream, runtime, record } = asked
  const headers: Record<string, string> = {}
  for (const name in exchange.headers) if (SHOWN.test(name)) headers[name] = exchange.headers[name] as string
  if (isPassed(call.operation)) {
    record.firstByteMs = runtime.clock.monotonic() - record.startedAt
    return passedAnswer(exchange, headers, runtime.clock)
  }
  const type = exchange.headers['content-type'] ?? ''
  const streamed = read.stream && call.operation !== 'embeddings' && call.operation !== 'count_tokens'
  if (streamed && isStreamType(type, upstream.framing)) return streamedAnswer(exchange, asked, headers)
  const body = await collectBody(exchange, ANSWER_CAP)
  headers['content-type'] = 'application/json'
  record.firstByteMs = runtime.clock.monotonic() - record.startedAt
  // Some hosts answer as a stream only: the caller, who wanted none, gets it put together.
  if (call.operation === 'chat' && upstream.framing === 'sse' && type.includes('text/event-stream'))
    return wholeAnswer(folded(body, asked), asked, false, headers)
  const wire = jsonAnswer(body, type, asked.endpointId)
  if (call.operation === 'embeddings') return embeddingsAnswer(wire, body, read, headers)
  if (call.operation === 'count_tokens') return counted(wire, body, asked, headers)
  return asked.relayed && !streamed
    ? relayedWhole(wire, body, asked, headers)
    : wholeAnswer(upstream.response.decode(wire, asked.quirks), asked, streamed, headers)
}

async function streamedAnswer(
  exchange: Exchange,
  asked: Asked,
  headers: Record<string, string>,
): Promise<Answer> {
  const {
    call,
    read,
    relayed,
    upstream,
    quirks,
    context,
    request,
    hideUsage,
    kept: keep,
    sealTarget,
    endpointId,
    runtime,
    record,
  } = asked
  const rename = request && toolNames(request, upstream)
  const watch = !relayed && issuesSeals(upstream) ? runtime.seals.watch(sealTarget, request) : undefined
  const ids = callIds(request, endpointId)
  // The headers have gone by then: what a stream loses stands in the call's record.
  const lost = relayed
    ? undefined
    : streamLosses({ from: upstream, to: call.dialect, context }, noted(record))
  const rewrite = (event: StreamEvent): StreamEvent => {
    const own = ids(rename ? rename(event) : event)
    lost?.(own)
    return watch ? watch(own) : own
  }
  const unwrap = request && customCalls(request)
  const filter = answerFilter(request, quirks)
  let found: Metered | undefined
  const told =
    keep &&
    ((metered: Metered): void => {
      found = metered
      keep(metered)
    })
  const passed = relayed
    ? await relayStream({
        exchange,
        clock: runtime.clock,
        dialect: call.dialect,
        quirks,
        requestId: call.id,
        endpoint: endpointId,
        hideUsage,
        ...(told ? { told } : {}),
      })
    : await translateStream({
        exchange,
        clock: runtime.clock,
        from: upstream,
        dialect: call.dialect,
        quirks,
        context,
        requestId: call.id,
        rewrite,
        ...(filter ? { filter } : {}),
        ...(unwrap ? { unwrap } : {}),
      })
  const live = told
    ? toItsEnd(passed, ({ usage }) =>
        usage || found?.id === undefined || found.terminal || read.member('background') !== true
          ? undefined
          : followed(found.id, asked),
      )
    : passed
  record.firstByteMs = runtime.clock.monotonic() - record.startedAt
  record.phase = 'stream'
  headers['content-type'] = STREAM_TYPE[call.dialect.framing]
  return { kind: 'stream', live, headers }
}

/** The notes so far are those of the request, which others hold too. */
function noted(record: CallRecord): (note: Note) => void {
  record.notes = [...record.notes]
  const { notes } = record
  return (note) => notes.push(note)
}

/** The upstream's count, or ours where it gave none. */
function counted(
  wire: Json,
  body: Buffer,
  { call, read, spoken }: Asked,
  headers: Record<string, string>,
): Answer {
  const count = spoken?.carrier?.count
  if (!count) return { kind: 'whole', body, headers }
  const tokens = count.read(wire)
  if (tokens === undefined) return countTokensLocally(call, read)
  return countAnswer(call, tokens)
}

function relayedWhole(wire: Json, body: Buffer, asked: Asked, headers: Record<string, string>): Answer {
  const { upstream, quirks, kept: keep } = asked
  const found: Metered = upstream.inspect(wire, quirks)
  if (found.error) throw found.error
  keep?.(found)
  // An answer that is not done is one of a background response.
  const rest =
    keep && found.id !== undefined && GOING_ON.has(found.finish[0]) ? followed(found.id, asked) : undefined
  return {
    kind: 'whole',
    body,
    headers,
    ...(found.usage ? { usage: found.usage } : {}),
    ...(rest ? { rest } : {}),
  }
}

function followed(id: string, { endpointId, sealTarget, record, runtime }: Asked): Rest {
  return runtime.background.follow({
    endpoint: endpointId,
    id,
    model: sealTarget.model,
    credential: record.credential,
  })
}

/** A stream that is here whole, as the answer it tells. @throws the failure inside it. */
function folded(body: Buffer, { upstream, quirks }: Asked): GenerationResponse {
  const fold = collector()
  const decoder = upstream.stream.decoder(quirks, fold.event)
  const reader = frameReader(upstream.framing, { frame: (frame) => decoder.frame(frame), comment() {} })
  reader.push(body)
  reader.end()
  decoder.end()
  return fold.response()
}

/** Through the canonical form; a caller that wanted a stream gets the whole answer replayed as one. */
function wholeAnswer(
  given: GenerationResponse,
  { call, upstream, quirks, context, request, sealTarget, endpointId, runtime, record }: Asked,
  streamed: boolean,
  headers: Record<string, string>,
): Answer {
  const filter = answerFilter(request, quirks)
  const response = filter ? filtered(given, filter) : given
  const rewrite = request && toolNames(request, upstream)
  if (rewrite)
    for (const choice of response.choices)
      for (const part of choice.parts) if (part.kind === 'tool_call') part.name = rewrite.original(part.name)
  const ids = callIds(request, endpointId)
  for (const choice of response.choices)
    for (const part of choice.parts) if (part.kind === 'tool_call') ids.part(part)
  const unwrap = request && customCalls(request)
  if (unwrap)
    for (const choice of response.choices)
      for (const part of choice.parts) if (part.kind === 'tool_call') unwrap.part(part)
  if (issuesSeals(upstream) && response.choices[0])
    watchParts(response.choices[0].parts, runtime.seals.watch(sealTarget, request))
  const crossing = { from: upstream, to: call.dialect, context }
  if (streamed) {
    const events: StreamEvent[] = []
    const lost = streamLosses(crossing, noted(record))
    replay(response, (event) => {
      lost?.(event)
      events.push(event)
    })
    headers['content-type'] = STREAM_TYPE[call.dialect.framing]
    const { clock } = runtime
    const live = eventStream(events, { clock, dialect: call.dialect, context, usage: response.usage })
    return { kind: 'stream', live, headers }
  }
  const encoded = call.dialect.response.encode(response, context)
  record.notes = [...record.notes, ...encoded.notes, ...answerLosses(response, crossing)]
  return {
    kind: 'whole',
    body: JSON.stringify(encoded.body),
    headers,
    ...(response.usage ? { usage: response.usage } : {}),
  }
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
