// Numbered cases of the wire reference (10.9). 149 has no test: an application profile without a declared family is
// served by Converse, which needs none; 151 has none: nobody calls the gateway in this dialect.

import { expect, test } from 'vitest'
import { collect, replay } from '../../core/collect.ts'
import type { EncodeTarget } from '../../core/dialect.ts'
import type { StreamEvent } from '../../core/event.ts'
import { checkGrammar } from '../../core/grammar.ts'
import type { JsonObject } from '../../core/json.ts'
import type { GenerationRequest, Message } from '../../core/request.ts'
import { awsReader } from '../../wire/aws-event-stream.ts'
import { familyOf } from './family.ts'
import { bedrockConverse as dialect } from './index.ts'

const CONTEXT = { model: 'm', id: 'req', created: 0, includeUsage: true }
const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
const target = (model = CLAUDE, facts: EncodeTarget['facts'] = {}): EncodeTarget => ({
  model,
  quirks: {},
  facts,
})

function asked(messages: Message[], more: Partial<GenerationRequest> = {}): GenerationRequest {
  return { dialect: 'openai-chat', model: 'm', messages, stream: false, ...more }
}
const user = (...parts: Message['parts']): Message => ({ role: 'user', parts })
const text = (value: string, ttl?: string): Message['parts'][number] => ({
  kind: 'text',
  text: value,
  ...(ttl === undefined ? {} : { cache: { raw: { type: 'ephemeral', ttl } } }),
})
const call = (id: string, name = 'clock'): Message['parts'][number] => ({
  kind: 'tool_call',
  id,
  name,
  arguments: '{}',
})
const result = (callId: string, value: string): Message['parts'][number] => ({
  kind: 'tool_result',
  callId,
  content: [{ kind: 'text', text: value }],
})

function streamed(...frames: [string, JsonObject][]): StreamEvent[] {
  const events: StreamEvent[] = []
  const decoder = dialect.stream.decoder({}, (event) => events.push(event))
  for (const [event, data] of frames) decoder.frame({ event, data: JSON.stringify(data) })
  decoder.end()
  expect(checkGrammar(events)).toBeUndefined()
  return events
}

test('130 an exception after two deltas is an error with the semantics of 429', () => {
  const events = streamed(
    ['messageStart', { role: 'assistant' }],
    ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'a' } }],
    ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'b' } }],
    ['throttlingException', { message: 'Too many tokens, please wait' }],
  )
  expect(events.at(-1)).toMatchObject({
    type: 'failure',
    error: { kind: 'upstream_rate_limited', status: 429, message: 'Too many tokens, please wait' },
  })
})

test('131 the name of an error is cut at its colon, and its status stays', () => {
  const error = dialect.error.decode(
    429,
    { message: 'slow down' },
    { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/coral/' },
  )
  expect(error).toMatchObject({ kind: 'upstream_rate_limited', code: 'ThrottlingException', status: 429 })
  expect(dialect.error.decode(400, { __type: 'x#ValidationException', Message: 'no' }, {})).toMatchObject({
    kind: 'upstream_rejected',
    code: 'ValidationException',
    message: 'no',
  })
})

test('132 a model that failed with 529 is overloaded', () => {
  const events = streamed([
    'modelStreamErrorException',
    { message: 'outer', originalStatusCode: 529, originalMessage: 'Overloaded' },
  ])
  expect(events).toMatchObject([
    { type: 'failure', error: { kind: 'upstream_failed', status: 529, message: 'Overloaded' } },
  ])
})

test('133 text and reasoning open with their first delta: three blocks in order', () => {
  const answer = collect(
    streamed(
      ['messageStart', { role: 'assistant' }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: 'hm' } } }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { signature: 'Eo' } } }],
      ['contentBlockStop', { contentBlockIndex: 0 }],
      ['contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'Hi' } }],
      ['contentBlockStop', { contentBlockIndex: 1 }],
      ['contentBlockStart', { contentBlockIndex: 2, start: { toolUse: { toolUseId: 't1', name: 'clock' } } }],
      ['contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '{"tz":' } } }],
      ['contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '"x"}' } } }],
      ['contentBlockStop', { contentBlockIndex: 2 }],
      ['messageStop', { stopReason: 'tool_use' }],
      ['metadata', { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 }, metrics: { latencyMs: 1 } }],
    ),
  )
  expect(answer.choices[0]?.parts).toEqual([
    {
      kind: 'reasoning',
      text: 'hm',
      sealed: { dialect: 'anthropic-messages', kind: 'signature', value: 'Eo' },
    },
    { kind: 'text', text: 'Hi' },
    { kind: 'tool_call', id: 't1', name: 'clock', arguments: '{"tz":"x"}' },
  ])
})

