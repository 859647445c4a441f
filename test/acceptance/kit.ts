// What every black-box test stands on: the gateway as a real child process in an empty directory, scripted upstreams,
// dead ports and black holes. Nothing here outlives its test: processes end by their own id, sockets are destroyed.

import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export const KEY = 'sk-test'
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

// ---------------------------------------------------------------- waiting

/** Asks until the answer is truthy, for at most `ms`. The only loop over time in these tests. */
export async function until<T>(
  ask: () => T | Promise<T>,
  ms: number,
  what = 'the condition',
): Promise<Exclude<T, false | undefined | null>> {
  const deadline = performance.now() + ms
  for (;;) {
    const answer = await ask()
    if (answer !== false && answer !== undefined && answer !== null)
      return answer as Exclude<T, false | undefined | null>
    if (performance.now() > deadline) throw new Error(`${what} did not come true within ${ms} ms`)
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 25)
    })
  }
}

// ---------------------------------------------------------------- replies

/** The value at `a.b.0.c`, or undefined. */
export function at(value: unknown, path: string): unknown {
  let here = value
  for (const step of path.split('.')) {
    if (typeof here !== 'object' || here === null) return undefined
    here = Array.isArray(here) ? here[Number(step)] : (here as Record<string, unknown>)[step]
  }
  return here
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

export interface Reply {
  status: number
  headers: Headers
  text: string
  /** Undefined when the body is not JSON. */
  json: unknown
  at(path: string): unknown
  /** The `data:` payloads of an event stream, `[DONE]` included. */
  frames(): string[]
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

export async function ask(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { signal: AbortSignal.timeout(40_000), ...init })
  const text = await response.text()
  const json = parse(text)
  return {
    status: response.status,
    headers: response.headers,
    text,
    json,
    at: (path) => at(json, path),
    frames: () =>
      text
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trim()),
  }
}

// ---------------------------------------------------------------- the gateway

export interface LogLine {
  raw: string
  /** The parsed line, when it is JSON. */
  json: unknown
  at(path: string): unknown
}

export interface GatewayOptions {
  env?: Record<string, string | undefined>
  /** Content of config.yaml. */
  yaml?: string
  /** Where the yaml goes. */
  file?: string
  /** More files, path to content. */
  files?: Record<string, string>
  /** File modes, path to mode; set after writing. */
  modes?: Record<string, number>
  /** Extra arguments of `serve`. */
  args?: string[]
  /** null: no --port option at all. */
  port?: number | null
  /** Where this test reaches it. */
  host?: string
  /** An existing directory to start in again. */
  dir?: string
  key?: string
}

export interface AskOptions {
  /** null: no Authorization header. */
  key?: string | null
  headers?: Record<string, string>
}

export interface Gateway {
  url: string
  port: number
  key: string
  pid: number
  dir: string
  /** Everything both streams said, line by line. */
  log: LogLine[]
  /** Resolves at the "startup complete" line; rejects when the process ends before it. */
  started: Promise<void>
  /** The exit code, once it ended. */
  ended: Promise<number | null>
  stdout(): string
  stderr(): string
  waitForLog(pattern: RegExp, ms?: number): Promise<LogLine>
  get(path: string, options?: AskOptions): Promise<Reply>
  post(path: string, body: unknown, options?: AskOptions): Promise<Reply>
  /** A "ping" chat; `model` undefined leaves the member out. */
  chat(model: string | undefined, extra?: Record<string, unknown>, options?: AskOptions): Promise<Reply>
  close(): Promise<void>
}

export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

export function portBusy(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', () => resolve(true))
    server.listen(port, host, () => server.close(() => resolve(false)))
  })
}

/** Suites run beside each other; whoever needs the well-known ports (4000, 1234 ...) has them alone until its test ends. */
export async function wellKnownPorts(): Promise<void> {
  const turn = await until(
    () =>
      new Promise<net.Server | undefined>((resolve) => {
        const server = net.createServer()
        server.once('error', () => resolve(undefined))
        server.listen(41_999, '127.0.0.1', () => resolve(server))
      }),
    50_000,
    'a turn at the well-known ports',
  )
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        turn.close(() => resolve())
      }),
  )
}

function emptyDir(options: GatewayOptions): string {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'trunkline-acceptance-'))
  const files: Record<string, string> = { ...options.files }
  if (options.yaml !== undefined) files[options.file ?? 'config.yaml'] = options.yaml
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), content)
  }
  for (const [path, mode] of Object.entries(options.modes ?? {})) chmodSync(join(dir, path), mode)
  return dir
}

