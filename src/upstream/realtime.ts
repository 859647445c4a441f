// Dials an upstream's realtime WebSocket. Frames pass both ways elsewhere (server/realtime.ts); here are the address, the
// limits, and what becomes of a handshake.

import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { Cancel } from '../core/cancel.ts'
import { GatewayError } from '../core/error.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { guardLiteral, guardedLookup } from './guard.ts'
import { tlsOptions } from './pools.ts'
import { type UpstreamRequest, failureOf, flatten } from './send.ts'

/** One frame: audio comes in small ones. */
export const MOST_FRAME_BYTES = 16 * 1024 * 1024
/** Of the answer that a refused handshake gets. */
const MOST_REFUSAL_BYTES = 1024 * 1024

export type UpstreamSocket = WebSocket

/** Open and paused, so that nothing is lost before somebody listens; or what the upstream said instead. */
export type Dialed =
  | { status: 101; headers: Record<string, string>; socket: UpstreamSocket }
  | { status: number; headers: Record<string, string>; text: string }

export interface DialOptions {
  endpoint: EndpointConfig
  /** Path, query and headers, credential included. */
  request: UpstreamRequest
  /** Subprotocols to offer. */
  protocols: readonly string[]
  cancel: Cancel
}

/** @throws GatewayError when there is no answer, in time or at all, or the caller hangs up meanwhile. */
export function dialRealtime({ endpoint, request, protocols, cancel }: DialOptions): Promise<Dialed> {
  guardLiteral(new URL(endpoint.baseUrl).origin)
  const url = new URL(request.path, endpoint.baseUrl)
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:'
  const { connectMs, firstByteMs } = endpoint.timeouts
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [...protocols], {
      headers: request.headers,
      handshakeTimeout: connectMs + firstByteMs,
      maxPayload: MOST_FRAME_BYTES,
      // Redirects would carry the credential elsewhere.
      followRedirects: false,
      perMessageDeflate: false,
      lookup: guardedLookup(),
      ...tlsOptions(endpoint),
    })
    let headers: Record<string, string> = {}
    const over = cancel.onRaise((reason) => {
      reject(reason instanceof GatewayError ? reason : new GatewayError('caller_gone', 'the caller hung up'))
      socket.terminate()
    })
    socket.once('upgrade', (response) => {
      headers = flatten(response.headers)
    })
    socket.once('open', () => {
      over()
      socket.pause()
      resolve({ status: 101, headers, socket })
    })
    socket.once('unexpected-response', (_request, response) => {
      void textOf(response).then((text) => {
        over()
        resolve({ status: response.statusCode ?? 502, headers: flatten(response.headers), text })
        socket.terminate()
      })
    })
    // Stays: a socket that is terminated before it is open says so as an error.
    socket.on('error', (error) => {
      over()
      reject(
        /timed out/.test(error.message)
          ? new GatewayError(
              'upstream_timeout',
              `endpoint "${endpoint.id}" took longer than ${connectMs + firstByteMs} ms to open the session`,
              { endpoint: endpoint.id, phase: 'firstByte' },
            )
          : failureOf(endpoint, error, false),
      )
    })
  })
}

/** As far as it comes: the status says the most. */
function textOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let size = 0
    const done = (): void => resolve(Buffer.concat(pieces).toString('utf8'))
    response.on('data', (piece: Buffer) => {
      size += piece.length
      if (size > MOST_REFUSAL_BYTES) response.destroy()
      else pieces.push(piece)
    })
    response.setTimeout(REFUSAL_MS, () => response.destroy())
    response.on('end', done)
    response.on('close', done)
    response.on('error', done)
  })
}

const REFUSAL_MS = 5_000
