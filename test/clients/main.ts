// `npm run clients`: real coding clients, installed from npm into a scratch folder and configured by `trunkline setup`,
// run one task with tools through the gateway against a scripted upstream of each dialect. Prints a table, and ends with 1
// when a cell of it fails. Nothing leaves loopback once the packages are there: where Linux lets us, the runs have a network
// of their own with nothing but loopback in it; elsewhere the clients are given a proxy that refuses everything.
//
// Options: `--only codex,opencode`, `--wires chat,gemini`, `--keep DIR` (installs there, and leaves everything),
// `--verbose` (every request, and what the client said).

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Json, type JsonObject, isObject } from '../../src/core/json.ts'
import { FILES } from './agent.ts'
import { CLIENTS, type Client } from './clients.ts'
import { type Door, type Wall, buildWall, openDoor } from './door.ts'
import { type RunningGateway, startGateway } from './gateway.ts'
import { type Upstream, type UpstreamCall, WIRES, type WireName, startUpstream } from './upstream.ts'

const LIMIT_MS = 90_000
const verbose = process.argv.includes('--verbose')
const kept = option('keep')
const inside = option('inside')
const scratch = inside ?? kept ?? mkdtempSync(join(tmpdir(), 'trunkline-clients-'))

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}

/** Undefined: it is there. */
function missing(client: Client): string | undefined {
  const there = existsSync(join(scratch, client.name, 'node_modules', client.program))
  return there ? undefined : 'its package cannot be had here'
}

/** Undefined: installed. */
function install(client: Client): string | undefined {
  const folder = join(scratch, client.name)
  if (missing(client) === undefined) return undefined
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  try {
    execFileSync(
      'npm',
      [
        'install',
        '--silent',
        '--no-audit',
        '--no-fund',
        '--ignore-scripts',
        `${client.package}@${client.version}`,
      ],
      { cwd: folder, stdio: 'ignore', timeout: 400_000 },
    )
  } catch (thrown) {
    return `not installed: ${(thrown as Error).message.split('\n')[0]}`
  }
  return missing(client)
}

interface Said {
  /** null: it was stopped. */
  code: number | null
  out: string
  err: string
}

function run(command: readonly string[], cwd: string, env: Record<string, string>): Promise<Said> {
  const [program = '', ...args] = command
  // A group of its own, so that what it started ends with it.
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const said: Said = { code: null, out: '', err: '' }
  child.stdout.on('data', (piece: Buffer) => (said.out += piece.toString('utf8')))
  child.stderr.on('data', (piece: Buffer) => (said.err += piece.toString('utf8')))
  const stop = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // The group is gone already.
    }
  }
  return new Promise((resolve) => {
    const timer = setTimeout(stop, LIMIT_MS)
    child.on('error', (error) => (said.err += error.message))
    child.on('close', (code) => {
      clearTimeout(timer)
      stop()
      resolve({ ...said, code })
    })
  })
}

interface Place {
  gateway: RunningGateway
  upstream: Upstream
  door: Door
  wall: Wall
}

