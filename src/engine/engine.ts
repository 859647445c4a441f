// The engine in a program's own process: the same paths, dialects and promises as the server, without a port. Nothing is
// global, importing does nothing, and what is heavy loads on the first call.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { surroundings } from '../config/surroundings.ts'
import type { Config } from '../config/config.ts'
import type { Clock, Random } from '../core/clock.ts'
import type { Gateway } from '../gateway/create-gateway.ts'
import type { Hooks } from '../gateway/hooks.ts'
import { fetchThrough } from './fetch.ts'
import { type Head, answer, incoming } from './injected.ts'

/** The content of trunkline.yaml as a value; `${VAR}` references are filled from `env`. */
export type ConfigInput = Readonly<Record<string, unknown>>

export interface EngineOptions extends Hooks {
  /** Fills `${VAR}` references and `api_key_env`. Default: the process's own. */
  env?: Readonly<Record<string, string | undefined>>
  /** Where relative files are looked for. */
  cwd?: string
  /** Called with each warning of the configuration and each log record of level warn and above. Default: silent. */
  onLog?(record: Readonly<Record<string, unknown>>): void
  /** true: probe endpoints at start, as the server does. Default false. */
  probe?: boolean
  clock?: Clock
  random?: Random
}

export interface HandleRequest {
  /** Default POST. */
  method?: string
  /** `/v1/chat/completions`, `/v1/messages`, `/v1/models` ... */
  path: string
  headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  body?: unknown
  signal?: AbortSignal
}

export interface HandleReply {
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  /** Pieces as they come; leaving the loop hangs up on the upstream. */
  body: AsyncIterable<Buffer>
  text(): Promise<string>
  json(): Promise<unknown>
}

export interface Engine {
  /** Rejects with what is wrong with the configuration; called by the first request otherwise. */
  ready(): Promise<void>
  handle(request: HandleRequest): Promise<HandleReply>
  /** For any SDK: `new OpenAI({ fetch: engine.fetch, baseURL: 'http://engine/v1', apiKey: 'none' })`. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
  /** A request handler of node:http, to be mounted in Express, Fastify (`reply.hijack()`) or a server of one's own. */
  readonly node: (request: IncomingMessage, response: ServerResponse) => void
  /** Swaps the configuration; calls under way end on the old one. Rejects and keeps the old one where it is not valid. */
  reload(config: ConfigInput): Promise<void>
  /** Lets calls under way end for up to `drainMs`, then closes every connection. */
  close(drainMs?: number): Promise<void>
}

/**
 * @param config the content of trunkline.yaml as a value, a file's path, or nothing: what is found in the working folder.
 * @example const engine = createGateway({ endpoints: { local: { provider: 'ollama' } } })
 */
export function createGateway(config?: ConfigInput | string, options: EngineOptions = {}): Engine {
  let made: Promise<Gateway> | undefined
  let closed = false
  let calls = 0
  let drained: (() => void) | undefined

  const gateway = (): Promise<Gateway> => {
    if (closed) return Promise.reject(new Error('the engine is closed'))
    return (made ??= build(config, options))
  }
  const serve = async () => {
    const [live, server] = await Promise.all([gateway(), import('../server/server.ts')])
    return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      calls++
      response.once('close', () => {
        calls--
        if (calls === 0) drained?.()
      })
      await server.serve(request, response, { gateway: live })
    }
  }

  return {
    async ready() {
      await gateway()
    },
    async handle({ method = 'POST', path, headers = {}, body, signal }) {
      signal?.throwIfAborted()
      const run = await serve()
      const bytes = bytesOf(body)
      const lower = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      )
      return replyOf(signal, (response) =>
        run(
          incoming({ method, path, headers: { 'content-type': 'application/json', ...lower }, body: bytes }),
          response,
        ),
      )
    },
    fetch: (input, init) => fetchThrough(serve, input, init),
    node(request, response) {
      serve()
        .then((run) => run(unread(request), response))
        .catch((thrown: unknown) => {
          if (response.headersSent) {
            response.destroy()
            return
          }
          const message = thrown instanceof Error ? thrown.message : String(thrown)
          response.writeHead(503, { 'content-type': 'application/json' })
          response.end(
            JSON.stringify({ error: { message, type: 'server_error', param: null, code: 'not_configured' } }),
          )
        })
    },
    async reload(next) {
      const live = await gateway()
      live.reload(await configOf(next, options))
    },
    async close(drainMs = 10_000) {
      if (closed) return
      closed = true
      if (!made) return
      const live = await made.catch(() => undefined)
      if (!live) return
      if (calls > 0) {
        let timer: NodeJS.Timeout | undefined
        await Promise.race([
          new Promise<void>((resolve) => {
            drained = resolve
          }),
          new Promise<void>((resolve) => {
            timer = setTimeout(resolve, drainMs)
          }),
        ])
        clearTimeout(timer)
      }
      await live.close(Math.min(drainMs, 1_000))
    },
  }
}

