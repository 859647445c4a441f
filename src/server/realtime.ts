// GET /v1/realtime as a WebSocket: relayed to one deployment of the route, frame by frame, both ways. A side that goes
// takes the other with it; a side that is slow holds the other back.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { GatewayError, normalise } from '../core/error.ts'
import { openaiChat } from '../dialects/openai-chat/index.ts'
import type { Gateway } from '../gateway/create-gateway.ts'
import { identify } from '../gateway/identify.ts'
import { refuseForeignPage } from './foreign-page.ts'
import { MOST_FRAME_BYTES, dialRealtime } from '../upstream/realtime.ts'

/** Frames that wait for a slow side, before the other is held back. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024
/** Protocols by which browsers send a key, which must not travel on. */
const KEY_PROTOCOL = /^openai-insecure-api-key\./

export interface Realtime {
  /** true: the upgrade was for this path and is taken care of. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  close(): void
}

export function realtime(gateway: Gateway): Realtime {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: (protocols) => [...protocols].find((name) => !KEY_PROTOCOL.test(name)) ?? false,
  })
  return {
    upgrade(request, socket, head) {
      const url = new URL(request.url ?? '/', 'http://gateway')
      if (url.pathname !== '/v1/realtime') return false
      let upstream: WebSocket
      try {
        upstream = dial(request, url, gateway)
      } catch (thrown) {
        refuse(socket, normalise(thrown))
        return true
      }
      // The caller is let in once the upstream has: before that, a failure is an HTTP answer like any other.
      const gone = (): void => upstream.terminate()
      socket.once('close', gone)
      socket.once('error', gone)
      upstream.once('unexpected-response', (_request, response) => {
        response.resume()
        const status = response.statusCode ?? 502
        refuse(
          socket,
          new GatewayError('upstream_rejected', `the upstream refused the connection (HTTP ${status})`, {
            status,
            upstreamStatus: status,
          }),
        )
        upstream.terminate()
      })
      upstream.once('error', (error) => {
        if (socket.writable)
          refuse(
            socket,
            new GatewayError('backend_unavailable', `the upstream cannot be reached: ${error.message}`),
          )
      })
      upstream.once('open', () => {
        socket.removeListener('close', gone)
        socket.removeListener('error', gone)
        // What the upstream says before the caller is there must not be lost.
        upstream.pause()
        server.handleUpgrade(request, socket, head, (caller) => bridge(caller, upstream))
      })
      return true
    },
    close() {
      for (const client of server.clients) client.close(1001, 'the gateway is closing')
      server.close()
    },
  }
}

/** @throws GatewayError like any other call: 401, 404, 400. */
function dial(request: IncomingMessage, url: URL, gateway: Gateway): WebSocket {
  const { runtime } = gateway
  // With a master key a page needs that key, and may then come from anywhere.
  if (runtime.config.server.masterKey?.isEmpty !== false) refuseForeignPage(request)
  const protocols = (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const key = protocols.find((name) => KEY_PROTOCOL.test(name))?.replace(KEY_PROTOCOL, '')
  identify(
    { headers: key === undefined ? request.headers : { ...request.headers, authorization: `Bearer ${key}` } },
    runtime,
  )
  const name = url.searchParams.get('model') ?? runtime.config.defaultModel ?? ''
  const deployment = runtime.routes.match(name).deployments[0]
  const upstream =
    deployment &&
    dialRealtime(
      deployment.endpoint,
      deployment.model,
      url.searchParams,
      protocols.filter((protocol) => !KEY_PROTOCOL.test(protocol)),
    )
  if (!upstream)
    throw new GatewayError(
      'unsupported_operation',
      `the model "${name}" is served by ${deployment?.endpoint.provider.title ?? 'nobody'}, which has no realtime operation`,
      { param: 'model' },
    )
  return upstream
}

function bridge(caller: WebSocket, upstream: WebSocket): void {
  pass(caller, upstream)
  pass(upstream, caller)
  upstream.resume()
}

/** What one side says is said to the other; its close too. */
function pass(from: WebSocket, to: WebSocket): void {
  from.on('message', (data: RawData, binary) => {
    if (to.readyState !== WebSocket.OPEN) return
    to.send(data, { binary }, () => {
      if (from.isPaused && to.bufferedAmount < MOST_WAITING_BYTES) from.resume()
    })
    if (to.bufferedAmount >= MOST_WAITING_BYTES) from.pause()
  })
  from.on('close', (code, reason) => {
    // Codes that a peer may not send stand for a connection that broke.
    const sendable = code >= 1000 && code !== 1004 && code !== 1005 && code !== 1006 && code !== 1015
    if (sendable) to.close(code, reason)
    else to.terminate()
  })
  from.on('error', () => to.terminate())
}

function refuse(socket: Duplex, error: GatewayError): void {
  if (!socket.writable) return
  const { status, body } = openaiChat.error.encode(error, '')
  const text = JSON.stringify(body)
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  )
}
