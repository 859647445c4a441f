// Connections to one origin and the requests on them: HTTP/1.1, one request at a time each, kept alive. Does for the
// relay what a general client does at twice the cost: the head is one string, a small body leaves in the same write, a
// body that is still being read goes piece by piece, and what a read brings is handed over once. Proxies, which need more than this, stay with undici (pools.ts).

import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import { AnswerReader } from '../wire/http1-answer.ts'
import { type Connector, type ConnectorOptions, connector } from './connector.ts'
import { markStale } from './stale.ts'

export interface PoolOptions {
  connect: ConnectorOptions
  /** Connections at most; more requests wait for one. */
  connections: number
  /** Requests that may wait; beyond it one fails at once. */
  waiting: number
  /** An idle connection is closed after this, or a second before the other side says it will. */
  idleMs: number
}

/** Bodies up to this leave in one write with their head. */
const JOINED_BYTES = 16_000
const SWEEP_MS = 1_000

class Gone extends Error {
  readonly code = 'CONNECTION_CLOSED'
}

/** One request from its dispatch to the end of its answer. */
class Exchange implements Dispatcher.DispatchController {
  aborted = false
  paused = false
  reason: Error | null = null
  readonly options: Dispatcher.DispatchOptions
  readonly handler: Dispatcher.DispatchHandler
  connection: Connection | undefined
  over = false

  constructor(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
    this.options = options
    this.handler = handler
  }

  abort(reason: Error): void {
    if (this.over) return
    this.aborted = true
    this.reason = reason
    this.connection?.socket.destroy()
    this.fail(reason)
  }

  pause(): void {
    this.paused = true
    this.connection?.socket.pause()
  }

  resume(): void {
    this.paused = false
    this.connection?.socket.resume()
  }

  fail(error: Error): void {
    if (this.over) return
    this.over = true
    this.handler.onResponseError?.(this, error)
  }
}

class Connection {
  readonly socket: Socket
  readonly pool: Http1Pool
  readonly reader: AnswerReader
  exchange: Exchange | undefined
  /** Until when it may idle, ms on the pool's clock. */
  idleUntil = 0
  private error: Error | undefined
  /** Answers it has brought. */
  private answers = 0
  /** A byte came since the request went out. */
  private heard = false
  /** A body is on its way that has not ended. */
  private sending = false
  /** The upstream refused while a body was on its way. */
  private halted = false
  /** Goes on with it when there is room again, or none will be. */
  private room: (() => void) | undefined

  constructor(socket: Socket, pool: Http1Pool) {
    this.socket = socket
    this.pool = pool
    this.reader = new AnswerReader({
      head: (status, headers) => {
        const { exchange } = this
        // Who refuses before the end of a body wants no more of it. The connection is not used again.
        if (status >= 300) this.halt()
        exchange?.handler.onResponseStart?.(exchange, status, headers)
      },
      data: (piece) => {
        const { exchange } = this
        if (exchange && !exchange.over) exchange.handler.onResponseData?.(exchange, piece)
      },
      end: () => this.finished(),
    })
    socket.on('data', (chunk: Buffer) => this.read(chunk))
    socket.on('error', (error) => {
      this.error = error
    })
    socket.on('end', () => socket.destroy())
    socket.on('drain', () => this.goOn())
    socket.on('close', () => this.closed())
  }

  begin(exchange: Exchange): void {
    const { socket } = this
    this.exchange = exchange
    this.heard = false
    exchange.connection = this
    this.reader.begin(exchange.options.method === 'HEAD')
    const { body } = exchange.options
    if (isPieces(body)) return void this.sendPieces(exchange, body)
    const bytes = typeof body === 'string' ? Buffer.from(body) : (body as Buffer | null)
    const head = this.pool.head(exchange.options)
    socket.ref()
    if (!bytes || bytes.length === 0) socket.write(`${head}\r\n`, 'latin1')
    else if (bytes.length <= JOINED_BYTES) socket.write(`${head}\r\n${bytes.toString('latin1')}`, 'latin1')
    else {
      socket.cork()
      socket.write(`${head}\r\n`, 'latin1')
      socket.write(bytes)
      socket.uncork()
    }
  }

