// Document 003: endpoints from four sources, and what discovery finds.

import http from 'node:http'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { providers } from '../../src/providers/index.ts'
import { type FakeKind, startFake } from '../../src/testing/fake-upstream.ts'
import { type Gateway, at, freePort, list, run, testDir, until, up, wellKnownPorts } from './kit.ts'
import { blackHole, deadPort, endpoints, upstream } from './upstream.ts'

const rows = async (gw: Gateway): Promise<unknown[]> => list((await gw.get('/api/v1/registry')).at('data'))
const rowOf = async (gw: Gateway, id: string): Promise<unknown> =>
  (await rows(gw)).find((row) => at(row, 'id') === id)
const ids = async (gw: Gateway): Promise<string[]> => (await rows(gw)).map((row) => String(at(row, 'id')))

const ON = { LLM_PROXY_LOCAL_DISCOVERY: '1' }

/** A fake on an address and port of its own; it closes with the test. */
async function fakeAt(kind: FakeKind, host: string, port: number, models = ['m-x']) {
  const fake = await startFake({ kind, port, host, models })
  onTestFinished(() => fake.close())
  return fake
}

/** A LiteLLM without a master key: it lists for everybody. */
async function openLitellm(host: string, port: number, models: string[]): Promise<void> {
  const server = http.createServer((request, response) => {
    const said =
      request.url === '/health/liveliness'
        ? "I'm alive!"
        : request.url === '/v1/models'
          ? {
              object: 'list',
              data: models.map((id) => ({ id, object: 'model', created: 1, owned_by: 'openai' })),
            }
          : undefined
    response.writeHead(said === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(said ?? { detail: 'Not Found' }))
  })
  await new Promise<void>((resolve) => {
    server.listen(port, host, resolve)
  })
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  )
}

test('A-058 endpoints by environment alone', async () => {
  const lms = await upstream({ kind: 'lmstudio', models: ['l-1', 'l-2'] })
  const vllm = await upstream({ kind: 'vllm', models: ['v-1'], key: 'sk-vllm' })
  const gw = await up({
    env: {
      LLM_PROXY_ENDPOINT_LMSTUDIO_URL: lms.v1,
      LLM_PROXY_ENDPOINT_LMSTUDIO_MODELS: ' l-1 , ,l-2',
      LLM_PROXY_ENDPOINT_VLLM_URL: vllm.v1,
      LLM_PROXY_ENDPOINT_VLLM_KEY: 'sk-vllm',
      LLM_PROXY_ENDPOINT_VLLM_MODELS: 'v-1',
    },
  })
  expect((await ids(gw)).toSorted()).toEqual(['lmstudio', 'vllm'])
  for (const id of ['lmstudio', 'vllm']) {
    const row = await rowOf(gw, id)
    expect([at(row, 'provider'), at(row, 'source')]).toEqual(['openai-compatible', 'env'])
  }
  expect((await gw.chat('l-2')).status).toBe(200)
  expect(lms.lastChat().headers.authorization).toBeUndefined()
  expect((await gw.chat('v-1')).status).toBe(200)
  expect(vllm.lastChat().headers.authorization).toBe('Bearer sk-vllm')
})

test('A-059 one endpoint of each source, each with its tag; what loses an id stays visible', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const port = await freePort('127.0.0.2')
  await fakeAt('ollama', '127.0.0.2', port)
  const gw = await up({
    yaml: endpoints({ one: [m1.v1, 'm-a'] }),
    env: {
      ...ON,
      LLM_PROXY_ENDPOINT_TWO_URL: m1.v1,
      LLM_PROXY_ENDPOINT_ONE_URL: m1.v1,
      LLM_PROXY_DISCOVERY_PEERS: `127.0.0.2:${port}`,
    },
  })
  await gw.post('/api/v1/registry', { id: 'three', url: m1.v1 })
  await until(async () => (await ids(gw)).includes('ollama-127-0-0-2'), 5_000, 'the discovered endpoint')
  const tags = (await rows(gw)).map((row) => [at(row, 'id'), at(row, 'source'), at(row, 'shadowed_by')])
  expect(tags).toEqual([
    ['one', 'config', null],
    ['two', 'env', null],
    ['one', 'env', 'config'],
    ['three', 'ui', null],
    ['ollama-127-0-0-2', 'auto-discovery', null],
  ])
})

