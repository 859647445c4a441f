// GET /v1/realtime as a WebSocket: a call like others until it is open, then relayed frame by frame, both ways. A side
// that goes takes the other with it; a side that is slow holds the other back; a side that is dead is noticed.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { cancel } from '../core/cancel.ts'
import { GatewayError, normalise } from '../core/error.ts'
import { openaiChat } from '../dialects/openai-chat/index.ts'
import type { WholeReply } from '../gateway/call.ts'
import type { Gateway } from '../gateway/create-gateway.ts'
import { refuseLoop } from '../gateway/hops.ts'
import type { RealtimeSession, RealtimeCall } from '../gateway/realtime-session.ts'
import { MOST_FRAME_BYTES } from '../upstream/realtime.ts'
import { refuseForeignPage } from './foreign-page.ts'
import type { LiveCall, LiveCalls } from './live-calls.ts'
import { requestId } from './request-id.ts'

/** Frames that wait for a slow side, before the other is held back. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024
/** Of a caller that is not let in yet. */
const MOST_EARLY_BYTES = 64 * 1024
/** Each side is asked for a sign of life this often; one that gives none until the next time is gone. */
const BEAT_MS = 30_000
/** Protocols by which browsers send a key. */
const KEY_PROTOCOL = /^openai-insecure-api-key\./
/** Protocols that name the caller's own account: upstream another one pays. */
const ACCOUNT_PROTOCOL = /^openai-(insecure-api-key|organization|project)\./

export interface Realtime {
  /** true: the upgrade was for this path and is taken care of. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Sessions are told to end; those that do not are cut off after `drainMs`. */
  close(drainMs: number): void
}

/** @param beatMs how often each side is asked for a sign of life */
export function realtime(gateway: Gateway, live: LiveCalls | undefined, beatMs = BEAT_MS): Realtime {
  /** What a handshake that goes well is answered with, by its request. */
  const agreed = new WeakMap<IncomingMessage, { protocol: string; headers: Record<string, string> }>()
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_FRAME_BYTES,
    perMessageDeflate: false,
    // The upstream's choice is ours; where it made none, a browser still wants one of those it named.
    handleProtocols: (offered, request) =>
      agreed.get(request)?.protocol || ([...offered].find((name) => !ACCOUNT_PROTOCOL.test(name)) ?? false),
  })
  server.on('headers', (lines, request) => {
    for (const [name, value] of Object.entries(agreed.get(request)?.headers ?? {}))
      lines.push(`${name}: ${value}`)
  })
  /** Ways to end what is open or being opened. */
  const under = new Set<() => void>()

  const open = async (
    call: RealtimeCall,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> => {
    const gone = (): void => call.cancel.raise(new GatewayError('caller_gone', 'the caller hung up'))
    socket.on('error', gone)
    socket.once('close', gone)
    const early = reading(socket, head)
    const stopOpening = (): void =>
      call.cancel.raise(new GatewayError('overloaded', 'the gateway is closing', { phase: 'admit' }))
    under.add(stopOpening)
    const row: LiveCall = { id: call.id, operation: call.operation, dialect: call.dialect.id, at: Date.now() }
    call.live = row
    live?.begin(row)
    const reply = await gateway.open(call)
    under.delete(stopOpening)
    if (!('session' in reply)) {
      live?.end(call.id)
      return refuse(socket, reply)
    }
    const { session } = reply
    const end = (): void => endSession(session, caller)
    let caller: WebSocket | undefined
    under.add(end)
    session.onEnd(() => {
      under.delete(end)
      live?.end(call.id)
    })
    const left = (): void => {
      session.finish('caller', new GatewayError('caller_gone', 'the caller hung up'))
      session.socket.terminate()
    }
    if (socket.destroyed) return left()
    // Also where the caller's handshake turns out to be none.
    socket.once('close', left)
    agreed.set(request, { protocol: session.socket.protocol, headers: reply.headers })
    server.handleUpgrade(request, socket, early(), (client) => {
      socket.removeListener('close', left)
      caller = client
      row.socket = client
      bridge(client, session, beatMs)
    })
  }

  return {
    upgrade(request, socket, head) {
      const url = new URL(request.url ?? '/', 'http://gateway')
      if (url.pathname !== '/v1/realtime') return false
      const id = requestId()
      try {
        refuseLoop(request.headers)
        // With a master key a page needs that key, and may then come from anywhere.
        if (gateway.runtime.config.server.masterKey?.isEmpty !== false) refuseForeignPage(request)
      } catch (thrown) {
        refuse(socket, failed(normalise(thrown), id))
        return true
      }
      open(callOf(id, request, url), request, socket, head).catch((thrown: unknown) => {
        gateway.runtime.telemetry.log.error({ err: thrown, id }, 'fault')
        refuse(socket, failed(normalise(thrown), id))
      })
      return true
    },
    close(drainMs) {
      for (const end of under) end()
      // A caller that goes takes its upstream with it.
      const timer = setTimeout(() => {
        for (const client of server.clients) client.terminate()
      }, drainMs)
      timer.unref()
      server.close()
    },
  }
}

