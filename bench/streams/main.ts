// `npm run bench:streams`: CPU per streamed event of the relay and of each translation beside a bare pipe; lateness and
// memory with a thousand streams at once and five thousand quiet ones; the cost of big events and big bodies, and what
// other streams notice of it. `--quick` is a smoke test.

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CORES, type Running, cpuUs, start } from '../overhead/processes.ts'
import { freePort, programOf } from '../overhead/targets.ts'
import { type Table, save } from '../results/save.ts'
import type { Heard, Order } from './caller.ts'

const here = import.meta.dirname
const quick = process.argv.includes('--quick')
const ROUNDS = quick ? 1 : 5
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-streams-'))
const stopping: (() => void)[] = []
const probed = join(scratch, 'blocked')
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
const rssMb = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)

async function house(paceMs: number): Promise<{ origin: string; gateway: Running; pipe: Running }> {
  const upstream = await start(
    CORES.load,
    [process.execPath, join(here, 'upstream.ts'), String(paceMs)],
    /port (\d+)/,
  )
  const origin = `http://127.0.0.1:${upstream.port}`
  const pipe = await start(
    CORES.measured,
    [process.execPath, join(here, '../overhead/floor.ts'), origin, '6000'],
    /port (\d+)/,
  )
  writeFileSync(
    join(scratch, 'trunkline.yaml'),
    `server: { masterKey: sk-bench }
endpoints:
  chat: { provider: openai, base_url: "${origin}/v1", api_key: sk-up, models: [chat-model], probe: off }
  messages: { provider: anthropic, base_url: "${origin}", api_key: sk-up, models: [messages-model], probe: off }
`,
  )
  const port = await freePort()
  const [node, ...program] = programOf(port)
  const gateway = await start(
    CORES.measured,
    [node as string, '--import', join(here, 'loop-probe.ts'), ...program],
    /startup complete/i,
    { port, cwd: scratch, env: { LOOP_PROBE: probed } },
  )
  stopping.push(upstream.stop, pipe.stop, gateway.stop)
  return { origin, gateway, pipe }
}

interface Case {
  name: string
  path: string
  model: string
  ends: string
}
const CHAT_END = 'data: [DONE]'
const MESSAGES_END = '"type":"message_stop"'
const CASES: readonly Case[] = [
  { name: 'relay, Chat', path: '/v1/chat/completions', model: 'chat-model', ends: CHAT_END },
  { name: 'relay, Messages', path: '/v1/messages', model: 'messages-model', ends: MESSAGES_END },
  {
    name: 'Chat in, Messages upstream',
    path: '/v1/chat/completions',
    model: 'messages-model',
    ends: CHAT_END,
  },
  { name: 'Messages in, Chat upstream', path: '/v1/messages', model: 'chat-model', ends: MESSAGES_END },
]
const [RELAY] = CASES as [Case]

function body(one: Case, events: number, more: object = {}, filler = ''): string {
  const usage = one.path.includes('chat') ? { stream_options: { include_usage: true } } : {}
  const messages = [{ role: 'user', content: `hello ${filler}` }]
  return JSON.stringify({ model: one.model, max_tokens: events, stream: true, ...usage, ...more, messages })
}

async function hear(order: Partial<Order> & Pick<Order, 'url' | 'body' | 'ends'>): Promise<Heard> {
  const whole: Order = {
    headers: { authorization: 'Bearer sk-bench', 'anthropic-version': '2023-06-01' },
    streams: 1,
    total: order.streams ?? 1,
    rampMs: 0,
    ...order,
  }
  const { stdout } = await promisify(execFile)(
    'taskset',
    ['-c', CORES.load, process.execPath, join(here, 'caller.ts'), JSON.stringify(whole)],
    { timeout: 180_000, maxBuffer: 1e8 },
  )
  const heard = JSON.parse(stdout) as Heard
  if (heard.bad > 0) throw new Error(`${order.url}: ${heard.bad} wrong streams, first: ${heard.firstBad}`)
  return heard
}

const at = (running: Running, one: Case): string => `http://127.0.0.1:${running.port}${one.path}`