test('A-060 A-061 the four services of the document, on this machine', async () => {
  await wellKnownPorts()
  await fakeAt('ollama', '127.0.0.1', 11_434, ['o-1', 'o-2'])
  await fakeAt('lmstudio', '127.0.0.1', 1234, ['l-1'])
  await fakeAt('vllm', '127.0.0.1', 8000, ['v-1'])
  await openLitellm('127.0.0.1', 4000, ['t-1'])
  const gw = await up({ env: ON })
  await until(async () => (await ids(gw)).length === 4, 5_000, 'four endpoints')
  expect((await ids(gw)).toSorted()).toEqual(['litellm', 'lmstudio', 'ollama', 'vllm'])
  const ollama = await rowOf(gw, 'ollama')
  expect([at(ollama, 'provider'), at(ollama, 'models'), at(ollama, 'url')]).toEqual([
    'ollama',
    ['o-1', 'o-2'],
    'http://127.0.0.1:11434/v1',
  ])
  for (const id of ['lmstudio', 'vllm', 'litellm'])
    expect([id, at(await rowOf(gw, id), 'provider')]).toEqual([id, 'openai-compatible'])
  for (const model of ['o-1', 'l-1', 'v-1'])
    expect([model, (await gw.chat(model)).status]).toEqual([model, 200])
})

