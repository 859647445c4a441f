// GET /v1/responses as a WebSocket: each `response.create` frame is a call, one after the other within a lane. A socket
// that goes takes its calls with it, and what they kept.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { cancel } from '../core/cancel.ts'
import { GatewayError, invalid, normalise } from '../core/error.ts'
import { type JsonObject, isObject } from '../core/json.ts'
import { openaiResponses } from '../dialects/openai-responses/index.ts'
import type { Gateway } from '../gateway/create-gateway.ts'
import { refuseLoop } from '../gateway/hops.ts'
import { identify } from '../gateway/identify.ts'
import { sessions } from '../gateway/session.ts'
import { type SocketOut, failureFrame, turn } from '../gateway/socket-turn.ts'
import { refuseForeignPage } from './foreign-page.ts'
import type { AdminServices } from './admin/services.ts'
import type { LiveCall } from './live-calls.ts'
import { requestId } from './request-id.ts'

const PATH = /^(?:\/v1)?\/responses(?:\?|$)/
/** Bytes that wait for a slow caller, before the upstream is held back. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024
/** Frames of one socket that are being answered or wait for it. */
const MOST_FRAMES = 32
/** Without a frame for so long a socket is closed. */
const IDLE_MS = 60 * 60 * 1000

export interface ResponsesSocket {
  /** true: the upgrade was for this path and is taken care of. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Takes no more frames; resolves when those under way are answered, or after `drainMs`. */
  close(drainMs: number): Promise<void>
}

export function responsesSocket(gateway: Gateway, admin: AdminServices | undefined): ResponsesSocket {
  const live = admin?.live
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: gateway.runtime.config.server.maxBodyBytes,
    perMessageDeflate: false,
  })
  const kept = sessions()
  admin?.holdings.set('socket_responses', kept.holding)
  const running = new Set<Promise<void>>()
  let closing = false

  const serve = (socket: WebSocket, request: IncomingMessage): void => {
    const { clock } = gateway.runtime
    const gone = cancel()
    const session = kept.open()
    const lanes = new Map<string, Promise<void>>()
    const out = outOf(socket)
    let frames = 0
    const idle = (): void => {
      if (frames > 0) timer = clock.timer(IDLE_MS, idle)
      else socket.close(1000, 'no frame for an hour')
    }
    let timer = clock.timer(IDLE_MS, idle)

    socket.on('close', () => {
      timer.cancel()
      gone.raise(new GatewayError('caller_gone', 'the caller hung up'))
      session.close()
    })
    socket.on('error', () => socket.terminate())
    socket.on('message', (data: RawData) => {
      timer.refresh()
      const id = requestId()
      let frame: JsonObject
      try {
        if (closing) throw new GatewayError('backend_unavailable', 'the gateway is closing')
        frame = frameOf(data)
        if (frames >= MOST_FRAMES)
          throw new GatewayError('rate_limited', `${MOST_FRAMES} frames of this socket wait already`)
      } catch (thrown) {
        out.send(failureFrame(thrown, id))
        return
      }
      frames++
      const lane = typeof frame.stream_id === 'string' ? frame.stream_id : ''
      const answer = async (): Promise<void> => {
        if (gone.raised) return
        const row: LiveCall = {
          id,
          operation: 'chat',
          dialect: openaiResponses.id,
          at: Date.now(),
          socket,
        }
        live?.begin(row)
        await turn({
          frame,
          id,
          headers: request.headers,
          cancel: gone,
          session,
          out,
          handle: (call) => gateway.handle({ ...call, live: row }),
        })
        live?.end(id)
      }
      const mine = (lanes.get(lane) ?? Promise.resolve()).then(answer).finally(() => {
        frames--
        running.delete(mine)
        if (lanes.get(lane) === mine) lanes.delete(lane)
        if (closing && frames === 0) socket.close(1001, 'the gateway is closing')
      })
      lanes.set(lane, mine)
      running.add(mine)
    })
  }

  return {
    upgrade(request, socket, head) {
      if (!PATH.test(request.url ?? '')) return false
      try {
        if (request.headers.upgrade?.toLowerCase() !== 'websocket')
          throw new GatewayError('invalid_request', 'only a WebSocket is spoken here, or POST', {
            status: 426,
          })
        refuseForeignPage(request)
        identify(request, gateway.runtime)
        refuseLoop(request.headers)
      } catch (thrown) {
        refuse(socket, normalise(thrown))
        return true
      }
      server.handleUpgrade(request, socket, head, (caller) => serve(caller, request))
      return true
    },
    async close(drainMs) {
      closing = true
      await new Promise<void>((resolve) => {
        const late = gateway.runtime.clock.timer(drainMs, resolve)
        void Promise.all(running).then(() => {
          late.cancel()
          resolve()
        })
      })
      for (const client of server.clients) client.close(1001, 'the gateway is closing')
      server.close()
    },
  }
}

/** @throws GatewayError `invalid_request` for what is no frame to be answered. */
function frameOf(data: RawData): JsonObject {
  let frame: unknown
  try {
    frame = JSON.parse(
      (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString('utf8'),
    )
  } catch (cause) {
    throw new GatewayError('invalid_request', 'the frame is not valid JSON', { cause })
  }
  if (!isObject(frame)) throw invalid(null, 'a frame must be a JSON object')
  const { type } = frame
  if (type === 'response.create') return frame
  throw new GatewayError(
    'unsupported_operation',
    `frames of type ${JSON.stringify(type)} are not answered here; send response.create`,
    { param: 'type' },
  )
}

function outOf(socket: WebSocket): SocketOut {
  let waiting: (() => void)[] = []
  const sent = (): void => {
    if (socket.bufferedAmount >= MOST_WAITING_BYTES) return
    const ready = waiting
    waiting = []
    for (const fn of ready) fn()
  }
  return {
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return true
      socket.send(text, sent)
      return socket.bufferedAmount < MOST_WAITING_BYTES
    },
    onDrain: (fn) => void waiting.push(fn),
  }
}

function refuse(socket: Duplex, error: GatewayError): void {
  const { status, body } = openaiResponses.error.encode(error, '')
  const text = JSON.stringify(body)
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  )
}