/** CPU per event with one event per read, as engines send them. */
async function perEvent(): Promise<Table> {
  const { gateway, pipe } = await house(5)
  const streams = 50
  const events = quick ? 50 : 200
  const plans = [
    { name: 'bare pipe, Chat', running: pipe, one: RELAY },
    { name: 'bare pipe, Messages', running: pipe, one: CASES[1] as Case },
    ...CASES.map((one) => ({ name: one.name, running: gateway, one })),
  ]
  const spent = new Map<string, number[]>(plans.map(({ name }) => [name, []]))
  for (let round = -1; round < ROUNDS; round++)
    for (const { name, running, one } of plans) {
      const before = cpuUs(running.pid)
      const heard = await hear({
        url: at(running, one),
        body: body(one, events),
        ends: one.ends,
        streams,
        rampMs: 1,
      })
      if (round >= 0) spent.get(name)?.push((cpuUs(running.pid) - before) / heard.events)
    }
  const us = (name: string): number => median(spent.get(name) as number[])
  const rows = plans.map(({ name, one }) => {
    const pipeUs = us(one.path.includes('chat') ? 'bare pipe, Chat' : 'bare pipe, Messages')
    return [name, us(name).toFixed(1), (us(name) / pipeUs).toFixed(2)] as const
  })
  const relay = us(RELAY.name) / us('bare pipe, Chat')
  return {
    title: 'Streams: CPU per event',
    text: `${streams} streams at once, ${events} events each, one every 5 ms and each a read of its own; CPU of the process per event that arrived, the request itself included; median of ${ROUNDS} rounds taken in turn. The bare pipe is \`node:http\` in, undici \`dispatch\` out.`,
    head: ['', 'CPU µs an event', 'x the pipe'],
    rows,
    goals: [
      { goal: 'relay at most 1.2 times a bare pipe per event', found: relay.toFixed(2), met: relay <= 1.2 },
    ],
  }
}

async function firstByte(): Promise<Table> {
  const { origin, gateway } = await house(1)
  const total = quick ? 50 : 400
  const one = { body: body(RELAY, 3), ends: RELAY.ends, streams: 1, total }
  const through: Heard[] = []
  const direct: Heard[] = []
  for (let round = -1; round < ROUNDS; round++) {
    const a = await hear({ url: `${origin}${RELAY.path}`, ...one })
    const b = await hear({ url: at(gateway, RELAY), ...one })
    if (round < 0) continue
    direct.push(a)
    through.push(b)
  }
  const mid = (all: Heard[], key: 'firstP50' | 'firstP99'): number => median(all.map((heard) => heard[key]))
  const added = mid(through, 'firstP50') - mid(direct, 'firstP50')
  const added99 = mid(through, 'firstP99') - mid(direct, 'firstP99')
  return {
    title: 'Streams: added time to the first byte',
    text: `One connection, ${total} streams one after the other, direct and through the relay in turn; median of ${ROUNDS} rounds.`,
    head: ['', 'p50 ms', 'p99 ms'],
    rows: [
      ['direct', mid(direct, 'firstP50').toFixed(2), mid(direct, 'firstP99').toFixed(2)],
      ['through the relay', mid(through, 'firstP50').toFixed(2), mid(through, 'firstP99').toFixed(2)],
      ['added', added.toFixed(2), added99.toFixed(2)],
    ],
    goals: [
      { goal: 'added p50 at most 0.5 ms', found: added.toFixed(2), met: added <= 0.5 },
      { goal: 'added p99 at most 3 ms', found: added99.toFixed(2), met: added99 <= 3 },
    ],
  }
}

async function many(): Promise<Table> {
  const rows: (string | number)[][] = []
  const goals: { goal: string; found: string; met: boolean }[] = []
  for (const [streams, paceMs, events, mostMb] of quick
    ? ([[100, 50, 40, 250]] as const)
    : ([
        [1000, 50, 160, 250],
        [5000, 1000, 12, 600],
      ] as const)) {
    const { origin, gateway } = await house(paceMs)
    const order = { body: body(RELAY, events), ends: RELAY.ends, streams, rampMs: streams > 2000 ? 0.5 : 1 }
    const direct = await hear({ url: `${origin}${RELAY.path}`, ...order })
    let rss = 0
    const timer = setInterval(() => {
      rss = Math.max(rss, rssMb(gateway.pid))
    }, 200)
    const before = cpuUs(gateway.pid)
    const through = await hear({ url: at(gateway, RELAY), ...order })
    clearInterval(timer)
    const busy = Math.round((cpuUs(gateway.pid) - before) / through.ms / 10)
    const added = through.p99 - direct.p99
    rows.push([
      `${streams} streams, an event every ${paceMs} ms`,
      direct.p99,
      through.p99,
      added.toFixed(1),
      rss,
      `${busy} %`,
    ])
    if (streams === 1000)
      goals.push({
        goal: '1,000 streams of 20 events a second: p99 no more than 50 ms later than direct',
        found: `${added.toFixed(1)} ms`,
        met: added <= 50,
      })
    goals.push({
      goal: `${streams} streams: at most ${mostMb} MB resident`,
      found: `${rss} MB`,
      met: rss <= mostMb,
    })
  }
  return {
    title: 'Streams: a thousand at once, five thousand quiet ones',
    text: 'Lateness is from the moment the upstream sent an event to the moment the caller read it; upstream and callers share the other core. The event rate of the first row is 20,000 a second, more than the upstream and callers can carry where the core is shared: then the difference to direct is what counts.',
    head: ['', 'direct p99 ms', 'through p99 ms', 'added', 'RSS MB, highest', 'CPU of one core'],
    rows,
    goals,
  }
}

