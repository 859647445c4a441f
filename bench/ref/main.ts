// `npm run bench:ref -- <git ref> [--rounds N]`: the working tree against a commit, in one run, the order reversed each
// round. Prints the median of CPU per call of each and their ratio; 1.00 is the same.

import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Order, Seen } from '../overhead/load.ts'
import { CORES, type Running, cpuUs, start } from '../overhead/processes.ts'
import { freePort } from '../overhead/targets.ts'
import { type Face, type Mode, requestBody } from '../overhead/traffic.ts'

const ref = process.argv[2] ?? 'HEAD'
const asked = process.argv.indexOf('--rounds')
const ROUNDS = asked > 0 ? Number(process.argv[asked + 1]) : 7
const root = join(import.meta.dirname, '../..')
const overhead = join(import.meta.dirname, '../overhead')
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-ref-'))
const tree = join(scratch, 'tree')
execFileSync('git', ['worktree', 'add', '--detach', '--force', tree, ref], { cwd: root, stdio: 'pipe' })
symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
const running: Running[] = []
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number

async function gateway(folder: string, origin: string): Promise<Running> {
  const cwd = mkdtempSync(join(scratch, 'run-'))
  writeFileSync(
    join(cwd, 'trunkline.yaml'),
    `server: { masterKey: sk-bench }
endpoints:
  up: { provider: openai, base_url: "${origin}/v1", api_key: sk-up, models: [bench-model], rate_limit: { rpm: 100000000 } }
`,
  )
  const port = await freePort()
  const command = [process.execPath, join(folder, 'src/cli/main.ts'), 'serve', '--port', String(port)]
  const started = await start(CORES.measured, command, /startup complete/i, { port, cwd })
  running.push(started)
  return started
}

async function batch(target: Running, mode: Mode, face: Face): Promise<number> {
  const order: Order = {
    origin: `http://127.0.0.1:${target.port}`,
    path: face === 'chat' ? '/v1/chat/completions' : '/v1/messages',
    headers: { authorization: 'Bearer sk-bench' },
    body: requestBody(face, mode, 'bench-model'),
    requests: mode === 'json' ? 6_000 : 2_000,
    connections: 32,
    ends: mode === 'json' ? '}' : face === 'chat' ? 'data: [DONE]' : 'data: {"type":"message_stop"}',
  }
  const before = cpuUs(target.pid)
  const { stdout } = await promisify(execFile)('taskset', [
    '-c',
    CORES.load,
    process.execPath,
    join(overhead, 'load.ts'),
    JSON.stringify(order),
  ])
  const seen = JSON.parse(stdout) as Seen
  if (seen.bad > 0) throw new Error(`${mode} ${face}: ${seen.firstBad}`)
  return (cpuUs(target.pid) - before) / seen.ok
}

try {
  const upstream = await start(CORES.load, [process.execPath, join(overhead, 'upstream.ts')], /port (\d+)/)
  running.push(upstream)
  const origin = `http://127.0.0.1:${upstream.port}`
  const pair = [
    ['ref', await gateway(tree, origin)],
    ['here', await gateway(root, origin)],
  ] as const
  console.log(`\nworking tree against ${ref}, CPU us a call, median of ${ROUNDS} rounds\n`)
  for (const mode of ['json', 'stream'] as const)
    for (const [name, face] of [
      ['relay', 'chat'],
      ['translated', 'messages'],
    ] as const) {
      const spent = { ref: [] as number[], here: [] as number[] }
      for (let round = -1; round < ROUNDS; round++)
        for (const [which, target] of round % 2 === 0 ? pair : pair.toReversed()) {
          const us = await batch(target, mode, face)
          if (round >= 0) spent[which].push(us)
        }
      const [old, now] = [median(spent.ref), median(spent.here)]
      console.log(
        `${name.padEnd(12)}${mode.padEnd(8)}${old.toFixed(0).padStart(7)}${now.toFixed(0).padStart(7)}   x ${(now / old).toFixed(2)}`,
      )
    }
} finally {
  for (const { stop } of running) stop()
  execFileSync('git', ['worktree', 'remove', '--force', tree], { cwd: root, stdio: 'pipe' })
  rmSync(scratch, { recursive: true, force: true })
}
process.exit(0)
