// Acceptance of the client library (document 004, and the provider class of document 001), black box against scripted
// upstreams on loopback.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import * as v from 'valibot'
import {
  type ClientEvent,
  type CreateOptions,
  InvalidAnswer,
  Other,
  RateLimit,
  ServerError,
  createClient,
} from '../../src/client/index.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { testDir, up } from './kit.ts'
import { deadPort, endpoints, upstream } from './upstream.ts'

const FAST = { baseMs: 10, capMs: 50 }

/** A client that sees nothing of this machine's own environment or files. */
function client(options: CreateOptions = {}) {
  return createClient({ env: {}, cwd: testDir(), retry: FAST, ...options })
}

function folder(files: Record<string, string>): string {
  const dir = testDir()
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), content)
  }
  return dir
}

const ping = { messages: [{ role: 'user' as const, content: 'ping' }] }

async function caught(run: Promise<unknown>): Promise<unknown> {
  try {
    await run
  } catch (thrown) {
    return thrown
  }
  throw new Error('nothing was thrown')
}

describe('model lists', () => {
  test.for([undefined, ''])('A-023 listModels with key %j sends no Authorization', async (apiKey) => {
    const m1 = await upstream({ models: ['m-a', 'm-b'] })
    const { live, models } = await client({
      baseUrl: m1.v1,
      ...(apiKey === undefined ? {} : { apiKey }),
    }).listModels()
    expect({ live, ids: models.map(({ id }) => id) }).toEqual({ live: true, ids: ['m-a', 'm-b'] })
    expect(models[0]).toEqual({ id: 'm-a', value: 'm-a', label: 'm-a', live: true })
    expect(m1.log()[0]?.headers.authorization).toBeUndefined()
  })

  test('A-023 a key of the environment never goes to an address named elsewhere', async () => {
    const m1 = await upstream({ models: ['m-a'] })
    await client({ baseUrl: m1.v1, env: { OPENAI_API_KEY: 'sk-secret' } }).listModels()
    expect(m1.log()[0]?.headers.authorization).toBeUndefined()
  })

  test('A-024 a failing list gives the declared names, marked as not live', async () => {
    const m1 = await upstream()
    m1.fake.script({ method: 'GET', status: 500 })
    const list = await client({ baseUrl: m1.v1, models: ['m-a', 'm-x'] }).listModels()
    expect(list.live).toBe(false)
    expect(list.models.map(({ id, live }) => [id, live])).toEqual([
      ['m-a', false],
      ['m-x', false],
    ])
    expect(list.status).toBe(500)
  })

  test('A-024 nothing declared and nothing answering is an empty list with a reason', async () => {
    const list = await client({ baseUrl: `http://127.0.0.1:${await deadPort()}/v1` }).listModels()
    expect(list).toMatchObject({ live: false, models: [], reason: expect.stringMatching(/refused/) })
    const blocked = await client({ baseUrl: 'http://169.254.169.254/v1' }).listModels()
    expect(blocked).toMatchObject({ live: false, models: [], reason: expect.stringMatching(/metadata/) })
  })
})