test('A-060 its chat goes to the OpenAI path', async () => {
  const port = await freePort()
  const fake = await fakeAt('ollama', '127.0.0.1', port, ['o-1'])
  const gw = await up({ env: { ...ON, LLM_PROXY_DISCOVERY_PEERS: `127.0.0.1:${port}` } })
  await until(async () => (await ids(gw)).includes('ollama'), 5_000, 'the endpoint')
  await gw.chat('o-1')
  expect(fake.log.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual([
    '/v1/chat/completions',
  ])
})

test('A-062 a peer by its host: every usual port, and a name with the host', async () => {
  await wellKnownPorts()
  await fakeAt('lmstudio', '127.0.0.2', 1234)
  const gw = await up({ env: { ...ON, LLM_PROXY_DISCOVERY_PEERS: '127.0.0.2' } })
  await until(async () => (await ids(gw)).includes('lmstudio-127-0-0-2'), 5_000, 'the peer')
})

test('A-063 a peer by host and port: that port only, against every signature', async () => {
  await wellKnownPorts()
  const fake = await fakeAt('ollama', '127.0.0.3', 9999)
  const other = await fakeAt('ollama', '127.0.0.3', 11_434)
  const gw = await up({ env: { ...ON, LLM_PROXY_DISCOVERY_PEERS: '127.0.0.3:9999' } })
  await until(async () => (await ids(gw)).includes('ollama-127-0-0-3'), 5_000, 'the peer')
  expect(fake.log.length).toBeGreaterThan(0)
  expect(other.log).toEqual([])
})

test('A-064 a name that is taken: the found one becomes -auto, and both are there', async () => {
  const dead = await deadPort()
  const port = await freePort()
  await fakeAt('ollama', '127.0.0.1', port, ['o-1'])
  const gw = await up({
    yaml: `endpoints:\n  ollama: { provider: ollama, base_url: "http://127.0.0.1:${dead}", models: [o-9] }\n`,
    env: { ...ON, LLM_PROXY_DISCOVERY_PEERS: `127.0.0.1:${port}` },
  })
  await until(async () => (await ids(gw)).includes('ollama-auto'), 5_000, 'the found one')
  expect(at(await rowOf(gw, 'ollama'), 'url')).toBe(`http://127.0.0.1:${dead}/v1`)
  expect((await gw.chat('o-1')).status).toBe(200)
})

describe('A-065 switched off, nobody is asked', () => {
  test.for([
    ['by the environment', { env: { LLM_PROXY_LOCAL_DISCOVERY: '0' } }],
    [
      'by the file',
      { env: { LLM_PROXY_LOCAL_DISCOVERY: undefined }, yaml: 'discovery: { local_scan: false }\n' },
    ],
    ['by an empty switch', { env: { LLM_PROXY_LOCAL_DISCOVERY: '' } }],
  ] as const)('A-065 %s', async ([, options]) => {
    const port = await freePort()
    const fake = await fakeAt('ollama', '127.0.0.1', port)
    const env = { ...options.env, LLM_PROXY_DISCOVERY_PEERS: `127.0.0.1:${port}` }
    const gw = await up({ ...('yaml' in options ? { yaml: options.yaml } : {}), env })
    const overview = await gw.get('/api/v1/overview')
    expect([overview.at('discovery.enabled'), overview.at('discovery.running')]).toEqual([false, false])
    expect(fake.log).toEqual([])
    expect(await ids(gw)).toEqual([])
  })
})

test('A-066 a peer that does not resolve: one warning, the others are found', async () => {
  await wellKnownPorts()
  await fakeAt('lmstudio', '127.0.0.2', 1234)
  const gw = await up({ env: { ...ON, LLM_PROXY_DISCOVERY_PEERS: 'no-such.invalid,127.0.0.2' } })
  await until(async () => (await ids(gw)).includes('lmstudio-127-0-0-2'), 5_000, 'the second peer')
  await gw.waitForLog(/no-such\.invalid/)
  expect(gw.log.filter((line) => line.raw.includes('no-such.invalid'))).toHaveLength(1)
  expect(gw.log.find((line) => line.raw.includes('no-such.invalid'))?.at('level')).toBe(40)
})

test('A-067 peers in the file mean the same as in the environment', async () => {
  await wellKnownPorts()
  await fakeAt('lmstudio', '127.0.0.2', 1234)
  const gw = await up({
    yaml: 'discovery: { peers: ["127.0.0.2"] }\n',
    env: { LLM_PROXY_LOCAL_DISCOVERY: undefined },
  })
  await until(async () => (await ids(gw)).includes('lmstudio-127-0-0-2'), 5_000, 'the peer')
})

test('A-068 what was found is in memory only', async () => {
  const dir = testDir()
  const port = await freePort()
  const fake = await fakeAt('ollama', '127.0.0.1', port)
  const env = { ...ON, LLM_PROXY_DISCOVERY_PEERS: `127.0.0.1:${port}` }
  const first = await up({ dir, env })
  await until(async () => (await ids(first)).includes('ollama'), 5_000, 'the endpoint')
  // A change of it is a change in memory, too; its audit line makes the database.
  await first.post('/api/v1/registry/ollama/priority', { priority: 3 })
  await first.close()
  await fake.close()
  const second = await up({ dir, env })
  await until(
    async () => (await second.get('/api/v1/overview')).at('discovery.last_scan_at'),
    5_000,
    'the scan',
  )
  expect(await ids(second)).toEqual([])
})

test('the gateway never finds itself, under whatever name it is asked', async () => {
  const port = await freePort()
  const gw = await up({
    port,
    env: {
      ...ON,
      LITELLM_MASTER_KEY: undefined,
      LLM_PROXY_DISCOVERY_PEERS: `localhost:${port},127.0.0.1:${port}`,
    },
  })
  const scan = await gw.post('/api/v1/registry/scan', '', { key: null })
  expect(
    list(scan.at('candidates')).filter((row) => String(at(row, 'base_url')).includes(`:${port}/`)),
  ).toEqual([])
})

test('a server that asks for a key is told and not registered', async () => {
  const port = await freePort()
  const fake = await startFake({ kind: 'litellm', port, key: 'sk-x', models: ['m'] })
  onTestFinished(() => fake.close())
  const gw = await up({ env: { ...ON, LLM_PROXY_DISCOVERY_PEERS: `127.0.0.1:${port}` } })
  await gw.waitForLog(/found but locked/)
  expect(await ids(gw)).toEqual([])
  const scan = await gw.post('/api/v1/registry/scan', '')
  const row = list(scan.at('candidates')).find((one) => at(one, 'base_url') === `http://127.0.0.1:${port}/v1`)
  expect([at(row, 'kind'), at(row, 'locked')]).toEqual(['litellm', true])
})

test('twenty servers and a black hole: ready in under 3 s, found in under 5 s', async () => {
  const kinds: FakeKind[] = ['ollama', 'lmstudio', 'vllm', 'openai']
  const fakes = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const fake = await startFake({ kind: kinds[index % kinds.length] ?? 'openai', models: [`m-${index}`] })
      onTestFinished(() => fake.close())
      return fake
    }),
  )
  const hole = await blackHole()
  const peers = [...fakes.map(({ port }) => `127.0.0.1:${port}`), `127.0.0.1:${hole.port}`]
  const started = performance.now()
  const gw = await up({ env: { ...ON, LLM_PROXY_DISCOVERY_PEERS: peers.join(',') } })
  const ready = performance.now() - started
  await until(async () => (await rows(gw)).length >= 20, 5_000, 'twenty endpoints')
  const done = performance.now() - started
  expect(hole.connections()).toBeGreaterThan(0)
  expect(new Set(await ids(gw)).size).toBe(20)
  expect(ready).toBeLessThan(3_000)
  expect(done).toBeLessThan(5_000)
})

