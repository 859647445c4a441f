// `npm run bench:counts`: what a call costs in things that can be counted (bytes allocated, writes to and reads from
// sockets), held against the stored numbers. More than a quarter worse is a failure; better ones are stored with
// `--store`. Times are not looked at, so that it says the same on a busy machine.

import { type ChildProcess, execFile, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Order, Seen } from '../overhead/load.ts'
import { type Face, type Mode, requestBody } from '../overhead/traffic.ts'
import type { Sample } from './probe.ts'

const here = import.meta.dirname
const STORED = join(here, 'stored.json')
const WORSE = 1.25
/** Calls that let the compiler and the caches settle, and calls that count. */
const CALLS: Readonly<Record<Mode, [number, number]>> = { json: [3000, 1500], stream: [1200, 500] }

type Counts = Record<keyof Sample, number>

const scratch = mkdtempSync(join(tmpdir(), 'trunkline-counts-'))
const children: ChildProcess[] = []

function port(child: ChildProcess, ready: RegExp): Promise<number> {
  children.push(child)
  return new Promise((resolve, reject) => {
    let said = ''
    const listen = (piece: Buffer): void => {
      if (said.length > 100_000) return
      said += piece.toString()
      const found = ready.exec(said)
      if (found) resolve(Number(found[1]))
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said.slice(0, 500)}`)))
  })
}

function sample(child: ChildProcess): Promise<Sample> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve(message as Sample))
    child.send('sample')
  })
}

const silent = true
const upstream = await port(fork(join(here, '../overhead/upstream.ts'), { silent }), /port (\d+)/)
writeFileSync(
  join(scratch, 'trunkline.yaml'),
  `server: { masterKey: sk-bench }
endpoints:
  up: { provider: openai, base_url: "http://127.0.0.1:${upstream}/v1", api_key: sk-up, models: [bench-model], rate_limit: { rpm: 100000000 } }
`,
)

/** A process of its own for each row, so that no row sees what another left behind. */
async function count(mode: Mode, face: Face): Promise<Counts> {
  const gateway = fork(join(here, '../../src/cli/main.ts'), ['serve', '--port', '0'], {
    cwd: scratch,
    silent,
    execArgv: ['--min-semi-space-size=512', '--max-semi-space-size=512', '--import', join(here, 'probe.ts')],
  })
  const at = await port(gateway, /http:\/\/127\.0\.0\.1:(\d+)/)
  const run = async (requests: number): Promise<void> => {
    const order: Order = {
      origin: `http://127.0.0.1:${at}`,
      path: face === 'chat' ? '/v1/chat/completions' : '/v1/messages',
      headers: { authorization: 'Bearer sk-bench' },
      body: requestBody(face, mode, 'bench-model'),
      requests,
      connections: 8,
      ends: mode === 'json' ? '}' : face === 'chat' ? 'data: [DONE]' : 'data: {"type":"message_stop"}',
    }
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(here, '../overhead/load.ts'),
      JSON.stringify(order),
    ])
    const seen = JSON.parse(stdout) as Seen
    if (seen.bad > 0) throw new Error(`${mode} ${face}: ${seen.firstBad}`)
  }
  const [settle, calls] = CALLS[mode]
  await run(settle)
  const before = await sample(gateway)
  await run(calls)
  const after = await sample(gateway)
  gateway.kill('SIGKILL')
  const each = (key: keyof Sample): number => (after[key] - before[key]) / calls
  return {
    heapBytes: Math.round(each('heapBytes')),
    externalBytes: Math.round(each('externalBytes')),
    writes: Math.round(each('writes') * 100) / 100,
    reads: Math.round(each('reads') * 100) / 100,
  }
}

let failed = false
const found: Record<string, Counts> = {}
try {
  for (const mode of ['json', 'stream'] as const)
    for (const [name, face] of [
      ['relay', 'chat'],
      ['translated', 'messages'],
    ] as const)
      found[`${name} ${mode}`] = await count(mode, face)
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(scratch, { recursive: true, force: true })
}

if (process.argv.includes('--store')) writeFileSync(STORED, `${JSON.stringify(found, null, 2)}\n`)
const stored = JSON.parse(readFileSync(STORED, 'utf8')) as Record<string, Counts>
/** Below these a difference is noise: a buffer more or less, a read that happened to be split. */
const SLACK: Counts = { heapBytes: 1024, externalBytes: 4096, writes: 0.3, reads: 0.6 }
for (const [row, counts] of Object.entries(found))
  for (const [key, now] of Object.entries(counts) as [keyof Sample, number][]) {
    const before = stored[row]?.[key] ?? 0
    const worse = now > before * WORSE + SLACK[key]
    failed ||= worse
    console.log(
      `${row.padEnd(20)}${key.padEnd(15)}${String(now).padStart(9)}  stored ${String(before).padStart(9)}${worse ? '  WORSE by more than a quarter' : ''}`,
    )
  }
process.exit(failed ? 1 : 0)
