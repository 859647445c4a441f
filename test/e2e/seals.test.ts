// A caller whose client drops what it does not know still sends the upstream its own reasoning back in the next turn.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Gateway, launch } from '../acceptance/kit.ts'
import { type Fake, startFake } from '../../src/testing/index.ts'

let fake: Fake
let other: Fake
let gw: Gateway

const THINKING = { type: 'thinking', thinking: 'Look it up.', signature: 'c2lnbmF0dXJl' }
const ANSWER = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [THINKING, { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'sky' } }],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: { input_tokens: 5, output_tokens: 7 },
}
const EVENTS = [
  { type: 'message_start', message: { ...ANSWER, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Look it up.' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'c2lnbmF0dXJl' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'content_block_start',
    index: 1,
    content_block: { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} },
  },
  {
    type: 'content_block_delta',
    index: 1,
    delta: { type: 'input_json_delta', partial_json: '{"at":"sky"}' },
  },
  { type: 'content_block_stop', index: 1 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'tool_use', stop_sequence: null },
    usage: { output_tokens: 7 },
  },
  { type: 'message_stop' },
]

beforeAll(async () => {
  fake = await startFake({ kind: 'anthropic', models: ['claude-x'] })
  other = await startFake({ kind: 'anthropic', models: ['claude-x'] })
  gw = await launch({
    yaml: `endpoints:
  one: { provider: anthropic, base_url: "${fake.url}/v1", api_key: k, models: [claude-x] }
  two: { provider: anthropic, base_url: "${other.url}/v1", api_key: k, models: [claude-x] }
`,
  })
  await gw.started
})
afterAll(async () => {
  await gw?.close()
  await fake?.close()
  await other?.close()
})

const TOOLS = [
  { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } },
]
const turn = (model: string, call: object) => ({
  model,
  tools: TOOLS,
  messages: [
    { role: 'user', content: 'Is it blue?' },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'toolu_1', content: 'blue' },
  ],
})
const CALL = { id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"at":"sky"}' } }

function assistantSent(upstream: Fake): unknown {
  const body = upstream.log.at(-1)?.body as { messages: { role: string; content: unknown }[] }
  return body.messages.find((message) => message.role === 'assistant')?.content
}

describe.each([false, true])('streamed: %s', (stream) => {
  test('signed thinking that the client dropped goes back to the endpoint that signed it', async () => {
    fake.script(stream ? { sse: EVENTS.map((data) => ({ event: data.type, data })) } : { json: ANSWER })
    const first = await gw.post('/v1/chat/completions', {
      model: 'one/claude-x',
      stream,
      tools: TOOLS,
      messages: [{ role: 'user', content: 'Is it blue?' }],
    })
    expect(first.status, first.text).toBe(200)
    await gw.post('/v1/chat/completions', turn('one/claude-x', CALL))
    expect(assistantSent(fake)).toEqual([
      THINKING,
      { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'sky' } },
    ])
  })

  test('another account never gets it', async () => {
    await gw.post('/v1/chat/completions', turn('two/claude-x', CALL))
    expect(assistantSent(other)).toEqual([
      { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'sky' } },
    ])
  })

  test('a turn that the caller edited is left as it is', async () => {
    const edited = { ...CALL, function: { name: 'listen', arguments: '{}' } }
    await gw.post('/v1/chat/completions', turn('one/claude-x', edited))
    expect(assistantSent(fake)).toEqual([{ type: 'tool_use', id: 'toolu_1', name: 'listen', input: {} }])
  })
})

test('reasoning that we showed without a signature does not reach a host that would refuse it; signed goes as it came', async () => {
  const asked = (signature: string) => ({
    model: 'one/claude-x',
    max_tokens: 10,
    messages: [
      { role: 'user', content: 'Is it blue?' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Look it up.', signature },
          { type: 'text', text: 'It is.' },
        ],
      },
      { role: 'user', content: 'Sure?' },
    ],
  })
  const unsigned = await gw.post('/v1/messages', asked(''))
  expect(unsigned.status, unsigned.text).toBe(200)
  expect(assistantSent(fake)).toEqual([{ type: 'text', text: 'It is.' }])
  expect(unsigned.headers.get('x-trunkline-notes')).toContain('messages[1].content[0]')
  const signed = await gw.post('/v1/messages', asked('c2lnbmF0dXJl'))
  expect(signed.status, signed.text).toBe(200)
  expect(assistantSent(fake)).toEqual([THINKING, { type: 'text', text: 'It is.' }])
  expect(signed.headers.get('x-trunkline-notes')).toBeNull()
})

test('thinking whose signature is refused is left out in one more try, for who cannot do so itself', async () => {
  const refusal = {
    status: 400,
    json: {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message:
          'messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation.',
      },
    },
  }
  fake.script({ json: ANSWER })
  await gw.post('/v1/chat/completions', {
    model: 'one/claude-x',
    tools: TOOLS,
    messages: [{ role: 'user', content: 'Is it blue?' }],
  })
  fake.script(refusal)
  const before = fake.log.length
  const translated = await gw.post('/v1/chat/completions', turn('one/claude-x', CALL))
  expect(translated.status, translated.text).toBe(200)
  expect(fake.log.length - before).toBe(2)
  expect(assistantSent(fake)).toEqual([
    { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'sky' } },
  ])
  expect(translated.headers.get('x-trunkline-notes')).toContain('dropped messages')

  // A client of the vendor's own knows what to do, and is told.
  fake.script(refusal)
  const native = await gw.post('/v1/messages', {
    model: 'one/claude-x',
    max_tokens: 10,
    messages: [{ role: 'user', content: 'Is it blue?' }],
  })
  expect(native.status).toBe(400)
})