test('A-072 an entry with only its provider and key has the document’s address', async () => {
  const named = {
    openai: 'https://api.openai.com/v1',
    anthropic: 'https://api.anthropic.com/v1',
    google: 'https://generativelanguage.googleapis.com/v1beta',
    ollama: 'http://localhost:11434/v1',
    groq: 'https://api.groq.com/openai/v1',
    together: 'https://api.together.xyz/v1',
    mistral: 'https://api.mistral.ai/v1',
    deepseek: 'https://api.deepseek.com/v1',
    xai: 'https://api.x.ai/v1',
    perplexity: 'https://api.perplexity.ai',
    openrouter: 'https://openrouter.ai/api/v1',
    fireworks: 'https://api.fireworks.ai/inference/v1',
    sambanova: 'https://api.sambanova.ai/v1',
  }
  const yaml = Object.keys(named).map(
    (name) => `  e-${name}: { provider: ${name}, api_key: "\${K}", models: [x-${name}] }\n`,
  )
  const gw = await up({ yaml: `endpoints:\n${yaml.join('')}`, env: { K: 'sk' } })
  const shown = Object.fromEntries(
    (await rows(gw)).map((row) => [String(at(row, 'provider')), at(row, 'url')]),
  )
  expect(shown).toEqual(named)
  const listed = list((await gw.get('/api/v1/providers')).at('data')).map((row) => at(row, 'id'))
  expect(listed).toEqual(providers.map(({ id }) => id))
})

test('A-073 a key by variable, no key at all, and any name to a wildcard', async () => {
  const keyed = await upstream({ models: ['k'], key: 'sk-k' })
  const open = await upstream({ models: ['n'] })
  const gw = await up({
    yaml: `endpoints:
  keyed: { provider: openai-compatible, base_url: "${keyed.v1}", api_key_env: THE_KEY, models: [k] }
  open: { provider: openai-compatible, base_url: "${open.v1}", auth_type: none, api_key: sk-unused, models: [] }
`,
    env: { THE_KEY: 'sk-k' },
  })
  expect((await gw.chat('k')).status).toBe(200)
  expect(keyed.lastChat().headers.authorization).toBe('Bearer sk-k')
  expect((await gw.chat('any/name:at-all')).status).toBe(200)
  expect(open.lastChat().headers.authorization).toBeUndefined()
  expect(open.lastChat().at('model')).toBe('any/name:at-all')
})

