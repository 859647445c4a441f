// Document 000: one endpoint by environment, its probe, and /healthz.

import { describe, expect, onTestFinished, test } from 'vitest'
import { ask, at, health, launch, run, until, up } from './kit.ts'
import { deadPort, blackHole, server, upstream } from './upstream.ts'

const warnings = (gateway: { log: { at(path: string): unknown }[] }) =>
  gateway.log.filter((line) => line.at('level') === 40 && line.at('step') !== undefined)

test('A-001 OPENAI_BASE_URL with a trailing slash joins to exactly /v1/chat/completions', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ env: { OPENAI_BASE_URL: `${m1.v1}/`, OPENAI_MODEL: 'm-a' } })
  const reply = await gw.chat('m-a')
  expect(reply.status, reply.text).toBe(200)
  expect(reply.at('choices.0.message.content')).toEqual(expect.any(String))
  expect(m1.lastChat().path).toBe('/v1/chat/completions')
})

describe('A-002 model names are opaque', () => {
  test.for([
    'llama3.1:70b',
    'anthropic/claude-3.5-sonnet',
    'lmstudio-community/Meta-Llama-3.1-70B-Instruct-GGUF',
  ])('A-002 %s goes upstream byte for byte', async (model) => {
    const m1 = await upstream({ models: [model] })
    const gw = await up({ env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: model } })
    await health(gw, 'ok')
    const reply = await gw.chat(model)
    expect(reply.status, reply.text).toBe(200)
    expect(m1.lastChat().at('model')).toBe(model)
  })
})

describe('A-003 the key comes from a mounted file', () => {
  test('A-003 named by OPENAI_API_KEY_FILE', async () => {
    const m1 = await upstream({ models: ['m-a'], key: 'sk-file' })
    const gw = await up({
      files: { 'mounted/key.txt': 'sk-file\n' },
      env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'm-a', OPENAI_API_KEY_FILE: 'mounted/key.txt' },
    })
    await health(gw, 'ok')
    expect((await gw.chat('m-a')).status).toBe(200)
    expect(m1.lastChat().headers.authorization).toBe('Bearer sk-file')
  })

  test('A-003 at ./secrets/openai_key without a variable', async () => {
    const m1 = await upstream({ models: ['m-a'], key: 'sk-file' })
    const gw = await up({
      files: { 'secrets/openai_key': 'sk-file\n' },
      env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'm-a' },
    })
    await health(gw, 'ok')
    expect((await gw.chat('m-a')).status).toBe(200)
    expect(m1.lastChat().headers.authorization).toBe('Bearer sk-file')
    expect(gw.stdout() + gw.stderr()).not.toContain('sk-file')
  })
})

test('A-004 a keyless endpoint is usable and sees no Authorization header', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'm-a' } })
  await health(gw, 'ok')
  expect((await gw.chat('m-a')).status).toBe(200)
  expect(m1.log().length).toBeGreaterThan(0)
  for (const seen of m1.log()) expect(seen.headers).not.toHaveProperty('authorization')
})

// A start on a machine that is busy with something else shows nothing of the probe.
test('A-005 the probe never delays start-up', { retry: 2 }, async () => {
  const m1 = await upstream({ models: ['m-a'] })
  m1.next({ method: 'GET', delayMs: 3000 })
  const from = performance.now()
  const gw = await launch({ env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'm-a' } })
  onTestFinished(() => gw.close())
  await until(
    async () => {
      const reply = await ask(`${gw.url}/health/liveliness`).catch(() => undefined)
      return reply?.status === 200
    },
    10_000,
    'liveliness',
  )
  expect(performance.now() - from, 'ms from process start to the first answer').toBeLessThan(1000)
  await health(gw, 'ok')
  expect(m1.log().map((seen) => `${seen.method} ${seen.path}`)).toEqual([
    'GET /v1/models',
    'POST /v1/chat/completions',
  ])
})