  /** One piece after the other, each when the one before was taken; in chunks where their sum is not known. */
  private async sendPieces(exchange: Exchange, pieces: AsyncIterable<Buffer>): Promise<void> {
    const { socket } = this
    const inChunks = (exchange.options.headers as Record<string, string>)['content-length'] === undefined
    this.sending = true
    socket.ref()
    try {
      socket.write(`${this.pool.head(exchange.options)}\r\n`, 'latin1')
      for await (const piece of pieces) {
        if (!this.wants(exchange)) return
        if (piece.length === 0) continue
        socket.cork()
        if (inChunks) socket.write(`${piece.length.toString(16)}\r\n`, 'latin1')
        let fits = socket.write(piece)
        if (inChunks) fits = socket.write('\r\n', 'latin1')
        socket.uncork()
        if (!fits) await new Promise<void>((resolve) => (this.room = resolve))
        if (!this.wants(exchange)) return
      }
      if (!this.wants(exchange)) return
      if (inChunks) socket.write('0\r\n\r\n', 'latin1')
      this.sending = false
    } catch (thrown) {
      exchange.abort(thrown as Error)
    }
  }

  private wants(exchange: Exchange): boolean {
    return this.exchange === exchange && !exchange.over && !this.halted && !this.socket.destroyed
  }

  private halt(): void {
    if (!this.sending) return
    this.halted = true
    this.goOn()
  }

  private goOn(): void {
    const { room } = this
    this.room = undefined
    room?.()
  }

  private read(chunk: Buffer): void {
    // Bytes nobody asked for.
    if (!this.exchange) return void this.socket.destroy()
    this.heard = true
    try {
      this.reader.push(chunk)
    } catch (thrown) {
      this.error = thrown as Error
      this.socket.destroy()
      this.exchange?.fail(this.error)
    }
  }

  private finished(): void {
    const { exchange, socket } = this
    if (!exchange) return
    this.exchange = undefined
    this.answers++
    exchange.connection = undefined
    // An answer that came before the request was all sent leaves the connection in an unknown state.
    const reusable = this.reader.keepAlive && socket.writableLength === 0 && !this.sending && !exchange.over
    if (exchange.paused) socket.resume()
    if (reusable) this.pool.release(this, this.reader.idleHintS)
    else socket.destroy()
    if (exchange.over) return
    exchange.over = true
    exchange.handler.onResponseEnd?.(exchange, {})
  }

  private closed(): void {
    this.pool.dropped(this)
    this.goOn()
    const { exchange } = this
    if (!exchange) return
    if (!this.error && this.reader.closed()) return
    this.exchange = undefined
    const error = this.error ?? new Gone('it closed the connection')
    // Closed or reset before a byte of the answer, after it had idled: most likely it was closed before we wrote.
    if (this.answers > 0 && !this.heard) markStale(error)
    exchange.fail(error)
  }
}

export class Http1Pool {
  private readonly options: PoolOptions
  private readonly connector: Connector
  private readonly start: string
  private readonly all = new Set<Connection>()
  /** The one used last is used first, so that the others may go. */
  private readonly idle: Connection[] = []
  private readonly queue: Exchange[] = []
  private connecting = 0
  private sweeper: NodeJS.Timeout | undefined
  private closing: (() => void)[] | undefined

  /** @param origin scheme, host and port */
  constructor(origin: string, options: PoolOptions) {
    const url = new URL(origin)
    this.options = options
    this.connector = connector(url, options.connect)
    this.start = ` HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n`
  }

  /** Connections that are open, requests on them, and requests that wait for one. */
  get counts(): { open: number; busy: number; waiting: number } {
    return { open: this.all.size, busy: this.all.size - this.idle.length, waiting: this.queue.length }
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const exchange = new Exchange(options, handler)
    handler.onRequestStart?.(exchange, {})
    if (exchange.over) return true
    if (this.closing) exchange.fail(new Gone('the gateway is closing'))
    else {
      // What can go out only once goes on a connection that has not idled, where one may be opened.
      const connection = isPieces(options.body) && this.mayConnect ? undefined : this.fresh()
      if (connection) this.begin(connection, exchange)
      else if (this.queue.length >= this.options.waiting)
        exchange.fail(new Gone(`${this.queue.length} requests wait for a connection already`))
      else {
        this.queue.push(exchange)
        this.refill()
      }
    }
    return true
  }

  /** Request line and headers. @throws when one of them holds what could end its line. */
  head({ method, path, headers, body }: Dispatcher.DispatchOptions): string {
    const fields = headers as Record<string, string>
    let head = `${method} ${fit(path)}${this.start}`
    let counted = false
    for (const name in fields) {
      // The connection is ours; a host of the operator's own replaces the origin's.
      if (name === 'connection' || name === 'transfer-encoding' || name === 'keep-alive') continue
      if (name === 'host') {
        head = head.replace(/\r\nhost: [^\r]*/, () => `\r\nhost: ${fit(fields[name] as string)}`)
        continue
      }
      if (name === 'content-length') counted = true
      head += `${token(name)}: ${fit(fields[name] as string)}\r\n`
    }
    if (!counted && isPieces(body)) head += 'transfer-encoding: chunked\r\n'
    else if (!counted && body !== null && body !== undefined)
      head += `content-length: ${Buffer.byteLength(body as string | Buffer)}\r\n`
    return head
  }

