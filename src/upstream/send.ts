// One request to one upstream. Resolves when the answer's headers are here; the body is then consumed by push. Owns
// the phase timers (firstByte, idle, total) and the wiring of the caller's hang-up to the socket, in every phase.

import type { Dispatcher } from 'undici'
import type { Cancel } from '../core/cancel.ts'
import type { Clock, Timer } from '../core/clock.ts'
import { GatewayError } from '../core/error.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'

export interface UpstreamRequest {
  method: 'GET' | 'POST'
  /** Path and query. */
  path: string
  headers: Record<string, string>
  body?: Buffer | string
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
  'UND_ERR_CONNECT_TIMEOUT',
])

export function send({ dispatcher, endpoint, request, clock, cancel }: SendOptions): Promise<Exchange> {
  const { timeouts, id } = endpoint
  return new Promise<Exchange>((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined
    let consumer: Consumer | undefined
    let early: Buffer[] | undefined
    let earlyEnd: 'end' | GatewayError | undefined
    let answered = false
    let over = false
    let phaseTimer: Timer | undefined
    let paused = false
    let started = false
    // A transport hands over one call per HTTP chunk; what one socket read brought travels on as one piece.
    let gathered: Buffer[] = []

    const handOver = (): void => {
      if (over || gathered.length === 0) return
      const pieces = gathered
      gathered = []
      const chunk = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
      if (!started) {
        // The first body byte ends the firstByte phase; from here on silence is judged by the idle limit.
        started = true
        phaseTimer?.cancel()
        phaseTimer = clock.timer(timeouts.idleMs, () => stop(timeout('idle', timeouts.idleMs)))
      } else phaseTimer?.refresh()
      if (consumer) consumer.data(chunk)
      else (early ??= []).push(chunk)
    }

    const timeout = (phase: 'firstByte' | 'idle' | 'total', ms: number): GatewayError =>
      new GatewayError(
        'upstream_timeout',
        `endpoint "${id}" took longer than its ${phase} limit of ${ms} ms`,
        { endpoint: id, phase: phase === 'firstByte' ? 'firstByte' : 'stream' },
      )

    const finish = (outcome: 'end' | GatewayError): void => {
      if (answered) handOver()
      if (over) return
      over = true
      phaseTimer?.cancel()
      totalTimer?.cancel()
      unsubscribe()
      if (!answered) return reject(outcome === 'end' ? broken(endpoint, undefined, 'firstByte') : outcome)
      if (!consumer) earlyEnd = outcome
      else if (outcome === 'end') consumer.end()
      else consumer.failed(outcome)
    }

    const stop = (error: GatewayError): void => {
      // The reason must be ours: undici hands it back through onResponseError.
      controller?.abort(error)
      finish(error)
    }

    const totalTimer =
      timeouts.totalMs > 0
        ? clock.timer(timeouts.totalMs, () => stop(timeout('total', timeouts.totalMs)))
        : undefined
    const unsubscribe = cancel.onRaise((reason) =>
      stop(
        reason instanceof GatewayError
          ? reason
          : new GatewayError('caller_gone', 'the caller hung up', { endpoint: id }),
      ),
    )
    if (over) return

    phaseTimer = clock.timer(timeouts.firstByteMs + timeouts.connectMs, () =>
      stop(timeout('firstByte', timeouts.firstByteMs)),
    )

    dispatcher.dispatch(
      {
        method: request.method,
        path: request.path,
        headers: request.headers,
        body: request.body ?? null,
      },
      {
        onRequestStart(live) {
          controller = live
          if (over) live.abort(new GatewayError('caller_gone', 'the caller hung up'))
        },
        onResponseStart(_live, status, headers) {
          if (over || status < 200) return
          answered = true
          resolve({
            status,
            headers: flatten(headers),
            consume(taker) {
              consumer = taker
              if (early) {
                const chunks = early
                early = undefined
                for (const chunk of chunks) taker.data(chunk)
              }
              if (earlyEnd === 'end') taker.end()
              else if (earlyEnd) taker.failed(earlyEnd)
            },
            pause() {
              if (over || paused) return
              paused = true
              controller?.pause()
              // A slow caller is not a slow upstream: the idle clock stands still meanwhile.
              phaseTimer?.cancel()
            },
            resume() {
              if (over || !paused) return
              paused = false
              phaseTimer = clock.timer(timeouts.idleMs, () => stop(timeout('idle', timeouts.idleMs)))
              controller?.resume()
            },
            abort() {
              if (over) return
              over = true
              phaseTimer?.cancel()
              totalTimer?.cancel()
              unsubscribe()
              controller?.abort(new GatewayError('caller_gone', 'aborted by the gateway'))
            },
          })
        },
        onResponseData(_live, chunk) {
          if (over) return
          gathered.push(chunk)
          // Runs when the parser is through with this read: no byte waits for the network.
          if (gathered.length === 1) queueMicrotask(handOver)
        },
        onResponseEnd() {
          finish('end')
        },
        onResponseError(_live, error) {
          finish(error instanceof GatewayError ? error : failureOf(endpoint, error, answered))
        },
      },
    )
  })
}

function failureOf(endpoint: EndpointConfig, error: Error, answered: boolean): GatewayError {
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
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'connect timeout'
  return code === '' ? error.message : code
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
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