describe('options', () => {
  test('A-025 custom headers, organization, temperature and max_tokens reach the upstream', async () => {
    const m1 = await upstream()
    await client({
      baseUrl: m1.v1,
      model: 'm-a',
      headers: { 'X-Team': 'a' },
      organization: 'org-1',
      temperature: 0.3,
      maxTokens: 77,
    }).chat('ping')
    const seen = m1.lastChat()
    expect(seen.headers).toMatchObject({ 'x-team': 'a', 'openai-organization': 'org-1' })
    expect(seen.body).toMatchObject({ temperature: 0.3, max_tokens: 77 })
  })

  test('A-025 document 001’s own spelling, per client and per call; a misspelt option is refused', async () => {
    const m1 = await upstream({ key: 'k' })
    const made = client({ base_url: m1.v1, api_key: 'k', custom_headers: { 'X-Team': 'a' }, max_tokens: 77 })
    await made.chat('ping', { model_name: 'm-a', request_timeout: 20, temperature: 0 })
    expect(m1.lastChat().headers['x-team']).toBe('a')
    expect(m1.lastChat().body).toMatchObject({ model: 'm-a', max_tokens: 77, temperature: 0 })
    expect(await made.explain('requestTimeoutMs', { request_timeout: 20 })).toMatchObject({
      value: 20_000,
      level: 'param',
    })
    const misspelt: object = { temprature: 1 }
    const error = await caught(made.chat('ping', misspelt))
    expect(error).toBeInstanceOf(Other)
    expect((error as Other).message).toMatch(/unknown option "temprature" \(did you mean "temperature"\?\)/)
  })

  test('A-025 the settings spell them custom_headers and max_tokens', async () => {
    const m1 = await upstream()
    const settings = {
      'llm.provider': 'openai_endpoint',
      'llm.openai_endpoint.url': m1.v1,
      'llm.model': 'm-a',
      'llm.custom_headers': { 'X-Team': 'b' },
      'llm.organization': 'org-2',
      'llm.temperature': 0,
      'llm.max_tokens': 5,
    }
    await client({ settings }).chat('ping')
    expect(m1.lastChat().headers).toMatchObject({ 'x-team': 'b', 'openai-organization': 'org-2' })
    expect(m1.lastChat().body).toMatchObject({ temperature: 0, max_tokens: 5 })
  })

  test('A-026 parameter, settings, environment, default: in that order, and it can be asked', async () => {
    const levels = {
      param: { baseUrl: 'http://127.0.0.1:1/v1' },
      settings: { 'llm.openai_endpoint.url': 'http://127.0.0.1:2/v1' },
      env: { LDR_LLM_OPENAI_ENDPOINT_URL: 'http://127.0.0.1:3/v1' },
    }
    const ask = async (names: ('param' | 'settings' | 'env')[]) => {
      const made = client({
        provider: 'openai_endpoint',
        ...(names.includes('settings') ? { settings: levels.settings } : {}),
        ...(names.includes('env') ? { env: levels.env } : {}),
        ...(names.includes('param') ? levels.param : {}),
      })
      const { value, level, source, hides } = await made.explain('baseUrl')
      return { value, level, source, hides: hides.map((one) => one.level) }
    }
    expect(await ask(['param', 'settings', 'env'])).toEqual({
      value: 'http://127.0.0.1:1/v1',
      level: 'param',
      source: 'baseUrl',
      hides: ['settings', 'env'],
    })
    expect(await ask(['settings', 'env'])).toEqual({
      value: 'http://127.0.0.1:2/v1',
      level: 'settings',
      source: 'llm.openai_endpoint.url',
      hides: ['env'],
    })
    expect(await ask(['env'])).toEqual({
      value: 'http://127.0.0.1:3/v1',
      level: 'env',
      source: 'LDR_LLM_OPENAI_ENDPOINT_URL',
      hides: [],
    })
    const made = client({ provider: 'openai' })
    expect(await made.explain('baseUrl')).toMatchObject({
      value: 'https://api.openai.com/v1',
      level: 'default',
    })
    expect(await made.explain('model')).toMatchObject({ value: undefined, level: undefined })
  })

  test('A-026 an empty variable is unset, and a credential is never shown', async () => {
    const env = { LDR_LLM_OPENAI_ENDPOINT_URL: '', LDR_LLM_OPENAI_ENDPOINT_API_KEY: 'sk-1' }
    const made = client({
      provider: 'openai_endpoint',
      env,
      settings: { 'llm.openai_endpoint.url': 'http://127.0.0.1:2' },
    })
    expect(await made.explain('baseUrl')).toMatchObject({ level: 'settings', hides: [] })
    expect(await made.explain('apiKey')).toMatchObject({ level: 'env', value: '[secret]' })
  })

  test('A-026 the config file stands between settings and environment; a bad value is told and skipped', async () => {
    const warnings: string[] = []
    const cwd = folder({ 'config/llm.yaml': 'providers: { mine: { base_url: "http://127.0.0.1:7/v1" } }\n' })
    const made = createClient({
      cwd,
      env: { LDR_LLM_MINE_URL: 'http://127.0.0.1:3/v1' },
      settings: { 'llm.temperature': 'warm' },
      onWarning: (message) => warnings.push(message),
    })
    expect(await made.explain('baseUrl')).toMatchObject({
      value: 'http://127.0.0.1:7/v1',
      level: 'config',
      hides: [{ level: 'env' }],
    })
    expect(await made.explain('temperature')).toMatchObject({ value: undefined })
    expect(warnings.join('\n')).toMatch(/llm\.temperature must be a number/)
  })

  test('A-027 the same endpoint by YAML, JSON, environment, settings and code is the same request', async () => {
    const m1 = await upstream({ models: ['m-a'] })
    const yaml = `providers:\n  mine: { base_url: "${m1.v1}", api_key: "k" }\nmodel: { provider: mine, model: m-a }\n`
    const json = JSON.stringify({
      providers: { mine: { base_url: m1.v1, api_key: 'k' } },
      model: { provider: 'mine', model: 'm-a' },
    })
    const ways: CreateOptions[] = [
      { cwd: folder({ 'config/llm.yaml': yaml }) },
      { cwd: folder({ 'config/llm.json': json }) },
      { env: { OPENAI_BASE_URL: m1.v1, OPENAI_API_KEY: 'k', OPENAI_MODEL: 'm-a' } },
      {
        settings: {
          llm: { provider: 'openai_endpoint', model: 'm-a', openai_endpoint: { url: m1.v1, api_key: 'k' } },
        },
      },
      { baseUrl: m1.v1, apiKey: 'k', model: 'm-a' },
    ]
    for (const way of ways) await client({ onWarning() {}, ...way }).chat('ping')
    const [first, ...rest] = m1.chats().map(({ method, path, headers, body }) => {
      const kept = Object.entries(headers).filter(([name]) => name !== 'host' && name !== 'connection')
      return { method, path, headers: Object.fromEntries(kept), body }
    })
    expect(rest).toHaveLength(4)
    for (const one of rest) expect(one).toEqual(first)
    expect(first?.headers.authorization).toBe('Bearer k')
  })

  test('A-036 streaming on and off through the settings', async () => {
    const m1 = await upstream()
    const settings: Record<string, unknown> = { 'llm.streaming': true }
    const made = client({ baseUrl: m1.v1, model: 'm-a', settings })
    const streamed = await made.chat('ping')
    expect(m1.lastChat().body).toMatchObject({ stream: true })
    settings['llm.streaming'] = false
    const whole = await made.stream('ping').final()
    expect(m1.lastChat().at('stream')).not.toBe(true)
    expect(streamed.text).toBe(whole.text)
    expect(whole.text).not.toBe('')
  })

  test('A-038 a settings file names the provider, its URL and its key', async () => {
    const m1 = await upstream({ key: 'sk-settings' })
    const cwd = folder({
      'settings.json': JSON.stringify({
        'llm.provider': 'OPENAI_ENDPOINT',
        'llm.openai_endpoint.url': m1.v1,
        'llm.openai_endpoint.api_key': 'sk-settings',
      }),
    })
    const answer = await client({ cwd, settings: 'settings.json', model: 'm-a' }).chat('ping')
    expect(answer.text).not.toBe('')
    expect(m1.lastChat().headers.authorization).toBe('Bearer sk-settings')
  })
})