function callOf(id: string, request: IncomingMessage, url: URL): RealtimeCall {
  const protocols = (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const key = protocols.find((name) => KEY_PROTOCOL.test(name))?.replace(KEY_PROTOCOL, '')
  return {
    id,
    operation: 'realtime',
    dialect: openaiChat,
    named: { model: url.searchParams.get('model') ?? '', stream: false },
    headers: key === undefined ? request.headers : { ...request.headers, authorization: `Bearer ${key}` },
    body: NO_BODY,
    cancel: cancel(),
    query: url.searchParams,
    protocols: protocols.filter((name) => !ACCOUNT_PROTOCOL.test(name)),
  }
}

/**
 * A socket that nobody reads does not tell that its other side went. Clients say nothing before they are let in, but what
 * one does say is kept.
 * @returns ends the reading and gives what came.
 */
function reading(socket: Duplex, head: Buffer): () => Buffer {
  let came = head
  const keep = (piece: Buffer): void => {
    came = Buffer.concat([came, piece])
    if (came.length > MOST_EARLY_BYTES) socket.destroy()
  }
  const end = (): void => void socket.destroy()
  socket.on('data', keep)
  socket.once('end', end)
  return () => {
    socket.removeListener('data', keep)
    socket.removeListener('end', end)
    return came
  }
}

const NO_BODY = Buffer.from('{}')

function bridge(caller: WebSocket, session: RealtimeSession, beatMs: number): void {
  const upstream = session.socket
  upstream.on('message', (data: RawData, binary) => {
    if (!binary && Buffer.isBuffer(data)) session.heard(data)
  })
  const beat = setInterval(() => {
    for (const side of [caller, upstream]) probe(side)
  }, beatMs)
  beat.unref()
  session.onEnd(() => clearInterval(beat))
  caller.on('close', (code) =>
    session.finish(
      'caller',
      isBroken(code) ? new GatewayError('caller_gone', 'the caller’s connection broke') : undefined,
    ),
  )
  upstream.on('close', (code, reason) => {
    const why = reason.length > 0 ? `: ${reason.toString()}` : ''
    const told = `the upstream ended the session (${code}${why})`
    session.finish(
      'upstream',
      isBroken(code) ? new GatewayError('stream_interrupted', told, { phase: 'stream' }) : undefined,
    )
  })
  pass(caller, upstream)
  pass(upstream, caller)
  upstream.resume()
}

/** What one side says is said to the other; its close too. */
function pass(from: WebSocket, to: WebSocket): void {
  from.on('message', (data: RawData, binary) => {
    silent.delete(from)
    if (to.readyState !== WebSocket.OPEN) return
    to.send(data, { binary }, () => {
      if (from.isPaused && to.bufferedAmount < MOST_WAITING_BYTES) from.resume()
    })
    if (to.bufferedAmount >= MOST_WAITING_BYTES) from.pause()
  })
  from.on('pong', () => silent.delete(from))
  from.on('close', (code, reason) => {
    // Codes that a peer may not send stand for a connection that broke.
    const sendable = code >= 1000 && code !== 1004 && code !== 1005 && code !== 1006 && code !== 1015
    if (sendable) to.close(code, reason)
    else if (code === 1005) to.close()
    else to.terminate()
  })
  from.on('error', () => to.terminate())
}

/** Sides that were asked for a sign of life and have not given one. */
const silent = new WeakSet<WebSocket>()

function probe(side: WebSocket): void {
  // One that is held back cannot answer.
  if (side.isPaused || side.readyState !== WebSocket.OPEN) return
  if (silent.has(side)) return side.terminate()
  silent.add(side)
  side.ping()
}

/** The connection broke, or the side that closed it says that it failed. */
function isBroken(code: number): boolean {
  return code === 1006 || (code >= 1011 && code <= 1014)
}

/** The gateway is closing. */
function endSession(session: RealtimeSession, caller: WebSocket | undefined): void {
  session.finish('gateway')
  for (const side of [caller, session.socket]) side?.close(1001, 'the gateway is closing')
}

function failed(error: GatewayError, id: string): WholeReply {
  const { status, body, headers } = openaiChat.error.encode(error, id)
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-request-id': id, ...headers },
    body: JSON.stringify(body),
  }
}

function refuse(socket: Duplex, { status, headers, body }: WholeReply): void {
  if (!socket.writable) return
  const lines = Object.entries({
    ...headers,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n${body.toString()}`)
}
