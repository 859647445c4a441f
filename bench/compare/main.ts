// `npm run bench:compare`: Trunkline beside nginx, Portkey, LiteLLM and claude-code-router in one run. Everything is
// installed into a scratch folder; what cannot be is listed with the reason. Takes some minutes, most of them installs.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Order, Seen } from '../overhead/load.ts'
import { CORES, cpuUs, start } from '../overhead/processes.ts'
import { freePort, programOf, startFloor, startNginx, startPortkey } from '../overhead/targets.ts'
import { requestBody } from '../overhead/traffic.ts'
import { save } from '../results/save.ts'
import { ABSENT, type Peer, startLitellm, startRouter, startRust } from './peers.ts'

const quick = process.argv.includes('--quick')
const ROUNDS = quick ? 1 : 3
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-compare-'))
const upstream = await start(
  CORES.load,
  [process.execPath, join(import.meta.dirname, '../overhead/upstream.ts')],
  /port (\d+)/,
)
const origin = `http://127.0.0.1:${upstream.port}`

type Case = Pick<Order, 'path' | 'body' | 'ends' | 'fill' | 'holds'> & { requests: number }
const embedding = { ends: '}', holds: '"embedding"' }
const long = JSON.stringify({
  model: 'bench-model',
  max_tokens: 256,
  messages: [{ role: 'user', content: '@fill@' }],
})
const CASES: Readonly<Record<string, Case>> = {
  relay: {
    path: '/v1/chat/completions',
    body: requestBody('chat', 'json', 'bench-model'),
    ends: '}',
    requests: 3000,
  },
  'relay 500 KB': { path: '/v1/chat/completions', body: long, fill: 500_000, ends: '}', requests: 300 },
  stream: {
    path: '/v1/chat/completions',
    body: requestBody('chat', 'stream', 'bench-model'),
    ends: 'data: [DONE]',
    requests: 1000,
  },
  'messages in': {
    path: '/v1/messages',
    body: requestBody('messages', 'json', 'bench-model'),
    ends: '}',
    requests: 2000,
  },
  'messages out': {
    path: '/v1/chat/completions',
    body: requestBody('chat', 'json', 'messages-model'),
    ends: '}',
    requests: 2000,
  },
  embeddings: {
    path: '/v1/embeddings',
    body: JSON.stringify({ model: 'bench-model', input: 'hello world' }),
    ...embedding,
    requests: 3000,
  },
}
const ALL = Object.keys(CASES)

async function trunkline(): Promise<Peer> {
  writeFileSync(
    join(scratch, 'trunkline.yaml'),
    `server: { masterKey: sk-bench }
endpoints:
  up: { provider: openai, base_url: "${origin}/v1", api_key: sk-up, models: [bench-model], probe: off }
  messages: { provider: anthropic, base_url: "${origin}", api_key: sk-up, models: [messages-model], probe: off }
`,
  )
  const port = await freePort()
  const running = await start(CORES.measured, programOf(port), /startup complete/i, { port, cwd: scratch })
  return { name: 'Trunkline', running, headers: { authorization: 'Bearer sk-bench' }, cases: ALL }
}

async function batch(peer: Peer, name: string, share: number): Promise<number> {
  const { requests, ...one } = CASES[name] as Case
  const order: Order = {
    origin: `http://127.0.0.1:${peer.running.port}`,
    headers: peer.headers,
    connections: 16,
    ...one,
    requests: Math.max(20, Math.round(requests * share)),
  }
  const before = cpuUs(peer.running.pid)
  const { stdout } = await promisify(execFile)(
    'taskset',
    [
      '-c',
      CORES.load,
      process.execPath,
      join(import.meta.dirname, '../overhead/load.ts'),
      JSON.stringify(order),
    ],
    { timeout: 240_000 },
  )
  const seen = JSON.parse(stdout) as Seen
  if (seen.bad > 0) throw new Error(`${peer.name}, ${name}: ${seen.firstBad?.slice(0, 300)}`)
  return (cpuUs(peer.running.pid) - before) / seen.ok
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
const absent: (readonly [string, string])[] = [...ABSENT]
const peers: Peer[] = []
const add = async (name: string, make: () => Promise<Peer | undefined>): Promise<void> => {
  try {
    const peer = await make()
    if (peer) peers.push(peer)
    else absent.push([name, 'not installed on this machine'])
  } catch (thrown) {
    absent.push([
      name,
      String(thrown instanceof Error ? thrown.message : thrown)
        .replaceAll(/(?:\/[\w.@-]+){2,}/g, '...')
        .replaceAll('\n', ' ')
        .slice(0, 160),
    ])
  }
}
const simple = ['relay', 'relay 500 KB', 'stream', 'embeddings']
await add('floor', async () => ({ ...(await startFloor(origin)), cases: simple }))
await add('Trunkline', trunkline)
await add('nginx', async () => {
  const target = await startNginx(origin, scratch)
  return target && { ...target, cases: simple.filter((name) => name !== 'relay 500 KB') }
})
await add('Portkey', async () => ({
  ...(await startPortkey(origin, scratch)),
  cases: ['relay', 'relay 500 KB', 'embeddings'],
}))
if (!quick) {
  await add('claude-code-router', () => startRouter(origin, scratch))
  await add('LiteLLM', () => startLitellm(origin, scratch))
  if (process.argv.includes('--rust') || process.env.LITELLM_RS !== undefined)
    await add('litellm-rs', () => startRust(origin, scratch))
  else absent.push(['litellm-rs', 'Rust; builds for half an hour, so only with --rust'])
}

const found = new Map<string, Map<string, string>>()
try {
  for (const name of ALL) {
    const taking = peers.filter((peer) => peer.cases.includes(name))
    const spent = new Map<Peer, number[]>(taking.map((peer) => [peer, []]))
    for (let round = -1; round < ROUNDS; round++)
      for (const peer of taking) {
        // Those that take milliseconds a call are asked less often, so that the run ends.
        const slow = peer.name.startsWith('LiteLLM') || peer.name.startsWith('portkey')
        try {
          const us = await batch(peer, name, (quick ? 0.1 : 1) * (slow ? 0.15 : 1))
          if (round >= 0) spent.get(peer)?.push(us)
        } catch (thrown) {
          console.error(thrown instanceof Error ? thrown.message : thrown)
          spent.delete(peer)
          taking.splice(taking.indexOf(peer), 1)
          absent.push([`${peer.name}, ${name}`, 'answers wrongly there (see the run)'])
        }
      }
    for (const [peer, values] of spent) {
      const row = found.get(peer.name) ?? new Map<string, string>()
      found.set(peer.name, row)
      if (values.length > 0) row.set(name, median(values).toFixed(0))
    }
  }
} finally {
  for (const peer of peers) peer.running.stop()
  upstream.stop()
  rmSync(scratch, { recursive: true, force: true })
}
save('compare', 'npm run bench:compare -- --save', [
  {
    title: 'Peers',
    text: `CPU µs of the process (user and system, children included) per call, median of ${ROUNDS} rounds, the peers taken in turn; 16 connections, 2.4 KB bodies unless said. Each peer with its access log and database off; Trunkline with its log on.`,
    head: ['', ...ALL],
    rows: [...found].map(([name, row]) => [name, ...ALL.map((one) => row.get(one) ?? '')]),
  },
  {
    title: 'Peers that are not in the table',
    text: 'And why.',
    head: ['', ''],
    rows: absent,
  },
])
process.exit(0)