test('a signature alone is an omitted thinking block, and reaches the caller', () => {
  const answer = collect(
    streamed(
      ['messageStart', { role: 'assistant' }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { signature: 'Eo' } } }],
      ['contentBlockStop', { contentBlockIndex: 0 }],
      ['messageStop', { stopReason: 'end_turn' }],
    ),
  )
  expect(answer.choices[0]?.parts).toMatchObject([{ kind: 'reasoning', text: '', sealed: { value: 'Eo' } }])
})

test('134 fragments of a redacted block are joined as bytes', () => {
  const whole = 'Eu8ECkgIBxAB'
  const [a, b] = [whole.slice(0, 4), whole.slice(4)].map((piece) => Buffer.from(piece).toString('base64'))
  const answer = collect(
    streamed(
      ['messageStart', { role: 'assistant' }],
      [
        'contentBlockDelta',
        { contentBlockIndex: 0, delta: { reasoningContent: { redactedContent: a as string } } },
      ],
      [
        'contentBlockDelta',
        { contentBlockIndex: 0, delta: { reasoningContent: { redactedContent: b as string } } },
      ],
      ['messageStop', { stopReason: 'end_turn' }],
    ),
  )
  const [part] = answer.choices[0]?.parts ?? []
  expect(part).toEqual({
    kind: 'reasoning',
    text: '',
    redacted: true,
    sealed: { dialect: 'anthropic-messages', kind: 'redacted', value: whole },
  })
  // And back: the base64 of the whole.
  const body = dialect.request.encode(
    asked([user(text('q')), { role: 'assistant', parts: part ? [part] : [] }, user(text('r'))]),
    target(),
  ).body
  expect((body.messages as JsonObject[])[1]).toEqual({
    role: 'assistant',
    content: [{ reasoningContent: { redactedContent: Buffer.from(whole).toString('base64') } }],
  })
})

test('135 metadata after messageStop gives the usage; without it the answer still ends; without messageStop it does not', () => {
  const text1: [string, JsonObject] = ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hi' } }]
  const stop: [string, JsonObject] = ['messageStop', { stopReason: 'end_turn' }]
  const usage: [string, JsonObject] = [
    'metadata',
    { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } },
  ]
  expect(streamed(text1, stop, usage).map((event) => event.type)).toEqual([
    'start',
    'open',
    'delta',
    'close',
    'finish',
    'usage',
    'end',
  ])
  expect(streamed(text1, usage, stop).at(-1)?.type).toBe('end')
  expect(streamed(text1, stop).map((event) => event.type)).not.toContain('usage')
  expect(streamed(text1).at(-1)).toMatchObject({ type: 'failure', error: { kind: 'stream_interrupted' } })
})

test('136 usage is additive here and inclusive in ours', () => {
  const usage = {
    inputTokens: 10,
    cacheReadInputTokens: 100,
    cacheWriteInputTokens: 20,
    outputTokens: 5,
    totalTokens: 135,
  }
  const wire = { output: { message: { role: 'assistant', content: [] } }, stopReason: 'end_turn', usage }
  expect(dialect.response.decode(wire, {}).usage).toMatchObject({
    input: 130,
    output: 5,
    total: 135,
    cacheRead: 100,
    cacheWrite: 20,
  })
})

