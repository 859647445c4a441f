// An outage drill: three deployments behind one route, 200 calls a second for 60 seconds. One is killed and comes back,
// one gets slow, one answers 429 for a while. Prints failed calls, upstream attempts per call and how long the killed one
// took to serve again after it came back; fails when a call failed that a healthy deployment could have served, when
// there were more than 1.2 attempts a call, or when recovery took longer than one breaker period and the second until it is that one's turn.

import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import pino from 'pino'
import type { RouteConfig } from '../../src/config/config.ts'
import { makeEndpoint } from '../../src/config/endpoint.ts'
import { createGateway } from '../../src/gateway/create-gateway.ts'
import { startServer } from '../../src/server/server.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '200' },
    strategy: { type: 'string', default: 'round_robin' },
  },
})
const SECONDS = Number(values.seconds)
const RATE = Number(values.rate)
const BREAKER_MS = 5_000
const MOST_ATTEMPTS = 1.2

// ---------------------------------------------------------------- upstreams

type Mode = 'well' | 'slow' | 'busy'

interface Upstream {
  id: string
  port: number
  mode: Mode
  /** Requests seen. */
  asked: number
  /** When it last answered well, performance.now(). */
  served: number[]
  kill(): void
  revive(): Promise<void>
}

const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'pong' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
})

async function upstream(id: string): Promise<Upstream> {
  const state: Upstream = { id, port: 0, mode: 'well', asked: 0, served: [], kill: () => {}, revive: start }
  let server: http.Server
  function start(): Promise<void> {
    server = http.createServer((request, response) => {
      request.resume()
      request.on('end', () => {
        state.asked++
        if (state.mode === 'busy') {
          response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '2' })
          response.end('{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}')
          return
        }
        const answer = (): void => {
          if (response.destroyed) return
          state.served.push(performance.now())
          response.writeHead(200, { 'content-type': 'application/json' })
          response.end(ANSWER)
        }
        if (state.mode === 'slow') setTimeout(answer, 300)
        else setTimeout(answer, 10)
      })
    })
    return new Promise((resolve) => {
      server.listen(state.port, '127.0.0.1', () => {
        state.port = (server.address() as AddressInfo).port
        resolve()
      })
    })
  }
  state.kill = () => {
    server.close()
    server.closeAllConnections()
  }
  await start()
  return state
}

const killed = await upstream('killed')
const slowed = await upstream('slowed')
const busy = await upstream('busy')
const all = [killed, slowed, busy]

// ---------------------------------------------------------------- the gateway

const gateway = createGateway(
  {
    server: { host: '127.0.0.1', port: 0, maxBodyBytes: 1 << 20, maxUploadBytes: 1 << 20, strict: false },
    endpoints: all.map(({ id, port }) => ({
      ...makeEndpoint({
        id,
        provider: 'openai-compatible',
        baseUrl: `http://127.0.0.1:${port}/v1`,
        models: [{ name: id, upstream: 'm' }],
        source: 'config',
        probe: 'off',
      }),
      breaker: { failures: 5, openMs: BREAKER_MS },
    })),
    routes: [
      {
        name: 'm',
        strategy: values.strategy as RouteConfig['strategy'],
        fallback: [],
        targets: all.map(({ id }) => ({ endpoint: id, model: 'm', weight: 1 })),
      },
    ],
    aliases: {},
    problems: [],
    files: [],
  },
  { log: pino({ level: 'silent' }), probe: false },
)
const server = await startServer({ gateway, host: '127.0.0.1', port: 0 })

// Attempts that met a closed port are seen by no upstream; the decision records have them.
let refused = 0
gateway.runtime.decisions.subscribe(({ attempts }) => {
  for (const { outcome } of attempts) if (outcome === 'backend_unavailable') refused++
})

// ---------------------------------------------------------------- the traffic

