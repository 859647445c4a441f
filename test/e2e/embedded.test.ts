// The engine inside a program: official SDKs over its `fetch`, mounted in a server of one's own, watched by hooks, and
// two of them side by side.

import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { Hono } from 'hono'
import OpenAI from 'openai'
import { expect, onTestFinished, test } from 'vitest'
import { type Engine, type EngineOptions, createGateway } from '../../src/index.ts'
import { type Fake, type FakeOptions, startFake } from '../../src/testing/index.ts'

async function fake(options: FakeOptions = {}): Promise<Fake> {
  const made = await startFake({ kind: 'openai', models: ['m'], ...options })
  onTestFinished(() => made.close())
  return made
}

function engine(urls: Record<string, string>, options: EngineOptions = {}): Engine {
  const endpoints = Object.fromEntries(
    Object.entries(urls).map(([id, url]) => [
      id,
      { provider: 'openai-compatible', base_url: `${url}/v1`, auth_type: 'none', models: [id] },
    ]),
  )
  const made = createGateway({ endpoints }, { env: {}, ...options })
  onTestFinished(() => made.close(100))
  return made
}

const openai = (over: Engine): OpenAI =>
  new OpenAI({ fetch: over.fetch, apiKey: 'none', baseURL: 'http://engine/v1', maxRetries: 0 })
const messages = [{ role: 'user' as const, content: 'ping' }]

test('new OpenAI({ fetch: gateway.fetch }) chats, streams, embeds and lists', async () => {
  const up = await fake()
  const sdk = openai(engine({ m: up.url }))
  const whole = await sdk.chat.completions.create({ model: 'm', messages })
  const stream = await sdk.chat.completions.create({ model: 'm', messages, stream: true })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  expect(text).toBe(whole.choices[0]?.message.content)
  expect(text).not.toBe('')
  const vectors = await sdk.embeddings.create({ model: 'm', input: ['a', 'b'] })
  expect(vectors.data).toHaveLength(2)
  expect((await sdk.models.list()).data.map(({ id }) => id)).toContain('m')
  await expect(sdk.chat.completions.create({ model: 'nope', messages })).rejects.toMatchObject({
    status: 404,
    code: 'model_not_found',
  })
})

test('Anthropic’s SDK reaches an OpenAI upstream through the same fetch', async () => {
  const up = await fake()
  const over = engine({ m: up.url })
  const sdk = new Anthropic({ fetch: over.fetch, apiKey: 'none', baseURL: 'http://engine', maxRetries: 0 })
  const stream = sdk.messages.stream({ model: 'm', max_tokens: 50, messages })
  const final = await stream.finalMessage()
  expect(final.content[0]).toMatchObject({ type: 'text', text: expect.stringMatching(/./) })
  expect(up.log[0]?.path).toBe('/v1/chat/completions')
})

test('handle: a plain request in, pieces out', async () => {
  const up = await fake()
  const over = engine({ m: up.url })
  const reply = await over.handle({ path: '/v1/chat/completions', body: { model: 'm', messages } })
  expect(reply.status).toBe(200)
  expect(reply.headers['x-trunkline-endpoint']).toBe('m')
  expect(await reply.json()).toMatchObject({ object: 'chat.completion' })
  const models = await over.handle({ method: 'GET', path: '/v1/models' })
  expect(await models.json()).toMatchObject({ object: 'list', data: [{ id: 'm' }] })
  const streamed = await over.handle({
    path: '/v1/chat/completions',
    body: { model: 'm', messages, stream: true },
  })
  let pieces = ''
  for await (const piece of streamed.body) pieces += piece.toString('utf8')
  expect(pieces).toMatch(/data: \[DONE\]\n\n$/)
})

test('a Hono app mounts it', async () => {
  const up = await fake()
  const over = engine({ m: up.url })
  const app = new Hono()
  app.get('/', (context) => context.text('my app'))
  app.all('/v1/*', (context) => over.fetch(context.req.raw))
  const reply = await app.request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages }),
  })
  expect(reply.status).toBe(200)
  expect(await (await app.request('/')).text()).toBe('my app')
})