test('137 cache marks become cache points right behind, with their lifetime, never inside a result', () => {
  const { body } = dialect.request.encode(
    asked(
      [
        { role: 'system', parts: [text('be brief', '1h')] },
        user(text('hello', '5m')),
        { role: 'assistant', parts: [call('c1')] },
        user({
          kind: 'tool_result',
          callId: 'c1',
          content: [{ kind: 'text', text: '14:05', cache: { raw: { type: 'ephemeral' } } }],
        }),
      ],
      {
        tools: [
          {
            type: 'function',
            name: 'clock',
            parameters: { type: 'object' },
            cache: { raw: { type: 'ephemeral', ttl: '1h' } },
          },
        ],
      },
    ),
    target(),
  )
  expect(body.system).toEqual([{ text: 'be brief' }, { cachePoint: { type: 'default', ttl: '1h' } }])
  expect(body.messages).toEqual([
    { role: 'user', content: [{ text: 'hello' }, { cachePoint: { type: 'default', ttl: '5m' } }] },
    { role: 'assistant', content: [{ toolUse: { toolUseId: 'c1', name: 'clock', input: {} } }] },
    {
      role: 'user',
      content: [
        { toolResult: { toolUseId: 'c1', content: [{ text: '14:05' }] } },
        { cachePoint: { type: 'default' } },
      ],
    },
  ])
  expect((body.toolConfig as JsonObject).tools).toEqual([
    { toolSpec: { name: 'clock', inputSchema: { json: { type: 'object' } } } },
    { cachePoint: { type: 'default', ttl: '1h' } },
  ])
})

const TOOL_HISTORY = [
  user(text('time?')),
  { role: 'assistant' as const, parts: [call('c1')] },
  user(result('c1', '1')),
]

test('138 a history with calls and no tools declares them again, and says so', () => {
  const { body, notes } = dialect.request.encode(asked(TOOL_HISTORY), target())
  expect((body.toolConfig as JsonObject).tools).toEqual([
    {
      toolSpec: {
        name: 'clock',
        description: 'Used earlier in this conversation.',
        inputSchema: { json: { type: 'object' } },
      },
    },
  ])
  expect(notes.map((note) => note.field)).toContain('tools')
})

test('139 blank texts are left out, also where nothing else is left', () => {
  const { body } = dialect.request.encode(
    asked([
      user(text(' \n')),
      user(text('hi'), text('')),
      { role: 'assistant', parts: [text(' ')] },
      user(text('there')),
    ]),
    target(),
  )
  expect(body.messages).toEqual([{ role: 'user', content: [{ text: 'hi' }, { text: 'there' }] }])
})

test('140 names of documents are legal and unique, and a document never stands alone', () => {
  const pdf = (title?: string): Message['parts'][number] => ({
    kind: 'media',
    media: 'document',
    source: { type: 'base64', mediaType: 'application/pdf', data: 'AA==' },
    ...(title === undefined ? {} : { title }),
  })
  const { body } = dialect.request.encode(
    asked([user(pdf('q3 report (v2).pdf'), pdf('q3 report (v2).pdf'), pdf(), pdf('a_b/ü  c.docx'))]),
    target(),
  )
  const [message] = body.messages as { content: JsonObject[] }[]
  expect(
    message?.content.map((block) => (block.document as JsonObject | undefined)?.name ?? block.text),
  ).toEqual(['q3 report (v2)', 'q3 report (v2) (2)', 'Document 3', 'a b c', 'Document:'])
})

test('141 results of parallel calls stand in one user message, in the order of the calls, before anything else', () => {
  const { body } = dialect.request.encode(
    asked([
      user(text('q')),
      { role: 'assistant', parts: [call('a'), call('b')] },
      { role: 'tool', parts: [result('b', '2')] },
      { role: 'tool', parts: [result('a', '1')] },
      user(text('go on')),
    ]),
    target(),
  )
  const [, , last] = body.messages as { role: string; content: JsonObject[] }[]
  expect(last?.content).toEqual([
    { toolResult: { toolUseId: 'a', content: [{ text: '1' }] } },
    { toolResult: { toolUseId: 'b', content: [{ text: '2' }] } },
    { text: 'go on' },
  ])
})

