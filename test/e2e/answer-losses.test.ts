// What a caller of another dialect cannot be told of an answer is noted: in the header of a whole answer; of a stream, whose
// headers go before most of it is known, in the call's record.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, launch, until } from '../acceptance/kit.ts'
import { type Fake, startFake } from '../../src/testing/index.ts'

let fake: Fake
let gw: Gateway

const USAGE = { input_tokens: 1, output_tokens: 2, x_tokens: 3 }
const ANSWER = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [{ type: 'text', text: 'hi', x_of_text: 1 }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: USAGE,
  x_new_thing: 'new',
}
const EVENTS = [
  { type: 'message_start', message: { ...ANSWER, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '', x_of_text: 1 } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hi' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'x_happened', why: 'new' },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: USAGE },
  { type: 'message_stop' },
]
const ASKED = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }

beforeAll(async () => {
  fake = await startFake({ kind: 'anthropic', models: ['claude-x'] })
  gw = await launch({
    yaml: `endpoints:
  one: { provider: anthropic, base_url: "${fake.url}/v1", api_key: k, models: [claude-x] }
`,
  })
  await gw.started
})
afterAll(async () => {
  await gw?.close()
  await fake?.close()
})

test('of a whole answer the header says it', async () => {
  fake.script({ json: ANSWER })
  const reply = await gw.post('/v1beta/models/one%2Fclaude-x:generateContent', ASKED)
  expect(reply.status, reply.text).toBe(200)
  expect(reply.headers.get('x-trunkline-notes')?.split('; ')).toEqual(
    expect.arrayContaining([
      'dropped x_new_thing',
      'dropped choices[0].parts[0].x_of_text',
      'dropped usage.x_tokens',
    ]),
  )
})

test('of a stream the record says it', async () => {
  fake.script({ sse: EVENTS.map((data) => ({ event: data.type, data })) })
  const reply = await gw.post('/v1beta/models/one%2Fclaude-x:streamGenerateContent?alt=sse', ASKED)
  expect(reply.status, reply.text).toBe(200)
  const notes = await until(
    async () => {
      const detail = await gw.get(`/api/v1/calls/${reply.headers.get('x-request-id')}`)
      // Under way, it has no notes yet.
      return detail.at('note_list.0.field') === undefined
        ? undefined
        : (detail.at('note_list') as { field: string }[])
    },
    5_000,
    'the record',
  )
  expect(notes.map(({ field }) => field)).toEqual(
    expect.arrayContaining([
      'x_new_thing',
      'choices[0].parts[0].x_of_text',
      'events.x_happened',
      'usage.x_tokens',
    ]),
  )
})

test('a caller of the same dialect gets it, and no note', async () => {
  fake.script({ json: ANSWER })
  const body = { model: 'one/claude-x', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }
  const reply = await gw.post('/v1/messages', body)
  expect(reply.json).toEqual(ANSWER)
  expect(reply.headers.get('x-trunkline-notes')).toBeNull()
})
