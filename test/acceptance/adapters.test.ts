// Document 003: what an adapter sends and what it makes of the answer.

import { describe, expect, test } from 'vitest'
import { at, list, up } from './kit.ts'
import { endpoints, upstream } from './upstream.ts'

const anthropic = (base: string) => `endpoints:
  claude: { provider: anthropic, base_url: "${base}", api_key: sk-ant-1, models: [claude-m] }
`

const message = (text: string, stop = 'end_turn') => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-m',
  content: [{ type: 'text', text }],
  stop_reason: stop,
  stop_sequence: null,
  usage: { input_tokens: 11, output_tokens: 7 },
})

describe('A-075 chat through Anthropic', () => {
  test('A-075 the request is theirs, the answer ours', async () => {
    const ant = await upstream({ kind: 'anthropic', models: ['claude-m'] })
    const gw = await up({ yaml: anthropic(ant.v1) })
    ant.next({ json: message('pong') })
    const reply = await gw.chat('claude-m', {
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'ping' },
      ],
      stop: ['END'],
    })
    expect(reply.status, reply.text).toBe(200)
    const sent = ant.lastChat()
    expect([sent.method, sent.path]).toEqual(['POST', '/v1/messages'])
    expect(sent.headers['x-api-key']).toBe('sk-ant-1')
    expect(sent.headers['anthropic-version']).toEqual(expect.stringMatching(/./))
    expect(sent.headers).not.toHaveProperty('authorization')
    expect(sent.at('model')).toBe('claude-m')
    expect(JSON.stringify(sent.at('system'))).toContain('be brief')
    expect(list(sent.at('messages')).map((row) => at(row, 'role'))).toEqual(['user'])
    expect(JSON.stringify(sent.at('messages'))).toContain('ping')
    expect(sent.at('stop_sequences')).toEqual(['END'])
    expect(sent.at('max_tokens')).toEqual(expect.any(Number))
    expect(Number(sent.at('max_tokens'))).toBeGreaterThan(0)
    expect(sent.body).not.toHaveProperty('stop')

    expect(reply.at('object')).toBe('chat.completion')
    expect(reply.at('model')).toBe('claude-m')
    expect(reply.at('choices.0.message')).toMatchObject({ role: 'assistant', content: 'pong' })
    expect(reply.at('choices.0.finish_reason')).toBe('stop')
    expect(reply.at('usage')).toMatchObject({ prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 })
  })

  test('A-075 stop reasons and the root of the base URL', async () => {
    const ant = await upstream({ kind: 'anthropic', models: ['claude-m'] })
    const gw = await up({ yaml: anthropic(ant.v1) })
    for (const [theirs, ours] of [
      ['max_tokens', 'length'],
      ['stop_sequence', 'stop'],
      ['end_turn', 'stop'],
    ] as const) {
      ant.next({ json: message('x', theirs) })
      expect((await gw.chat('claude-m', { max_tokens: 5 })).at('choices.0.finish_reason')).toBe(ours)
      expect(ant.lastChat().at('max_tokens')).toBe(5)
    }
  })

  test('A-075 a tool call', async () => {
    const ant = await upstream({ kind: 'anthropic', models: ['claude-m'] })
    const gw = await up({ yaml: anthropic(ant.v1) })
    ant.next({
      json: {
        ...message('', 'tool_use'),
        content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bern' } }],
      },
    })
    const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    const reply = await gw.chat('claude-m', {
      tools: [{ type: 'function', function: { name: 'weather', description: 'd', parameters } }],
      tool_choice: 'required',
    })
    expect(ant.lastChat().at('tools.0')).toMatchObject({ name: 'weather', input_schema: parameters })
    expect(ant.lastChat().at('tool_choice.type')).toBe('any')
    expect(reply.at('choices.0.finish_reason')).toBe('tool_calls')
    const call = reply.at('choices.0.message.tool_calls.0')
    expect(call).toMatchObject({ id: 'toolu_1', type: 'function', function: { name: 'weather' } })
    expect(JSON.parse(String(at(call, 'function.arguments')))).toEqual({ city: 'Bern' })
  })
})

test('A-076 a stream through Anthropic becomes OpenAI chunks', async () => {
  const ant = await upstream({ kind: 'anthropic', models: ['claude-m'] })
  const gw = await up({ yaml: anthropic(ant.v1) })
  const event = (type: string, rest: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
  ant.next({
    sse: [
      event('message_start', {
        message: {
          ...message(''),
          content: [],
          stop_reason: null,
          usage: { input_tokens: 11, output_tokens: 1 },
        },
      }),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      event('ping', {}),
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'po' } }),
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'ng' } }),
      event('content_block_stop', { index: 0 }),
      event('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: 7 },
      }),
      event('message_stop', {}),
    ],
  })
  const reply = await gw.chat('claude-m', { stream: true, stream_options: { include_usage: true } })
  expect(reply.status, reply.text).toBe(200)
  expect(reply.headers.get('content-type')).toMatch(/^text\/event-stream/)
  expect(ant.lastChat().at('stream')).toBe(true)
  const frames = reply.frames()
  expect(frames.at(-1)).toBe('[DONE]')
  const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame) as unknown)
  for (const chunk of chunks) expect(at(chunk, 'object')).toBe('chat.completion.chunk')
  expect(new Set(chunks.map((chunk) => at(chunk, 'id'))).size).toBe(1)
  expect(at(chunks[0], 'choices.0.delta.role')).toBe('assistant')
  const text = chunks.map((chunk) => at(chunk, 'choices.0.delta.content')).filter((piece) => piece)
  expect(text).toEqual(['po', 'ng'])
  const finish = chunks.map((chunk) => at(chunk, 'choices.0.finish_reason')).filter((reason) => reason)
  expect(finish).toEqual(['stop'])
  const usage = chunks.map((chunk) => at(chunk, 'usage')).filter((counts) => counts)
  expect(usage).toHaveLength(1)
  expect(usage[0]).toMatchObject({ prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 })
})

describe('A-079 Ollama with and without /v1', () => {
  test.for(['', '/', '/v1', '/v1/'])('A-079 base + "%s"', async (tail) => {
    const oll = await upstream({ kind: 'ollama', models: ['qwen3'] })
    const gw = await up({
      yaml: `endpoints:\n  oll: { provider: ollama, base_url: "${oll.root}${tail}", models: [qwen3] }\n`,
    })
    const reply = await gw.chat('qwen3')
    expect(reply.status, reply.text).toBe(200)
    expect(oll.lastChat().path).toBe('/v1/chat/completions')
    expect(oll.lastChat().headers).not.toHaveProperty('authorization')
  })
})

test('A-082 embeddings of an Anthropic model', async () => {
  const ant = await upstream({ kind: 'anthropic', models: ['claude-m'] })
  const gw = await up({ yaml: anthropic(ant.v1) })
  const reply = await gw.post('/v1/embeddings', { model: 'claude-m', input: 'a' })
  expect([reply.status, reply.at('error.code')]).toEqual([400, 'unsupported_operation'])
  expect(ant.log().filter((seen) => seen.method === 'POST')).toEqual([])
})

describe('LM Studio answers wrong paths with 200', () => {
  test('an error object inside a 200 is no answer', async () => {
    const m1 = await upstream({ models: ['m-a'] })
    const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
    m1.next({ json: { error: 'Unexpected endpoint or method. (POST /chat/completions)' } })
    const reply = await gw.chat('m-a')
    expect([reply.status, reply.at('error.code')]).toEqual([502, 'bad_upstream_response'])
  })
})
