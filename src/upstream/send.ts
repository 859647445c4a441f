// One request to one upstream. Resolves when the answer's headers are here; the body is then consumed by push. Owns
// the phase timers (firstByte, idle, total) and the wiring of the caller's hang-up to the socket, in every phase.

import type { Dispatcher } from 'undici'
import type { Cancel } from '../core/cancel.ts'
import type { Clock, Timer } from '../core/clock.ts'
import { GatewayError } from '../core/error.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { type Feed, feed } from './feed.ts'
import { CONNECT_TIMEOUT } from './connector.ts'
import { markStale, wasStale } from './stale.ts'

export interface UpstreamRequest {
  method: 'GET' | 'POST' | 'DELETE'
  /** Path and query. */
  path: string
  headers: Record<string, string>
  /** What is still being read comes piece by piece; without a content-length it is sent in chunks. */
  body?: Buffer | string | AsyncIterable<Buffer>
}

export interface Consumer {
  data(chunk: Buffer): void
  end(): void
  /** The body broke off: reset, idle limit, total limit or the caller's hang-up. */
  failed(error: GatewayError): void
}

export interface Exchange {
  status: number
  /** Lower-case names; a repeated header is joined by ", ". */
  headers: Record<string, string>
  /** Takes over the body; call it in the same turn the exchange resolves. */
  consume(consumer: Consumer): void
  pause(): void
  resume(): void
  /** Closes the connection now; the consumer hears nothing more. */
  abort(): void
}

export interface SendOptions {
  dispatcher: Pick<Dispatcher, 'dispatch'>
  endpoint: EndpointConfig
  request: UpstreamRequest
  clock: Clock
  cancel: Cancel
}

const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EHOSTDOWN',
  'ETIMEDOUT',
  CONNECT_TIMEOUT,
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Resolves with the answer's head; rejects when it fails before that. */
export function send(options: SendOptions): Promise<Exchange> {
  return new Promise<Exchange>((resolve, reject) => {
    new Sending(options, resolve, reject).dispatch()
  })
}

/**
 * One request under way: the transport's handler and the caller's exchange in one object, for a closure per event is
 * what this path cannot afford.
 */
class Sending implements Dispatcher.DispatchHandler, Exchange {
  status = 0
  headers: Record<string, string> = NO_HEADERS
  private readonly options: SendOptions
  private readonly resolve: (exchange: Exchange) => void
  private readonly reject: (error: GatewayError) => void
  private controller: Dispatcher.DispatchController | undefined
  private consumer: Consumer | undefined
  private early: Buffer[] | undefined
  private earlyEnd: 'end' | GatewayError | undefined
  private answered = false
  private over = false
  private phaseTimer: Timer | undefined
  private totalTimer: Timer | undefined
  private unsubscribe: (() => void) | undefined
  private feed: Feed | undefined
  private paused = false
  private started = false
  /** Nothing more will come. */
  private ended = false
  /** A transport hands over one call per HTTP chunk; what one socket read brought travels on as one piece. */
  private gathered: Buffer[] = NOTHING

  constructor(
    options: SendOptions,
    resolve: (exchange: Exchange) => void,
    reject: (error: GatewayError) => void,
  ) {
    this.options = options
    this.resolve = resolve
    this.reject = reject
  }

  dispatch(): void {
    const { dispatcher, endpoint, request, clock, cancel } = this.options
    const { firstByteMs, connectMs, totalMs } = endpoint.timeouts
    if (totalMs > 0) this.totalTimer = clock.timer(totalMs, () => this.stop(this.timeout('total', totalMs)))
    this.unsubscribe = cancel.onRaise((reason) => this.stop(this.gone(reason)))
    if (this.over) return
    this.phaseTimer = clock.timer(firstByteMs + connectMs, () =>
      this.stop(this.timeout('firstByte', firstByteMs)),
    )
    dispatcher.dispatch(
      {
        method: request.method,
        path: request.path,
        headers: request.headers,
        // Pools take what can be iterated (undici's types do not say so).
        body: this.bodyOf(request) as Buffer | string | null,
      },
      this,
    )
  }