test('A-006 a healthy endpoint is ok under subsystems.openai', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'm-a' } })
  const reply = await health(gw, 'ok')
  expect(reply.status).toBe(200)
  expect(reply.at('status')).toBe('ok')
  expect(reply.at('version')).toEqual(expect.any(String))
  expect(reply.at('uptime_seconds')).toEqual(expect.any(Number))
})

test('A-006 without an OPENAI_* endpoint it is not_configured', async () => {
  const gw = await up()
  const reply = await gw.get('/healthz', { key: null })
  expect([reply.status, reply.at('subsystems.openai')]).toEqual([200, 'not_configured'])
})

test('A-007 A-010 an unreachable endpoint is down, explained by one structured WARN', async () => {
  const dead = await deadPort()
  const url = `http://127.0.0.1:${dead}/v1`
  const gw = await up({ env: { OPENAI_BASE_URL: url, OPENAI_MODEL: 'm-a' } })
  const reply = await health(gw, 'down')
  expect(reply.status).toBe(200)
  expect(reply.at('openai_capabilities.models_endpoint_status_code')).toBe(null)
  const [warn, ...more] = warnings(gw)
  expect(more).toEqual([])
  expect(warn?.at('step')).toEqual(expect.any(String))
  expect(String(warn?.at('url'))).toContain(url)
  expect(String(warn?.at('error'))).not.toBe('')
})

test('A-008 A-010 a model that is not listed is down, and the reason says so', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'nope' } })
  const reply = await health(gw, 'down')
  expect(reply.status).toBe(200)
  const reason = String(reply.at('openai_capabilities.reason'))
  expect(reason).toContain('nope')
  expect(reason).toMatch(/not (listed|in (the|its) list)|does not list/i)
  expect(m1.chats()).toEqual([])
  expect(warnings(gw)).toHaveLength(1)
  expect(warnings(gw)[0]?.at('step')).toEqual(expect.any(String))
})

test('A-009 A-010 a refused key is down with the status code, and neither body nor key is told', async () => {
  const m1 = await upstream({ models: ['m-a'], key: 'sk-right' })
  const gw = await up({ env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'm-a' } })
  const reply = await health(gw, 'down')
  expect(reply.status).toBe(200)
  expect(reply.at('openai_capabilities.models_endpoint_status_code')).toBe(401)
  expect(reply.text).not.toContain('sk-right')
  const [warn, ...more] = warnings(gw)
  expect(more).toEqual([])
  expect(warn?.at('status_code')).toBe(401)
  expect(String(warn?.at('url'))).toContain(m1.root)
})

test('A-011 while down a chat is refused with endpoint_not_ready and never sent', async () => {
  const m1 = await upstream({ models: ['m-a'], key: 'sk-right' })
  const gw = await up({ env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'm-a' } })
  await health(gw, 'down')
  const reply = await gw.chat('m-a')
  expect([reply.status, reply.at('error.code')]).toEqual([503, 'endpoint_not_ready'])
  expect(m1.chats()).toEqual([])
})

test('A-012 while down everything else keeps working', async () => {
  const m1 = await upstream({ models: ['m-a'], key: 'sk-right' })
  const m2 = await upstream({ models: ['m-b'] })
  const gw = await up({ env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'm-a' } })
  await health(gw, 'down')
  expect((await gw.get('/v1/models')).status).toBe(200)
  const added = await gw.post('/api/v1/registry', { id: 'second', url: m2.v1, models: ['m-b'] })
  expect([200, 201], added.text).toContain(added.status)
  const reply = await gw.chat('m-b')
  expect(reply.status, reply.text).toBe(200)
  expect(m2.lastChat().at('model')).toBe('m-b')
})

test('A-013 the endpoint recovers without a restart', { timeout: 80_000 }, async () => {
  const port = await deadPort()
  const gw = await up({ env: { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, OPENAI_MODEL: 'm-a' } })
  await health(gw, 'down')
  const m1 = await upstream({ models: ['m-a'], port })
  await until(async () => (await gw.chat('m-a')).status === 200, 60_000, 'a chat that succeeds')
  expect(m1.chats().length).toBeGreaterThan(0)
  await health(gw, 'ok')
})

