// A gateway in this process over scripted upstreams, with everything a fault could leak counted: timers of the clock,
// log lines, sockets. Requests are plain node:http, so that the tests see exactly what a caller sees.

import http from 'node:http'
import pino from 'pino'
import { makeEndpoint } from '../../src/config/endpoint.ts'
import type { Config, RouteConfig } from '../../src/config/config.ts'
import type { Clock, Random } from '../../src/core/clock.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Decision } from '../../src/gateway/decisions.ts'
import { type Gateway, createGateway } from '../../src/gateway/create-gateway.ts'
import { systemClock } from '../../src/upstream/system-clock.ts'
import type { EndpointConfig } from '../../src/providers/endpoint.ts'
import { type RunningServer, startServer } from '../../src/server/server.ts'

export const LIMITS = { connectMs: 300, firstByteMs: 300, idleMs: 300, totalMs: 0 }

export interface EndpointDraft {
  id: string
  /** Base URL, `/v1` included. */
  url: string
  provider?: 'openai-compatible' | 'anthropic'
  timeouts?: Partial<EndpointConfig['timeouts']>
  maxRetries?: number
  rateLimit?: EndpointConfig['rateLimit']
  breaker?: EndpointConfig['breaker']
  moreKeys?: string[]
}

export interface CallLine {
  status: number
  attempts: number
  ended_by: string
  phase: string
  error?: string
}

export interface House {
  gateway: Gateway
  server: RunningServer
  /** Call lines of the log, one per call. */
  calls: CallLine[]
  /** Timers that were set and neither fired nor cancelled. */
  timers(): number
  /** Moves the clock forward; timers keep their own time. */
  shift(ms: number): void
  /** The decision record of the latest call. */
  latest(): Decision
  close(): Promise<void>
}

/** One route `m` over all endpoints in order, and one route per endpoint by its id. */
export async function house(
  drafts: readonly EndpointDraft[],
  extra: {
    routes?: RouteConfig[]
    strict?: boolean
    random?: Random
    callerLimits?: EndpointConfig['rateLimit']
  } = {},
): Promise<House> {
  const endpoints = drafts.map((draft): EndpointConfig => {
    const made = makeEndpoint({
      id: draft.id,
      provider: draft.provider ?? 'openai-compatible',
      baseUrl: draft.url,
      credential: 'sk-up',
      models: [{ name: 'm', upstream: 'm' }],
      source: 'config',
      probe: 'off',
      rateLimit: draft.rateLimit ?? {},
    })
    return {
      ...made,
      timeouts: { ...LIMITS, ...draft.timeouts },
      maxRetries: draft.maxRetries ?? 0,
      ...(draft.breaker === undefined ? {} : { breaker: draft.breaker }),
      ...(draft.moreKeys === undefined
        ? {}
        : { moreCredentials: draft.moreKeys.map((key) => new Secret(key)) }),
    }
  })
  const to = (id: string) => ({ endpoint: id, model: 'm', weight: 1 })
  const priority = { strategy: 'priority' as const, fallback: [] }
  const config: Config = {
    server: {
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: 1 << 20,
      maxUploadBytes: 1 << 20,
      strict: extra.strict === true,
      ...(extra.callerLimits === undefined ? {} : { callerLimits: extra.callerLimits }),
    },
    endpoints,
    routes: [
      { name: 'm', targets: endpoints.map(({ id }) => to(id)), ...priority },
      ...endpoints.map(({ id }) => ({ name: id, targets: [to(id)], ...priority })),
      ...(extra.routes ?? []),
    ],
    aliases: {},
    problems: [],
    files: [],
  }
  const calls: CallLine[] = []
  const log = pino(
    { level: 'info' },
    {
      write(line: string) {
        const said = JSON.parse(line) as CallLine & { msg: string }
        if (said.msg === 'call') calls.push(said)
      },
    },
  )
  const clock = countingClock()
  const gateway = createGateway(config, {
    log,
    clock: clock.clock,
    random: extra.random ?? (() => 0.5),
    probe: false,
  })
  const server = await startServer({ gateway, host: '127.0.0.1', port: 0 })
  return {
    gateway,
    server,
    calls,
    timers: clock.running,
    shift: clock.shift,
    latest: () => gateway.runtime.decisions.recent(1)[0] as Decision,
    close: () => server.close(200),
  }
}

function countingClock(): { clock: Clock; running(): number; shift(ms: number): void } {
  const running = new Set<object>()
  let offset = 0
  return {
    running: () => running.size,
    shift(ms) {
      offset += ms
    },
    clock: {
      now: () => systemClock.now() + offset,
      monotonic: () => systemClock.monotonic() + offset,
      timer(ms, fn) {
        const entry = {}
        running.add(entry)
        const timer = systemClock.timer(ms, () => {
          running.delete(entry)
          fn()
        })
        return {
          refresh: () => timer.refresh(),
          cancel() {
            running.delete(entry)
            timer.cancel()
          },
        }
      },
    },
  }
}

export type Face = 'chat' | 'messages'

export interface Heard {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
  /** The connection broke before the answer was complete. */
  broken: boolean
}

export function bodyOf(face: Face, stream: boolean, model = 'm'): string {
  const messages = [{ role: 'user', content: 'ping' }]
  const body = { model, messages, ...(stream ? { stream: true } : {}) }
  return JSON.stringify(face === 'chat' ? body : { ...body, max_tokens: 64 })
}

export interface Asking {
  request: http.ClientRequest
  heard: Promise<Heard>
  /** Resolves with the first bytes of the answer's body. */
  firstBytes: Promise<string>
}

export function ask(house: House, face: Face, body: string, headers: Record<string, string> = {}): Asking {
  const { promise: firstBytes, resolve: first } = Promise.withResolvers<string>()
  const { promise: heard, resolve } = Promise.withResolvers<Heard>()
  const request = http.request({
    port: house.server.port,
    host: '127.0.0.1',
    method: 'POST',
    path: face === 'chat' ? '/v1/chat/completions' : '/v1/messages',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...headers },
    agent: false,
  })
  const seen: Heard = { status: 0, headers: {}, text: '', broken: true }
  request.on('response', (response) => {
    seen.status = response.statusCode ?? 0
    seen.headers = response.headers
    response.setEncoding('utf8')
    response.on('data', (piece: string) => {
      seen.text += piece
      first(piece)
    })
    response.on('end', () => {
      seen.broken = false
    })
    response.on('close', () => resolve(seen))
    response.on('error', () => {})
  })
  request.on('error', () => resolve(seen))
  request.end(body)
  return { request, heard, firstBytes }
}

/** The error object of a whole answer or of an event stream, whichever dialect. */
export function errorIn(heard: Heard): { kind: string; message: string } | undefined {
  const texts = heard.text.startsWith('{')
    ? [heard.text]
    : heard.text
        .split('\n')
        .filter((line) => line.startsWith('data: {'))
        .map((line) => line.slice(6))
  for (const text of texts) {
    const wire = JSON.parse(text) as { error?: { code?: string | null; type?: string; message: string } }
    if (wire.error) return { kind: wire.error.code ?? wire.error.type ?? '', message: wire.error.message }
  }
  return undefined
}