  /** A body that is still being read: whose turn it is decides whose clock runs. */
  private bodyOf({ body }: UpstreamRequest): UpstreamRequest['body'] | null {
    if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return body ?? null
    const { firstByteMs, idleMs } = this.options.endpoint.timeouts
    return (this.feed = feed(body, {
      callers: () => {
        if (!this.answered) this.phaseTimer?.cancel()
      },
      upstreams: () => this.waitFor('idle', idleMs),
      sent: () => this.waitFor('firstByte', firstByteMs),
    }))
  }

  private waitFor(phase: 'idle' | 'firstByte', ms: number): void {
    if (this.over || this.answered) return
    this.phaseTimer?.cancel()
    this.phaseTimer = this.options.clock.timer(ms, () => this.stop(this.timeout(phase, ms)))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.over) controller.abort(new GatewayError('caller_gone', 'the caller hung up'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.over || status < 200) return
    this.answered = true
    // It may answer while the caller's turn to send had stopped the clock.
    if (this.feed) this.startIdle()
    this.status = status
    this.headers = flatten(headers)
    this.resolve(this)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.over) return
    if (this.gathered.length > 0) {
      this.gathered.push(chunk)
      return
    }
    this.gathered = [chunk]
    // Runs when the parser is through with this read: no byte waits for the network.
    queueMicrotask(() => this.handOver())
  }

  onResponseEnd(): void {
    this.finish('end')
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (error instanceof GatewayError) return this.finish(error)
    const failure = failureOf(this.options.endpoint, error, this.answered)
    if (!this.answered && wasStale(error)) markStale(failure)
    this.finish(failure)
  }

  consume(consumer: Consumer): void {
    this.consumer = consumer
    if (this.early) {
      const chunks = this.early
      this.early = undefined
      for (const chunk of chunks) consumer.data(chunk)
    }
    if (this.earlyEnd === 'end') consumer.end()
    else if (this.earlyEnd) consumer.failed(this.earlyEnd)
  }

  pause(): void {
    if (this.over || this.paused) return
    this.paused = true
    this.controller?.pause()
    // A slow caller is not a slow upstream: the idle clock stands still meanwhile.
    this.phaseTimer?.cancel()
  }

  resume(): void {
    if (this.over || !this.paused) return
    this.paused = false
    this.startIdle()
    this.controller?.resume()
  }

  abort(): void {
    if (this.over) return
    this.over = true
    this.release()
    this.controller?.abort(new GatewayError('caller_gone', 'aborted by the gateway'))
  }

  private handOver(): void {
    const pieces = this.gathered
    if (this.over || pieces.length === 0) return
    this.gathered = NOTHING
    const chunk = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
    if (!this.started) {
      // The first body byte ends the firstByte phase; from here on silence is judged by the idle limit.
      this.started = true
      this.phaseTimer?.cancel()
      if (!this.ended) this.startIdle()
    } else this.phaseTimer?.refresh()
    if (this.consumer) this.consumer.data(chunk)
    else (this.early ??= []).push(chunk)
  }

  private startIdle(): void {
    this.phaseTimer?.cancel()
    const { idleMs } = this.options.endpoint.timeouts
    this.phaseTimer = this.options.clock.timer(idleMs, () => this.stop(this.timeout('idle', idleMs)))
  }

  private timeout(phase: 'firstByte' | 'idle' | 'total', ms: number): GatewayError {
    const { id } = this.options.endpoint
    return new GatewayError(
      'upstream_timeout',
      `endpoint "${id}" took longer than its ${phase} limit of ${ms} ms`,
      { endpoint: id, phase: phase === 'firstByte' ? 'firstByte' : 'stream' },
    )
  }

  private gone(reason: unknown): GatewayError {
    return reason instanceof GatewayError
      ? reason
      : new GatewayError('caller_gone', 'the caller hung up', { endpoint: this.options.endpoint.id })
  }

  private stop(error: GatewayError): void {
    // The reason must be ours: undici hands it back through onResponseError.
    this.controller?.abort(error)
    this.finish(error)
  }

  private finish(outcome: 'end' | GatewayError): void {
    this.ended = true
    if (this.answered) this.handOver()
    if (this.over) return
    this.over = true
    this.release()
    if (!this.answered)
      return this.reject(outcome === 'end' ? broken(this.options.endpoint, undefined, 'firstByte') : outcome)
    if (!this.consumer) this.earlyEnd = outcome
    else if (outcome === 'end') this.consumer.end()
    else this.consumer.failed(outcome)
  }

  private release(): void {
    this.phaseTimer?.cancel()
    this.totalTimer?.cancel()
    this.unsubscribe?.()
    this.feed?.stop()
  }
}

