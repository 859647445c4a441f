// `npm run bench:workers`: what a second worker gains. Cost of a call with one worker and with two, the parent included, in
// turn; how evenly the two share; and a limit of 600 calls a minute held by both together. On a machine with four cores or
// more the calls a second are compared as well: with fewer, load and upstream stand in the way.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Order, Seen } from '../overhead/load.ts'
import { type Running, cpuUs, start } from '../overhead/processes.ts'
import { freePort, programOf } from '../overhead/targets.ts'
import { requestBody } from '../overhead/traffic.ts'
import { save } from '../results/save.ts'

const ROUNDS = process.argv.includes('--quick') ? 2 : 7
const REQUESTS = process.argv.includes('--quick') ? 1_000 : 6_000
const LIMIT = 600
const cores = availableParallelism()
const half = Math.max(1, Math.floor(cores / 2))
const MEASURED = `0-${half - 1}`
const LOAD = half === cores ? '0' : `${half}-${cores - 1}`

const overhead = join(import.meta.dirname, '../overhead')
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-workers-'))
const upstream = await start(LOAD, [process.execPath, join(overhead, 'upstream.ts')], /port (\d+)/)
writeFileSync(
  join(scratch, 'trunkline.yaml'),
  `endpoints:
  up: { provider: openai, base_url: "http://127.0.0.1:${upstream.port}/v1", api_key: sk-up, models: [bench-model], probe: off }
  held: { provider: openai, base_url: "http://127.0.0.1:${upstream.port}/v1", api_key: sk-up, models: [held-model], rate_limit: { rpm: ${LIMIT} }, probe: off }
`,
)

async function gateway(workers: number): Promise<Running> {
  const port = await freePort()
  return start(MEASURED, programOf(port, ['--workers', String(workers)]), /startup complete/i, {
    port,
    cwd: scratch,
  })
}

interface Batch {
  cpuUs: number
  perSecond: number
  ok: number
  bad: number
}

async function batch(target: Running, model: string, requests: number): Promise<Batch> {
  const order: Order = {
    origin: `http://127.0.0.1:${target.port}`,
    path: '/v1/chat/completions',
    headers: {},
    body: requestBody('chat', 'json', model),
    requests,
    connections: 32,
    ends: '}',
    patient: model === 'held-model',
  }
  const before = cpuUs(target.pid)
  const from = performance.now()
  const { stdout } = await promisify(execFile)(
    'taskset',
    ['-c', LOAD, process.execPath, join(overhead, 'load.ts'), JSON.stringify(order)],
    { timeout: 120_000 },
  )
  const seen = JSON.parse(stdout) as Seen
  const ms = performance.now() - from
  return {
    cpuUs: (cpuUs(target.pid) - before) / requests,
    perSecond: (requests / ms) * 1000,
    ok: seen.ok,
    bad: seen.bad,
  }
}

/** The workers of a parent, by their process ids. */
function workersOf({ pid }: Running): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).map(Number)
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number

const one = await gateway(1)
const two = await gateway(2)
const costs: { one: number[]; two: number[] } = { one: [], two: [] }
const speeds: { one: number[]; two: number[] } = { one: [], two: [] }
const shares: number[] = []
let wrong = 0
let passed = 0
try {
  await batch(one, 'bench-model', REQUESTS)
  await batch(two, 'bench-model', REQUESTS)
  const pair = workersOf(two)
  for (let round = 0; round < ROUNDS; round++) {
    const single = await batch(one, 'bench-model', REQUESTS)
    const before = pair.map(cpuUs)
    const both = await batch(two, 'bench-model', REQUESTS)
    const spent = pair.map((pid, index) => cpuUs(pid) - (before[index] as number))
    shares.push(Math.max(...spent) / spent.reduce((sum, each) => sum + each, 0))
    costs.one.push(single.cpuUs)
    costs.two.push(both.cpuUs)
    speeds.one.push(single.perSecond)
    speeds.two.push(both.perSecond)
    wrong += single.bad + both.bad
  }
  passed = (await batch(two, 'held-model', LIMIT + 400)).ok
} finally {
  one.stop()
  two.stop()
  upstream.stop()
  rmSync(scratch, { recursive: true, force: true })
}

const carried = (2 * median(costs.one)) / median(costs.two)
const faster = median(speeds.two) / median(speeds.one)
const enough = cores >= 4
save('workers', 'npm run bench:workers -- --save', [
  {
    title: 'Workers',
    text: `A 2.4 KB chat body, relayed, 32 connections; one worker and two in turn, median of ${ROUNDS} rounds. CPU is that of all processes of the gateway, the parent included. ${
      enough
        ? 'The speed-up is that of calls a second.'
        : `With ${cores} cores, which load and upstream need too, the calls a second of two workers cannot be measured: what two free cores would carry is taken from the cost of a call.`
    }`,
    head: ['', 'one worker', 'two workers'],
    rows: [
      ['CPU µs a call', median(costs.one).toFixed(0), median(costs.two).toFixed(0)],
      ...(enough ? [['calls a second', median(speeds.one).toFixed(0), median(speeds.two).toFixed(0)]] : []),
      ['share of the busier worker', '', `${(100 * median(shares)).toFixed(0)} %`],
      [`calls let through by a limit of ${LIMIT} a minute`, '', String(passed)],
      ['wrong answers', '', String(wrong)],
    ],
    goals: [
      {
        goal: 'two workers carry at least 1.7 times what one does',
        found: (enough ? faster : carried).toFixed(2),
        met: (enough ? faster : carried) >= 1.7,
      },
      {
        goal: `a limit of ${LIMIT} a minute lets exactly ${LIMIT} through`,
        found: String(passed),
        met: passed === LIMIT,
      },
    ],
  },
])
process.exit(wrong > 0 || passed !== LIMIT ? 1 : 0)
