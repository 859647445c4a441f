// One try at one endpoint, straight through its dialect: a whole JSON answer, or a feed of canonical events. Whatever
// goes wrong is a `TryFailed`; nothing here waits, retries or decides.

import type { Cancel } from '../core/cancel.ts'
import type { Clock } from '../core/clock.ts'
import type { GenerationDialect, Quirks } from '../core/dialect.ts'
import { replay } from '../core/collect.ts'
import { GatewayError, normalise } from '../core/error.ts'
import type { StreamEvent } from '../core/event.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { ToolNames } from '../core/tool-names.ts'
import { operationUrl } from '../core/url-rules.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import type { Spoken } from '../providers/provider.ts'
import { authHeaders, endpointHeaders } from '../upstream/headers.ts'
import type { Pools } from '../upstream/pools.ts'
import { type Exchange, type UpstreamRequest, collectBody, send } from '../upstream/send.ts'
import { unwrapChunks } from '../upstream/unwrap.ts'
import { frameReader, isStreamType } from '../wire/frames.ts'
import type { Failed } from './errors.ts'

const ANSWER_CAP = 64 * 1024 * 1024
const ERROR_CAP = 1024 * 1024
/** Events that may wait for a slow reader before the upstream is asked to pause. */
const QUEUE_HIGH = 256
/** How long an upstream that has said its last event may keep the connection open. */
const LINGER_MS = 1_000

export class TryFailed extends Error {
  readonly failed: Failed
  constructor(failed: Failed) {
    super(failed.error.message, { cause: failed.error })
    this.failed = failed
  }
}

export interface Line {
  pools: Pools
  clock: Clock
  cancel: Cancel
}

export interface Post {
  endpoint: EndpointConfig
  /** Below the base URL. */
  path: string
  model: string
  body: JsonObject
  /** Headers that belong to the body. */
  headers?: Readonly<Record<string, string>>
  /** Reads what the endpoint says. */
  dialect: GenerationDialect
  quirks: Quirks
  /** How the provider offers the dialect; absent for plain operations. */
  spoken?: Spoken
  /** Gives tools their own names back where they travelled under an alias. */
  rename?: ToolNames
}

async function post(request: Post, stream: boolean, line: Line): Promise<Exchange> {
  const { endpoint, dialect } = request
  const url = new URL(
    operationUrl(endpoint.baseUrl, request.path, { model: request.model, providerId: endpoint.provider.id }),
  )
  const body = Buffer.from(JSON.stringify(request.body))
  const plain: UpstreamRequest = {
    method: 'POST',
    path: url.pathname + url.search,
    headers: {
      'content-type': 'application/json',
      accept: stream ? 'text/event-stream, application/json' : 'application/json',
      'content-length': String(body.length),
      ...headersOf(request),
    },
    body,
  }
  // Signatures and tokens weigh more than the client; few endpoints want them.
  const signer = endpoint.access ? await import('../upstream/signer.ts') : undefined
  const ask = async (): Promise<Exchange> =>
    send({
      dispatcher: line.pools.get(endpoint),
      endpoint,
      request: signer ? await signer.signed(endpoint, line.clock, plain) : plain,
      clock: line.clock,
      cancel: line.cancel,
    })
  let exchange: Exchange
  try {
    exchange = await ask()
    if (exchange.status === 401 && signer && endpoint.access?.type !== 'aws') {
      // A token may be withdrawn before its time: once more with a new one.
      exchange.abort()
      signer.forgetToken(endpoint)
      exchange = await ask()
    }
  } catch (thrown) {
    throw new TryFailed({ error: normalise(thrown), headers: {}, begun: false })
  }
  if (exchange.status >= 200 && exchange.status < 300) return exchange
  throw new TryFailed(await refusal(exchange, endpoint, dialect))
}

/** The endpoint's headers with the credential as this dialect wants it, and what belongs to the body. */
function headersOf({ endpoint, spoken, headers }: Post): Record<string, string> {
  const own = endpointHeaders(endpoint)
  if (spoken?.auth) {
    for (const name of Object.keys(authHeaders(endpoint))) delete own[name]
    Object.assign(own, authHeaders(endpoint, spoken.auth))
  }
  const all = { ...own, ...headers }
  if (spoken?.carrier) delete all['anthropic-version']
  return all
}