const NO_HEADERS: Record<string, string> = {}
const NOTHING: Buffer[] = []

export function failureOf(endpoint: EndpointConfig, error: Error, answered: boolean): GatewayError {
  const code = codeOf(error)
  if (answered) return broken(endpoint, error, 'stream')
  if (CONNECT_CODES.has(code) || isTls(code))
    return new GatewayError(
      'backend_unavailable',
      `endpoint "${endpoint.id}" at ${endpoint.baseUrl} cannot be reached: ${reasonOf(error, code)}`,
      { endpoint: endpoint.id, phase: 'connect', cause: error },
    )
  return broken(endpoint, error, 'firstByte')
}

/** The connection broke before a status line (backend_unavailable) or inside the body (stream_interrupted). */
function broken(
  endpoint: EndpointConfig,
  error: Error | undefined,
  phase: 'firstByte' | 'stream',
): GatewayError {
  const why = error ? reasonOf(error, codeOf(error)) : 'it closed the connection'
  return phase === 'stream'
    ? new GatewayError('stream_interrupted', `endpoint "${endpoint.id}" broke off its answer: ${why}`, {
        endpoint: endpoint.id,
        phase,
        cause: error,
      })
    : new GatewayError('backend_unavailable', `endpoint "${endpoint.id}" gave no answer: ${why}`, {
        endpoint: endpoint.id,
        phase,
        cause: error,
      })
}

function codeOf(error: Error): string {
  if ('errors' in error && Array.isArray(error.errors) && error.errors[0] instanceof Error)
    return codeOf(error.errors[0])
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function isTls(code: string): boolean {
  return /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH)/.test(code)
}

function reasonOf(error: Error, code: string): string {
  if (isTls(code)) return `TLS failed (${code})`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `its host name does not resolve (${code})`
  if (code === 'ECONNREFUSED') return 'connection refused'
  if (code === CONNECT_TIMEOUT || code === 'UND_ERR_CONNECT_TIMEOUT') return 'connect timeout'
  return code === '' ? error.message : code
}

export function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}

/**
 * Reads a body to its end.
 * @param capBytes beyond it the answer is refused as `bad_upstream_response`.
 */
export function collectBody(exchange: Exchange, capBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    exchange.consume({
      data(chunk) {
        size += chunk.length
        if (size > capBytes) {
          exchange.abort()
          reject(new GatewayError('bad_upstream_response', `the answer is larger than ${capBytes} bytes`))
          return
        }
        chunks.push(chunk)
      },
      end: () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
      failed: (error) =>
        // A whole answer that breaks off was never delivered, so this is not an interrupted stream to the caller.
        reject(
          error.kind === 'stream_interrupted'
            ? new GatewayError('bad_upstream_response', error.message, {
                endpoint: error.endpoint ?? '',
                cause: error,
              })
            : error,
        ),
    })
  })
}