test('142 unsigned reasoning does not go back; signed does, also with an empty text', () => {
  const sealed = { dialect: 'anthropic-messages', kind: 'signature', value: 'Eo' } as const
  const { body, notes } = dialect.request.encode(
    asked([
      user(text('q')),
      {
        role: 'assistant',
        parts: [
          { kind: 'reasoning', text: 'plain' },
          { kind: 'reasoning', text: '', sealed },
          { kind: 'reasoning', text: 'x', sealed: { dialect: 'gemini', kind: 'signature', value: 'g' } },
          text('a'),
        ],
      },
      user(text('r')),
    ]),
    target(),
  )
  expect((body.messages as JsonObject[])[1]).toEqual({
    role: 'assistant',
    content: [{ reasoningContent: { reasoningText: { text: '', signature: 'Eo' } } }, { text: 'a' }],
  })
  expect(notes.map((note) => note.field)).toEqual(['messages[1].content[0]', 'messages[1].content[2]'])
})

test('143 no choice of none: with a history of calls the tools stay, without one they go', () => {
  const tools = [{ type: 'function' as const, name: 'clock', parameters: { type: 'object' } }]
  const none = { tools, toolChoice: { type: 'none' as const } }
  const kept = dialect.request.encode(asked(TOOL_HISTORY, none), target()).body.toolConfig as JsonObject
  expect(kept.tools).toHaveLength(1)
  expect('toolChoice' in kept).toBe(false)
  expect(dialect.request.encode(asked([user(text('q'))], none), target()).body.toolConfig).toBeUndefined()
})

test('144 the schema of a format is sent as a text', () => {
  const { body } = dialect.request.encode(
    asked([user(text('q'))], {
      responseFormat: { type: 'json_schema', name: 'o', schema: { type: 'object', properties: {} } },
    }),
    target(),
  )
  expect(body.outputConfig).toEqual({
    textFormat: {
      type: 'json_schema',
      structure: {
        jsonSchema: { name: 'o', schema: '{"type":"object","properties":{},"additionalProperties":false}' },
      },
    },
  })
})

test('152 thinking.block_binding goes on unchanged and under its own name', () => {
  const thinking = { type: 'adaptive', block_binding: { prefix_mismatch_behavior: 'error' } }
  const wire = {
    messages: [{ role: 'user', content: [{ text: 'q' }] }],
    additionalModelRequestFields: { thinking },
  }
  expect(dialect.request.encode(dialect.request.decode(wire), target()).body).toEqual(wire)
  const foreign = asked([user(text('q'))], { origin: { dialect: 'openai-chat', extras: { thinking } } })
  expect(dialect.request.encode(foreign, target()).body.additionalModelRequestFields).toEqual({ thinking })
})

test.each([
  ['anthropic.claude-3-haiku-20240307-v1:0', 'anthropic'],
  ['us-gov.anthropic.claude-x', 'anthropic'],
  ['global.anthropic.claude-opus-5-5', 'anthropic'],
  ['arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0', 'amazon'],
  ['arn:aws:bedrock:us-east-1:1:inference-profile/us.meta.llama4-maverick-17b-instruct-v1:0', 'meta'],
  ['arn:aws:bedrock:us-east-1:1:application-inference-profile/abc', 'unknown'],
  ['openai.gpt-oss-120b-1:0', 'openai'],
  ['minimax.minimax-m2', 'other'],
  ['my-deployment', 'unknown'],
])('the family of %s is %s', (model, name) => {
  expect(familyOf(model).name).toBe(name)
})

