// The codec by itself: what it reads it writes back, a stream says what the whole answer says, and foreign requests are
// stateless. How it behaves between a caller and an upstream is in test/e2e/responses.test.ts.

import { expect, test } from 'vitest'
import { collect, replay } from '../../core/collect.ts'
import type { AnswerContext } from '../../core/dialect.ts'
import type { StreamEvent } from '../../core/event.ts'
import { checkGrammar } from '../../core/grammar.ts'
import type { JsonObject } from '../../core/json.ts'
import type { GenerationRequest } from '../../core/request.ts'
import type { GenerationResponse } from '../../core/response.ts'
import { carrySeal } from '../../core/seal.ts'
import { openaiResponses as dialect } from './index.ts'

const TARGET = { model: 'm', quirks: {}, facts: {} }
const CONTEXT: AnswerContext = { model: 'm', id: 'req_1', created: 1_700_000_000, includeUsage: true }

const again = (body: JsonObject): JsonObject =>
  dialect.request.encode(dialect.request.decode(body), TARGET).body

test.each<[string, JsonObject]>([
  ['a string', { model: 'm', input: 'hi' }],
  ['nothing but a reference', { model: 'm', previous_response_id: 'resp_1', input: null }],
  ['instructions that are null', { model: 'm', input: [], instructions: null, tools: [], stream: false }],
  [
    'messages of every spelling',
    {
      model: 'm',
      instructions: 'be short',
      input: [
        { role: 'developer', content: 'rules' },
        {
          type: 'message',
          role: 'user',
          content: [
            { type: 'input_text', text: 'a' },
            { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'low' },
            { type: 'input_file', file_id: 'f', filename: 'x.pdf' },
            { type: 'new_part', x: 1 },
          ],
        },
        {
          type: 'message',
          id: 'msg_1',
          role: 'assistant',
          status: 'completed',
          phase: 'commentary',
          content: [
            { type: 'output_text', text: 'b', annotations: [], logprobs: [] },
            { type: 'refusal', refusal: 'no' },
          ],
        },
        { role: 'assistant', content: 'c' },
        { role: 'assistant', content: [] },
      ],
    },
  ],
  [
    'items of every kind',
    {
      model: 'm',
      input: [
        {
          type: 'additional_tools',
          role: 'developer',
          tools: [{ type: 'function', name: 'f', parameters: null, strict: null }],
        },
        {
          type: 'reasoning',
          id: 'rs_1',
          summary: [
            { type: 'summary_text', text: 'a' },
            { type: 'summary_text', text: '' },
          ],
          encrypted_content: 'x',
        },
        {
          type: 'reasoning',
          id: 'rs_2',
          summary: [],
          content: [{ type: 'reasoning_text', text: 'b' }],
          encrypted_content: null,
        },
        {
          type: 'function_call',
          id: 'fc_1',
          call_id: 'c1',
          name: 'spawn',
          namespace: 'agents',
          arguments: '{',
          status: 'completed',
          caller: { type: 'direct' },
        },
        { type: 'custom_tool_call', call_id: 'c2', name: 'patch', input: 'raw' },
        { type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_text', text: 'ok' }] },
        { type: 'custom_tool_call_output', id: 'o', call_id: 'c2', output: '' },
        { type: 'item_reference', id: 'msg_0' },
        { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search' } },
        { type: 'compaction', encrypted_content: 'y' },
        { type: 'something_new', x: null },
      ],
    },
  ],
  [
    'tools and settings of every form',
    {
      model: 'm',
      input: 'x',
      tools: [
        {
          type: 'function',
          name: 'f',
          description: 'd',
          parameters: { type: 'object' },
          strict: false,
          defer_loading: true,
        },
        { type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark', definition: 's' } },
        {
          type: 'namespace',
          name: 'ns',
          description: 'd',
          tools: [
            { type: 'function', name: 'a' },
            { type: 'custom', name: 'b' },
          ],
        },
        { type: 'namespace', name: 'empty', tools: [] },
        { type: 'mcp', server_label: 's' },
      ],
      tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
      text: { format: { type: 'json_schema', name: 'n', schema: {}, strict: true }, verbosity: 'low' },
      reasoning: { effort: 'high', summary: 'auto', context: 'all_turns' },
      include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
      store: false,
      safety_identifier: 'u',
      max_output_tokens: null,
      temperature: 0,
      truncation: 'auto',
      unheard_of: { a: 1 },
    },
  ],
])('a request is written back as it came: %s', (_name, body) => {
  expect(again(body)).toEqual(body)
})

test('a bad member is named where it stands', () => {
  const wrong: [JsonObject, string][] = [
    [{ input: 3 }, 'input'],
    [{ input: [{ role: 'critic', content: '' }] }, 'input[0].role'],
    [{ input: [{ content: '' }] }, 'input[0].type'],
    [{ input: [{ role: 'user', content: [{ type: 'input_text' }] }] }, 'input[0].content[0].text'],
    [{ input: '', tools: [{ type: 'function' }] }, 'tools[0].name'],
    [{ input: '', temperature: 'hot' }, 'temperature'],
  ]
  for (const [body, param] of wrong)
    expect(() => dialect.request.decode({ model: 'm', ...body })).toThrow(expect.objectContaining({ param }))
})

const ANSWER: GenerationResponse = {
  id: '',
  model: 'm',
  created: 0,
  choices: [
    {
      index: 0,
      parts: [
        {
          kind: 'reasoning',
          text: 'think',
          sealed: { dialect: 'anthropic-messages', kind: 'signature', value: 's' },
        },
        { kind: 'text', text: 'say' },
        { kind: 'tool_call', id: 'c1', name: 'f', arguments: '{"a":1}' },
        { kind: 'tool_call', id: 'c2', name: 'g', arguments: 'raw\n', custom: true },
      ],
      finish: { reason: 'tool_calls' },
    },
  ],
  usage: { input: 3, output: 2 },
}

function written(events: readonly StreamEvent[]): JsonObject[] {
  const frames: JsonObject[] = []
  const encoder = dialect.stream.encoder(CONTEXT, (text) => {
    const data = text.slice(text.indexOf('data: ') + 6)
    frames.push(JSON.parse(data) as JsonObject)
  })
  for (const event of events) encoder.event(event)
  return frames
}

function eventsOf(answer: GenerationResponse): StreamEvent[] {
  const events: StreamEvent[] = []
  replay(answer, (event) => events.push(event))
  return events
}

test('a stream ends with the very answer that would have been given whole', () => {
  const frames = written(eventsOf(ANSWER))
  const { body } = dialect.response.encode(structuredClone(ANSWER), CONTEXT)
  expect((frames.at(-1) as { response: JsonObject }).response).toEqual(body)
  expect(frames.map((frame) => frame.sequence_number)).toEqual(frames.map((_, index) => index))
})

test('what is streamed is read again as the same answer', () => {
  const events: StreamEvent[] = []
  const decoder = dialect.stream.decoder({}, (event) => events.push(event))
  for (const frame of written(eventsOf(ANSWER))) decoder.frame({ event: '', data: JSON.stringify(frame) })
  decoder.end()
  expect(checkGrammar(events)).toBeUndefined()
  const { body } = dialect.response.encode(structuredClone(ANSWER), CONTEXT)
  expect(collect(events)).toEqual(dialect.response.decode(body, {}))
})

test('another vendor’s seal travels in encrypted_content and comes back as that seal', () => {
  const { body } = dialect.response.encode(structuredClone(ANSWER), CONTEXT)
  const request = dialect.request.decode({ model: 'm', input: body.output })
  const sealed = { dialect: 'anthropic-messages', kind: 'signature', value: 's' } as const
  expect(request.messages[0]?.parts[0]).toMatchObject({ kind: 'reasoning', text: 'think', sealed })
  expect((body.output as JsonObject[])[0]?.encrypted_content).toBe(carrySeal(sealed, 'openai-responses'))
})

test('an item that we made of another vendor’s reasoning never reaches a server of this wire', () => {
  const { body } = dialect.response.encode(structuredClone(ANSWER), CONTEXT)
  const request = dialect.request.decode({ model: 'm', input: body.output })
  const sent = dialect.request.encode(request, TARGET)
  expect((sent.body.input as JsonObject[]).map((item) => item.type)).toEqual([
    'message',
    'function_call',
    'custom_tool_call',
  ])
  expect(sent.notes).toEqual([expect.objectContaining({ action: 'dropped' })])
})

const CHAT: GenerationRequest = {
  dialect: 'openai-chat',
  model: 'm',
  messages: [
    { role: 'system', parts: [{ kind: 'text', text: 's' }] },
    { role: 'user', parts: [{ kind: 'text', text: 'u' }] },
    {
      role: 'assistant',
      parts: [
        { kind: 'text', text: 'a' },
        { kind: 'tool_call', id: 'c1', name: 'f', arguments: '{}' },
        { kind: 'tool_call', id: 'c2', name: 'g', arguments: 'x', custom: true },
      ],
    },
    { role: 'tool', parts: [{ kind: 'tool_result', callId: 'c1', content: [{ kind: 'text', text: 'r1' }] }] },
    { role: 'tool', parts: [{ kind: 'tool_result', callId: 'c2', content: [{ kind: 'text', text: 'r2' }] }] },
  ],
  tools: [
    { type: 'function', name: 'f' },
    { type: 'custom', name: 'g', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'd' } } },
  ],
  toolChoice: { type: 'allowed', mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
  responseFormat: { type: 'json_schema', name: 'n', schema: { type: 'object' } },
  maxOutputTokens: 5,
  seed: 1,
  stop: ['x'],
  stream: true,
}

test('a Chat request becomes a stateless one: order kept, strictness said, nothing stored', () => {
  const { body, notes } = dialect.request.encode(CHAT, TARGET)
  expect(body).toEqual({
    model: 'm',
    input: [
      { role: 'system', content: 's' },
      { role: 'user', content: 'u' },
      { role: 'assistant', content: 'a' },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'g', input: 'x' },
      { type: 'function_call_output', call_id: 'c1', output: 'r1' },
      { type: 'custom_tool_call_output', call_id: 'c2', output: 'r2' },
    ],
    max_output_tokens: 16,
    tools: [
      { type: 'function', name: 'f', parameters: null, strict: false },
      { type: 'custom', name: 'g', format: { type: 'grammar', syntax: 'lark', definition: 'd' } },
    ],
    tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
    text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' } } },
    store: false,
    include: ['reasoning.encrypted_content'],
    stream: true,
  })
  expect(notes.map((note) => note.field).toSorted()).toEqual(['max_tokens', 'seed', 'stop'])
  expect(() => dialect.request.encode({ ...CHAT, n: 2 }, TARGET)).toThrow(
    expect.objectContaining({ param: 'n' }),
  )
})

test('a stream that ends before its terminal event was interrupted', () => {
  const events: StreamEvent[] = []
  const decoder = dialect.stream.decoder({}, (event) => events.push(event))
  decoder.frame({ event: 'response.created', data: '{"type":"response.created","response":{"id":"resp_1"}}' })
  decoder.end()
  expect(events.at(-1)).toMatchObject({ type: 'failure', error: { kind: 'stream_interrupted' } })
})

test('a failed response and an error event are failures with the code that clients act on', () => {
  for (const data of [
    {
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow' } },
    },
    { type: 'error', code: 'rate_limit_exceeded', message: 'slow' },
    { type: 'error', error: { code: 'rate_limit_exceeded', message: 'slow' } },
  ]) {
    const events: StreamEvent[] = []
    dialect.stream.decoder({}, (event) => events.push(event)).frame({ event: '', data: JSON.stringify(data) })
    expect(events).toEqual([
      { type: 'failure', error: expect.objectContaining({ kind: 'upstream_rate_limited', message: 'slow' }) },
    ])
  }
})

test('the meter finds id, usage and end in the frames worth a look', () => {
  const meter = dialect.meter({})
  const frame = (data: object): void => meter.frame({ event: '', data: JSON.stringify(data) })
  frame({ type: 'response.created', response: { id: 'resp_1' } })
  expect(meter.result).toMatchObject({ id: 'resp_1', terminal: false })
  frame({
    type: 'response.completed',
    response: { id: 'resp_1', status: 'completed', usage: { input_tokens: 3, output_tokens: 2 } },
  })
  expect(meter.result).toMatchObject({
    terminal: true,
    finish: ['completed'],
    usage: { input: 3, output: 2 },
  })
})
