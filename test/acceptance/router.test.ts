// Document 002: one port and one key in front of several backends; with the declared replicas, fallbacks and limits
// of documents 001 and 003.

import http from 'node:http'
import { existsSync, readdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import {
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  OpenAI,
  RateLimitError,
} from 'openai'
import { describe, expect, test } from 'vitest'
import { KEY, ask, at, list, portBusy, run, testDir, until, up, wellKnownPorts } from './kit.ts'
import { type Upstream, deadPort, endpoints, upstream } from './upstream.ts'

const ids = (reply: { at(path: string): unknown }) =>
  list(reply.at('data')).map((row) => String(at(row, 'id')))

const byName = (a: string, b: string) => a.localeCompare(b)

test('A-031 model names are case-sensitive', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  const reply = await gw.chat('M-A')
  expect([reply.status, reply.at('error.code')]).toEqual([404, 'model_not_found'])
  expect(m1.chats()).toEqual([])
})

describe('A-032 fallback happens only where it is declared', () => {
  const dialects: Record<string, (one: string, two: string) => string> = {
    'in routes': (one, two) =>
      `${endpoints({ one: [one, 'm-a'], two: [two, 'm-b'] })}routes:
  m-a: { targets: [one/m-a], fallback: [m-b] }
`,
    'in litellm_settings': (one, two) => `
model_list:
  - { model_name: m-a, litellm_params: { model: openai/m-a, api_base: "${one}" } }
  - { model_name: m-b, litellm_params: { model: openai/m-b, api_base: "${two}" } }
litellm_settings: { fallbacks: [{ m-a: [m-b] }] }
`,
    'in router_settings': (one, two) => `
model_list:
  - { model_name: m-a, litellm_params: { model: openai/m-a, api_base: "${one}" } }
  - { model_name: m-b, litellm_params: { model: openai/m-b, api_base: "${two}" } }
router_settings: { fallbacks: [{ m-a: [m-b] }] }
`,
  }
  test.for(Object.keys(dialects))('A-032 declared %s', async (name) => {
    const dead = await deadPort()
    const m2 = await upstream({ models: ['m-b'] })
    const gw = await up({ yaml: dialects[name]?.(`http://127.0.0.1:${dead}/v1`, m2.v1) ?? '' })
    const reply = await gw.chat('m-a')
    expect(reply.status, reply.text).toBe(200)
    expect(reply.headers.get('x-trunkline-fallback')).toBe('m-a->m-b')
    expect(reply.at('model')).toBe('m-b')
    expect(m2.lastChat().at('model')).toBe('m-b')
  })

  test('A-032 not declared', async () => {
    const dead = await deadPort()
    const m2 = await upstream({ models: ['m-b'] })
    const gw = await up({
      yaml: endpoints({ one: [`http://127.0.0.1:${dead}/v1`, 'm-a'], two: [m2.v1, 'm-b'] }),
    })
    const reply = await gw.chat('m-a')
    expect([reply.status, reply.at('error.code')]).toEqual([503, 'backend_unavailable'])
    expect(reply.headers.get('x-trunkline-fallback')).toBe(null)
    expect(m2.chats()).toEqual([])
  })

  test('A-032 an upstream 400 is an answer, not a reason to switch', async () => {
    const m1 = await upstream({ models: ['m-a'] })
    const m2 = await upstream({ models: ['m-b'] })
    const gw = await up({ yaml: dialects['in routes']?.(m1.v1, m2.v1) ?? '' })
    m1.next({ status: 400, json: { error: { message: 'bad', type: 'x', param: null, code: 'y' } } })
    const reply = await gw.chat('m-a')
    expect([reply.status, reply.at('error.code')]).toEqual([400, 'y'])
    expect(m2.chats()).toEqual([])
  })
})

