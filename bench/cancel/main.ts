// How fast a hang-up travels: the time from the caller's FIN to the close of the upstream connection (or, where none is
// open, to the end of the wait), in every phase a call can be in. Prints p50, p99 and max per phase and fails when a p99
// is 50 ms or more. Everything runs in this process on loopback; `--calls` is per phase.

import http from 'node:http'
import net from 'node:net'
import { parseArgs } from 'node:util'
import pino from 'pino'
import type { RouteConfig } from '../../src/config/config.ts'
import { makeEndpoint } from '../../src/config/endpoint.ts'
import { createGateway } from '../../src/gateway/create-gateway.ts'
import type { EndpointConfig } from '../../src/providers/endpoint.ts'
import { noticed } from '../../src/routing/hedge.ts'
import { startServer } from '../../src/server/server.ts'

const LIMIT_MS = 50
const TOGETHER = 8
/** No gateway between: what this machine takes at this moment, the floor of every figure below it. */
const CONTROL = 'no gateway'
/** Nobody hangs up: from the winner's first event to the close of the other attempt. */
const LOSER = 'hedge loser'
const { values } = parseArgs({ options: { calls: { type: 'string', default: '1000' } } })
const CALLS = Number(values.calls)

/** By the text of the request: who waits for the upstream to see it, and for its connection to go. */
const seen = new Map<string, () => void>()
/** When the winner of a race sent its first event. */
const wrote = new Map<string, number>()
const closed = new Map<string, (at: number) => void>()

/** Answers as the model's name says: never, a stream that stalls, 429 that asks for a long wait, or at once. */
const upstream = http.createServer((request, response) => {
  let text = ''
  request.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  request.on('end', () => {
    const { model, messages } = JSON.parse(text) as { model: string; messages: { content: string }[] }
    const id = messages[0]?.content ?? ''
    response.on('close', () => {
      if (!response.writableFinished) closed.get(id)?.(performance.now())
    })
    if (model === 'busy') response.writeHead(429, { 'retry-after': '5' }).end('{"error":{"message":"busy"}}')
    else if (model === 'stalls') {
      wrote.set(id, performance.now())
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(
        'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"po"},"finish_reason":null}]}\n\n',
      )
    }
    seen.get(id)?.()
  })
})
const swallowed = new Set<net.Socket>()
const hole = net.createServer((socket) => {
  swallowed.add(socket)
  socket.on('error', () => {})
  socket.on('close', () => swallowed.delete(socket))
})

const listen = (server: net.Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port))
  })

const upstreamPort = await listen(upstream)
const holePort = await listen(hole)

function endpoint(id: string, baseUrl: string, more: Partial<EndpointConfig> = {}): EndpointConfig {
  const made = makeEndpoint({
    id,
    provider: 'openai-compatible',
    baseUrl,
    models: ['never', 'stalls', 'busy'].map((name) => ({ name: `${id}-${name}`, upstream: name })),
    source: 'config',
    probe: 'off',
  })
  const timeouts = { connectMs: 60_000, firstByteMs: 60_000, idleMs: 60_000, totalMs: 0 }
  return { ...made, timeouts, ...more }
}

const base = `http://127.0.0.1:${upstreamPort}/v1`
const endpoints = [
  endpoint('up', base, { maxRetries: 3 }),
  // Accepts and never shakes hands: a connection that is being made for ever.
  endpoint('far', `https://127.0.0.1:${holePort}/v1`),
  endpoint('full', base, { rateLimit: { concurrency: 1, maxQueue: 1_000, queueWaitMs: 60_000 } }),
  endpoint('paced', base, { rateLimit: { requestsPerSecond: 0.01, maxPaceMs: 1e9 } }),
]
const route = (name: string, id: string, model: string, more: Partial<RouteConfig> = {}): RouteConfig => ({
  name,
  strategy: 'priority',
  fallback: [],
  targets: [{ endpoint: id, model, weight: 1 }],
  ...more,
})
const gateway = createGateway(
  {
    server: { host: '127.0.0.1', port: 0, maxBodyBytes: 1 << 20, maxUploadBytes: 1 << 20, strict: false },
    endpoints,
    routes: [
      route('first byte', 'up', 'never'),
      route('stream', 'up', 'stalls'),
      route('back-off', 'up', 'busy', { retryBudget: 1 }),
      route('connect', 'far', 'never'),
      route('queue', 'full', 'never'),
      route('pace', 'paced', 'never'),
      route(LOSER, 'up', 'never', {
        targets: ['never', 'stalls'].map((model) => ({ endpoint: 'up', model, weight: 1 })),
        hedge: { share: 1, minDelayMs: 1 },
      }),
    ],
    aliases: {},
    problems: [],
    files: [],
  },
  { log: pino({ level: 'silent' }), probe: false },
)
const server = await startServer({ gateway, host: '127.0.0.1', port: 0 })
/** Where no upstream is open, calls go one at a time, and the next record is that of the call that hung up. */
let settled: ((at: number) => void) | undefined
gateway.runtime.decisions.subscribe(() => settled?.(performance.now()))

