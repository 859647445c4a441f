// Numbered cases of the wire reference (10.12) that concern Chat v2.

import { expect, test } from 'vitest'
import { collect, replay } from '../../core/collect.ts'
import type { StreamEvent } from '../../core/event.ts'
import { checkGrammar } from '../../core/grammar.ts'
import type { JsonObject } from '../../core/json.ts'
import type { GenerationRequest, Message } from '../../core/request.ts'
import { sseReader } from '../../wire/sse.ts'
import { openaiChat } from '../openai-chat/index.ts'
import { cohereChat as dialect } from './index.ts'

const CONTEXT = { model: 'm', id: 'req', created: 0, includeUsage: true }
const target = { model: 'command-a', quirks: {}, facts: {} }
const asked = (messages: Message[], more: Partial<GenerationRequest> = {}): GenerationRequest => ({
  dialect: 'openai-chat',
  model: 'm',
  messages,
  stream: false,
  ...more,
})
const user = (text: string): Message => ({ role: 'user', parts: [{ kind: 'text', text }] })

/** Loose reading of a written body: `at(body, 'choices', 0, 'message')`. */
function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, step) => (inner as Record<string | number, unknown> | undefined)?.[step],
    value,
  )
}

function streamed(...wires: JsonObject[]): StreamEvent[] {
  const events: StreamEvent[] = []
  const decoder = dialect.stream.decoder({}, (event) => events.push(event))
  for (const wire of wires) decoder.frame({ event: '', data: JSON.stringify(wire) })
  decoder.end()
  expect(checkGrammar(events)).toBeUndefined()
  return events
}

const START = { type: 'message-start', id: 'c1', delta: { message: { role: 'assistant' } } }
const END = {
  type: 'message-end',
  delta: {
    finish_reason: 'TOOL_CALL',
    usage: {
      billed_units: { input_tokens: 2 },
      tokens: { input_tokens: 20, output_tokens: 5 },
      cached_tokens: 8,
    },
  },
}
const message = (members: JsonObject): { delta: JsonObject } => ({ delta: { message: members } })

test('172 a call starts as an object and may bring its first arguments: the Chat chunk is right', () => {
  const events = streamed(
    START,
    {
      type: 'tool-call-start',
      index: 0,
      ...message({
        tool_calls: { id: 't1', type: 'function', function: { name: 'clock', arguments: '{"tz":' } },
      }),
    },
    { type: 'tool-call-delta', index: 0, ...message({ tool_calls: { function: { arguments: '"x"}' } } }) },
    { type: 'tool-call-end', index: 0 },
    END,
  )
  let written = ''
  const encoder = openaiChat.stream.encoder(CONTEXT, (text) => (written += text))
  for (const event of events) encoder.event(event)
  const calls = written
    .split('\n\n')
    .filter((piece) => piece.includes('tool_calls"'))
    .flatMap(
      (piece) => (at(JSON.parse(piece.slice(6)), 'choices', 0, 'delta', 'tool_calls') ?? []) as JsonObject[],
    )
  expect(calls[0]).toMatchObject({ index: 0, id: 't1', type: 'function', function: { name: 'clock' } })
  expect(calls.map((call) => at(call, 'function', 'arguments')).join('')).toBe('{"tz":"x"}')
  expect(collect(events).usage).toMatchObject({ input: 20, output: 5, cacheRead: 8 })
})