describe('A-033 declared replicas share the calls', () => {
  const forms: Record<string, (one: string, two: string) => string> = {
    'a repeated model_name': (one, two) => `
model_list:
  - { model_name: m, litellm_params: { model: openai/m, api_base: "${one}" } }
  - { model_name: m, litellm_params: { model: openai/m, api_base: "${two}" } }
`,
    'a route with two targets': (one, two) =>
      `${endpoints({ one: [one, 'm'], two: [two, 'm'] })}routes:
  m: { strategy: round_robin, targets: [one/m, two/m] }
`,
  }
  test.for(Object.keys(forms))('A-033 %s', async (form) => {
    const m1 = await upstream({ models: ['m'] })
    const m2 = await upstream({ models: ['m'] })
    const gw = await up({ yaml: forms[form]?.(m1.v1, m2.v1) ?? '' })
    for (let i = 0; i < 10; i++) expect((await gw.chat('m')).status).toBe(200)
    expect([m1.chats().length, m2.chats().length]).toEqual([5, 5])
    await m1.close()
    for (let i = 0; i < 10; i++) {
      const reply = await gw.chat('m')
      expect(reply.status, reply.text).toBe(200)
    }
    expect(m2.chats()).toHaveLength(15)
  })
})

test('A-034 weights are kept', async () => {
  const m1 = await upstream({ models: ['m'] })
  const m2 = await upstream({ models: ['m'] })
  const gw = await up({
    yaml: `${endpoints({ one: [m1.v1, 'm'], two: [m2.v1, 'm'] })}routes:
  m: { strategy: weighted, targets: [{ to: one/m, weight: 3 }, { to: two/m, weight: 1 }] }
`,
  })
  for (let i = 0; i < 40; i++) expect((await gw.chat('m')).status).toBe(200)
  expect(m1.chats().length).toBeGreaterThanOrEqual(28)
  expect(m1.chats().length).toBeLessThanOrEqual(32)
  expect(m1.chats().length + m2.chats().length).toBe(40)
})

test('A-035 after five failures the breaker answers alone', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  m1.next(...Array.from({ length: 5 }, () => ({ status: 500, json: { error: { message: 'boom' } } })))
  for (let i = 0; i < 5; i++) expect((await gw.chat('m-a')).status).toBe(500)
  const asked = m1.chats().length
  const reply = await gw.chat('m-a')
  expect([reply.status, reply.at('error.code')]).toEqual([503, 'backend_unavailable'])
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(m1.chats()).toHaveLength(asked)
})

test('A-035 after its open time one trial closes the breaker; explain tells the story', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({
    yaml: `endpoints:
  one: { base_url: "${m1.v1}", auth_type: none, models: [m-a], breaker: { failures: 5, open_ms: 1500 } }
`,
  })
  m1.next(...Array.from({ length: 5 }, () => ({ status: 500, json: { error: { message: 'boom' } } })))
  for (let i = 0; i < 5; i++) await gw.chat('m-a')
  const resting = await gw.chat('m-a')
  expect([resting.status, resting.headers.get('retry-after')]).toEqual([503, '2'])
  const asked = m1.chats().length
  const back = await until(
    async () => {
      const reply = await gw.chat('m-a')
      return reply.status === 200 && reply
    },
    5_000,
    'the breaker lets a trial through',
  )
  expect(m1.chats()).toHaveLength(asked + 1)

  const told = await run([
    'explain',
    back.headers.get('x-request-id') ?? '',
    '--url',
    gw.url,
    '--key',
    gw.key,
  ])
  expect(told.code, told.output).toBe(0)
  expect(told.stdout).toContain('answered 200 by one (m-a), relay')
  expect(told.stdout).toMatch(/first\s+one\/m-a .* settle\s+200\s+answered/)
  const failures = await run([
    'explain',
    '--failed',
    '--limit',
    '1000',
    '--url',
    gw.url,
    '--key',
    gw.key,
    '--json',
  ])
  const rows = JSON.parse(failures.stdout) as { error: { kind: string } }[]
  expect(rows.at(-1)?.error.kind).toBe('upstream_failed')
  expect(rows.some((row) => row.error.kind === 'backend_unavailable')).toBe(true)
  const unknown = await run(['explain', 'req_nothing', '--url', gw.url, '--key', gw.key])
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('no call "req_nothing"')])
})