describe('A-037 providers', () => {
  test('A-037 are listed with metadata', async () => {
    const rows = await client().providers()
    expect(rows.find(({ name }) => name === 'mistral')).toMatchObject({
      title: 'Mistral',
      company: 'Mistral AI',
      region: 'Europe',
      country: 'France',
      isCloud: true,
      requiresAuthForModels: true,
    })
    expect(rows.find(({ name }) => name === 'openai_endpoint')).toMatchObject({
      company: null,
      isCloud: null,
      requiresAuthForModels: false,
    })
    expect(rows.find(({ name }) => name === 'ollama')).toMatchObject({
      isCloud: false,
      requiresAuthForModels: false,
    })
  })

  test('A-037 a custom one is registered and called by name, in one shot', async () => {
    const m1 = await upstream({ models: ['m-a'] })
    const made = client()
    made.registerProvider({
      name: 'Mine',
      baseUrl: m1.v1,
      apiKey: 'k',
      models: ['m-a'],
      metadata: { country: 'Norway' },
    })
    const text = await made.complete('ping', { provider: 'mine', model: 'm-a' })
    expect(text).not.toBe('')
    expect(m1.lastChat().headers.authorization).toBe('Bearer k')
    expect((await made.providers()).find(({ name }) => name === 'mine')).toMatchObject({
      from: 'registered',
      country: 'Norway',
    })
    expect(await made.isAvailable({ provider: 'mine' })).toBe(true)
    // Another client in the same process does not know it.
    await expect(client().complete('ping', { provider: 'mine', model: 'm-a' })).rejects.toThrow(Other)
  })

  test('A-037 a model object of one’s own answers like any other', async () => {
    const made = client()
    made.registerModel('echo', {
      chat: ({ messages }) => `you said: ${JSON.stringify(messages.at(-1)?.content)}`,
    })
    expect(await made.complete('hello', { provider: 'echo' })).toBe('you said: "hello"')
    const pieces: string[] = []
    for await (const piece of made.stream('hi', { model: 'echo' }).text()) pieces.push(piece)
    expect(pieces.join('')).toBe('you said: "hi"')
  })

  test('A-037 an unknown provider lists the known names and the nearest', async () => {
    const error = await caught(client().complete('ping', { provider: 'mistrall', model: 'x' }))
    expect(error).toBeInstanceOf(Other)
    expect((error as Other).message).toMatch(/unknown provider "mistrall".*did you mean "mistral".*groq/)
    expect(error).toMatchObject({ kind: 'unknown_provider', attempts: 0, status: 0 })
  })
})