function environment(extra: GatewayOptions['env']): Record<string, string> {
  const wanted: Record<string, string | undefined> = {
    PATH: process.env.PATH,
    LITELLM_MASTER_KEY: KEY,
    LLM_PROXY_LOCAL_DISCOVERY: '0',
    ...extra,
  }
  return Object.fromEntries(
    Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code))
  })
}

/** Starts `serve` and returns at once; end it with `close()`. */
export async function launch(options: GatewayOptions = {}): Promise<Gateway> {
  const dir = emptyDir(options)
  const port = options.port === null ? 4000 : (options.port ?? (await freePort()))
  const args = [
    MAIN,
    'serve',
    ...(options.port === null ? [] : ['--port', String(port)]),
    ...(options.args ?? []),
  ]
  const child = spawn(process.execPath, args, {
    cwd: dir,
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: LogLine[] = []
  const out = { stdout: '', stderr: '' }
  const watchers = new Set<(line: LogLine) => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    let rest = ''
    child[name].setEncoding('utf8')
    child[name].on('data', (chunk: string) => {
      out[name] += chunk
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const raw of lines) {
        const json = parse(raw)
        const line: LogLine = { raw, json, at: (path) => at(json, path) }
        log.push(line)
        for (const watcher of watchers) watcher(line)
      }
    })
  }
  const exit = ended(child)
  let gone = false
  const all = () => `--- stdout\n${out.stdout}\n--- stderr\n${out.stderr}`
  void exit.then(() => {
    gone = true
  })

  const waitForLog = (pattern: RegExp, ms = 15_000): Promise<LogLine> => {
    const found = log.find((line) => pattern.test(line.raw))
    if (found) return Promise.resolve(found)
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        watchers.delete(watcher)
      }
      const watcher = (line: LogLine) => {
        if (!pattern.test(line.raw)) return
        stop()
        resolve(line)
      }
      const timer = setTimeout(() => {
        stop()
        reject(new Error(`no log line like ${pattern} within ${ms} ms\n${all()}`))
      }, ms)
      watchers.add(watcher)
      void exit.then((code) => {
        stop()
        reject(new Error(`the gateway ended with ${code} before a log line like ${pattern}\n${all()}`))
      })
    })
  }

  const url = `http://${options.host ?? '127.0.0.1'}:${port}`
  const key = options.key ?? KEY
  const headers = (given: AskOptions = {}): Record<string, string> => ({
    ...(given.key === null ? {} : { authorization: `Bearer ${given.key ?? key}` }),
    ...given.headers,
  })
  const post: Gateway['post'] = (path, body, given) =>
    ask(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers(given) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const started = waitForLog(/startup complete/i).then(() => {})
  started.catch(() => {})

  return {
    url,
    port,
    key,
    pid: child.pid ?? 0,
    dir,
    log,
    started,
    ended: exit,
    stdout: () => out.stdout,
    stderr: () => out.stderr,
    waitForLog,
    get: (path, given) => ask(url + path, { headers: headers(given) }),
    post,
    chat: (model, extra, given) =>
      post(
        '/v1/chat/completions',
        {
          ...(model === undefined ? {} : { model }),
          messages: [{ role: 'user', content: 'ping' }],
          ...extra,
        },
        given,
      ),
    async close() {
      if (!gone) {
        child.kill('SIGKILL')
        await exit
      }
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** A fresh gateway for the running test, up and listening; it ends with the test. */
export async function up(options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await launch(options)
  onTestFinished(() => gateway.close())
  await gateway.started
  return gateway
}

/** A directory of the running test, for gateways that are started in the same place twice. */
export function testDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'trunkline-acceptance-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
  output: string
}

/** Runs a command line to its end, for at most 20 s. */
export async function run(
  command: string[],
  options: Pick<GatewayOptions, 'env' | 'yaml' | 'file' | 'files'> = {},
): Promise<Ran> {
  const dir = emptyDir(options)
  const child = spawn(process.execPath, [MAIN, ...command], {
    cwd: dir,
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', (status) => resolve(status))
  })
  clearTimeout(timer)
  rmSync(dir, { recursive: true, force: true })
  return { code, stdout, stderr, output: stdout + stderr }
}

/** `.subsystems.openai` of /healthz, once it is `state`. */
export async function health(gateway: Gateway, state: 'ok' | 'down', ms = 15_000): Promise<Reply> {
  return until(
    async () => {
      const reply = await gateway.get('/healthz', { key: null })
      return reply.at('subsystems.openai') === state && reply
    },
    ms,
    `subsystems.openai == ${state}`,
  )
}