test('A-074 a limit of two a minute', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({
    yaml: `endpoints:\n  one: { provider: openai-compatible, base_url: "${m1.v1}", auth_type: none, models: [m-a], rate_limit: { rpm: 2 } }\n`,
  })
  const replies = [await gw.chat('m-a'), await gw.chat('m-a'), await gw.chat('m-a')]
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 429])
  expect(replies[2]?.at('error.code')).toBe('rate_limit_exceeded')
  const wait = Number(replies[2]?.headers.get('retry-after'))
  expect(Number.isInteger(wait) && wait >= 1 && wait <= 60).toBe(true)
  expect(m1.chats()).toHaveLength(2)
})

test('A-027 the same endpoint by YAML, JSON, environment and registry makes the same request', async () => {
  const seen: unknown[] = []
  const record = async (start: (url: string) => Promise<Gateway>): Promise<void> => {
    const m1 = await upstream({ models: ['m-a'], key: 'sk-one' })
    const gw = await start(m1.v1)
    const reply = await gw.chat('m-a', { temperature: 0.5 })
    expect(reply.status, reply.text).toBe(200)
    const { method, path, headers, body } = m1.lastChat()
    seen.push({ method, path, body, headers: { ...headers, host: '' } })
    await gw.close()
  }
  const entry = (url: string) => ({
    provider: 'openai-compatible',
    base_url: url,
    api_key: '${K}',
    models: ['m-a'],
  })
  const env = { K: 'sk-one' }
  await record((url) =>
    up({
      env,
      yaml: `endpoints:\n  one: { provider: openai-compatible, base_url: "${url}", api_key: "\${K}", models: [m-a] }\n`,
    }),
  )
  await record((url) =>
    up({ env, file: 'trunkline.json', yaml: JSON.stringify({ endpoints: { one: entry(url) } }) }),
  )
  await record((url) =>
    up({
      env: {
        LLM_PROXY_ENDPOINT_ONE_URL: url,
        LLM_PROXY_ENDPOINT_ONE_KEY: 'sk-one',
        LLM_PROXY_ENDPOINT_ONE_MODELS: 'm-a',
      },
    }),
  )
  await record(async (url) => {
    const gw = await up()
    await gw.post('/api/v1/registry', { id: 'one', url, api_key: 'sk-one', models: 'm-a' })
    return gw
  })
  expect(seen).toHaveLength(4)
  for (const other of seen.slice(1)) expect(other).toEqual(seen[0])
})

test('audit verify as a command: fine, and broken behind its back', async () => {
  const dir = testDir()
  const gw = await up({ dir })
  await gw.post('/api/v1/registry', { id: 'one', url: 'http://127.0.0.1:9/v1' })
  await gw.close()
  const data = join(dir, '.trunkline')
  expect(await run(['audit', 'verify', '--data-dir', data])).toMatchObject({ code: 0 })
  writeFileSync(join(data, 'endpoints.db'), 'broken')
  expect((await run(['audit', 'verify', '--data-dir', data])).code).toBe(1)
})

test('two gateways that have each other for an endpoint: the call ends with an error, not never', async () => {
  const [one, two] = [await freePort(), await freePort()]
  const entry = (port: number): string =>
    `endpoints:\n  other: { provider: openai-compatible, base_url: "http://127.0.0.1:${port}/v1", api_key: sk-test, models: [m] }\n`
  const first = await up({ port: one, yaml: entry(two) })
  await up({ port: two, yaml: entry(one) })
  const reply = await first.chat('m')
  expect([reply.status, reply.at('error.code')]).toEqual([508, 'loop_detected'])
})