test('A-097 requests_per_second of an endpoint paces the gateway as well', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({
    yaml: `endpoints:
  one: { base_url: "${m1.v1}", auth_type: none, models: [m-a], rate_limit: { requests_per_second: 2 } }
`,
  })
  const started = performance.now()
  const replies = await Promise.all([1, 2, 3, 4].map(() => gw.chat('m-a')))
  expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200])
  expect(performance.now() - started).toBeGreaterThanOrEqual(1_400)
})

test('A-094 max_retries of an endpoint waits out a 429 in the gateway as well', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({
    yaml: `endpoints:
  one: { base_url: "${m1.v1}", auth_type: none, models: [m-a], max_retries: 2 }
`,
  })
  m1.next({ status: 429, headers: { 'retry-after': '1' }, json: { error: { message: 'slow down' } } })
  const started = performance.now()
  const reply = await gw.chat('m-a')
  expect([reply.status, reply.headers.get('x-trunkline-attempts')]).toEqual([200, '2'])
  expect(performance.now() - started).toBeGreaterThanOrEqual(1_000)
  expect(m1.chats()).toHaveLength(2)
})

test('A-041 the port is 4000 when nobody says otherwise', async () => {
  await wellKnownPorts()
  if (await portBusy(4000)) throw new Error('port 4000 of this machine is taken: A-041 cannot be checked')
  const gw = await up({ port: null })
  expect(gw.url).toBe('http://127.0.0.1:4000')
  expect((await gw.get('/v1/models')).status).toBe(200)
})

test('A-042 no key and a wrong key get the same 401', async () => {
  const gw = await up()
  const none = await gw.get('/v1/models', { key: null })
  const wrong = await gw.get('/v1/models', { key: 'sk-wrong' })
  const right = await gw.get('/v1/models')
  expect([none.status, wrong.status, right.status]).toEqual([401, 401, 200])
  expect(wrong.json).toEqual(none.json)
  expect(none.at('error.code')).toBe('invalid_api_key')
  expect(none.headers.get('www-authenticate')).toMatch(/^Bearer/)
  expect(wrong.text).not.toContain('sk-wrong')
  const chat = await gw.chat('m', {}, { key: null })
  expect([chat.status, chat.at('error.code')]).toEqual([401, 'invalid_api_key'])
})

test('A-043 the models list has the shape of OpenAI', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  const reply = await gw.get('/v1/models')
  expect(reply.at('object')).toBe('list')
  expect(ids(reply)).toEqual(['m-a'])
  expect(reply.at('data.0')).toMatchObject({
    id: 'm-a',
    object: 'model',
    created: expect.any(Number),
    owned_by: expect.any(String),
  })
})

test('A-044 public names map to the backend and its own model name', async () => {
  const m1 = await upstream({ models: ['qwen3-coder:30b'] })
  const m2 = await upstream({ models: ['qwen3'] })
  const gw = await up({
    yaml: `
model_list:
  - model_name: qwen3-coder
    litellm_params: { model: "ollama/qwen3-coder:30b", api_base: "${m1.root}" }
  - model_name: qwen3-coder-llama
    litellm_params: { model: openai/qwen3, api_base: "${m2.v1}", api_key: none }
`,
  })
  const one = await gw.chat('qwen3-coder')
  const two = await gw.chat('qwen3-coder-llama')
  expect([one.status, two.status], one.text + two.text).toEqual([200, 200])
  expect([m1.lastChat().at('model'), m2.lastChat().at('model')]).toEqual(['qwen3-coder:30b', 'qwen3'])
  expect([m1.chats().length, m2.chats().length]).toEqual([1, 1])
  expect(ids(await gw.get('/v1/models')).toSorted(byName)).toEqual(['qwen3-coder', 'qwen3-coder-llama'])
})

test('A-045 no endpoints at all is a legal start', async () => {
  const gw = await up()
  expect((await gw.get('/v1/models')).json).toMatchObject({ object: 'list', data: [] })
  const reply = await gw.chat('x')
  expect([reply.status, reply.at('error.code')]).toEqual([404, 'model_not_found'])
})

