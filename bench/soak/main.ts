// `npm run bench:soak -- --minutes 20`: streams, aborts half-way, errors and 2 MB bodies, for as long as asked (default
// one minute), and what grows meanwhile: resident memory, descriptors, connections.

import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CORES, start } from '../overhead/processes.ts'
import { freePort, programOf } from '../overhead/targets.ts'
import { save } from '../results/save.ts'

const asked = process.argv.indexOf('--minutes')
const minutes = asked > 0 ? Number(process.argv[asked + 1]) : 1
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-soak-'))
const upstream = await start(
  CORES.load,
  [process.execPath, join(import.meta.dirname, '../streams/upstream.ts'), '2'],
  /port (\d+)/,
)
writeFileSync(
  join(scratch, 'trunkline.yaml'),
  `endpoints:
  chat: { provider: openai, base_url: "http://127.0.0.1:${upstream.port}/v1", api_key: sk-up, models: [chat-model], probe: off }
  messages: { provider: anthropic, base_url: "http://127.0.0.1:${upstream.port}", api_key: sk-up, models: [messages-model], probe: off }
  gone: { provider: openai, base_url: "http://127.0.0.1:9/v1", api_key: sk-up, models: [gone-model], max_retries: 0, probe: off }
`,
)
const port = await freePort()
const gateway = await start(CORES.measured, programOf(port), /startup complete/i, { port, cwd: scratch })

const seen = { streams: 0, aborted: 0, errors: 0, big: 0, wrong: 0 }

function call(model: string, body: object, abortAfter?: number): Promise<number> {
  return new Promise((resolve) => {
    const text = JSON.stringify({
      model,
      max_tokens: 30,
      stream: true,
      messages: [{ role: 'user', content: 'x' }],
      ...body,
    })
    const asking = request(
      {
        host: '127.0.0.1',
        port,
        path: '/v1/chat/completions',
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      },
      (response) => {
        let bytes = 0
        response.on('data', (piece: Buffer) => {
          bytes += piece.length
          if (abortAfter !== undefined && bytes > abortAfter) asking.destroy()
        })
        response.on('close', () => resolve(response.statusCode ?? 0))
      },
    )
    asking.on('error', () => resolve(0))
    asking.end(text)
  })
}

const big = 'x'.repeat(2 * 2 ** 20)
const until = performance.now() + minutes * 60_000
async function worker(number: number): Promise<void> {
  for (let turn = number; performance.now() < until; turn++) {
    const kind = turn % 10
    const model = turn % 2 === 0 ? 'chat-model' : 'messages-model'
    let status: number
    if (kind < 6) {
      status = await call(model, {})
      seen.streams++
    } else if (kind < 8) {
      status = await call(model, { max_tokens: 400 }, 2_000)
      seen.aborted++
    } else if (kind === 8) {
      status = (await call('gone-model', {})) === 503 ? 200 : 0
      seen.errors++
    } else {
      status = await call(model, { messages: [{ role: 'user', content: big }] })
      seen.big++
    }
    if (status !== 200) seen.wrong++
  }
}

const rssMb = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) / 1024
const descriptors = (): number => readdirSync(`/proc/${gateway.pid}/fd`).length
const atStart = descriptors()
const samples: { minute: number; mb: number }[] = []
const began = performance.now()
const timer = setInterval(
  () => samples.push({ minute: (performance.now() - began) / 60_000, mb: rssMb() }),
  1_000,
)
await Promise.all(Array.from({ length: 16 }, (_, number) => worker(number)))
clearInterval(timer)
// Idle upstream connections live for 30 s, callers' for 75.
await new Promise((resolve) => setTimeout(resolve, 35_000))
const atEnd = descriptors()

/** Least squares over what comes after the warm-up. */
function slope(): number {
  const counted = samples.slice(Math.floor(samples.length * 0.4))
  const mx = counted.reduce((sum, { minute }) => sum + minute, 0) / counted.length
  const my = counted.reduce((sum, { mb }) => sum + mb, 0) / counted.length
  const over = counted.reduce((sum, { minute, mb }) => sum + (minute - mx) * (mb - my), 0)
  return over / counted.reduce((sum, { minute }) => sum + (minute - mx) ** 2, 0)
}
const grows = slope()
gateway.stop()
upstream.stop()
rmSync(scratch, { recursive: true, force: true })
save('soak', `npm run bench:soak -- --minutes ${minutes} --save`, [
  {
    title: 'Soak',
    text: `${minutes} minutes, 16 callers at once: six streams, two aborted half-way, one error and one 2 MB body in ten calls. The slope is that of resident memory over the last three fifths; over a minute or two it says little.`,
    head: ['', ''],
    rows: [
      [
        'streams, aborts, errors, 2 MB bodies',
        `${seen.streams}, ${seen.aborted}, ${seen.errors}, ${seen.big}`,
      ],
      ['wrong answers', seen.wrong],
      ['resident at the end, MB', (samples.at(-1)?.mb ?? 0).toFixed(0)],
      ['slope, MB a minute', grows.toFixed(2)],
      ['descriptors at the start and 35 s after the end', `${atStart}, ${atEnd}`],
    ],
    goals: [
      { goal: 'slope at most 0.3 MB a minute (20 minutes)', found: grows.toFixed(2), met: grows <= 0.3 },
      {
        goal: 'descriptors back to the start level',
        found: `${atStart} to ${atEnd}`,
        met: atEnd <= atStart + 2,
      },
      { goal: 'no wrong answer', found: String(seen.wrong), met: seen.wrong === 0 },
    ],
  },
])
process.exit(seen.wrong > 0 ? 1 : 0)
