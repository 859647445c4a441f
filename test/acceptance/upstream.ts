// The other side of the gateway: scripted upstreams, a server of one's own, dead ports and black holes.

import http from 'node:http'
import net from 'node:net'
import { onTestFinished } from 'vitest'
import { type Fake, type FakeKind, type Step, startFake } from '../../src/testing/fake-upstream.ts'
import { at, freePort } from './kit.ts'

export interface Seen {
  method: string
  path: string
  headers: Record<string, string | string[] | undefined>
  body: unknown
  at(path: string): unknown
}

/** What the next matching request gets; without `method` it is the next POST. */
export type Answer = Step

export interface Upstream {
  /** `http://127.0.0.1:port` */
  root: string
  /** root + `/v1` */
  v1: string
  port: number
  fake: Fake
  log(): Seen[]
  /** The generation calls among them. */
  chats(): Seen[]
  /** `GET .../models` among them. */
  lists(): Seen[]
  lastChat(): Seen
  /** Answers of the next requests, in order. */
  next(...answers: Answer[]): void
  close(): Promise<void>
}

export interface UpstreamOptions {
  kind?: FakeKind
  models?: string[]
  key?: string
  port?: number
}

/** A fake of the running test; it closes with the test. */
export async function upstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const made = await makeUpstream(options)
  onTestFinished(() => made.close())
  return made
}

/** The same without a test around it: the caller closes it. */
export async function makeUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const fake = await startFake({ kind: 'openai', ...options })
  let closing: Promise<void> | undefined
  const seen = (): Seen[] =>
    fake.log.map((entry) => ({
      method: entry.method,
      path: entry.path,
      headers: entry.headers,
      body: entry.body,
      at: (path) => at(entry.body, path),
    }))
  const chats = () =>
    seen().filter(
      (entry) => entry.method === 'POST' && /\/(chat\/completions|messages)(\?|$)/.test(entry.path),
    )
  const root = `http://127.0.0.1:${fake.port}`
  return {
    root,
    v1: `${root}/v1`,
    port: fake.port,
    fake,
    log: seen,
    chats,
    lists: () => seen().filter((entry) => entry.method === 'GET' && entry.path.endsWith('/models')),
    lastChat() {
      const last = chats().at(-1)
      if (!last) throw new Error('the upstream saw no chat')
      return last
    },
    next(...answers) {
      fake.script(...answers.map((answer) => ({ method: 'POST', ...answer })))
    },
    close: () => (closing ??= fake.close()),
  }
}

/** `endpoints:` of OpenAI-compatible servers without a key: id to [base URL, ...models]. */
export function endpoints(rows: Record<string, [string, ...string[]]>): string {
  const lines = Object.entries(rows).map(
    ([id, [base, ...models]]) =>
      `  ${id}: { provider: openai-compatible, base_url: "${base}", auth_type: none, models: ${JSON.stringify(models)} }\n`,
  )
  return `endpoints:\n${lines.join('')}`
}

/** A port that was free a moment ago: connections are refused. */
export const deadPort = () => freePort()

/** Accepts and never answers. */
export async function blackHole(): Promise<{ port: number; connections(): number }> {
  const sockets = new Set<net.Socket>()
  let count = 0
  const holes = net.createServer((socket) => {
    count++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.resume()
  })
  const port = await listen(holes)
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy()
        holes.close(() => resolve())
      }),
  )
  return { port, connections: () => count }
}

/** A server whose every answer is a function of the request. */
export async function server(
  answer: (request: http.IncomingMessage, body: unknown) => { status?: number; json: unknown },
): Promise<{ root: string }> {
  const made = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      const { status, json } = answer(request, text === '' ? undefined : JSON.parse(text))
      response.writeHead(status ?? 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(json))
    })
  })
  const port = await listen(made)
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        made.closeAllConnections()
        made.close(() => resolve())
      }),
  )
  return { root: `http://127.0.0.1:${port}` }
}

function listen(made: net.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    made.once('error', reject)
    made.listen(0, '127.0.0.1', () => {
      const address = made.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}