describe('A-088 config/llm.yaml', () => {
  const yaml = (url: string, rest = '') =>
    `providers:\n  local:\n    api_key: \${KEY:-}\n    base_url: ${url}\n    rate_limit: { requests_per_second: 50 }\nmodel: { provider: local, model: m-a }\n${rest}`

  test('A-088 provider and model come from the file', async () => {
    const m1 = await upstream()
    const cwd = folder({ 'config/llm.yaml': yaml(m1.v1) })
    const answer = await client({ cwd, env: { KEY: 'k-file' } }).chat('ping')
    expect(answer.provider).toBe('local')
    expect(m1.lastChat().headers.authorization).toBe('Bearer k-file')
    expect(m1.lastChat().at('model')).toBe('m-a')
  })

  test('A-088 an unknown provider is an error that lists the names', async () => {
    const cwd = folder({
      'config/llm.yaml': yaml('http://127.0.0.1:1/v1').replace('provider: local', 'provider: locl'),
    })
    const error = await caught(client({ cwd }).chat('ping'))
    expect(error).toBeInstanceOf(Other)
    expect((error as Error).message).toMatch(/"locl".*did you mean "local"/)
  })

  test('A-088 an unknown key is told by its name', async () => {
    const m1 = await upstream()
    const cwd = folder({ 'config/llm.yaml': yaml(m1.v1).replace('base_url', 'speed: 3\n    base_url') })
    const warnings: string[] = []
    await client({ cwd, onWarning: (message) => warnings.push(message) }).chat('ping')
    expect(warnings.join('\n')).toMatch(/llm\.yaml:4:\d+: warning: unknown key "providers\.local\.speed"/)
  })

  test('A-089 defaults of variables, and an unset one is an error naming it and the file', async () => {
    const m1 = await upstream()
    const key = async (written: string, env: Record<string, string>) => {
      const cwd = folder({
        'config/llm.yaml': `providers: { a: { base_url: "${m1.v1}", api_key: "${written}" } }\nmodel: { provider: a, model: m }\n`,
      })
      await client({ cwd, env }).chat('ping')
      return m1.lastChat().headers.authorization
    }
    expect(await key('${X:-}', { X: '' })).toBeUndefined()
    expect(await key('${X:-def}', { X: '' })).toBe('Bearer def')
    expect(await key('${X-def}', { X: '' })).toBeUndefined()
    const error = await caught(key('${X}', {}))
    expect((error as Error).message).toMatch(/llm\.yaml.*\bX\b/s)
  })

  test('A-101 the addresses of the document are accepted and joined rightly', async () => {
    const bases = {
      openai: ['https://api.openai.com/v1', 'https://api.openai.com/v1/chat/completions'],
      ollama: ['http://localhost:11434/v1', 'http://localhost:11434/v1/chat/completions'],
      groq: ['https://api.groq.com/openai/v1', 'https://api.groq.com/openai/v1/chat/completions'],
      openrouter: ['https://openrouter.ai/api/v1', 'https://openrouter.ai/api/v1/chat/completions'],
      lmstudio: ['http://localhost:1234/v1', 'http://localhost:1234/v1/chat/completions'],
      vllm: ['http://gpu-box:8000/v1', 'http://gpu-box:8000/v1/chat/completions'],
      azure: [
        'https://res.openai.azure.com',
        'https://res.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21',
      ],
      minimax: ['https://api.minimax.io', 'https://api.minimax.io/v1/chat/completions'],
    }
    const rows = Object.entries(bases).map(
      ([name, [base]]) => `  ${name}: { base_url: "${base}", api_key: "\${K:-x}" }`,
    )
    const made = client({
      cwd: folder({ 'config/llm.yaml': `providers:\n${rows.join('\n')}\n` }),
      onWarning() {},
    })
    for (const [provider, [, joined]] of Object.entries(bases))
      expect(await made.resolve({ provider, model: 'm' })).toMatchObject({ chatUrl: joined })
  })
})

