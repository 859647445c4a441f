import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Frame } from '../core/dialect.ts'
import { sseReader } from '../wire/sse.ts'
import { type Fake, type FakeOptions, startFake } from './fake-upstream.ts'
import { recordedReply } from './recorded-reply.ts'

async function fake(options: FakeOptions = {}): Promise<Fake> {
  const made = await startFake(options)
  onTestFinished(() => made.close())
  return made
}

function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

async function frames(response: Response): Promise<Frame[]> {
  const found: Frame[] = []
  const reader = sseReader({ frame: (frame) => found.push(frame) })
  reader.push(new Uint8Array(await response.arrayBuffer()))
  reader.end()
  return found
}

const ping = { model: 'm', messages: [{ role: 'user', content: 'ping pong' }] }
const tool = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

test('an OpenAI-type fake lists its models and echoes chat', async () => {
  const { url, log } = await fake({ models: ['m-a'] })
  const list = await (await fetch(`${url}/v1/models`)).json()
  expect(list).toMatchObject({ object: 'list', data: [{ id: 'm-a', owned_by: 'openai' }] })
  const answer = await (await post(`${url}/v1/chat/completions`, ping)).json()
  expect(answer).toMatchObject({
    model: 'm',
    choices: [{ message: { role: 'assistant', content: 'ping pong' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 },
  })
  expect(log.map((entry) => `${entry.method} ${entry.path}`)).toEqual([
    'GET /v1/models',
    'POST /v1/chat/completions',
  ])
  expect(log[1]?.body).toEqual(ping)
})

test('a chat stream: role first, words, finish, usage when asked, [DONE]', async () => {
  const { url } = await fake()
  const response = await post(`${url}/v1/chat/completions`, {
    ...ping,
    stream: true,
    stream_options: { include_usage: true },
  })
  const data = (await frames(response)).map((frame) => frame.data)
  expect(data.pop()).toBe('[DONE]')
  const chunks = data.map((text) => JSON.parse(text))
  expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: '', refusal: null })
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('ping pong')
  expect(chunks.at(-2).choices[0].finish_reason).toBe('stop')
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 4 } })
  expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
})

test('a tool is called when forced or named, and its result is answered in words', async () => {
  const { url } = await fake()
  const ask = async (more: object) =>
    (await post(`${url}/v1/chat/completions`, { ...ping, tools: [tool], ...more })).json()
  const called = { finish_reason: 'tool_calls', message: { content: null } }
  const forced = await ask({ tool_choice: { type: 'function', function: { name: 'weather' } } })
  expect(forced).toMatchObject({ choices: [called] })
  expect(forced).toMatchObject({
    choices: [{ message: { tool_calls: [{ function: { arguments: '{"city":"x"}' } }] } }],
  })
  expect(await ask({ messages: [{ role: 'user', content: 'call weather now' }] })).toMatchObject({
    choices: [called],
  })
  expect(await ask({ tool_choice: 'auto' })).toMatchObject({ choices: [{ finish_reason: 'stop' }] })
  const answered = await ask({
    messages: [
      { role: 'user', content: 'call weather' },
      { role: 'tool', tool_call_id: 'x', content: 'sunny' },
    ],
  })
  expect(answered).toMatchObject({ choices: [{ message: { content: 'sunny' } }] })
})

test('embeddings: input order, base64 as little-endian floats of the same vector', async () => {
  const { url } = await fake()
  const ask = async (body: object) =>
    (await post(`${url}/v1/embeddings`, { model: 'm', ...body })).json() as Promise<{
      data: { index: number; embedding: unknown }[]
    }>
  const floats = await ask({ input: ['a', 'b'] })
  expect(floats.data.map((row) => row.index)).toEqual([0, 1])
  const { data } = await ask({ input: 'b', encoding_format: 'base64' })
  const bytes = Buffer.from(String(data[0]?.embedding), 'base64')
  const decoded = [0, 4, 8, 12, 16, 20, 24, 28].map((at) => expect.closeTo(bytes.readFloatLE(at), 6))
  expect(floats.data[1]?.embedding).toEqual(decoded)
})