test('173 a plan before a call is reasoning, and is a plan again in the next turn', () => {
  const answer = collect(
    streamed(
      START,
      { type: 'tool-plan-delta', ...message({ tool_plan: 'I will ' }) },
      { type: 'tool-plan-delta', ...message({ tool_plan: 'look.' }) },
      {
        type: 'tool-call-start',
        index: 0,
        ...message({
          tool_calls: { id: 't1', type: 'function', function: { name: 'clock', arguments: '{}' } },
        }),
      },
      { type: 'tool-call-end', index: 0 },
      END,
    ),
  )
  const echoed = at(openaiChat.response.encode(answer, CONTEXT).body, 'choices', 0, 'message') as JsonObject
  expect(echoed.reasoning_content).toBe('I will look.')
  const next = openaiChat.request.decode({
    model: 'm',
    messages: [
      { role: 'user', content: 'time?' },
      echoed,
      { role: 'tool', tool_call_id: 't1', content: '14:05' },
    ],
  })
  expect(dialect.request.encode(next, target).body.messages).toEqual([
    { role: 'user', content: 'time?' },
    {
      role: 'assistant',
      tool_plan: 'I will look.',
      tool_calls: [{ id: 't1', type: 'function', function: { name: 'clock', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 't1', content: '14:05' },
  ])
})

test('174 the start event says what content is; deltas do not repeat it', () => {
  const answer = collect(
    streamed(
      START,
      { type: 'content-start', index: 0, ...message({ content: { type: 'thinking', thinking: '' } }) },
      { type: 'content-delta', index: 0, ...message({ content: { thinking: 'hm' } }) },
      { type: 'content-end', index: 0 },
      { type: 'content-start', index: 1, ...message({ content: { type: 'text', text: '' } }) },
      { type: 'content-delta', index: 1, ...message({ content: { text: 'Hi' } }) },
      { type: 'content-end', index: 1 },
      { type: 'debug', prompt: 'x' },
      END,
    ),
  )
  expect(answer.choices[0]?.parts).toEqual([
    { kind: 'reasoning', text: 'hm' },
    { kind: 'text', text: 'Hi' },
  ])
})

const citation = {
  start: 0,
  end: 2,
  text: 'It',
  sources: [{ type: 'tool', id: 't:0' }],
  content_index: 1,
  type: 'TEXT_CONTENT',
}

test('175 citations stand on the content that they name, with their spans', () => {
  const whole = dialect.response.decode(
    {
      id: 'x',
      finish_reason: 'COMPLETE',
      message: {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm' },
          { type: 'text', text: 'It is.' },
        ],
        citations: [citation],
      },
    },
    {},
  )
  const live = collect(
    streamed(
      START,
      { type: 'content-start', index: 0, ...message({ content: { type: 'thinking', thinking: 'hm' } }) },
      { type: 'content-end', index: 0 },
      { type: 'content-start', index: 1, ...message({ content: { type: 'text', text: 'It is.' } }) },
      { type: 'content-end', index: 1 },
      { type: 'citation-start', index: 0, ...message({ citations: citation }) },
      { type: 'citation-end', index: 0 },
      { ...END, delta: { finish_reason: 'COMPLETE' } },
    ),
  )
  for (const answer of [whole, live]) {
    expect(answer.choices[0]?.parts[1]).toMatchObject({
      citations: [{ start: 0, end: 2, citedText: 'It', raw: citation }],
    })
    const chat = openaiChat.response.encode(answer, CONTEXT).body
    expect(at(chat, 'choices', 0, 'message', 'annotations')).toMatchObject([
      { type: 'url_citation', url_citation: { start_index: 0, end_index: 2 }, cohere: citation },
    ])
  }
})

test('176 arguments of "null" are none; ERROR and TIMEOUT are failures', () => {
  const answer = dialect.response.decode(
    {
      id: 'x',
      finish_reason: 'TOOL_CALL',
      message: {
        role: 'assistant',
        tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: 'null' } }],
      },
    },
    {},
  )
  expect(answer.choices[0]?.parts).toMatchObject([{ kind: 'tool_call', arguments: '{}' }])
  const failed = { id: 'x', finish_reason: 'ERROR', message: { role: 'assistant' } }
  expect(() => dialect.response.decode(failed, {})).toThrow(/ended its answer with ERROR/)
  expect(dialect.inspect(failed, {}).error).toMatchObject({ kind: 'bad_upstream_response' })
  expect(
    streamed(START, { type: 'message-end', delta: { finish_reason: 'TIMEOUT', error: 'too slow' } }).at(-1),
  ).toMatchObject({
    type: 'failure',
    error: { kind: 'upstream_timeout', message: 'too slow' },
  })
})

const tools = ['a', 'b'].map((name) => ({ type: 'function' as const, name, parameters: { type: 'object' } }))

test('177 one named tool is the only one offered, and demanded', () => {
  const { body, notes } = dialect.request.encode(
    asked([user('q')], { tools, toolChoice: { type: 'tool', name: 'b' } }),
    target,
  )
  expect(body).toMatchObject({ tool_choice: 'REQUIRED', tools: [{ function: { name: 'b' } }] })
  expect(body.tools).toHaveLength(1)
  expect(notes.map((note) => note.field)).toEqual(['tool_choice'])
  expect(
    dialect.request.encode(asked([user('q')], { tools, toolChoice: { type: 'none' } }), target).body,
  ).toMatchObject({
    tool_choice: 'NONE',
  })
})