const agent = new http.Agent({ keepAlive: true, maxSockets: 1_000 })
const BODY = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'ping' }] })
const statuses = new Map<number, number>()
const times: number[] = []

function call(): Promise<void> {
  const startedAt = performance.now()
  return new Promise((resolve) => {
    const over = (status: number): void => {
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      times.push(performance.now() - startedAt)
      resolve()
    }
    const request = http.request(
      {
        port: server.port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/v1/chat/completions',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': String(BODY.length) },
      },
      (response) => {
        response.resume()
        response.on('end', () => over(response.statusCode ?? 0))
        response.on('error', () => over(0))
      },
    )
    request.on('error', () => over(0))
    request.end(BODY)
  })
}

/** What happens when, as shares of the drill. */
const EVENTS: readonly [number, string, () => void | Promise<void>][] = [
  [0.1, 'killed: killed', () => killed.kill()],
  [0.15, 'slowed: 300 ms an answer', () => void (slowed.mode = 'slow')],
  [0.2, 'busy: 429 with Retry-After: 2', () => void (busy.mode = 'busy')],
  [
    0.6,
    'killed: back',
    async () => {
      await killed.revive()
      revivedAt = performance.now()
    },
  ],
  [0.75, 'busy: well again', () => void (busy.mode = 'well')],
  [0.85, 'slowed: well again', () => void (slowed.mode = 'well')],
]
let revivedAt = 0

const startedAt = performance.now()
const calls: Promise<void>[] = []
let next = 0
await new Promise<void>((resolve) => {
  const tick = setInterval(() => {
    const elapsed = performance.now() - startedAt
    const event = EVENTS[next]
    if (event && elapsed >= event[0] * SECONDS * 1000) {
      console.log(`${(elapsed / 1000).toFixed(1).padStart(5)} s  ${event[1]}`)
      next++
      void event[2]()
    }
    // As many as are due, whatever the timer did: a late tick sends more.
    const due = Math.min(RATE * SECONDS, Math.floor((elapsed / 1000) * RATE))
    while (calls.length < due) calls.push(call())
    if (calls.length < RATE * SECONDS) return
    clearInterval(tick)
    resolve()
  }, 5)
})
await Promise.all(calls)

// ---------------------------------------------------------------- the account

const failedCalls = calls.length - (statuses.get(200) ?? 0)
const decided = gateway.runtime.telemetry.counters
const attempts = all.reduce((sum, { asked }) => sum + asked, 0) + refused
const perCall = attempts / calls.length
const recovery = (killed.served.find((at) => at >= revivedAt) ?? Number.POSITIVE_INFINITY) - revivedAt
times.sort((a, b) => a - b)
const at = (share: number): string => (times[Math.floor((times.length - 1) * share)] as number).toFixed(1)

console.log(`
strategy            ${values.strategy}
calls               ${calls.length} (${RATE} a second for ${SECONDS} s), counted by the gateway: ${decided.calls}
failed calls        ${failedCalls}${failedCalls === 0 ? '' : ` (${[...statuses].map(([status, count]) => `${status}: ${count}`).join(', ')})`}
upstream attempts   ${attempts}, ${perCall.toFixed(3)} a call (${all.map(({ id, asked }) => `${id} ${asked}`).join(', ')}, refused connections ${refused})
recovery            ${(recovery / 1000).toFixed(2)} s after it came back (breaker period ${BREAKER_MS / 1000} s)
latency             p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`)

agent.destroy()
await server.close(500)
for (const one of all) one.kill()
const problems = [
  ...(failedCalls > 0 ? [`${failedCalls} calls failed`] : []),
  ...(perCall > MOST_ATTEMPTS ? [`${perCall.toFixed(3)} attempts a call`] : []),
  ...(recovery > BREAKER_MS + 1_000 ? [`recovery took ${recovery.toFixed(0)} ms`] : []),
]
if (problems.length > 0) {
  console.error(problems.join('; '))
  process.exitCode = 1
}