async function refusal(
  exchange: Exchange,
  endpoint: EndpointConfig,
  dialect: GenerationDialect,
): Promise<Failed> {
  const { status, headers } = exchange
  if (status < 400) {
    exchange.abort()
    const error = new GatewayError(
      'bad_upstream_response',
      `"${endpoint.id}" answered a redirect (${status}); redirects are never followed, give its final address`,
      { endpoint: endpoint.id, upstreamStatus: status },
    )
    return { error, headers, begun: false }
  }
  try {
    const text = (await collectBody(exchange, ERROR_CAP)).toString('utf8')
    const body = parsed(text) ?? text
    return { error: dialect.error.decode(status, body, headers), headers, body, begun: false }
  } catch (thrown) {
    // The status was said, the body never came: the status still decides.
    const cause = normalise(thrown)
    return { error: dialect.error.decode(status, cause.message, headers), headers, begun: false }
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

export interface WholeAnswer {
  wire: Json
  headers: Readonly<Record<string, string>>
}

/** @throws TryFailed */
export async function askWhole(request: Post, line: Line): Promise<WholeAnswer> {
  const exchange = await post(request, false, line)
  return readWhole(exchange, request.endpoint)
}

async function readWhole(exchange: Exchange, endpoint: EndpointConfig): Promise<WholeAnswer> {
  const { headers } = exchange
  let text: string
  try {
    text = (await collectBody(exchange, ANSWER_CAP)).toString('utf8')
  } catch (thrown) {
    throw new TryFailed({ error: normalise(thrown), headers, begun: false })
  }
  const wire = parsed(text)
  if (wire !== undefined) return { wire, headers }
  const what = (headers['content-type'] ?? '').includes('html') ? 'an HTML page' : 'a body that is not JSON'
  const error = new GatewayError(
    'bad_upstream_response',
    `"${endpoint.id}" answered ${exchange.status} with ${what}: ${text.slice(0, 120)}`,
    { endpoint: endpoint.id, upstreamStatus: exchange.status },
  )
  throw new TryFailed({ error, headers, body: text.slice(0, 10_000), begun: false })
}

/** Runs a decoder over what an answer holds; a 200 that holds an error is a failed try. */
export function decoded<T>(answer: WholeAnswer, decode: (wire: Json) => T): T {
  try {
    return decode(answer.wire)
  } catch (thrown) {
    throw new TryFailed({
      error: normalise(thrown),
      headers: answer.headers,
      body: answer.wire,
      begun: false,
    })
  }
}

export interface EventFeed {
  headers: Readonly<Record<string, string>>
  /** The next event; undefined after the last one. Rejects with TryFailed (`begun`) when the stream breaks. */
  next(): Promise<StreamEvent | undefined>
  /** Closes the connection; no event follows. */
  stop(): void
}

/** Resolves when the first event is here: until then a failure may be tried again. @throws TryFailed */
export async function askStream(request: Post, line: Line): Promise<EventFeed> {
  let exchange = await post(request, true, line)
  const { dialect, endpoint, quirks, spoken } = request
  const wrapped = isStreamType(exchange.headers['content-type'] ?? '', 'aws-event-stream')
  if (spoken?.carrier?.stream && wrapped) exchange = unwrapChunks(exchange)
  const { headers } = exchange
  if (!isStreamType(headers['content-type'] ?? '', dialect.framing)) {
    const whole = await readWhole(exchange, endpoint)
    const response = decoded(whole, (wire) => dialect.response.decode(wire, quirks))
    const events: StreamEvent[] = []
    replay(response, (event) => events.push(request.rename ? request.rename(event) : event))
    return { headers, next: () => Promise.resolve(events.shift()), stop() {} }
  }
  return readEvents(exchange, request, line.clock)
}

function readEvents(exchange: Exchange, request: Post, clock: Clock): Promise<EventFeed> {
  const { headers } = exchange
  const { dialect, endpoint } = request
  return new Promise((resolve, reject) => {
    const queue: StreamEvent[] = []
    let failure: TryFailed | undefined
    let over = false
    let open = false
    let ending = false
    let waiting: (() => void) | undefined
    const wake = (): void => {
      const fn = waiting
      waiting = undefined
      fn?.()
    }

    const fail = (error: GatewayError): void => {
      if (over) return
      over = true
      exchange.abort()
      // A connection that broke before it delivered anything is no interrupted stream: nobody saw it begin.
      const shown =
        !open && error.kind === 'stream_interrupted'
          ? new GatewayError('bad_upstream_response', error.message, { endpoint: endpoint.id, cause: error })
          : error
      failure = new TryFailed({ error: shown, headers, begun: open })
      if (open) wake()
      else reject(failure)
    }

    const feed: EventFeed = {
      headers,
      async next() {
        for (;;) {
          const event = queue.shift()
          if (event) {
            if (queue.length < QUEUE_HIGH / 2) exchange.resume()
            return event
          }
          if (failure) throw failure
          if (over) return undefined
          await new Promise<void>((done) => {
            waiting = done
          })
        }
      },
      stop() {
        if (over) return
        over = true
        exchange.abort()
        queue.length = 0
        wake()
      },
    }

    const sink = (event: StreamEvent): void => {
      if (over) return
      if (event.type === 'failure') {
        const torn = ending && event.error.kind === 'bad_upstream_response' && !event.error.upstreamStatus
        return fail(
          torn
            ? new GatewayError('stream_interrupted', `"${endpoint.id}" ended its stream too early`, {
                endpoint: endpoint.id,
                phase: 'stream',
                cause: event.error,
              })
            : event.error,
        )
      }
      queue.push(request.rename ? request.rename(event) : event)
      if (!open) {
        open = true
        resolve(feed)
      }
      if (event.type === 'end') {
        over = true
        // The answer is complete whether or not the upstream closes; it gets a moment to end cleanly.
        if (!ending) linger = clock.timer(LINGER_MS, () => exchange.abort())
      }
      wake()
    }
    let linger: { cancel(): void } | undefined
    const decoder = dialect.stream.decoder(request.quirks, sink)
    const reader = frameReader(dialect.framing, { frame: (frame) => decoder.frame(frame) })
    const guarded = (run: () => void): void => {
      try {
        run()
      } catch (thrown) {
        fail(normalise(thrown))
      }
    }

    exchange.consume({
      data(bytes) {
        if (over) return
        guarded(() => reader.push(bytes))
        if (queue.length > QUEUE_HIGH && !over) exchange.pause()
      },
      end() {
        linger?.cancel()
        if (over) return
        ending = true
        guarded(() => {
          reader.end()
          decoder.end()
        })
        if (!open && !over)
          fail(
            new GatewayError('bad_upstream_response', 'the stream ended without an event', {
              endpoint: endpoint.id,
            }),
          )
        else if (!over)
          fail(new GatewayError('stream_interrupted', `"${endpoint.id}" ended its stream too early`))
      },
      failed(error) {
        linger?.cancel()
        fail(error)
      },
    })
  })
}