test('each kind says who it is', async () => {
  const lms = await fake({ kind: 'lmstudio' })
  const wrong = await post(`${lms.url}/chat/completions`, {})
  expect(wrong.status).toBe(200)
  expect(await wrong.json()).toEqual({ error: 'Unexpected endpoint or method. (POST /chat/completions)' })
  const oll = await fake({ kind: 'ollama', models: ['qwen3'] })
  expect(await (await fetch(`${oll.url}/api/tags`)).json()).toMatchObject({ models: [{ name: 'qwen3' }] })
  expect(await (await fetch(`${oll.url}/api/version`)).json()).toHaveProperty('version')
  expect((await post(`${oll.url}/chat/completions`, ping)).status).toBe(404)
  const vll = await fake({ kind: 'vllm' })
  expect(await (await fetch(`${vll.url}/v1/models`)).json()).toMatchObject({ data: [{ owned_by: 'vllm' }] })
  const lit = await fake({ kind: 'litellm' })
  expect((await fetch(`${lit.url}/v1/models`)).status).toBe(401)
  const keyed = await fetch(`${lit.url}/v1/models`, { headers: { authorization: 'Bearer sk-x' } })
  expect(keyed.status).toBe(200)
})

test('a key is demanded when one is set', async () => {
  const { url } = await fake({ key: 'right' })
  const response = await fetch(`${url}/v1/models`, { headers: { authorization: 'Bearer wrong' } })
  expect(response.status).toBe(401)
  expect(await response.json()).toMatchObject({ error: { code: 'invalid_api_key' } })
})

const version = { 'anthropic-version': '2023-06-01', 'x-api-key': 'k' }

test('an Anthropic-type fake demands key, version and max_tokens, in its envelope', async () => {
  const { url } = await fake({ kind: 'anthropic', key: 'k' })
  const to = `${url}/v1/messages`
  expect((await post(to, { ...ping, max_tokens: 5 })).status).toBe(401)
  expect((await post(to, { ...ping, max_tokens: 5 }, { 'x-api-key': 'k' })).status).toBe(400)
  const missing = await post(to, ping, version)
  expect(missing.status).toBe(400)
  expect(await missing.json()).toMatchObject({
    type: 'error',
    error: { type: 'invalid_request_error', message: 'max_tokens: Field required' },
  })
  expect(await (await post(to, { ...ping, max_tokens: 1 }, version)).json()).toMatchObject({
    content: [{ type: 'text', text: 'ping' }],
    stop_reason: 'max_tokens',
    usage: { input_tokens: 2, output_tokens: 1 },
  })
  expect(await (await post(`${to}/count_tokens`, ping, version)).json()).toEqual({ input_tokens: 2 })
})

test('an Anthropic stream: message_start to message_stop, thinking and tool_use', async () => {
  const { url } = await fake({ kind: 'anthropic' })
  const { function: weather } = tool
  const body = {
    ...ping,
    max_tokens: 50,
    stream: true,
    thinking: { type: 'enabled', budget_tokens: 1024 },
    tools: [{ name: weather.name, input_schema: weather.parameters }],
    tool_choice: { type: 'any' },
  }
  const found = await frames(await post(`${url}/v1/messages?beta=true`, body, version))
  const events = found.map((frame) => JSON.parse(frame.data))
  expect(found.every((frame, index) => frame.event === events[index].type)).toBe(true)
  expect(events[0]).toMatchObject({ type: 'message_start', message: { content: [] } })
  expect(events.at(-2)).toMatchObject({ type: 'message_delta', delta: { stop_reason: 'tool_use' } })
  expect(events.at(-1)).toEqual({ type: 'message_stop' })
  expect(
    events.filter((event) => event.type === 'content_block_start').map((event) => event.content_block.type),
  ).toEqual(['thinking', 'tool_use'])
  expect(events.map((event) => event.delta?.partial_json ?? '').join('')).toBe('{"city":"x"}')
})

test('a step overrides the next request it matches, and only that', async () => {
  const { url, script } = await fake()
  script({ match: /chat/, status: 503, headers: { 'retry-after': '2' } }, { json: { any: 1 } })
  expect(await (await fetch(`${url}/v1/models`)).json()).toEqual({ any: 1 })
  const refused = await post(`${url}/v1/chat/completions`, ping)
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('2')
  expect(await refused.json()).toMatchObject({ error: { type: 'server_error' } })
  expect((await post(`${url}/v1/chat/completions`, ping)).status).toBe(200)
})