test('A-046 A-047 a dead backend is a quick 503 and nobody else is asked', async () => {
  const dead = await deadPort()
  const m2 = await upstream({ models: ['m-b'] })
  const gw = await up({
    yaml: endpoints({ gone: [`http://127.0.0.1:${dead}/v1`, 'm-a'], second: [m2.v1, 'm-b'] }),
  })
  const from = performance.now()
  const reply = await gw.chat('m-a')
  expect(performance.now() - from).toBeLessThan(2000)
  expect([reply.status, reply.at('error.code')]).toEqual([503, 'backend_unavailable'])
  expect(reply.at('error.message')).toContain('m-a')
  expect(reply.at('error.message')).toContain('gone')
  expect(m2.chats()).toEqual([])
})

test('A-047 the healthy neighbour of a dead backend sees nothing at all', async () => {
  const dead = await deadPort()
  const m2 = await upstream({ models: ['m-b'] })
  const gw = await up({
    yaml: endpoints({ gone: [`http://127.0.0.1:${dead}/v1`, 'm-a'], second: [m2.v1, 'm-b'] }),
  })
  expect((await gw.chat('m-a')).status).toBe(503)
  expect(m2.log().map((seen) => `${seen.method} ${seen.path}`)).toEqual([])
})

test('A-048 /health asks every backend and needs the key', async () => {
  const dead = await deadPort()
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({
    yaml: endpoints({ good: [m1.v1, 'm-a'], gone: [`http://127.0.0.1:${dead}/v1`, 'm-b'] }),
  })
  expect((await gw.get('/health', { key: null })).status).toBe(401)
  const reply = await gw.get('/health')
  expect(reply.status).toBe(200)
  expect([reply.at('healthy_count'), reply.at('unhealthy_count')]).toEqual([1, 1])
  expect(reply.at('healthy_endpoints.0.endpoint')).toBe('good')
  expect(reply.at('unhealthy_endpoints.0.endpoint')).toBe('gone')
  expect(String(reply.at('unhealthy_endpoints.0.api_base'))).toContain(String(dead))
  expect(reply.at('unhealthy_endpoints.0.error')).toEqual(expect.stringMatching(/./))
})

test('A-049 readiness is open and asks no backend', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  const before = m1.log().length
  for (let i = 0; i < 5; i++) {
    const reply = await gw.get('/health/readiness', { key: null })
    expect([reply.status, reply.at('status')]).toEqual([200, 'healthy'])
  }
  expect(m1.log()).toHaveLength(before)
})

test('A-050 liveliness in both spellings', async () => {
  const gw = await up()
  for (const path of ['/health/liveliness', '/health/liveness']) {
    const reply = await gw.get(path, { key: null })
    expect([reply.status, reply.json]).toEqual([200, "I'm alive!"])
  }
})

test('A-051 smoke tells a running gateway from a stopped one', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  const good = await run(['smoke', '--url', gw.url, '--key', KEY])
  expect(good.code, good.output).toBe(0)
  expect(good.stdout).toContain('m-a')
  await gw.close()
  const bad = await run(['smoke', '--url', gw.url, '--key', KEY])
  expect(bad.code, bad.output).toBe(1)
})

test('A-052 a model added to the file is there after a restart, without a database', async () => {
  const m1 = await upstream({ models: ['m-a', 'm-b'] })
  const dir = testDir()
  const yaml = (...names: string[]) =>
    `model_list:\n${names.map((name) => `  - { model_name: ${name}, litellm_params: { model: openai/${name}, api_base: "${m1.v1}" } }\n`).join('')}`
  const first = await up({ dir, yaml: yaml('m-a') })
  expect(ids(await first.get('/v1/models'))).toEqual(['m-a'])
  await first.close()
  const second = await up({ dir, yaml: yaml('m-a', 'm-b') })
  expect(ids(await second.get('/v1/models')).toSorted(byName)).toEqual(['m-a', 'm-b'])
  expect((await second.chat('m-b')).status).toBe(200)
  await second.close()
  const left = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  expect(left.filter((name) => /\.(db|sqlite3?)/.test(name))).toEqual([])
})

test('A-053 the log says that the start is complete', async () => {
  const gw = await up()
  expect(gw.log.some((line) => /startup complete/i.test(line.raw))).toBe(true)
})