async function build(input: ConfigInput | string | undefined, options: EngineOptions): Promise<Gateway> {
  const [{ createGateway: create }, { pino }, config] = await Promise.all([
    import('../gateway/create-gateway.ts'),
    import('pino'),
    configOf(input, options),
  ])
  const { onLog, onRequest, onAttempt, onEvent, onSettled, clock, random } = options
  const log = onLog
    ? pino(
        { level: 'warn', base: null },
        { write: (line: string) => onLog(JSON.parse(line) as Record<string, unknown>) },
      )
    : pino({ level: 'silent' })
  const hooks: Hooks = {
    ...(onRequest ? { onRequest } : {}),
    ...(onAttempt ? { onAttempt } : {}),
    ...(onEvent ? { onEvent } : {}),
    ...(onSettled ? { onSettled } : {}),
  }
  return create(config, {
    log,
    probe: options.probe ?? false,
    ...(Object.keys(hooks).length > 0 ? { hooks } : {}),
    ...(clock ? { clock } : {}),
    ...(random ? { random } : {}),
  })
}

async function configOf(input: ConfigInput | string | undefined, options: EngineOptions): Promise<Config> {
  const [{ loadConfig }, { formatProblem }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/config.ts'),
  ])
  const here = surroundings()
  const config = loadConfig({
    cwd: options.cwd ?? here.cwd,
    env: options.env ?? here.env,
    ...(typeof input === 'string' ? { file: input } : input === undefined ? {} : { inline: input }),
  })
  for (const problem of config.problems)
    options.onLog?.({ level: 40, problem: formatProblem(problem), msg: 'configuration' })
  return config
}

function bytesOf(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0)
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

/** A framework may have read the body already (express.json()): its bytes are made again from what it left. */
function unread(request: IncomingMessage): IncomingMessage {
  const body: unknown = 'body' in request ? request.body : undefined
  if (!request.readableEnded || body === undefined) return request
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
  return incoming({
    method: request.method ?? 'POST',
    path: request.url ?? '/',
    headers,
    body: bytesOf(body),
  })
}

function replyOf(
  signal: AbortSignal | undefined,
  run: (response: ServerResponse) => Promise<void>,
): Promise<HandleReply> {
  return new Promise((resolve, reject) => {
    const pieces: { bytes: Buffer; done(): void }[] = []
    let ended = false
    let wake: (() => void) | undefined
    const response = answer({
      head: (head) => resolve(reply(head)),
      piece(bytes, done) {
        pieces.push({ bytes, done })
        wake?.()
      },
      end() {
        ended = true
        signal?.removeEventListener('abort', hangUp)
        wake?.()
      },
    })
    const hangUp = (): void => {
      response.destroy()
      reject(signal?.reason as Error)
      wake?.()
    }
    signal?.addEventListener('abort', hangUp, { once: true })

    async function* body(): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          const piece = pieces.shift()
          if (piece) {
            yield piece.bytes
            piece.done()
            continue
          }
          if (ended) return
          if (signal?.aborted === true) throw signal.reason
          await new Promise<void>((go) => {
            wake = go
          })
        }
      } finally {
        if (!ended) response.destroy()
      }
    }
    const reply = ({ status, headers }: Head): HandleReply => {
      const stream = body()
      const text = async (): Promise<string> => {
        const all: Buffer[] = []
        for await (const bytes of stream) all.push(bytes)
        return Buffer.concat(all).toString('utf8')
      }
      return { status, headers, body: stream, text, json: async () => JSON.parse(await text()) as unknown }
    }
    run(response).catch(reject)
  })
}