test('a step with keep stays', async () => {
  const { url } = await fake({ script: [{ status: 429, keep: true }] })
  expect((await fetch(`${url}/v1/models`)).status).toBe(429)
  expect((await fetch(`${url}/v1/models`)).status).toBe(429)
})

test('a fault alone cuts the usual answer', async () => {
  const { url, script } = await fake()
  const whole = await (await post(`${url}/v1/chat/completions`, ping)).text()
  script({ endAfterBytes: 20 }, { resetAfterBytes: 20 }, { chunkBytes: 'every byte' })
  const cut = await (await post(`${url}/v1/chat/completions`, ping)).text()
  expect(cut).toBe(whole.slice(0, 20))
  const reset = await post(`${url}/v1/chat/completions`, ping)
  await expect(reset.text()).rejects.toThrow()
  expect((await post(`${url}/v1/chat/completions`, ping)).ok).toBe(true)
})

test('raw pieces and events of a scripted stream', async () => {
  const { url, script } = await fake()
  script({ sse: ['data: 1\n', '\n', { event: 'x', data: { a: 1 }, delayMs: 1 }] })
  const response = await post(`${url}/v1/chat/completions`, ping)
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  expect(await response.text()).toBe('data: 1\n\nevent: x\ndata: {"a":1}\n\n')
})

test('headers can go before the body', async () => {
  const { url, script } = await fake()
  script({ headersDelayMs: 0, delayMs: 600_000, json: {} })
  const aborter = new AbortController()
  const response = await fetch(`${url}/v1/models`, { signal: aborter.signal })
  expect(response.status).toBe(200)
  aborter.abort()
})

test('a hang-up during a stall is logged as closed early; a reset of the fake is not', async () => {
  const { url, script, waitFor, log } = await fake()
  script({ resetAfterBytes: 1 }, { stallAfterBytes: 10 })
  await expect(post(`${url}/reset`, ping).then((response) => response.text())).rejects.toThrow()
  const aborter = new AbortController()
  const response = await fetch(`${url}/v1/models`, { signal: aborter.signal })
  expect(response.status).toBe(200)
  aborter.abort()
  await waitFor((entry) => entry.closedEarly)
  expect(log.map((entry) => entry.closedEarly)).toEqual([false, true])
})

test('waitFor hears of a request to come, and gives up with what it saw', async () => {
  const { url, waitFor } = await fake()
  const coming = waitFor((entry) => entry.path === '/v1/models')
  await fetch(`${url}/v1/models`)
  expect(await coming).toMatchObject({ method: 'GET', status: 200 })
  await expect(waitFor((entry) => entry.path === '/never', 1)).rejects.toThrow('seen: GET /v1/models')
})

test('a hole logs and never answers', async () => {
  const { url, waitFor } = await fake({ kind: 'hole' })
  const aborter = new AbortController()
  const asked = fetch(`${url}/v1/models`, { signal: aborter.signal })
  await waitFor(() => true)
  aborter.abort()
  await expect(asked).rejects.toThrow()
  expect(await waitFor((entry) => entry.closedEarly)).toMatchObject({ status: undefined })
})

test('a redirect', async () => {
  const { url, script } = await fake()
  script({ redirect: `${url}/v1/models` })
  const response = await fetch(`${url}/elsewhere`, { redirect: 'manual' })
  expect(response.status).toBe(302)
  expect(response.headers.get('location')).toBe(`${url}/v1/models`)
})

test.each([
  ['chat-completions', '{"a":1}\n{"b":2}', 'data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n'],
  ['messages', '{"type":"ping"}\n', 'event: ping\ndata: {"type":"ping"}\n\n'],
])('the payloads of a %s recording get their framing back', async (api, payloads, text) => {
  const dir = mkdtempSync(join(tmpdir(), 'fake-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const response = {
    status: 200,
    file: 'response.chunks',
    wireFormat: 'json-lines-of-stream-payloads',
    headers: { 'x-kept': '1', 'content-length': '999' },
  }
  writeFileSync(join(dir, 'meta.json'), JSON.stringify({ api, response }))
  writeFileSync(join(dir, 'response.chunks'), payloads)
  const { url } = await fake({ script: [recordedReply(dir)] })
  const answer = await post(`${url}/v1/any`, {})
  expect(answer.headers.get('x-kept')).toBe('1')
  expect(answer.headers.get('content-type')).toContain('text/event-stream')
  expect(await answer.text()).toBe(text)
})