test('a node:http server mounts it, body parsed beforehand or not', async () => {
  const up = await fake()
  const over = engine({ m: up.url })
  const server = createServer((request, response) => {
    if (request.headers['x-parsed'] === undefined) return over.node(request, response)
    // What express.json() leaves behind.
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      Object.assign(request, { body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown })
      setImmediate(() => over.node(request, response))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  )
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`
  for (const headers of [{}, { 'x-parsed': '1' }]) {
    const reply = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'm', messages }),
    })
    expect(reply.status).toBe(200)
  }
})

test('the four hooks look on, and one that throws changes nothing', async () => {
  const up = await fake()
  up.script({ method: 'POST', status: 400, json: { error: { message: 'no' } } })
  const seen: string[] = []
  const over = engine(
    { m: up.url },
    {
      onRequest: ({ model, stream }) => seen.push(`request ${model} ${stream}`),
      onAttempt: ({ endpoint, attempt, error }) =>
        seen.push(`attempt ${endpoint} ${attempt} ${error?.kind ?? 'ok'}`),
      onEvent: ({ type }) => {
        if (type !== 'delta') seen.push(type)
      },
      onSettled({ status, usage }) {
        seen.push(`settled ${status} ${usage?.total === undefined ? 'no usage' : 'usage'}`)
        throw new Error('a clumsy observer')
      },
    },
  )
  const body = { model: 'm', messages }
  expect((await over.handle({ path: '/v1/chat/completions', body })).status).toBe(400)
  expect(seen.splice(0)).toEqual(['request m false', 'attempt m 1 upstream_rejected', 'settled 400 no usage'])
  await (await over.handle({ path: '/v1/chat/completions', body })).text()
  expect(seen.splice(0)).toEqual([
    'request m false',
    'attempt m 1 ok',
    'settled 200 usage',
    'start',
    'open',
    'close',
    'finish',
    'usage',
    'end',
  ])
  await (
    await over.handle({
      path: '/v1/chat/completions',
      body: { ...body, stream: true, stream_options: { include_usage: true } },
    })
  ).text()
  expect(seen[0]).toBe('request m true')
  expect(seen).toContain('open')
  expect(seen).toContain('settled 200 usage')
})

test('two engines in one process do not meet', async () => {
  const [one, two] = [await fake({ models: ['one'] }), await fake({ models: ['two'] })]
  const [a, b] = [engine({ one: one.url }), engine({ two: two.url })]
  await openai(a).chat.completions.create({ model: 'one', messages })
  await openai(b).chat.completions.create({ model: 'two', messages })
  await expect(openai(a).chat.completions.create({ model: 'two', messages })).rejects.toMatchObject({
    status: 404,
  })
  await a.close(100)
  expect((await b.handle({ path: '/v1/chat/completions', body: { model: 'two', messages } })).status).toBe(
    200,
  )
})

test('an abort, and leaving a stream, reach the upstream', async () => {
  const up = await fake()
  const chunk = {
    data: {
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta: { content: 'x' } }],
    },
  }
  up.script(
    { method: 'POST', delayMs: 30_000 },
    { method: 'POST', sse: [chunk, { ...chunk, delayMs: 30_000 }] },
  )
  const over = engine({ m: up.url })
  const stop = new AbortController()
  const pending = over.fetch('http://engine/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages }),
    signal: stop.signal,
  })
  await up.waitFor(() => true)
  stop.abort()
  await expect(pending).rejects.toMatchObject({ name: 'AbortError' })
  await up.waitFor((entry) => entry.closedEarly)
  const stream = await openai(over).chat.completions.create({ model: 'm', messages, stream: true })
  for await (const piece of stream) if (piece.choices[0]?.delta.content === 'x') break
  await up.waitFor((entry) => entry !== up.log[0] && entry.closedEarly)
})

test('close lets a call under way end', async () => {
  const up = await fake()
  up.script({ method: 'POST', delayMs: 300 })
  const over = engine({ m: up.url })
  const call = over.handle({ path: '/v1/chat/completions', body: { model: 'm', messages } })
  await up.waitFor(() => true)
  const closed = over.close(5_000)
  expect((await call).status).toBe(200)
  await closed
  await expect(over.ready()).rejects.toThrow(/closed/)
})

test('what is wrong with a configuration is told by ready() and by the first call', async () => {
  const over = createGateway({ endpoints: { x: { provider: 'opnai' } } }, { env: {} })
  await expect(over.ready()).rejects.toThrow(/unknown provider "opnai" \(did you mean "openai"\?\)/)
  await expect(over.handle({ method: 'GET', path: '/v1/models' })).rejects.toThrow(/opnai/)
})

test('references are filled from env, and the environment adds no endpoint of its own', async () => {
  const up = await fake({ key: 'sk-1' })
  const over = createGateway(
    {
      endpoints: {
        m: { provider: 'openai-compatible', base_url: `${up.url}/v1`, api_key: '${K}', models: ['m'] },
      },
    },
    { env: { K: 'sk-1', OPENAI_BASE_URL: 'http://127.0.0.1:1/v1', TRUNKLINE_MASTER_KEY: 'other' } },
  )
  onTestFinished(() => over.close(100))
  const models = await over.handle({ method: 'GET', path: '/v1/models' })
  expect(await models.json()).toMatchObject({ data: [{ id: 'm' }] })
  expect((await over.handle({ path: '/v1/chat/completions', body: { model: 'm', messages } })).status).toBe(
    200,
  )
})

test('reload swaps the configuration, and keeps the old one where the new one is not valid', async () => {
  const up = await fake()
  const over = engine({ m: up.url })
  await over.ready()
  await expect(over.reload({ endpoints: { x: { provider: 'opnai' } } })).rejects.toThrow(/opnai/)
  const ask = async (model: string) =>
    (await over.handle({ path: '/v1/chat/completions', body: { model, messages } })).status
  expect(await ask('m')).toBe(200)
  await over.reload({
    endpoints: { n: { provider: 'openai-compatible', base_url: `${up.url}/v1`, models: ['n'] } },
  })
  expect([await ask('m'), await ask('n')]).toEqual([404, 200])
})

test('importing costs little and does nothing', async () => {
  const script = `
    const before = process.getActiveResourcesInfo().length
    const start = performance.now()
    await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../src/index.ts')).href)})
    const ms = performance.now() - start
    console.log(JSON.stringify({ ms, left: process.getActiveResourcesInfo().length - before }))`
  const runs: { ms: number; left: number }[] = []
  for (let i = 0; i < 3; i++) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
    runs.push(JSON.parse(stdout) as { ms: number; left: number })
  }
  expect(Math.min(...runs.map(({ ms }) => ms))).toBeLessThan(150)
  expect(runs.every(({ left }) => left <= 0)).toBe(true)
})