test('A-014 after a good probe the models list is not asked again', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'm-a' } })
  await health(gw, 'ok')
  for (let i = 0; i < 5; i++) expect((await gw.chat('m-a')).status).toBe(200)
  expect(m1.lists()).toHaveLength(1)
  expect(m1.chats()).toHaveLength(6)
})

test('A-015 /healthz never probes and never waits', async () => {
  const hole = await blackHole()
  const gw = await up({ env: { OPENAI_BASE_URL: `http://127.0.0.1:${hole.port}/v1`, OPENAI_MODEL: 'm-a' } })
  await until(() => hole.connections() > 0, 10_000, "the probe's own connection")
  const before = hole.connections()
  const slow: number[] = []
  for (let i = 0; i < 20; i++) {
    const from = performance.now()
    const reply = await gw.get('/healthz', { key: null })
    const took = performance.now() - from
    expect(reply.status).toBe(200)
    if (took >= 200) slow.push(took)
  }
  expect(slow).toEqual([])
  expect(hole.connections()).toBe(before)
})

test('A-016 a provider typo is a config error with its place, the known names and a suggestion', async () => {
  const { code, output } = await run(['serve'], {
    yaml: ['endpoints:', '  east:', '    provider: bedrok', '    api_key: k', '    models: [m]', ''].join(
      '\n',
    ),
  })
  expect(code, output).toBe(1)
  expect(output).toMatch(/config\.yaml:3:5\b/)
  expect(output).toContain('bedrok')
  expect(output).toContain('bedrock')
  for (const name of ['openai', 'anthropic', 'ollama', 'groq', 'openai-compatible'])
    expect(output).toContain(name)
})

describe('A-017 a chat that names no model', () => {
  test('A-017 takes OPENAI_MODEL', async () => {
    const m1 = await upstream({ models: ['m-a', 'm-b'] })
    const gw = await up({ env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'm-a' } })
    await health(gw, 'ok')
    const reply = await gw.chat(undefined)
    expect(reply.status, reply.text).toBe(200)
    expect(m1.lastChat().at('model')).toBe('m-a')
  })

  test('A-017 takes OPENAI_MODEL_CHAT when there is one', async () => {
    const m1 = await upstream({ models: ['m-a', 'm-b'] })
    const gw = await up({ env: { OPENAI_BASE_URL: m1.v1, OPENAI_MODEL: 'm-a', OPENAI_MODEL_CHAT: 'm-b' } })
    await health(gw, 'ok')
    const reply = await gw.chat(undefined)
    expect(reply.status, reply.text).toBe(200)
    expect(m1.lastChat().at('model')).toBe('m-b')
  })
})

describe('A-018 the base URL is taken as it is written', () => {
  test.for(['/v1', '/openai/v1', '/api/v1'])('A-018 %s + /chat/completions', async (form) => {
    const paths: string[] = []
    const answers = await server((request, body) => {
      paths.push(`${request.method} ${request.url}`)
      if (request.url === `${form}/models`)
        return { json: { object: 'list', data: [{ id: 'm-a', object: 'model', created: 1, owned_by: 'x' }] } }
      if (request.url !== `${form}/chat/completions`)
        return { status: 404, json: { error: { message: 'no' } } }
      return {
        json: {
          id: 'chatcmpl-1',
          object: 'chat.completion',
          created: 1,
          model: at(body, 'model'),
          choices: [{ index: 0, message: { role: 'assistant', content: 'pong' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
        },
      }
    })
    const gw = await up({ env: { OPENAI_BASE_URL: answers.root + form, OPENAI_MODEL: 'm-a' } })
    await health(gw, 'ok')
    const reply = await gw.chat('m-a')
    expect(reply.status, reply.text).toBe(200)
    expect(reply.at('choices.0.message.content')).toBe('pong')
    expect(paths.at(-1)).toBe(`POST ${form}/chat/completions`)
  })
})
