// `serve --workers 2` seen from outside: what one worker is told, the other knows, and whoever is asked answers for both.

import { readFileSync } from 'node:fs'
import { type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, type Reply, at, launch, list, until } from '../acceptance/kit.ts'

let upstream: Server
let base = ''
let yaml = ''
/** Calls by the connection they came on; each worker has connections of its own. */
const seen = new Set<Socket>()
const keys = new Set<string>()
let held: ServerResponse[] = []
let gw: Gateway

const answer = JSON.stringify({
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
})

/** Every request on a connection of its own, so that they are dealt out in turn. */
const apart = { headers: { connection: 'close' } }
const calls = (model: string, count: number): Promise<Reply[]> =>
  Promise.all(Array.from({ length: count }, () => gw.chat(model, {}, apart)))

beforeAll(async () => {
  upstream = createServer((request, response) => {
    seen.add(request.socket)
    keys.add(String(request.headers.authorization))
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' })
      if (request.method === 'GET') response.end('{"object":"list","data":[]}')
      else if (body.includes('"slow"')) held.push(response)
      else response.end(answer)
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`
  yaml = `endpoints:\n  one: { provider: openai, base_url: "${base}", api_key: sk-up, models: [m, slow], probe: off, rate_limit: { concurrency: 100 } }\n`
  // Without a key nothing can be sealed: credentials given over the admin API are in memory only.
  gw = await launch({ args: ['--workers', '2'], env: { LITELLM_MASTER_KEY: undefined }, yaml })
  await gw.started
  await until(
    async () => {
      await calls('m', 4)
      return seen.size >= 2
    },
    20_000,
    'both workers serve',
  )
}, 60_000)

afterAll(async () => {
  await gw?.close()
  upstream?.close()
  upstream?.closeAllConnections()
})

test('an endpoint added over the admin API is served by both workers at once, its key included', async () => {
  const added = await gw.post(
    '/api/v1/registry',
    { id: 'two', url: base, provider: 'openai', models: ['fresh'], api_key: 'sk-two' },
    apart,
  )
  expect(added.status).toBe(201)
  keys.clear()
  expect((await calls('fresh', 8)).map((reply) => reply.status)).toEqual(Array(8).fill(200))
  expect([...keys]).toEqual(['Bearer sk-two'])
  const gone = await fetch(`${gw.url}/api/v1/registry/two`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${gw.key}` },
  })
  expect(gone.status).toBe(200)
  expect((await calls('fresh', 8)).map((reply) => reply.status)).toEqual(Array(8).fill(404))
})

