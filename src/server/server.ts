// The listener: sockets, limits against bad callers, hang-ups, drain. Which path does what is in router.ts.

import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import { rmSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Cancel, cancel } from '../core/cancel.ts'
import { GatewayError, normalise } from '../core/error.ts'
import type { Gateway } from '../gateway/create-gateway.ts'
import { identify } from '../gateway/identify.ts'
import type { AdminServices } from './admin/services.ts'
import type { Context } from './context.ts'
import { failWith } from './fail.ts'
import { realtime } from './realtime.ts'
import { responsesSocket } from './responses-socket.ts'
import { requestId } from './request-id.ts'
import { keyedHeaders } from './google-caller.ts'
import { find, methodsOf } from './router.ts'
import { isAdminPath } from './workers/forward.ts'

/** What requests are answered from. */
export interface Served {
  gateway: Gateway
  /** The admin API and the console; absent: there is none. */
  admin?: AdminServices
  /** Hands requests of the admin API and the console to the process that answers them. */
  forward?: (request: IncomingMessage, response: ServerResponse) => void
}

export interface ServerOptions extends Served {
  host: string
  /** 0: any free port. */
  port: number
  /** A private socket to listen on as well. */
  socketPath?: string
  /** A caller that has not sent its headers by then is cut off (slow loris). */
  headersTimeoutMs?: number
  /** A caller that has not sent its body by then is cut off. */
  requestTimeoutMs?: number
}

export interface RunningServer {
  host: string
  port: number
  url: string
  /** Stops listening, lets calls under way finish for up to `drainMs`, then closes everything. */
  close(drainMs?: number): Promise<void>
}

const NO_SOCKET = 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'

export function startServer(options: ServerOptions): Promise<RunningServer> {
  const { gateway } = options
  const headersTimeout = options.headersTimeoutMs ?? 10_000
  const server = createServer(
    {
      headersTimeout,
      requestTimeout: options.requestTimeoutMs ?? 120_000,
      connectionsCheckingInterval: Math.min(1_000, headersTimeout),
      keepAliveTimeout: 75_000,
      maxHeaderSize: 32 * 1024,
      noDelay: true,
    },
    (request, response) => void serve(request, response, options),
  )
  server.on('clientError', refuseSocket)
  const live = realtime(gateway, options.admin?.live)
  const turns = responsesSocket(gateway, options.admin)
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (!live.upgrade(request, socket, head) && !turns.upgrade(request, socket, head)) socket.end(NO_SOCKET)
  }
  server.on('upgrade', upgrade)
  if (options.socketPath !== undefined) listenPrivately(options.socketPath, options, upgrade)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.removeListener('error', reject)
      const { port } = server.address() as AddressInfo
      const shown = options.host.includes(':') ? `[${options.host}]` : options.host
      resolve({
        host: options.host,
        port,
        url: `http://${shown}:${port}`,
        close(drainMs = 10_000) {
          live.close(drainMs)
          return close(server, gateway, drainMs, turns.close(drainMs))
        },
      })
    })
  })
}

/** For the other processes that serve on the same port. */
function listenPrivately(
  path: string,
  options: Served,
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): void {
  rmSync(path, { force: true })
  const server = createServer((request, response) => void serve(request, response, options))
  server.on('upgrade', upgrade)
  server.listen({ path, exclusive: true })
  server.unref()
}

class Serving implements Context {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly gateway: Gateway
  readonly admin: AdminServices | undefined
  readonly id = requestId()
  readonly cancel: Cancel = cancel()
  readonly startedAt = performance.now()
  private parsed: URL | undefined

  constructor(request: IncomingMessage, response: ServerResponse, { gateway, admin }: Served) {
    this.request = request
    this.response = response
    this.gateway = gateway
    this.admin = admin
  }

  /** Most paths never ask for it, and parsing costs as much as routing. */
  get url(): URL {
    return (this.parsed ??= urlOf(this.request))
  }
}

/** Answers one request as the listener would; for embedders that have a listener of their own. */
export async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: Served,
): Promise<void> {
  const { gateway, admin, forward } = options
  if (forward && isAdminPath(request.url ?? '')) return forward(request, response)
  const context = new Serving(request, response, options)
  // The one place where a hang-up is seen: every wait of the call hangs on this token.
  response.on('close', () => {
    admin?.live.end(context.id)
    if (!response.writableFinished)
      context.cancel.raise(new GatewayError('caller_gone', 'the caller hung up'))
  })
  // Another gateway, or we ourselves, looking for model servers: say who this is.
  if (request.headers['x-trunkline-probe'] !== undefined && admin)
    response.setHeader('x-trunkline-instance', admin.instance)
  try {
    const path = find(
      request.method ?? 'GET',
      PLAIN_PATH.test(request.url ?? '') ? (request.url as string) : context.url.pathname,
    )
    if (!path) return failWith(context, unknownPath(request, context))
    if (!path.open) identify({ headers: keyedHeaders(context) }, gateway.runtime)
    await path.handler(context)
  } catch (thrown) {
    const error = normalise(thrown)
    if (error.kind === 'internal')
      gateway.runtime.telemetry.log.error({ err: thrown, id: context.id }, 'fault')
    failWith(context, error)
  }
}

/** A path that is its own normal form: no query, dots, escapes or authority. */
const PLAIN_PATH = /^(?:\/[\w-]+)+$/

function urlOf(request: IncomingMessage): URL {
  try {
    const target = request.url ?? '/'
    // Two slashes would be read as another authority.
    return target.startsWith('/') ? new URL(`http://gateway${target}`) : new URL(target, 'http://gateway')
  } catch {
    return new URL('http://gateway/')
  }
}

function unknownPath(request: IncomingMessage, context: Context): GatewayError {
  const { pathname } = context.url
  const methods = methodsOf(pathname)
  const hint =
    methods.length > 0
      ? `use ${methods.join(' or ')} there`
      : 'the API starts at /v1, e.g. POST /v1/chat/completions'
  return new GatewayError('not_found', `no ${request.method} ${pathname} here; ${hint}`)
}

/** A request that is not HTTP, too slow or with too much header never reaches a handler; it still gets an answer. */
function refuseSocket(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const [status, reason, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large', 'the request headers are larger than 32 KiB']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout', 'the request took too long to arrive']
        : [400, 'Bad Request', 'this is not a valid HTTP request']
  const body = JSON.stringify({
    error: { message, type: 'invalid_request_error', param: null, code: 'invalid_request' },
  })
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

async function close(
  server: Server,
  gateway: Gateway,
  drainMs: number,
  sockets: Promise<void>,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), drainMs)
  await Promise.all([closed, sockets])
  clearTimeout(timer)
  await gateway.close(drainMs)
}