async function cell(
  client: Client,
  wire: WireName,
  { gateway, upstream, door, wall }: Place,
): Promise<string> {
  const home = mkdtempSync(join(scratch, `home-${client.name}-${wire}-`))
  const work = join(home, 'work')
  mkdirSync(work)
  const words = FILES.map(() => randomBytes(6).toString('hex'))
  for (const [index, file] of FILES.entries()) writeFileSync(join(work, file), `${words[index]}\n`)
  const model = gateway.models[wire]
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    TMPDIR: home,
    TERM: 'dumb',
    LANG: 'C.UTF-8',
    HTTP_PROXY: wall.url,
    HTTPS_PROXY: wall.url,
    http_proxy: wall.url,
    https_proxy: wall.url,
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
  }
  const setup = await run(
    [
      process.execPath,
      gateway.program,
      'setup',
      client.name,
      '--url',
      door.url,
      '--key',
      gateway.key,
      '--model',
      model,
    ],
    work,
    env,
  )
  if (setup.code !== 0) return `setup: ${setup.err || setup.out}`
  if (client.reasoning) {
    const path = join(home, client.reasoning.path)
    const value = JSON.parse(readFileSync(path, 'utf8')) as Json
    writeFileSync(path, JSON.stringify(merged(value, client.reasoning.members(model))))
  }
  const exported = Object.fromEntries(
    [...setup.out.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
  const program = join(scratch, client.name, 'node_modules', client.program)
  door.taken()
  upstream.taken()
  wall.taken()
  const said = await run(
    [...(program.endsWith('.js') ? [process.execPath] : []), program, ...client.args],
    work,
    { ...env, ...exported, ...client.env },
  )
  const asked = door.taken()
  const calls = upstream.taken()
  const outside = wall.taken()
  if (verbose) {
    console.log(`\n=== ${client.title} on ${model}: exit ${said.code}`)
    for (const { method, path, status, text } of asked) console.log(`  ${method} ${path} ${status} ${text}`)
    for (const { path, played, reasons } of calls)
      console.log(
        `  -> ${path} stage ${played?.stage ?? 'aside'}${reasons ? ' reasons' : ''} ${played?.faults.join('; ') ?? ''}`,
      )
    if (outside.length > 0) console.log(`  wanted out: ${outside.join(', ')}`)
    console.log(`  said: ${said.out.trim().slice(-1500)}\n  err: ${said.err.trim().slice(-3000)}`)
    writeFileSync(join(home, 'upstream.json'), JSON.stringify(calls, null, 1))
  }
  const faults = [
    ...(said.code === 0
      ? []
      : [said.code === null ? `stopped after ${LIMIT_MS / 1000} s` : `exit ${said.code}`]),
    ...asked
      .filter(({ status }) => status >= 400)
      .map(({ method, path, status }) => `${method} ${path} ${status}`),
    ...calls.flatMap(({ played }) => played?.faults ?? ['an unknown path upstream']),
    ...(new RegExp(`in this order: [^]*${words.join('[^]*')}`).test(said.out)
      ? []
      : ['the last answer was not printed']),
  ]
  return faults.length > 0 ? [...new Set(faults)].join('; ') : `pass${state(calls)}`
}

function merged(base: Json | undefined, extra: Json): Json {
  if (!isObject(base) || !isObject(extra)) return extra
  const out: JsonObject = { ...base }
  for (const [name, value] of Object.entries(extra)) out[name] = merged(base[name], value ?? null)
  return out
}

/** Whether reasoning had to come back, in a passed cell. */
function state(calls: readonly UpstreamCall[]): string {
  return calls.some(({ played, reasons }) => reasons && (played?.stage ?? 0) > 0)
    ? ', reasoning returned'
    : ''
}

/**
 * Runs this program again where there is no network but loopback, and where what it started ends with it; undefined where
 * that cannot be had.
 */
function alone(): number | undefined {
  const own = ['-rnpf', '--mount-proc', '--kill-child', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
  if (process.platform !== 'linux' || spawnSync('unshare', [...own, 'true']).status !== 0) return undefined
  const again = [process.execPath, ...process.argv.slice(1), '--inside', scratch]
  return spawnSync('unshare', [...own, ...again], { stdio: 'inherit' }).status ?? 1
}

async function matrix(chosen: readonly Client[], absent: (client: Client) => string | undefined) {
  const named = option('wires')?.split(',')
  const wires = (Object.keys(WIRES) as WireName[]).filter((name) => named?.includes(name) ?? true)
  const upstream = await startUpstream()
  const gateway = await startGateway(upstream.url, scratch)
  const place: Place = { gateway, upstream, door: await openDoor(gateway.url), wall: await buildWall() }
  const table: string[][] = [['client', ...wires.map((wire) => `${wire} (${gateway.models[wire]})`)]]
  try {
    for (const client of chosen) {
      const why = absent(client)
      const row = [`${client.title} ${client.version}`]
      for (const wire of wires) row.push(why ?? (await cell(client, wire, place)))
      table.push(row)
    }
  } finally {
    gateway.stop()
    place.door.close()
    place.wall.close()
    upstream.close()
  }
  console.log(table.map((row) => `| ${row.join(' | ')} |`).join('\n'))
  return table.slice(1).every((row) => row.slice(1).every((found) => found.startsWith('pass')))
}

const wanted = option('only')?.split(',')
const chosen = CLIENTS.filter(({ name }) => wanted?.includes(name) ?? true)
try {
  const absent = new Map(
    chosen.map((client) => [client.name, inside === undefined ? install(client) : missing(client)]),
  )
  process.exitCode =
    (inside === undefined ? alone() : undefined) ??
    ((await matrix(chosen, ({ name }) => absent.get(name))) ? 0 : 1)
} finally {
  if (kept === undefined && inside === undefined) rmSync(scratch, { recursive: true, force: true })
}