test('A-054 the hop costs at most 5 ms', { timeout: 60_000, retry: 2 }, async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  const direct = await median(m1.root)
  const through = await median(gw.url)
  expect(through - direct).toBeLessThanOrEqual(5)
})

async function median(root: string): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const body = JSON.stringify({ model: 'm-a', messages: [{ role: 'user', content: 'ping' }] })
  const once = () =>
    new Promise<number>((resolve, reject) => {
      const from = performance.now()
      const request = http.request(
        `${root}/v1/chat/completions`,
        {
          agent,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            authorization: `Bearer ${KEY}`,
          },
        },
        (response) => {
          response.resume()
          response.once('end', () =>
            response.statusCode === 200
              ? resolve(performance.now() - from)
              : reject(new Error(`status ${response.statusCode}`)),
          )
        },
      )
      request.once('error', reject)
      request.end(body)
    })
  const took: number[] = []
  for (let i = 0; i < 320; i++) took.push(await once())
  agent.destroy()
  const warm = took.slice(20).sort((a, b) => a - b)
  return warm[150] ?? Infinity
}

describe('A-055 the bind address is the one asked for', () => {
  const alive = (url: string) =>
    ask(`${url}/health/liveliness`).then(
      (reply) => reply.status,
      () => 'refused',
    )

  test('A-055 127.0.0.2 only', async () => {
    const gw = await up({ args: ['--host', '127.0.0.2'], host: '127.0.0.2' })
    expect(await alive(gw.url)).toBe(200)
    expect(await alive(`http://127.0.0.1:${gw.port}`)).toBe('refused')
  })

  test('A-055 0.0.0.0 is everywhere', async () => {
    const gw = await up({ env: { TRUNKLINE_HOST: '0.0.0.0' } })
    const own = Object.values(networkInterfaces())
      .flat()
      .filter((address) => address?.family === 'IPv4')
      .map((address) => address?.address)
    for (const host of new Set(['127.0.0.1', '127.0.0.3', ...own]))
      expect(await alive(`http://${host}:${gw.port}`)).toBe(200)
  })
})

describe('A-056 the official client gets its own error classes', () => {
  const call = (url: string, model: string, apiKey = KEY, messages = 1) =>
    new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 }).chat.completions
      .create({
        model,
        messages: Array.from({ length: messages }, () => ({ role: 'user', content: 'ping' }) as const),
      })
      .then(
        () => 'no error',
        (error: unknown) => error,
      )

  test("A-056 the gateway's own failures", async () => {
    const dead = await deadPort()
    const m1 = await upstream({ models: ['m-a'] })
    const gw = await up({
      yaml: `endpoints:
  one: { provider: openai-compatible, base_url: "${m1.v1}", auth_type: none, models: [m-a], rate_limit: { rpm: 1 } }
  gone: { provider: openai-compatible, base_url: "http://127.0.0.1:${dead}/v1", auth_type: none, models: [m-gone] }
`,
    })
    const refused = await call(gw.url, 'm-a', 'sk-wrong')
    expect(refused).toBeInstanceOf(AuthenticationError)
    expect(refused).toMatchObject({ status: 401, code: 'invalid_api_key' })
    const unknown = await call(gw.url, 'nope')
    expect(unknown).toBeInstanceOf(NotFoundError)
    expect(unknown).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' })
    const empty = await call(gw.url, 'm-a', KEY, 0)
    expect(empty).toBeInstanceOf(BadRequestError)
    expect(empty).toMatchObject({ status: 400, code: 'invalid_request', param: 'messages' })
    const down = await call(gw.url, 'm-gone')
    expect(down).toBeInstanceOf(InternalServerError)
    expect(down).toMatchObject({ status: 503, code: 'backend_unavailable' })
    await call(gw.url, 'm-a')
    const limited = await call(gw.url, 'm-a')
    expect(limited).toBeInstanceOf(RateLimitError)
    expect(limited).toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
  })

  test("A-056 the upstream's failures", async () => {
    const m1 = await upstream({ models: ['m-a'] })
    const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
    const classes = [
      [401, AuthenticationError],
      [404, NotFoundError],
      [400, BadRequestError],
      [503, InternalServerError],
      [429, RateLimitError],
    ] as const
    for (const [status, kind] of classes) {
      m1.next({ status, json: { error: { message: 'm', type: 't', param: null, code: `code-${status}` } } })
      const error = await call(gw.url, 'm-a')
      expect(error).toBeInstanceOf(kind)
      expect(error).toMatchObject({ status, code: `code-${status}`, type: 't' })
    }
  })
})