let serial = 0

/** Sends a call, waits until it is in its phase, hangs up. Resolves with ms from FIN to the end of the wait. */
function hangUp(
  model: string,
  open: boolean,
  ready: (id: string, socket: net.Socket) => Promise<void>,
): Promise<number> {
  const id = `call-${serial++}`
  const socket = net.connect(model === CONTROL ? upstreamPort : server.port, '127.0.0.1')
  socket.on('error', () => {})
  const body = JSON.stringify({
    model,
    stream: model === 'stream',
    messages: [{ role: 'user', content: id }],
  })
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${model}: the hang-up of ${id} was not noticed`)),
      20_000,
    )
    const phase = ready(id, socket)
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    void phase.then(() => {
      const at = performance.now()
      const over = (now: number): void => {
        clearTimeout(timer)
        closed.delete(id)
        seen.delete(id)
        settled = undefined
        socket.destroy()
        resolve(now - at)
      }
      if (open) closed.set(id, over)
      else settled = over
      socket.end()
    })
  })
}

/** A race of two attempts. Resolves with ms from the winner's first event to the close of the loser's connection. */
function race(): Promise<number> {
  const id = `call-${serial++}`
  const socket = net.connect(server.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  const body = JSON.stringify({ model: LOSER, stream: true, messages: [{ role: 'user', content: id }] })
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the loser of ${id} was not let go`)), 20_000)
    closed.set(id, (now) => {
      clearTimeout(timer)
      closed.delete(id)
      socket.destroy()
      resolve(now - (wrote.get(id) ?? Number.NaN))
      wrote.delete(id)
    })
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
  })
}
const raced = gateway.runtime.routes.known(LOSER)?.hedges?.stream
// So that the usual time to the first byte is known.
for (let sample = 0; sample < 100; sample++) if (raced) noticed(raced, 1)

const turns = (count: number): Promise<void> =>
  new Promise((resolve) => {
    const next = (left: number): void => void (left === 0 ? resolve() : setImmediate(() => next(left - 1)))
    next(count)
  })
const asked = (id: string): Promise<void> =>
  new Promise((resolve) => {
    seen.set(id, resolve)
  })
/** Polls a condition of the gateway once per turn of the loop. */
async function state(holds: () => boolean): Promise<void> {
  while (!holds()) await turns(1)
}

const gateOf = (id: string) => gateway.runtime.endpoints.get(id)?.scope?.gate
const inFlight = (key: string) => gateway.runtime.vitals.get(key)?.inFlight ?? 0

// One call holds the only place of the queue, one takes the first slot of the pace.
const holders = ['queue', 'pace'].map((model) => {
  const socket = net.connect(server.port, '127.0.0.1')
  socket.on('error', () => {})
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: `holder ${model}` }] })
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  return socket
})
await state(() => gateOf('full')?.running === 1 && inFlight('paced/never') === 1)

const PHASES: Record<string, { open: boolean; ready: (id: string, socket: net.Socket) => Promise<void> }> = {
  [CONTROL]: { open: true, ready: asked },
  queue: { open: false, ready: () => turns(6).then(() => state(() => (gateOf('full')?.waiting ?? 0) > 0)) },
  pace: { open: false, ready: () => turns(8) },
  'back-off': { open: false, ready: (id) => asked(id).then(() => turns(8)) },
  connect: { open: false, ready: () => turns(6).then(() => state(() => inFlight('far/never') > 0)) },
  'first byte': { open: true, ready: asked },
  stream: {
    open: true,
    ready: (_id, socket) => new Promise((resolve) => socket.once('data', () => resolve())),
  },
  [LOSER]: { open: true, ready: asked },
}

let failed = false
console.log(`hang-up to upstream close, ms, ${CALLS} calls a phase`)
for (const [name, { open, ready }] of Object.entries(PHASES)) {
  const times: number[] = []
  while (times.length < CALLS) {
    const many = open ? Math.min(TOGETHER, CALLS - times.length) : 1
    times.push(
      ...(await Promise.all(
        Array.from({ length: many }, () => (name === LOSER ? race() : hangUp(name, open, ready))),
      )),
    )
  }
  times.sort((a, b) => a - b)
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] as number
  if (at(0.99) >= LIMIT_MS) failed = true
  const figures = [at(0.5), at(0.99), at(1)].map((ms) => ms.toFixed(2).padStart(7))
  console.log(`${name.padEnd(12)} p50 ${figures[0]}   p99 ${figures[1]}   max ${figures[2]}`)
}
for (const socket of holders) socket.destroy()
for (const socket of swallowed) socket.destroy()
await server.close(500)
upstream.closeAllConnections()
upstream.close()
hole.close()
if (failed) {
  console.error(`a p99 is ${LIMIT_MS} ms or more`)
  process.exitCode = 1
}