test('a configuration applied over the admin API is in force in both workers at once', async () => {
  const put = (text: string): Promise<Response> =>
    fetch(`${gw.url}/api/v1/config`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${gw.key}`, 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ text }),
    })
  expect((await put(yaml.replace('[m, slow]', '[m, slow, late]'))).status).toBe(200)
  expect((await calls('late', 8)).map((reply) => reply.status)).toEqual(Array(8).fill(200))
  expect((await put(yaml)).status).toBe(200)
  expect((await calls('late', 8)).map((reply) => reply.status)).toEqual(Array(8).fill(404))
})

/** The value of a metric's line. */
const valueOf = (text: string, line: string): number | undefined => {
  const found = text.split('\n').find((row) => row.startsWith(`${line} `))
  return found === undefined ? undefined : Number(found.slice(line.length + 1))
}
const scrape = async (): Promise<string> => (await gw.get('/metrics', apart)).text

test('whichever worker is scraped, the numbers are those of both', async () => {
  const line = 'trunkline_calls_total{operation="chat",status="200"}'
  const before = valueOf(await scrape(), line) as number
  await calls('m', 6)
  // A call is counted when its answer has gone, which its caller may see a moment before.
  await until(async () => valueOf(await scrape(), line) === before + 6, 2_000, 'all calls are counted')
  for (let turn = 0; turn < 4; turn++) {
    const text = await scrape()
    expect(valueOf(text, line)).toBe(before + 6)
    expect(valueOf(text, 'trunkline_workers_answering')).toBe(2)
    expect(valueOf(text, 'trunkline_workers')).toBe(2)
    for (const worker of ['1', '2'])
      expect(valueOf(text, `process_resident_memory_bytes{worker="${worker}"}`)).toBeGreaterThan(0)
    expect(valueOf(text, 'trunkline_endpoint_tokens_total{endpoint="one",model="m",direction="input"}')).toBe(
      3 * (before + 6 - 16),
    )
  }
  const { json } = await gw.get('/api/v1/overview', apart)
  expect(at(json, 'calls.by_status.200')).toBe(before + 6)
  expect(JSON.stringify(at(json, 'problems'))).not.toContain('workers')
})

test('calls of both workers are in the list, the tail, and found by their id', async () => {
  const stop = new AbortController()
  const tail = await fetch(`${gw.url}/api/v1/calls/stream?model=m`, {
    headers: { authorization: `Bearer ${gw.key}` },
    signal: stop.signal,
  })
  let said = ''
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const piece of tail.body as unknown as AsyncIterable<Uint8Array>) said += decoder.decode(piece)
  })().catch(() => {})
  // The other worker's tail is there once one of its calls is heard.
  const made: Reply[] = []
  const idOf = (reply: Reply): string => String(reply.headers.get('x-request-id'))
  await until(
    async () => {
      const fresh = await calls('m', 2)
      made.push(...fresh)
      return fresh.every((reply) => said.includes(idOf(reply)))
    },
    5_000,
    'the tail has calls of both workers',
  )
  stop.abort()
  await reading
  const rows = list((await gw.get('/api/v1/calls?model=m&limit=1000', apart)).at('data'))
  const ids = rows.map((row) => at(row, 'id'))
  const times = rows.map((row) => String(at(row, 'at')))
  expect(times).toEqual(times.toSorted().toReversed())
  for (const reply of made) {
    expect(ids).toContain(idOf(reply))
    const one = await gw.get(`/api/v1/calls/${idOf(reply)}`, apart)
    expect(one.at('endpoint')).toBe('one')
  }
  expect((await gw.get('/api/v1/calls/nobody', apart)).status).toBe(404)
})

test('calls under way show what is known of them, in whichever worker they are', async () => {
  held = []
  const slow = calls('slow', 4)
  await until(() => held.length === 4, 5_000, 'the upstream has all calls')
  const { json } = await gw.get('/api/v1/calls', apart)
  expect(at(json, 'under_way')).toBe(4)
  const rows = list(at(json, 'data')).slice(0, 4)
  for (const row of rows)
    expect(row).toMatchObject({
      state: 'under_way',
      model: 'slow',
      route: 'slow',
      endpoint: 'one',
      upstream_model: 'slow',
      attempts: 1,
    })
  for (const row of rows) {
    const one = await gw.get(`/api/v1/calls/${String(at(row, 'id'))}`, apart)
    expect(one.json).toMatchObject({ state: 'under_way', tries: [{ endpoint: 'one', outcome: null }] })
  }
  expect(list((await gw.get('/api/v1/calls?model=m&limit=1', apart)).at('data'))).toHaveLength(1)
  const text = await scrape()
  expect(valueOf(text, 'trunkline_calls_under_way')).toBe(4)
  expect(valueOf(text, 'trunkline_limit_in_flight{limit="endpoint one"}')).toBe(4)
  expect(valueOf(text, 'trunkline_attempts_in_flight{endpoint="one",model="slow"}')).toBe(4)
  // Whoever is asked: in flight are those of both.
  for (let turn = 0; turn < 2; turn++) {
    const health = list((await gw.get('/health', apart)).at('healthy_endpoints.0.deployments'))
    expect(health.find((row) => at(row, 'model') === 'slow')).toMatchObject({ in_flight: 4 })
  }
  for (const response of held) response.end(answer)
  await slow
  await until(
    async () => (await gw.get('/api/v1/routes/slow', apart)).at('targets.0.calls') === 4,
    2_000,
    'the calls of both are in the share of their route',
  )
})

const children = (): number[] =>
  readFileSync(`/proc/${gw.pid}/task/${gw.pid}/children`, 'utf8').trim().split(/\s+/).map(Number)

test('a worker that does not answer is left out, and that is said', async () => {
  const second = children()[1] as number
  process.kill(second, 'SIGSTOP')
  try {
    // One connection may be dealt to the worker that stands still.
    const patient = async (path: string): Promise<string> => {
      const headers = { authorization: `Bearer ${gw.key}`, connection: 'close' }
      const once = async () =>
        (await fetch(gw.url + path, { headers, signal: AbortSignal.timeout(3_000) })).text()
      return once().catch(once)
    }
    const text = await patient('/metrics')
    expect(valueOf(text, 'trunkline_workers_answering')).toBe(1)
    expect(valueOf(text, 'trunkline_workers')).toBe(2)
    expect(await patient('/api/v1/overview')).toContain('1 of 2 workers did not answer in time')
  } finally {
    process.kill(second, 'SIGCONT')
  }
})

test('totals do not fall when workers are replaced', { timeout: 40_000 }, async () => {
  const line = 'trunkline_calls_total{operation="chat",status="200"}'
  const before = valueOf(await scrape(), line) as number
  const old = children()
  process.kill(gw.pid, 'SIGUSR2')
  const seenTotals: (number | undefined)[] = []
  await until(
    async () => {
      seenTotals.push(valueOf(await scrape(), line))
      return children().length === 2 && children().every((pid) => !old.includes(pid))
    },
    25_000,
    'both are replaced',
  )
  seenTotals.push(valueOf(await scrape(), line))
  expect([...new Set(seenTotals)]).toEqual([before])
  const { json } = await gw.get('/api/v1/overview', apart)
  expect(at(json, 'calls.by_status.200')).toBe(before)
})

test('the first worker, started again, learns from the other what it had changed', async () => {
  const two = { id: 'two', url: base, provider: 'openai', models: ['fresh'], api_key: 'sk-two' }
  expect((await gw.post('/api/v1/registry', two, apart)).status).toBe(201)
  const [first] = children()
  process.kill(first as number, 'SIGKILL')
  await until(
    async () =>
      !children().includes(first as number) &&
      valueOf(await scrape().catch(() => ''), 'trunkline_workers_answering') === 2,
    20_000,
    'two workers answer again',
  )
  keys.clear()
  expect((await calls('fresh', 8)).map((reply) => reply.status)).toEqual(Array(8).fill(200))
  expect([...keys]).toEqual(['Bearer sk-two'])
})
