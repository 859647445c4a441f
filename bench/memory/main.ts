// `npm run bench:memory`: resident memory of an idle gateway, and the time from its start to its first answer beside
// `node -e 0`. What many streams take is in bench:streams.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, programOf } from '../overhead/targets.ts'
import { save } from '../results/save.ts'

const ROUNDS = process.argv.includes('--quick') ? 2 : 9
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-memory-'))
writeFileSync(
  join(scratch, 'trunkline.yaml'),
  'endpoints:\n  up: { provider: openai, base_url: "http://127.0.0.1:9/v1", api_key: sk-up, models: [m], probe: off }\n',
)
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
const rssMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function firstAnswer(): Promise<{ child: ChildProcess; ms: number }> {
  const port = await freePort()
  const [command, ...args] = programOf(port)
  const at = performance.now()
  const child = spawn(command as string, args, { cwd: scratch, stdio: 'ignore' })
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      (response) => response.ok,
      () => false,
    )
    if (answered) return { child, ms: performance.now() - at }
    if (child.exitCode !== null || performance.now() - at > 20_000) throw new Error('it did not start')
    await later(5)
  }
}

const starts: number[] = []
const bare: number[] = []
const idle: number[] = []
programOf(0)
for (let round = 0; round < ROUNDS; round++) {
  const before = performance.now()
  execFileSync(process.execPath, ['-e', '0'])
  bare.push(performance.now() - before)
  const { child, ms } = await firstAnswer()
  starts.push(ms)
  if (round < 3) {
    await later(3_000)
    idle.push(rssMb(child.pid as number))
  }
  child.kill('SIGKILL')
}
rmSync(scratch, { recursive: true, force: true })
const ratio = median(starts) / median(bare)
save('memory', 'npm run bench:memory -- --save', [
  {
    title: 'Start and idle memory',
    text: `Median of ${ROUNDS} starts in turn with \`node -e 0\`; memory of one worker three seconds after its first answer, the highest of three.`,
    head: ['', ''],
    rows: [
      ['`node -e 0`, ms', median(bare).toFixed(0)],
      ['start to first answer, ms', median(starts).toFixed(0)],
      ['ratio', ratio.toFixed(1)],
      ['idle resident, MB', Math.max(...idle).toFixed(0)],
    ],
    goals: [
      { goal: 'start to first answer at most 6 times `node -e 0`', found: ratio.toFixed(1), met: ratio <= 6 },
      {
        goal: 'idle resident at most 90 MB',
        found: `${Math.max(...idle).toFixed(0)} MB`,
        met: Math.max(...idle) <= 90,
      },
    ],
  },
])