const BIG_ROUNDS = quick ? 2 : 9

/** The upstream's sign for one big event, where each dialect has room for it. */
function asking(one: Case, bytes: number): object {
  return one.path.includes('chat') ? { user: `big:${bytes}` } : { metadata: { user_id: `big:${bytes}` } }
}

/** The longest block of the gateway's event loop since it was asked last, ms. */
async function blockedMs({ pid }: Running): Promise<number> {
  rmSync(probed, { force: true })
  process.kill(pid, 'SIGWINCH')
  for (let turn = 0; turn < 200; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    if (existsSync(probed) && readFileSync(probed, 'utf8') !== '') return Number(readFileSync(probed, 'utf8'))
  }
  throw new Error('the gateway did not say how long its event loop was blocked')
}

/** Big events and bodies, with a few calm streams beside them. */
async function big(): Promise<Table> {
  const { gateway } = await house(20)
  const rows: (string | number)[][] = []
  const times = new Map<string, number[]>()
  let worst = 0
  let longest = 0
  for (const [what, sizes] of [
    ['one event of', [2.5, 5, 10]],
    ['a request of', [1.25, 2.5, 5]],
  ] as const)
    for (const one of [RELAY, CASES[3] as Case])
      for (const size of sizes) {
        const bytes = Math.round(size * 2 ** 20)
        const calm = hear({
          url: at(gateway, RELAY),
          body: body(RELAY, quick ? 40 : 150),
          ends: RELAY.ends,
          streams: 10,
        })
        await new Promise((resolve) => setTimeout(resolve, 300))
        await blockedMs(gateway)
        const blocked: number[] = []
        const before = cpuUs(gateway.pid)
        for (let round = 0; round < BIG_ROUNDS; round++) {
          await hear({
            url: at(gateway, one),
            ...(what === 'one event of'
              ? { body: body(one, 1, asking(one, bytes)) }
              : { body: body(one, 1, {}, '@fill@'), fill: bytes }),
            ends: one.ends,
          }).catch((thrown: Error) => {
            throw new Error(`${what} ${size} MB, ${one.name}: ${thrown.message}`)
          })
          blocked.push(await blockedMs(gateway))
        }
        // A tick of the CPU clock is 10 ms: of all rounds together.
        const ms = (cpuUs(gateway.pid) - before) / 1000 / BIG_ROUNDS
        const block = median(blocked)
        longest = Math.max(longest, block)
        const { p99 } = await calm
        worst = Math.max(worst, p99)
        const list = times.get(`${what} ${one.name}`) ?? []
        list.push(ms)
        times.set(`${what} ${one.name}`, list)
        rows.push([`${what} ${size} MB, ${one.name}`, ms.toFixed(1), block.toFixed(0), p99])
      }
  const growth = [...times].map(([name, [, half, whole]]) => ({
    name,
    factor: (whole as number) / (half as number),
  }))
  const steepest = growth.reduce((a, b) => (a.factor > b.factor ? a : b))
  return {
    title: 'Streams: big events and big bodies',
    text: 'CPU of the process for one of them (the calm streams beside it included), mean of nine; the longest block of the event loop, median; and how late the events of ten calm streams came meanwhile.',
    head: ['', 'CPU ms', 'longest block ms', 'calm streams p99 ms'],
    rows,
    goals: [
      {
        goal: 'linear: twice the size costs at most 2.5 times',
        found: `${steepest.factor.toFixed(2)} (${steepest.name.trim()})`,
        met: steepest.factor <= 2.5,
      },
      {
        goal: 'no block of the event loop above 50 ms',
        found: `${longest.toFixed(0)} ms`,
        met: longest <= 50,
      },
      { goal: 'event delay p99 of the others under 60 ms', found: `${worst} ms`, met: worst < 60 },
    ],
  }
}

const PARTS = { event: perEvent, first: firstByte, many, big }
const wanted = (Object.keys(PARTS) as (keyof typeof PARTS)[]).filter((name) =>
  process.argv.includes(`--${name}`),
)
try {
  const tables: Table[] = []
  for (const name of wanted.length > 0 ? wanted : (Object.keys(PARTS) as (keyof typeof PARTS)[])) {
    tables.push(await PARTS[name]())
    for (const stop of stopping.splice(0)) stop()
  }
  save('streams', 'npm run bench:streams -- --save', tables)
} finally {
  for (const stop of stopping) stop()
  rmSync(scratch, { recursive: true, force: true })
}
process.exit(0)