describe('requests', () => {
  test('A-090 the key is a bearer token', async () => {
    const m1 = await upstream({ key: 'k' })
    await client({ baseUrl: m1.v1, apiKey: 'k', model: 'm' }).chat('ping')
    expect(m1.lastChat().headers.authorization).toBe('Bearer k')
  })

  const tools = [
    {
      type: 'function' as const,
      function: {
        name: 'get_weather',
        description: 'Weather of a city',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    },
  ]
  const choices = [
    'auto',
    'required',
    'none',
    { type: 'function' as const, function: { name: 'get_weather' } },
  ] as const

  test.for(choices)(
    'A-091 tools with tool_choice %j, direct and through the gateway',
    async (tool_choice) => {
      const m1 = await upstream({ models: ['m-a'] })
      const gateway = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
      for (const made of [
        client({ baseUrl: m1.v1, model: 'm-a' }),
        client({ provider: 'trunkline', baseUrl: gateway.url, apiKey: gateway.key, model: 'm-a' }),
      ]) {
        await made.chat({ ...ping, tools, tool_choice })
        expect({ tools: m1.lastChat().at('tools'), choice: m1.lastChat().at('tool_choice') }).toEqual({
          tools,
          choice: tool_choice,
        })
      }
      expect(m1.chats()).toHaveLength(2)
    },
  )

  test('A-092 vectors come in the order of the input, and nothing in makes no call', async () => {
    const m1 = await upstream()
    m1.next({
      json: {
        object: 'list',
        model: 'e',
        data: [2, 0, 1].map((index) => ({ object: 'embedding', index, embedding: [index, 0.5] })),
        usage: { prompt_tokens: 3, total_tokens: 3 },
      },
    })
    const made = client({ baseUrl: m1.v1, model: 'e' })
    const { vectors, usage } = await made.embed(['a', 'b', 'c'])
    expect(vectors).toEqual([
      [0, 0.5],
      [1, 0.5],
      [2, 0.5],
    ])
    expect(usage).toEqual({ input: 3, total: 3 })
    expect(m1.log().at(-1)?.body).toEqual({ model: 'e', input: ['a', 'b', 'c'] })
    expect((await made.embed([])).vectors).toEqual([])
    expect(m1.log()).toHaveLength(1)
  })

  test('A-099 every way to write the base URL is the same path', async () => {
    const m1 = await upstream()
    for (const tail of ['/v1', '/v1/', '/v1//', '/v1/chat/completions'])
      await client({ baseUrl: `${m1.root}${tail}`, model: 'm' }).chat('ping')
    expect(m1.log().map(({ path }) => path)).toEqual(Array(4).fill('/v1/chat/completions'))
  })

  test('A-102 max_tokens 0 and empty messages are refused here, without a call; the gateway says 400', async () => {
    const m1 = await upstream({ models: ['m-a'] })
    const made = client({ baseUrl: m1.v1, model: 'm-a' })
    for (const request of [
      { ...ping, max_tokens: 0 },
      { ...ping, max_completion_tokens: -1 },
      { messages: [] },
    ]) {
      const error = await caught(made.chat(request))
      expect(error).toBeInstanceOf(Other)
      expect(error).toMatchObject({ status: 0, attempts: 0, kind: 'invalid_request' })
      expect(await caught(made.stream(request).final())).toBeInstanceOf(Other)
    }
    expect(m1.log()).toEqual([])
    const gateway = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
    expect((await gateway.post('/v1/chat/completions', { model: 'm-a', messages: [] })).status).toBe(400)
  })
})

/** Document 004's rules, told once more. */
function byTheRules(statuses: readonly number[]): { calls: number; ended: string } {
  for (const [at, status] of statuses.entries()) {
    const calls = at + 1
    if (status === 200) return { calls, ended: 'ok' }
    if (status < 500 && status !== 429) return { calls, ended: 'Other' }
    if (status === 429 && calls >= 5) return { calls, ended: 'RateLimit' }
    if (status >= 500 && calls >= 3) return { calls, ended: 'ServerError' }
  }
  throw new Error('the script ended before its answer')
}

describe('errors and retries', () => {
  const tools400 = { error: { message: 'tools unsupported', type: 'invalid_request_error' } }

  test('A-093 a 400 is Other after one call, its message kept; the gateway passes the body', async () => {
    const m1 = await upstream({ models: ['m-a'] })
    m1.next({ status: 400, json: tools400 }, { status: 400, json: tools400 })
    const error = await caught(client({ baseUrl: m1.v1, model: 'm-a' }).chat('ping'))
    expect(error).toBeInstanceOf(Other)
    expect(error).toMatchObject({ status: 400, attempts: 1, body: tools400, provider: 'openai-compatible' })
    expect((error as Error).message).toContain('tools unsupported')
    expect(m1.chats()).toHaveLength(1)
    const gateway = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
    const reply = await gateway.chat('m-a')
    expect(reply.status).toBe(400)
    expect(reply.json).toEqual(tools400)
  })

  test('A-094 a 429 is waited out as long as it says', async () => {
    const m1 = await upstream()
    m1.next({ status: 429, headers: { 'retry-after': '1' } })
    const started = performance.now()
    const answer = await client({ baseUrl: m1.v1, model: 'm' }).chat('ping')
    expect(performance.now() - started).toBeGreaterThanOrEqual(1_000)
    expect(answer.attempts).toBe(2)
    expect(m1.chats()).toHaveLength(2)
  })

  test('A-095 an endless 429 ends after five calls; without a header it says 30 s', async () => {
    const m1 = await upstream()
    m1.fake.script({ method: 'POST', status: 429, headers: { 'retry-after': '0' }, keep: true })
    const error = await caught(client({ baseUrl: m1.v1, model: 'm' }).chat('ping'))
    expect(error).toBeInstanceOf(RateLimit)
    expect(error).toMatchObject({ status: 429, attempts: 5, retryAfterMs: 0 })
    expect(m1.chats()).toHaveLength(5)
    const m2 = await upstream()
    m2.next({ status: 429 })
    const once = await caught(client({ baseUrl: m2.v1, model: 'm', retry: { maxAttempts: 1 } }).chat('ping'))
    expect(once).toBeInstanceOf(RateLimit)
    expect(once).toMatchObject({ retryAfterMs: 30_000, attempts: 1 })
  })

  test('A-095 max_attempts of the file counts; a spent quota is not tried again', async () => {
    const m1 = await upstream()
    const spent = {
      error: { message: 'You exceeded your quota', type: 'insufficient_quota', code: 'insufficient_quota' },
    }
    m1.next({ status: 503 }, { status: 503 }, { status: 429, json: spent })
    const cwd = folder({
      'config/llm.yaml': `providers: { a: { base_url: "${m1.v1}" } }\nretry: { max_attempts: 2, initial_backoff_ms: 5 }\n`,
    })
    const made = createClient({ cwd, env: {}, model: 'm' })
    expect(await caught(made.chat('ping'))).toMatchObject({ attempts: 2, status: 503 })
    expect(await caught(made.chat('ping'))).toMatchObject({ attempts: 1, code: 'insufficient_quota' })
  })

  test('A-096 an endless 503 ends after three calls, with status and body', async () => {
    const m1 = await upstream()
    m1.fake.script({ method: 'POST', status: 503, json: { error: { message: 'down' } }, keep: true })
    const error = await caught(client({ baseUrl: m1.v1, model: 'm' }).chat('ping'))
    expect(error).toBeInstanceOf(ServerError)
    expect(error).toMatchObject({ status: 503, attempts: 3, body: { error: { message: 'down' } } })
    expect(m1.chats()).toHaveLength(3)
  })

  test('A-095 100 retry scripts through the client end where the model of the rules says', async () => {
    const m1 = await upstream()
    const made = client({ baseUrl: m1.v1, model: 'm', retry: { baseMs: 0, capMs: 1 }, breaker: false })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(200, 400, 404, 422, 429, 429, 500, 503, 529), {
          minLength: 1,
          maxLength: 6,
        }),
        async (script) => {
          const statuses = [...script, 200]
          const before = m1.chats().length
          m1.next(...statuses.map((status) => ({ status, headers: { 'retry-after': '0' } })))
          let ended = 'ok'
          try {
            await made.chat('ping')
          } catch (thrown) {
            ended = (thrown as Error).name
          }
          const calls = m1.chats().length - before
          // What the script still holds is taken out by plain requests.
          for (let left = statuses.length - calls; left > 0; left--)
            await fetch(`${m1.v1}/chat/completions`, { method: 'POST', body: '{}' }).then((reply) =>
              reply.text(),
            )
          expect({ calls, ended }).toEqual(byTheRules(statuses))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('A-096 no answer at all is a ServerError of status 0, tried three times', async () => {
    const retries: number[] = []
    const error = await caught(
      client({
        baseUrl: `http://127.0.0.1:${await deadPort()}/v1`,
        model: 'm',
        onRetry: ({ attempt }) => retries.push(attempt),
      }).chat('ping'),
    )
    expect(error).toBeInstanceOf(ServerError)
    expect(error).toMatchObject({ status: 0, attempts: 3 })
    expect(retries).toEqual([1, 2])
  })

  test('A-097 requests_per_second spreads the calls', async () => {
    const m1 = await upstream()
    const made = client({ baseUrl: m1.v1, model: 'm', requestsPerSecond: 2 })
    const started = performance.now()
    await Promise.all(Array.from({ length: 4 }, () => made.chat('ping')))
    expect(performance.now() - started).toBeGreaterThanOrEqual(1_400)
    expect(m1.chats()).toHaveLength(4)
  })

  test('A-103 five failures open the breaker; it fails fast, then recovers', async () => {
    const m1 = await upstream()
    m1.next(...Array.from({ length: 5 }, () => ({ status: 500 })))
    let now = 1_000_000
    const { clientClock } = await import('../../src/client/wait.ts')
    const clock = { ...clientClock, now: () => now }
    const made = client({ baseUrl: m1.v1, model: 'm', retry: { maxAttempts: 1 }, clock })
    for (let i = 0; i < 5; i++) expect(await caught(made.chat('ping'))).toMatchObject({ status: 500 })
    const fast = await caught(made.chat('ping'))
    expect(fast).toBeInstanceOf(ServerError)
    expect(fast).toMatchObject({ kind: 'breaker_open', attempts: 0 })
    expect(m1.chats()).toHaveLength(5)
    now += 10_001
    expect((await made.chat('ping')).text).not.toBe('')
    expect((await made.chat('ping')).text).not.toBe('')
  })

  test('A-103 a 400 never opens it', async () => {
    const m1 = await upstream()
    m1.next(...Array.from({ length: 8 }, () => ({ status: 400 })))
    const made = client({ baseUrl: m1.v1, model: 'm' })
    for (let i = 0; i < 8; i++) await caught(made.chat('ping'))
    expect((await made.chat('ping')).text).not.toBe('')
  })

  test('an abort ends every wait at once and reaches the upstream', async () => {
    const m1 = await upstream()
    m1.next({ status: 429 }, { delayMs: 30_000 })
    const made = client({ baseUrl: m1.v1, model: 'm' })
    const started = performance.now()
    const inBackOff = new AbortController()
    const waiting = caught(made.chat('ping', { signal: inBackOff.signal }))
    await m1.fake.waitFor(() => true)
    inBackOff.abort()
    expect(await waiting).toMatchObject({ name: 'AbortError' })
    const inFlight = new AbortController()
    const flying = caught(made.chat('ping', { signal: inFlight.signal }))
    await m1.fake.waitFor((entry) => entry !== m1.fake.log[0])
    inFlight.abort(new Error('enough'))
    expect(await flying).toMatchObject({ message: 'enough' })
    await m1.fake.waitFor((entry) => entry.closedEarly)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('streams', () => {
  const chunk = (delta: JsonObject, finish: string | null = null) => ({
    data: {
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: finish }],
    },
  })
  const usage = {
    data: {
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
    },
  }

  test('A-098 deltas, then usage, then one end', async () => {
    const m1 = await upstream()
    m1.next({
      sse: [
        chunk({ role: 'assistant', content: 'po' }),
        chunk({ content: 'ng' }),
        chunk({}, 'stop'),
        usage,
        { data: '[DONE]' },
      ],
    })
    const events: ClientEvent[] = []
    for await (const event of client({ baseUrl: m1.v1, model: 'm' }).stream('ping')) events.push(event)
    expect(events.map(({ type }) => type)).toEqual(['start', 'text', 'text', 'usage', 'end'])
    expect(events.at(-1)).toMatchObject({
      finishReason: 'stop',
      answer: { text: 'pong', usage: { total: 7 } },
    })
    expect(m1.lastChat().body).toMatchObject({ stream: true, stream_options: { include_usage: true } })
  })

  test('A-098 the end comes with [DONE], whether or not the upstream closes', async () => {
    const m1 = await upstream()
    m1.next({
      sse: [
        chunk({ content: 'pong' }),
        chunk({}, 'stop'),
        { data: '[DONE]' },
        { data: 'late', delayMs: 30_000 },
      ],
    })
    const started = performance.now()
    expect((await client({ baseUrl: m1.v1, model: 'm' }).stream('ping').final()).text).toBe('pong')
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  test('a tool call comes assembled, and its bad arguments are told', async () => {
    const m1 = await upstream()
    const call = (index: number, fields: JsonObject) => chunk({ tool_calls: [{ index, ...fields }] })
    m1.next({
      sse: [
        call(0, { id: 'a', type: 'function', function: { name: 'weather', arguments: '{"ci' } }),
        call(0, { function: { arguments: 'ty":"Oslo"}' } }),
        call(1, { id: 'b', type: 'function', function: { name: 'broken', arguments: '{"x":' } }),
        chunk({}, 'tool_calls'),
        { data: '[DONE]' },
      ],
    })
    const stream = client({ baseUrl: m1.v1, model: 'm' }).stream('ping')
    const calls = []
    for await (const event of stream) if (event.type === 'tool_call') calls.push(event.call)
    expect(calls).toMatchObject([
      { id: 'a', name: 'weather', input: { city: 'Oslo' } },
      { id: 'b', name: 'broken', input: undefined, problem: expect.stringMatching(/not valid JSON/) },
    ])
    expect((await stream.final()).message).toMatchObject({
      role: 'assistant',
      tool_calls: [{ id: 'a', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }, { id: 'b' }],
    })
  })

  test.for([
    ['cut off', { sse: [chunk({ content: 'po' })], resetAfterBytes: 100 }],
    ['ended early', { sse: [chunk({ content: 'po' })] }],
    [
      'an error inside',
      { sse: [chunk({ content: 'po' }), { data: { error: { message: 'died' } }, delayMs: 20 }] },
    ],
  ] as const)('K-33 a truncated stream is an error: %s', async ([, step]) => {
    const m1 = await upstream()
    m1.next(step)
    const events: string[] = []
    const error = await caught(
      (async () => {
        for await (const event of client({ baseUrl: m1.v1, model: 'm', maxRetries: 0 }).stream('ping'))
          events.push(event.type)
      })(),
    )
    expect(error).toBeInstanceOf(ServerError)
    expect(events).not.toContain('end')
    expect(m1.chats()).toHaveLength(1)
  })

  test('K-32 opening a stream is retried, what has begun is not', async () => {
    const m1 = await upstream()
    m1.next({ status: 503 }, { sse: [{ data: { error: { message: 'overloaded' } } }] })
    const answer = await client({ baseUrl: m1.v1, model: 'm' }).stream('ping').final()
    expect(answer.attempts).toBe(3)
  })

  test('leaving the loop closes the connection', async () => {
    const m1 = await upstream()
    m1.next({ sse: [chunk({ content: 'po' }), { ...chunk({ content: 'ng' }), delayMs: 30_000 }] })
    for await (const event of client({ baseUrl: m1.v1, model: 'm' }).stream('ping'))
      if (event.type === 'text') break
    await m1.fake.waitFor((entry) => entry.closedEarly)
  })
})

describe('turns', () => {
  const thought = {
    json: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'sig-1' },
        { type: 'text', text: 'yes' },
      ],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 2 },
    },
  }

  test('reasoning goes back with its signature to who made it, and to nobody else', async () => {
    const one = await upstream({ kind: 'anthropic' })
    const two = await upstream({ kind: 'anthropic' })
    const made = client()
    for (const [name, at] of [
      ['one', one],
      ['two', two],
    ] as const)
      made.registerProvider({ name, like: 'anthropic', baseUrl: at.v1, apiKey: 'k' })
    one.next(thought)
    const answer = await made.chat('Sure?', { provider: 'one', model: 'claude' })
    expect(answer).toMatchObject({ text: 'yes', reasoning: 'hm', usage: { output: 2 } })
    const messages = [...ping.messages, answer.message, { role: 'user' as const, content: 'Really?' }]
    await made.chat({ messages }, { provider: 'one', model: 'claude' })
    expect(one.lastChat().at('messages.1.content')).toEqual(thought.json.content)
    await made.chat({ messages }, { provider: 'two', model: 'claude' })
    expect(JSON.stringify(two.lastChat().at('messages'))).not.toContain('sig-1')
    expect(two.lastChat().at('messages.1.role')).toBe('assistant')
  })
})

describe('A-100 validate', () => {
  const schema = z.object({ name: z.string(), age: z.number() })
  const say = (content: string) => ({
    json: {
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    },
  })

  test('A-100 an answer that does not fit is an error with the raw text', async () => {
    const m1 = await upstream()
    m1.next(say('{"name":"Ada","age":"old"}'), say('no idea'))
    const made = client({ baseUrl: m1.v1, model: 'm' })
    const error = await caught(made.chat('who?', { validate: schema }))
    expect(error).toBeInstanceOf(InvalidAnswer)
    expect(error).toMatchObject({ text: '{"name":"Ada","age":"old"}', issues: [{ path: 'age' }] })
    expect(await caught(made.chat('who?', { validate: schema }))).toMatchObject({ text: 'no idea' })
  })

  test('A-100 zod and valibot both work, fenced JSON too', async () => {
    const m1 = await upstream()
    m1.next(say('Sure:\n```json\n{"name":"Ada","age":36}\n```'), say('{"name":"Ada","age":36}'))
    const made = client({ baseUrl: m1.v1, model: 'm' })
    const first = await made.chat('who?', { validate: schema })
    const age: number = first.value.age
    const second = await made.chat('who?', { validate: v.object({ name: v.string() }) })
    expect([age, second.value.name]).toEqual([36, 'Ada'])
    expect(first.text).toContain('Sure')
  })

  test('A-100 one repair round on request', async () => {
    const m1 = await upstream()
    m1.next(say('{"name":"Ada"}'), say('{"name":"Ada","age":36}'))
    const answer = await client({ baseUrl: m1.v1, model: 'm' }).chat('who?', {
      validate: schema,
      repair: true,
    })
    expect(answer.value).toEqual({ name: 'Ada', age: 36 })
    expect(m1.lastChat().at('messages.2.content')).toMatch(/age/)
  })
})