test('178 tuning beyond the bounds is kept within them, and told', () => {
  const { body, notes } = dialect.request.encode(
    asked([user('q')], {
      temperature: 2,
      frequencyPenalty: -1,
      presencePenalty: -0.5,
      topP: 1,
      topK: 900,
      stop: ['1', '2', '3', '4', '5', '6'],
      user: 'u',
    }),
    target,
  )
  expect(body).toMatchObject({ temperature: 1, frequency_penalty: 0, presence_penalty: 0, p: 0.99, k: 500 })
  expect(body.stop_sequences).toEqual(['1', '2', '3', '4', '5'])
  expect(notes.map(({ field, action }) => `${action} ${field}`)).toEqual([
    'approximated temperature',
    'approximated top_p',
    'approximated top_k',
    'approximated frequency_penalty',
    'approximated presence_penalty',
    'dropped stop',
    'dropped user',
  ])
})

test('179 498 is a refused token, 422 a refused request', () => {
  expect(dialect.error.decode(498, { message: 'invalid token' }, {})).toMatchObject({
    kind: 'upstream_auth',
    status: 401,
  })
  expect(dialect.error.decode(422, { message: 'bad' }, {})).toMatchObject({
    kind: 'upstream_rejected',
    status: 422,
  })
  expect(dialect.error.decode(499, { message: 'gone' }, {})).toMatchObject({ kind: 'upstream_failed' })
})

test('names that the alphabet refuses travel under an alias; strict is all or nothing; a format excludes tools', () => {
  const { body, notes } = dialect.request.encode(
    asked([user('q')], {
      tools: [
        { type: 'function', name: 'mcp__a-b', strict: true },
        { type: 'function', name: '2nd' },
      ],
      responseFormat: { type: 'json' },
    }),
    target,
  )
  const names = (body.tools as JsonObject[]).map((tool) => at(tool, 'function', 'name') as string)
  for (const name of names) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/)
  expect(names).toEqual(['mcp__a-b', '2nd'].map((name) => dialect.toolName?.(name)))
  expect(body.strict_tools).toBe(true)
  expect('response_format' in body).toBe(false)
  expect(notes.map((note) => note.field)).toEqual(['tools', 'response_format'])
})

test('a request of this dialect is written back as it was spelt', () => {
  const wire: JsonObject = {
    model: 'command-a',
    stream: true,
    messages: [
      { role: 'system', content: 'be brief' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'q' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
        ],
      },
      {
        role: 'assistant',
        tool_plan: 'look',
        tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: 'null' } }],
      },
      { role: 'tool', tool_call_id: 't', content: [{ type: 'document', document: { id: 'd', data: 'x' } }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm' },
          { type: 'text', text: 'a' },
        ],
        citations: [citation],
      },
    ],
    tools: [{ type: 'function', function: { name: 'f', description: '', parameters: { type: 'object' } } }],
    tool_choice: 'REQUIRED',
    response_format: { type: 'json_object', json_schema: { type: 'object' } },
    thinking: { type: 'enabled', token_budget: 5 },
    p: 0.5,
    k: 3,
    documents: ['d'],
    citation_options: { mode: 'FAST' },
    logprobs: true,
  }
  expect(dialect.request.encode(dialect.request.decode(wire), target).body).toEqual(wire)
})

test('an answer written as a stream is read as the same answer', () => {
  const answer = dialect.response.decode(
    {
      id: 'x',
      finish_reason: 'TOOL_CALL',
      message: {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm' },
          { type: 'text', text: 'Grüße' },
        ],
        tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
        citations: [{ ...citation, content_index: 1 }],
      },
      usage: { tokens: { input_tokens: 1, output_tokens: 2 } },
    },
    {},
  )
  const events: StreamEvent[] = []
  const decoder = dialect.stream.decoder({}, (event) => events.push(event))
  const reader = sseReader({ frame: (frame) => decoder.frame(frame) })
  const encoder = dialect.stream.encoder(CONTEXT, (text) => reader.push(Buffer.from(text)))
  replay(answer, (event) => encoder.event(event))
  decoder.end()
  expect(collect(events)).toEqual(answer)
})
