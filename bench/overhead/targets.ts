// What is measured: the floor, Trunkline, and the peers that can be had here.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { CORES, type Running, start } from './processes.ts'
import type { Face, Mode } from './traffic.ts'

export interface Target {
  name: string
  running: Running
  path: string
  face: Face
  modes: readonly Mode[]
  headers: Record<string, string>
  model: string
}

const here = import.meta.dirname
const root = join(here, '../..')
const CHAT = { path: '/v1/chat/completions', face: 'chat', model: 'bench-model', headers: {} } as const
const BOTH: readonly Mode[] = ['json', 'stream']

export async function startFloor(upstream: string): Promise<Target> {
  const running = await start(
    CORES.measured,
    [process.execPath, join(here, 'floor.ts'), upstream],
    /port (\d+)/,
  )
  return { name: 'floor', running, modes: BOTH, ...CHAT }
}

/** The program as a user runs it: built, with a key, a limit, routing, metrics and its log on. */
export async function startTrunkline(upstream: string, scratch: string): Promise<Target[]> {
  const port = await freePort()
  writeFileSync(
    join(scratch, 'trunkline.yaml'),
    `server: { masterKey: sk-bench }
endpoints:
  up: { provider: openai, base_url: "${upstream}/v1", api_key: sk-up, models: [bench-model], rate_limit: { rpm: 100000000 } }
`,
  )
  const running = await start(CORES.measured, programOf(port), /startup complete/i, { port, cwd: scratch })
  const headers = { authorization: 'Bearer sk-bench' }
  return [
    { name: 'trunkline relay', running, modes: BOTH, ...CHAT, headers },
    {
      name: 'trunkline translated',
      running,
      modes: BOTH,
      path: '/v1/messages',
      face: 'messages',
      model: 'bench-model',
      headers,
    },
  ]
}

/** The command that serves: the program as it is published, built first, once. */
export function programOf(port: number, more: readonly string[] = []): string[] {
  if (!built) execFileSync('npm', ['run', 'build', '--silent'], { cwd: root, stdio: 'inherit' })
  built = true
  return [process.execPath, join(root, 'dist/program/main.js'), 'serve', '--port', String(port), ...more]
}
let built = false

/** Undefined where the machine has no nginx. */
export async function startNginx(upstream: string, scratch: string): Promise<Target | undefined> {
  const binary = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((path) => existsSync(path))
  if (binary === undefined) return undefined
  const port = await freePort()
  const file = join(scratch, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${scratch}/nginx.pid; error_log stderr notice;
events { worker_connections 512; }
http { access_log ${scratch}/access.log;
  client_body_temp_path ${scratch}/body; proxy_temp_path ${scratch}/proxy; fastcgi_temp_path ${scratch}/fcgi;
  uwsgi_temp_path ${scratch}/uwsgi; scgi_temp_path ${scratch}/scgi;
  upstream up { server ${new URL(upstream).host}; keepalive 64; }
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; } } }
`,
  )
  const running = await start(
    CORES.measured,
    [binary, '-c', file, '-p', scratch],
    /start worker process \d+/,
    { port },
  )
  return { name: 'nginx', running, modes: BOTH, ...CHAT }
}

/** Portkey's gateway from the npm registry, into the scratch folder. JSON only: its published build fails to stream. */
export async function startPortkey(upstream: string, scratch: string): Promise<Target> {
  const folder = join(scratch, 'portkey')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  execFileSync(
    'npm',
    ['install', '--silent', '--no-save', '--ignore-scripts', `@portkey-ai/gateway@${PORTKEY}`],
    {
      cwd: folder,
      stdio: 'ignore',
      timeout: 120_000,
    },
  )
  const port = await freePort()
  const main = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js')
  const command = [process.execPath, main, `--port=${port}`, '--headless']
  const running = await start(CORES.measured, command, /(?:running|ready|localhost)/i, { port, cwd: folder })
  const headers = {
    authorization: 'Bearer sk-up',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${upstream}/v1`,
  }
  return { name: `portkey ${PORTKEY}`, running, modes: ['json'], ...CHAT, headers }
}

const PORTKEY = '1.15.2'

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
