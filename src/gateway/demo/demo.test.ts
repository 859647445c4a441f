import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collect } from '../../core/collect.ts'
import { checkGrammar } from '../../core/grammar.ts'
import type { Part } from '../../core/part.ts'
import type {
  FunctionTool,
  GenerationRequest,
  Message,
  ReasoningControl,
  ToolChoice,
} from '../../core/request.ts'
import { demoAnswer, demoEmbedding, demoEvents } from './demo.ts'
import { sampleSchema } from './sample-schema.ts'

const user = (text: string): Message => ({ role: 'user', parts: [{ kind: 'text', text }] })

function ask(more: Partial<GenerationRequest> = {}): GenerationRequest {
  return { dialect: 'openai-chat', model: 'demo', messages: [user('hello there')], stream: false, ...more }
}

function parts(request: GenerationRequest): Part[] {
  return demoAnswer(request).choices[0]?.parts ?? []
}

function text(request: GenerationRequest): string {
  return parts(request)
    .map((part) => (part.kind === 'text' ? part.text : ''))
    .join('')
}

const weather: FunctionTool = {
  type: 'function',
  name: 'get_weather',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 2 }, unit: { type: 'string' } },
    required: ['city', 'days'],
  },
}

test('it says what it is and echoes what it was asked', () => {
  expect(text(ask())).toMatch(/demo model, not a real LLM.*hello there/)
  expect(text(ask({ messages: [] }))).toContain('no text')
  expect(demoAnswer(ask())).toMatchObject({ model: 'demo', choices: [{ finish: { reason: 'stop' } }] })
})

test('a long question is echoed short, and no character is cut in half', () => {
  const echoed = text(ask({ messages: [user(`${'x'.repeat(199)}😀${'y'.repeat(500)}`)] }))
  expect(echoed.length).toBeLessThan(320)
  expect(echoed.isWellFormed()).toBe(true)
})

describe('tools', () => {
  const tools = [weather, { type: 'function' as const, name: 'clock' }]
  const called = (more: Partial<GenerationRequest>) =>
    parts(ask({ tools, ...more })).flatMap((part) => (part.kind === 'tool_call' ? [part] : []))

  test('a forced tool is called with the required arguments', () => {
    const [call] = called({ toolChoice: { type: 'tool', name: 'get_weather' } })
    expect(JSON.parse(call?.arguments ?? '')).toEqual({ city: 'demo city', days: 2 })
    expect(called({ toolChoice: { type: 'required' } })).toHaveLength(1)
  })

  test('a tool that the user names is called; several are, unless parallel calls are off', () => {
    expect(called({ messages: [user('use get_weather, please')] }).map((call) => call.name)).toEqual([
      'get_weather',
    ])
    expect(called({ messages: [user('get_weather and clock')] })).toHaveLength(2)
    expect(called({ messages: [user('get_weather and clock')], parallelToolCalls: false })).toHaveLength(1)
    expect(called({ messages: [user('get_weather_now')] })).toEqual([])
  })

  test('none means none, and an unnamed tool is not called', () => {
    expect(called({ messages: [user('get_weather')], toolChoice: { type: 'none' } })).toEqual([])
    expect(called({ toolChoice: { type: 'auto' } })).toEqual([])
  })

  test('only allowed tools are called', () => {
    const allowed = [{ type: 'function', function: { name: 'clock' } }]
    const [call, ...more] = called({ toolChoice: { type: 'allowed', mode: 'required', tools: allowed } })
    expect(call?.name).toBe('clock')
    expect(more).toEqual([])
  })

  test('a result is answered in words', () => {
    const result: Message = {
      role: 'tool',
      parts: [{ kind: 'tool_result', callId: 'c', content: [{ kind: 'text', text: 'sunny' }] }],
    }
    const request = ask({ tools, messages: [user('get_weather'), result] })
    expect(text(request)).toContain('The tool returned: sunny')
    expect(demoAnswer(request).choices[0]?.finish.reason).toBe('stop')
  })
})

test('reasoning comes first when asked for, and is counted', () => {
  const answer = demoAnswer(ask({ reasoning: { effort: 'low' } }))
  expect(answer.choices[0]?.parts.map((part) => part.kind)).toEqual(['reasoning', 'text'])
  expect(answer.usage?.reasoning).toBeGreaterThan(0)
  expect(parts(ask({ reasoning: { mode: 'disabled' } }))).toHaveLength(1)
  expect(parts(ask({ reasoning: { effort: 'none' } }))).toHaveLength(1)
})

test('the token limit and stop sequences end the answer', () => {
  const cut = demoAnswer(ask({ maxOutputTokens: 3 }))
  expect(cut.choices[0]?.finish.reason).toBe('length')
  expect(cut.usage?.output).toBe(3)
  const stopped = demoAnswer(ask({ stop: ['never', ' demo'] }))
  expect(stopped.choices[0]?.finish).toEqual({ reason: 'stop_sequence', stopSequence: ' demo' })
})

test('a form follows its schema', () => {
  const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] }
  expect(JSON.parse(text(ask({ responseFormat: { type: 'json_schema', schema } })))).toEqual({ ok: true })
  expect(JSON.parse(text(ask({ responseFormat: { type: 'json' } })))).toHaveProperty('note')
})

test.each([
  [{ $ref: '#/$defs/a', $defs: { a: { const: 7 } } }, 7],
  [{ anyOf: [{ type: 'null' }, { type: 'string' }] }, null],
  [{ allOf: [{ required: ['a'] }, { properties: { a: { enum: ['x', 'y'] } } }] }, { a: 'x' }],
  [{ type: 'array', items: { type: 'number', exclusiveMinimum: 4 }, minItems: 1 }, [4.5]],
  [{ type: 'string', format: 'date' }, '2025-01-31'],
  [{ type: ['null', 'integer'], maximum: -3 }, -3],
  [{ type: 'string', minLength: 6, maxLength: 6 }, 'demo..'],
])('a sample of %j is %j', (schema, value) => {
  expect(sampleSchema(schema)).toEqual(value)
})

test('a schema that demands itself ends', () => {
  const schema = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }
  expect(JSON.stringify(sampleSchema(schema))).toContain('null')
})

test('the events obey the grammar and fold to the answer (property)', () => {
  const request = fc.record({
    messages: fc.array(fc.string({ unit: 'binary' }).map(user), { maxLength: 3 }),
    tools: fc.constantFrom<FunctionTool[] | null>(null, [weather]),
    toolChoice: fc.constantFrom<ToolChoice | null>(null, { type: 'required' }),
    maxOutputTokens: fc.option(fc.integer({ min: 0, max: 60 })),
    stop: fc.option(fc.array(fc.string(), { maxLength: 2 })),
    n: fc.option(fc.integer({ min: 1, max: 3 })),
    reasoning: fc.constantFrom<ReasoningControl>({}, { effort: 'high' }),
  })
  fc.assert(
    fc.property(request, (more) => {
      const asked = ask(more)
      const events = demoEvents(asked)
      expect(checkGrammar(events)).toBeUndefined()
      expect(collect(events)).toEqual(demoAnswer(asked))
    }),
  )
})

test('embeddings are unit vectors, equal for equal texts', () => {
  const [a, b, again] = demoEmbedding(['a', 'b', 'a'])
  expect(a).toHaveLength(128)
  expect(Math.hypot(...(a ?? []))).toBeCloseTo(1, 9)
  expect(a).toEqual(again)
  expect(a).not.toEqual(b)
  expect(demoEmbedding(['a'], 3)[0]).toHaveLength(3)
})
