// A scriptable upstream on loopback. It answers by itself in the shape of its kind, keeps a log of every request, and
// does what the script says instead: any status, any bytes, any delay, any way to fail.

import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { anthropicAnswer } from './fake-anthropic.ts'
import { type FakeKind, type FakeRequest, ownAnswer } from './fake-kinds.ts'
import { openaiError } from './fake-openai.ts'
import { type Step, hasContent, matches, overlay, sendStep } from './step.ts'

export type { FakeKind } from './fake-kinds.ts'
export type { SsePiece, Step } from './step.ts'

export interface FakeOptions {
  kind?: FakeKind
  /** Default: any free port. */
  port?: number
  /** Default 127.0.0.1. */
  host?: string
  /** Names in the model list. Any other name is answered too, as most local servers do. */
  models?: readonly string[]
  /** The key it demands. Default: none, except litellm, which demands some key. */
  key?: string
  script?: readonly Step[]
}

export interface LogEntry {
  method: string
  /** As it came, query included. */
  path: string
  headers: IncomingHttpHeaders
  /** The body's text. */
  text: string
  /** The body as JSON; undefined when it is none. */
  body: unknown
  /** The client hung up before the answer was complete. */
  closedEarly: boolean
  /** The status that was sent; undefined while nothing was. */
  status: number | undefined
  /** Arrival, milliseconds since the Unix epoch. */
  at: number
}

export interface Fake {
  /** `http://host:port`, without a path. */
  url: string
  port: number
  host: string
  /** One entry per request whose body has arrived, oldest first. */
  log: LogEntry[]
  /** Adds steps to the queue. */
  script: (...steps: Step[]) => void
  /** Forgets the steps that nobody came for. */
  unscript: () => void
  /** The first entry for which the predicate holds, now or later. Rejects after the timeout. */
  waitFor: (predicate: (entry: LogEntry) => boolean, timeoutMs?: number) => Promise<LogEntry>
  /** Calls back for each request when it is logged. Returns the way to unsubscribe. */
  onRequest: (listener: (entry: LogEntry) => void) => () => void
  close: () => Promise<void>
}

export async function startFake(options: FakeOptions = {}): Promise<Fake> {
  const { kind = 'openai', port = 0, host = '127.0.0.1', key, models = [`${kind}-model`] } = options
  const queue: Step[] = [...(options.script ?? [])]
  const log: LogEntry[] = []
  const listeners = new Set<(entry: LogEntry) => void>()
  const waiters = new Set<(entry: LogEntry) => void>()
  const closing = new AbortController()
  let serial = 0

  const changed = (entry: LogEntry): void => {
    for (const look of waiters) look(entry)
  }

  const take = (method: string, path: string): Step | undefined => {
    const index = queue.findIndex((step) => matches(step, method, path))
    const step = queue[index]
    if (step && step.keep !== true) queue.splice(index, 1)
    return step
  }

  const answer = (request: FakeRequest): Step | undefined => {
    const step = take(request.method, request.path)
    if (!step) return ownAnswer(request)
    const { status } = step
    if (hasContent(step)) return overlay({}, step)
    const own =
      status !== undefined && status >= 400
        ? errorAnswer(kind, status, request.serial)
        : (ownAnswer(request) ?? { status: 200, text: '' })
    return overlay(own, step)
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    const hangUp = (): void => gone.abort()
    closing.signal.addEventListener('abort', hangUp)
    const entry: LogEntry = {
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: request.headers,
      text: '',
      body: undefined,
      closedEarly: false,
      status: undefined,
      at: Date.now(),
    }
    response.on('error', () => {})
    response.once('close', () => {
      closing.signal.removeEventListener('abort', hangUp)
      // A reset of our own has destroyed the socket from this side; that is not the client's doing.
      if (!response.writableFinished && !closing.signal.aborted && !cutByUs) {
        entry.closedEarly = true
        changed(entry)
      }
      gone.abort()
    })
    let cutByUs = false
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      // The client hung up while it was still sending; the entry below says so.
      entry.closedEarly = true
    }
    entry.text = Buffer.concat(chunks).toString('utf8')
    entry.body = parse(entry.text)
    log.push(entry)
    for (const listener of listeners) listener(entry)
    changed(entry)
    if (entry.closedEarly) return
    serial++
    const { pathname, searchParams } = new URL(entry.path, 'http://fake')
    const step = answer({
      kind,
      method: entry.method,
      path: entry.path,
      pathname,
      query: searchParams,
      headers: entry.headers,
      body: entry.body,
      models,
      ...(key === undefined ? {} : { key }),
      serial,
    })
    // A hole never answers; the connection stays open until somebody gives up.
    if (!step) return
    cutByUs = step.resetAfterBytes !== undefined
    entry.status = step.status ?? (step.redirect === undefined ? 200 : 302)
    await sendStep(response, step, gone.signal)
  }

  const server = createServer(
    { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 },
    (request, response) => {
      serve(request, response).catch((thrown: unknown) => {
        // A mistake in the script (a bad header, a body that is no JSON) must be seen, not become a hang.
        console.error('fake upstream:', thrown)
        response.destroy()
      })
    },
  )
  server.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const bound = server.address() as AddressInfo

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    port: bound.port,
    host,
    log,
    unscript() {
      queue.length = 0
    },
    script(...steps) {
      queue.push(...steps)
    },
    waitFor(predicate, timeoutMs = 5_000) {
      const found = log.find(predicate)
      if (found) return Promise.resolve(found)
      return new Promise((resolve, reject) => {
        const look = (entry: LogEntry): void => {
          if (!predicate(entry)) return
          clearTimeout(timer)
          waiters.delete(look)
          resolve(entry)
        }
        const timer = setTimeout(() => {
          waiters.delete(look)
          const seen = log.map((entry) => `${entry.method} ${entry.path}`).join(', ')
          reject(new Error(`no such request within ${timeoutMs} ms; seen: ${seen === '' ? 'none' : seen}`))
        }, timeoutMs)
        waiters.add(look)
      })
    },
    onRequest(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      closing.abort()
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

function errorAnswer(kind: FakeKind, status: number, serial: number): Step {
  const message = `the script says ${status}`
  return kind === 'anthropic' ? anthropicAnswer.error(status, message, serial) : openaiError(status, message)
}

function parse(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