describe('A-057 .env in the working directory', () => {
  const start = async (mode: number) => {
    const dir = testDir()
    const gw = await up({
      dir,
      env: { LITELLM_MASTER_KEY: undefined },
      key: 'sk-from-dotenv',
      files: { '.env': 'LITELLM_MASTER_KEY=sk-from-dotenv\nLITELLM_SALT_KEY="salt-from-dotenv"\n' },
      modes: { '.env': mode },
    })
    expect(existsSync(`${dir}/.env`)).toBe(true)
    expect((await gw.get('/v1/models')).status).toBe(200)
    expect((await gw.get('/v1/models', { key: 'sk-other' })).status).toBe(401)
    return gw.log.filter(
      (line) => /\.env\b/.test(line.raw) && /permission|world-readable|mode/i.test(line.raw),
    )
  }

  test('A-057 mode 644 is warned about', async () => {
    expect((await start(0o644)).length).toBeGreaterThanOrEqual(1)
  })

  test('A-057 mode 640 is fine', async () => {
    expect(await start(0o640)).toEqual([])
  })
})

test('A-074 rpm of an endpoint refuses the third call of the minute', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({
    yaml: `endpoints:
  one: { provider: openai-compatible, base_url: "${m1.v1}", auth_type: none, models: [m-a], rate_limit: { rpm: 2 } }
`,
  })
  expect([(await gw.chat('m-a')).status, (await gw.chat('m-a')).status]).toEqual([200, 200])
  const third = await gw.chat('m-a')
  expect([third.status, third.at('error.code')]).toEqual([429, 'rate_limit_exceeded'])
  const wait = third.headers.get('retry-after') ?? ''
  expect(wait).toMatch(/^\d+$/)
  expect(Number(wait)).toBeGreaterThanOrEqual(1)
  expect(Number(wait)).toBeLessThanOrEqual(60)
  expect(m1.chats()).toHaveLength(2)
})

test('A-083 an unknown model points to the list', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  const reply = await gw.chat('unknown')
  expect(reply.status).toBe(404)
  expect(reply.at('error.message')).toContain('/v1/models')
})

test('A-081 embeddings, the merged models list and a model that is not there', async () => {
  const m1 = await upstream({ models: ['m-a', 'shared'] })
  const m2 = await upstream({ models: ['m-b', 'shared'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a', 'shared'], two: [m2.v1, 'm-b', 'shared'] }) })
  const vectors = await gw.post('/v1/embeddings', { model: 'm-a', input: ['a', 'b'] })
  expect(vectors.status, vectors.text).toBe(200)
  expect(list(vectors.at('data'))).toHaveLength(2)
  expect(vectors.at('data.1')).toMatchObject({ object: 'embedding', index: 1 })
  expect(list(vectors.at('data.0.embedding')).length).toBeGreaterThan(0)
  expect(calls(m1)).toContain('POST /v1/embeddings')
  const models = await gw.get('/v1/models')
  expect(ids(models).toSorted(byName)).toEqual(['m-a', 'm-b', 'shared'])
  expect((await gw.get('/v1/models/shared')).at('id')).toBe('shared')
  const none = await gw.get('/v1/models/none')
  expect([none.status, none.at('error.code')]).toEqual([404, 'model_not_found'])
  for (const path of ['/v1/models', '/v1/models/shared'])
    expect((await gw.get(path, { key: null })).status).toBe(401)
  expect((await gw.post('/v1/embeddings', { model: 'm-a', input: 'a' }, { key: null })).status).toBe(401)
})

function calls(upstream: Upstream): string[] {
  return upstream.log().map((seen) => `${seen.method} ${seen.path}`)
}