  release(connection: Connection, hintS: number | undefined): void {
    const next = this.next()
    if (next && !connection.socket.destroyed) return this.begin(connection, next)
    if (this.closing) return void connection.socket.destroy()
    const idleMs =
      hintS === undefined ? this.options.idleMs : Math.min(this.options.idleMs, hintS * 1000 - 1000)
    connection.idleUntil = performance.now() + idleMs
    connection.socket.unref()
    this.idle.push(connection)
    this.sweeper ??= setInterval(() => this.sweep(), SWEEP_MS).unref()
  }

  dropped(connection: Connection): void {
    this.all.delete(connection)
    const at = this.idle.indexOf(connection)
    if (at >= 0) this.idle.splice(at, 1)
    this.refill()
    this.settleClosing()
  }

  /** Each request that waits has an attempt of its own, as far as connections may be opened. */
  private refill(): void {
    if (this.queue.length > this.connecting && this.mayConnect) this.connect()
  }

  private get mayConnect(): boolean {
    return this.all.size + this.connecting < this.options.connections
  }

  /** Lets what is under way finish. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      ;(this.closing ??= []).push(resolve)
      clearInterval(this.sweeper)
      for (const connection of this.idle.splice(0)) connection.socket.destroy()
      this.settleClosing()
    })
  }

  destroy(): Promise<void> {
    const done = this.close()
    for (const exchange of this.queue.splice(0)) exchange.fail(new Gone('the gateway is closing'))
    for (const connection of this.all) connection.socket.destroy()
    return done
  }

  private fresh(): Connection | undefined {
    const now = performance.now()
    for (;;) {
      const connection = this.idle.pop()
      if (!connection) return undefined
      const { socket } = connection
      if (!socket.destroyed && !socket.readableEnded && connection.idleUntil > now) return connection
      socket.destroy()
    }
  }

  private begin(connection: Connection, exchange: Exchange): void {
    try {
      connection.begin(exchange)
    } catch (thrown) {
      connection.exchange = undefined
      connection.socket.destroy()
      exchange.fail(thrown as Error)
    }
  }

  /** The first that still wants a connection. */
  private next(): Exchange | undefined {
    for (;;) {
      const exchange = this.queue.shift()
      if (!exchange || !exchange.over) return exchange
    }
  }

  private connect(): void {
    this.connecting++
    const done = (error: Error | null, socket: Socket | null): void => {
      this.connecting--
      if (error || !socket) {
        // Each attempt fails the request that asked for it; the others have attempts of their own.
        this.next()?.fail(error ?? new Gone('no connection'))
        this.refill()
        this.settleClosing()
        return
      }
      const connection = new Connection(socket, this)
      this.all.add(connection)
      this.release(connection, undefined)
    }
    try {
      this.connector(done)
    } catch (thrown) {
      done(thrown as Error, null)
    }
  }

  private sweep(): void {
    const now = performance.now()
    for (const connection of this.idle.filter((entry) => entry.idleUntil <= now)) connection.socket.destroy()
    if (this.idle.length > 0) return
    clearInterval(this.sweeper)
    this.sweeper = undefined
  }

  private settleClosing(): void {
    if (!this.closing || this.all.size > 0 || this.connecting > 0 || this.queue.length > 0) return
    for (const resolve of this.closing.splice(0)) resolve()
  }
}

/** A body that is read while it is sent. */
function isPieces(body: unknown): body is AsyncIterable<Buffer> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

/** No control character, so that no value can end its line; nothing above a byte. */
const UNFIT = /[^\t\x20-\x7e\x80-\xff]/
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/
/** Names that were looked at; an operator's and the callers' that are passed on, so a few dozen. */
const names = new Set<string>()

function fit(value: string): string {
  if (UNFIT.test(value))
    throw new TypeError('a header or path to be sent upstream holds a character none may hold')
  return value
}

function token(name: string): string {
  if (names.has(name)) return name
  if (!NAME.test(name)) throw new TypeError(`"${name.slice(0, 60)}" is no header name`)
  if (names.size < 1_000) names.add(name)
  return name
}
