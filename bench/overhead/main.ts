// `npm run bench:overhead`: CPU time of the gateway process per request beside a floor and the peers, in one run, the
// targets taken in turn so that a noisy neighbour meets all of them. Ratios are the result; `--quick` is a smoke test,
// `--strict` makes a missed goal a failure, `--no-peers` leaves out nginx and Portkey, `--rounds N` asks for more. A
// wrong answer is always a failure.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Order, Seen } from './load.ts'
import { CORES, cpuUs, start } from './processes.ts'
import { type Target, startFloor, startNginx, startPortkey, startTrunkline } from './targets.ts'
import { save } from '../results/save.ts'
import { type Mode, requestBody } from './traffic.ts'

const quick = process.argv.includes('--quick')
const strict = process.argv.includes('--strict')
const peers = !quick && !process.argv.includes('--no-peers')
const asked = process.argv.indexOf('--rounds')
const ROUNDS = asked > 0 ? Number(process.argv[asked + 1]) : quick ? 1 : 7
const REQUESTS: Readonly<Record<Mode, number>> = quick
  ? { json: 500, stream: 200 }
  : { json: 6000, stream: 2000 }
const GOALS: readonly [string, number][] = [
  ['trunkline relay', 1.4],
  ['trunkline translated', 2.2],
]

const here = import.meta.dirname
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-bench-'))
const upstream = await start(CORES.load, [process.execPath, join(here, 'upstream.ts')], /port (\d+)/)
const origin = `http://127.0.0.1:${upstream.port}`

const targets: Target[] = [await startFloor(origin), ...(await startTrunkline(origin, scratch))]
const nginx = peers ? await startNginx(origin, scratch) : undefined
if (nginx) targets.push(nginx)
else console.log(peers ? 'nginx: skipped, it is not installed' : 'nginx: skipped as asked')
if (!peers) console.log('portkey: skipped as asked')
else
  await startPortkey(origin, scratch).then(
    (target) => targets.push(target),
    (thrown: Error) => console.log(`portkey: skipped, ${thrown.message.split('\n')[0]}`),
  )

/** One batch of requests; CPU microseconds a request. */
async function batch(target: Target, mode: Mode, requests: number): Promise<number> {
  const order: Order = {
    origin: `http://127.0.0.1:${target.running.port}`,
    path: target.path,
    headers: target.headers,
    body: requestBody(target.face, mode, target.model),
    requests,
    connections: 32,
    ends: mode === 'json' ? '}' : target.face === 'chat' ? 'data: [DONE]' : 'data: {"type":"message_stop"}',
  }
  const before = cpuUs(target.running.pid)
  const { stdout } = await promisify(execFile)(
    'taskset',
    ['-c', CORES.load, process.execPath, join(here, 'load.ts'), JSON.stringify(order)],
    { timeout: 120_000 },
  )
  const spent = cpuUs(target.running.pid) - before
  const seen = JSON.parse(stdout) as Seen
  if (seen.bad > 0)
    throw new Error(`${target.name} ${mode}: ${seen.bad} wrong answers, first: ${seen.firstBad}`)
  return spent / seen.ok
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number

interface Row {
  target: string
  mode: Mode
  cpuUs: number
  ratio: number
  low: number
  high: number
}

let failed = false
const rows: Row[] = []
try {
  for (const mode of ['json', 'stream'] as const) {
    const taking = targets.filter((target) => target.modes.includes(mode))
    for (const target of taking) await batch(target, mode, REQUESTS[mode]) // warm up
    const spent = new Map<string, number[]>(taking.map((target) => [target.name, []]))
    for (let round = 0; round < ROUNDS; round++)
      for (const target of taking) spent.get(target.name)?.push(await batch(target, mode, REQUESTS[mode]))
    const floor = spent.get('floor') as number[]
    for (const [name, values] of spent) {
      const ratios = values.map((value, round) => value / (floor[round] as number))
      rows.push({
        target: name,
        mode,
        cpuUs: median(values),
        // Of the medians: a tick of the CPU clock is 10 ms, so a single round is coarse.
        ratio: median(values) / median(floor),
        low: Math.min(...ratios),
        high: Math.max(...ratios),
      })
    }
  }
} catch (thrown) {
  failed = true
  console.error(thrown instanceof Error ? thrown.message : thrown)
} finally {
  for (const target of targets) target.running.stop()
  upstream.stop()
  rmSync(scratch, { recursive: true, force: true })
}

for (const [name, goal] of GOALS)
  for (const row of rows) if (row.target === name && row.ratio > goal && strict) failed = true
save('overhead', 'npm run bench:overhead -- --save', [
  {
    title: 'Overhead',
    text: `A 2.4 KB chat body, 32 connections; the measured process on one core, load and upstream on the other. User plus system time of the process and its children from \`/proc\`, per request: median of ${ROUNDS} rounds, the targets taken in turn. The stream is 41 events, each a write of its own upstream. The floor is \`node:http\` in and undici \`dispatch\` out, about 40 lines. Trunkline runs as shipped: key, routing, limits, breaker, metering, decision records, one log line a call.`,
    head: ['target', 'mode', 'CPU µs', 'x floor', 'spread'],
    rows: rows.map((row) => [
      row.target,
      row.mode,
      row.cpuUs.toFixed(0),
      row.ratio.toFixed(2),
      `${row.low.toFixed(2)} to ${row.high.toFixed(2)}`,
    ]),
    goals: GOALS.flatMap(([name, goal]) =>
      rows
        .filter((row) => row.target === name)
        .map((row) => ({
          goal: `${name}, ${row.mode}: at most ${goal} times the floor`,
          found: row.ratio.toFixed(2),
          met: row.ratio <= goal,
        })),
    ),
  },
])
process.exit(failed ? 1 : 0)