test('families differ: Mistral takes ids of nine characters and no named tool, Llama no choice at all, Nova thinks its own way', () => {
  const tools = [{ type: 'function' as const, name: 'clock', parameters: { type: 'object' } }]
  const forced = {
    tools,
    toolChoice: { type: 'tool' as const, name: 'clock' },
    reasoning: { effort: 'minimal' },
    topK: 3,
  }
  const encode = (model: string): JsonObject =>
    dialect.request.encode(asked(TOOL_HISTORY, forced), target(model)).body
  const at = (body: JsonObject, index: number): JsonObject =>
    (body.messages as { content: JsonObject[] }[])[index]?.content[0] ?? {}
  const mistral = encode('us.mistral.pixtral-large-2502-v1:0')
  const id = (at(mistral, 1).toolUse as JsonObject).toolUseId as string
  expect(id).toMatch(/^[a-zA-Z0-9]{9}$/)
  expect((at(mistral, 2).toolResult as JsonObject).toolUseId).toBe(id)
  expect((mistral.toolConfig as JsonObject).toolChoice).toEqual({ any: {} })
  expect('toolChoice' in (encode('us.meta.llama4-x').toolConfig as JsonObject)).toBe(false)
  expect(encode('us.amazon.nova-2-lite-v1:0').additionalModelRequestFields).toEqual({
    reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' },
    inferenceConfig: { topK: 3 },
  })
})

test('Claude on Converse follows its own rules of thinking and sampling', () => {
  const facts = { thinkingModes: ['enabled', 'disabled'], maxOutputTokens: 64_000 }
  const { body, notes } = dialect.request.encode(
    asked([user(text('q'))], { reasoning: { effort: 'low' }, temperature: 0.5, maxOutputTokens: 4_096 }),
    target(CLAUDE, facts),
  )
  expect(body.additionalModelRequestFields).toEqual({ thinking: { type: 'enabled', budget_tokens: 2_048 } })
  expect(body.inferenceConfig).toEqual({ maxTokens: 4_096 })
  expect(notes).toEqual([{ field: 'temperature', action: 'dropped', why: 'thinking excludes it' }])
})

test('web addresses are refused before any call, S3 addresses pass', () => {
  const image = (url: string): Message =>
    user({ kind: 'media', media: 'image', source: { type: 'url', url } })
  expect(() => dialect.request.encode(asked([image('https://x.example/a.png')]), target())).toThrow(
    /fetches no web/,
  )
  const { body } = dialect.request.encode(asked([image('s3://bucket/a.jpg')]), target())
  expect((body.messages as JsonObject[])[0]).toEqual({
    role: 'user',
    content: [{ image: { source: { s3Location: { uri: 's3://bucket/a.jpg' } }, format: 'jpeg' } }],
  })
})

test('prefixes are stable: a longer conversation begins with the same messages', () => {
  const long = [...TOOL_HISTORY, { role: 'assistant' as const, parts: [text('done')] }, user(text('again'))]
  const before = dialect.request.encode(asked(TOOL_HISTORY), target()).body.messages as JsonObject[]
  const after = dialect.request.encode(asked(long), target()).body.messages as JsonObject[]
  expect(after.slice(0, before.length)).toEqual(before)
})

test('an answer written as a stream is read as the same answer', () => {
  const wire = {
    output: {
      message: {
        role: 'assistant',
        content: [
          { reasoningContent: { reasoningText: { text: 'hm', signature: 'Eo' } } },
          { text: 'Grüße' },
          { toolUse: { toolUseId: 't', name: 'clock', input: { a: 1 } } },
          { toolUse: { toolUseId: 's', name: 'code', input: {}, type: 'server_tool_use' } },
        ],
      },
    },
    stopReason: 'tool_use',
    usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
    metrics: { latencyMs: 5 },
  }
  const answer = dialect.response.decode(wire, {})
  expect(dialect.response.encode(answer, CONTEXT).body).toEqual(wire)
  let bytes = ''
  const encoder = dialect.stream.encoder(CONTEXT, (piece) => (bytes += piece))
  replay(answer, (event) => encoder.event(event))
  const events: StreamEvent[] = []
  const decoder = dialect.stream.decoder({}, (event) => events.push(event))
  const reader = awsReader({ frame: (frame) => decoder.frame(frame) })
  reader.push(Buffer.from(bytes, 'latin1'))
  reader.end()
  decoder.end()
  expect(collect(events)).toEqual(answer)
})

test('186 an overlong prompt is told in the words that Claude’s clients know', () => {
  const error = dialect.error.decode(400, { message: 'Input is too long for requested model.' }, {})
  expect(error).toMatchObject({ kind: 'context_length_exceeded' })
  expect(error.message).toMatch(/^Input is too long for requested model\..*prompt is too long/)
})
