// What only the upstream's dialect says in an answer reaches a caller of another one, or is noted: invented members of
// every level, parts and events nobody knows, whole and streamed.

import { describe, expect, test } from 'vitest'
import { answerLosses, streamLosses } from '../core/answer-notes.ts'
import { collect } from '../core/collect.ts'
import type { AnswerContext, Frame, GenerationDialect } from '../core/dialect.ts'
import type { StreamEvent } from '../core/event.ts'
import { checkGrammar } from '../core/grammar.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Note } from '../core/note.ts'
import type { DialectId } from '../core/origin.ts'
import { dialects } from './index.ts'

const CONTEXT: AnswerContext = { model: 'm', id: 'req_1', created: 1_700_000_000, includeUsage: true }

const of = (id: DialectId): GenerationDialect => dialects.get(id) as GenerationDialect
const x = (at: string): JsonObject => ({ [`x_${at}`]: `new ${at}` })

/** An answer with a text and a call, news at every level that the wire has; and the same as a stream. */
interface Sample {
  whole: Json
  frames: [string, Json][]
  /** Levels at which there is news. */
  levels: string[]
  streamLevels: string[]
}

const SAMPLES: Partial<Record<DialectId, Sample>> = {
  'anthropic-messages': {
    whole: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'c',
      content: [
        { type: 'text', text: 'hi', ...x('part') },
        { type: 'x_block', said: 'new block' },
        { type: 'tool_use', id: 't', name: 'f', input: {}, ...x('call') },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 2, x_usage: 3 },
      ...x('answer'),
    },
    levels: ['answer', 'part', 'call', 'usage', 'block'],
    frames: [
      [
        'message_start',
        { message: { id: 'msg_1', model: 'c', usage: { input_tokens: 1 }, ...x('message') }, ...x('start') },
      ],
      ['content_block_start', { index: 0, content_block: { type: 'text', text: '', ...x('part') } }],
      [
        'content_block_delta',
        { index: 0, delta: { type: 'text_delta', text: 'a', ...x('delta') }, ...x('event') },
      ],
      [
        'content_block_delta',
        { index: 0, delta: { type: 'text_delta', text: 'b', ...x('delta') }, ...x('event') },
      ],
      ['x_happened', { ...x('unused') }],
      ['content_block_stop', { index: 0, ...x('stop') }],
      ['content_block_start', { index: 1, content_block: { type: 'x_block', said: 'new block' } }],
      ['content_block_stop', { index: 1 }],
      [
        'message_delta',
        { delta: { stop_reason: 'end_turn', ...x('end') }, usage: { output_tokens: 2, x_usage: 3 } },
      ],
      ['message_stop', {}],
    ],
    streamLevels: ['message', 'start', 'part', 'delta', 'event', 'happened', 'stop', 'block', 'end', 'usage'],
  },
  'openai-chat': {
    whole: {
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'g',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: [
              { type: 'text', text: 'hi', ...x('part') },
              { type: 'x_block', said: 'new block' },
            ],
            tool_calls: [
              {
                id: 't',
                type: 'function',
                function: { name: 'f', arguments: '{}', ...x('inner') },
                ...x('call'),
              },
              { id: 'u', type: 'x_tool', x_tool: { said: 'new tool' } },
            ],
            ...x('message'),
          },
          finish_reason: 'tool_calls',
          ...x('choice'),
        },
      ],
      usage: {
        prompt_tokens: 1,
        completion_tokens: 2,
        total_tokens: 3,
        prompt_tokens_details: { x_usage: 3 },
      },
      ...x('answer'),
    },
    levels: ['answer', 'choice', 'message', 'part', 'call', 'inner', 'usage', 'block', 'tool'],
    frames: [
      ['', chunk({ role: 'assistant', content: 'a', ...x('delta') }, { ...x('choice') }, x('answer'))],
      [
        '',
        chunk({
          tool_calls: [
            { index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '{}' }, ...x('call') },
          ],
        }),
      ],
      ['', chunk({ content: [{ type: 'x_block', said: 'new block' }] })],
      ['', chunk({}, { finish_reason: 'stop' })],
      [
        '',
        { id: 'c', model: 'g', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, x_usage: 3 } },
      ],
      ['', '[DONE]'],
    ],
    streamLevels: ['answer', 'choice', 'delta', 'call', 'block', 'usage'],
  },
  'openai-completions': {
    whole: {
      id: 'c',
      model: 'g',
      choices: [{ index: 0, text: 'hi', finish_reason: 'stop', ...x('choice') }],
      usage: { prompt_tokens: 1, completion_tokens: 1, x_usage: 3 },
      ...x('answer'),
    },
    levels: ['answer', 'choice', 'usage'],
    frames: [
      [
        '',
        {
          id: 'c',
          model: 'g',
          choices: [{ index: 0, text: 'hi', finish_reason: 'stop', ...x('choice') }],
          usage: { prompt_tokens: 1, x_usage: 3 },
          ...x('answer'),
        },
      ],
      ['', '[DONE]'],
    ],
    streamLevels: ['answer', 'choice', 'usage'],
  },
  'openai-responses': {
    whole: response(),
    levels: ['answer', 'message', 'part', 'call', 'usage', 'item', 'phase'],
    frames: [
      ['response.created', { response: { id: 'r', model: 'g', output: [] } }],
      [
        'response.output_item.added',
        { output_index: 0, item: { type: 'message', id: 'm', role: 'assistant', content: [] } },
      ],
      [
        'response.output_text.delta',
        { output_index: 0, content_index: 0, item_id: 'm', delta: 'hi', ...x('delta') },
      ],
      ['response.x_happened', { ...x('unused') }],
      ['response.completed', { response: response(), ...x('end') }],
    ],
    streamLevels: ['answer', 'message', 'part', 'call', 'usage', 'item', 'phase', 'delta', 'happened', 'end'],
  },
  gemini: {
    whole: generated(),
    levels: ['answer', 'candidate', 'content', 'part', 'call', 'usage', 'block'],
    frames: [['', generated()]],
    streamLevels: ['answer', 'candidate', 'content', 'part', 'call', 'usage', 'block'],
  },
  'bedrock-converse': {
    whole: {
      output: {
        message: {
          role: 'assistant',
          content: [
            { text: 'hi' },
            { x_block: { said: 'new block' } },
            { toolUse: { toolUseId: 't', name: 'f', input: {}, ...x('call') } },
          ],
          ...x('message'),
        },
      },
      stopReason: 'end_turn',
      usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2, x_usage: 3 },
      ...x('answer'),
    },
    levels: ['answer', 'message', 'call', 'usage', 'block'],
    frames: [
      ['messageStart', { role: 'assistant', ...x('start') }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'hi' }, ...x('delta') }],
      ['contentBlockStop', { contentBlockIndex: 0, ...x('stop') }],
      ['contentBlockDelta', { contentBlockIndex: 1, delta: { x_block: { said: 'new block' } } }],
      ['contentBlockStop', { contentBlockIndex: 1 }],
      ['x_happened', { ...x('unused') }],
      ['messageStop', { stopReason: 'end_turn', ...x('end') }],
      [
        'metadata',
        { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2, x_usage: 3 }, ...x('answer') },
      ],
    ],
    streamLevels: ['start', 'delta', 'stop', 'block', 'happened', 'end', 'usage', 'answer'],
  },
  cohere: {
    whole: {
      id: 'c',
      finish_reason: 'COMPLETE',
      message: {
        role: 'assistant',
        content: [
          { type: 'text', text: 'hi', ...x('part') },
          { type: 'x_block', said: 'new block' },
        ],
        tool_calls: [
          {
            id: 't',
            type: 'function',
            function: { name: 'f', arguments: '{}', ...x('inner') },
            ...x('call'),
          },
        ],
        ...x('message'),
      },
      usage: { tokens: { input_tokens: 1, output_tokens: 1 }, x_usage: 3 },
      ...x('answer'),
    },
    levels: ['answer', 'message', 'part', 'call', 'inner', 'usage', 'block'],
    frames: [
      [
        '',
        {
          type: 'message-start',
          id: 'c',
          delta: { message: { role: 'assistant', ...x('message') } },
          ...x('start'),
        },
      ],
      [
        '',
        {
          type: 'content-start',
          index: 0,
          delta: { message: { content: { type: 'text', text: '', ...x('part') } } },
        },
      ],
      ['', { type: 'content-delta', index: 0, delta: { message: { content: { text: 'hi' } } } }],
      ['', { type: 'content-end', index: 0 }],
      [
        '',
        {
          type: 'content-start',
          index: 1,
          delta: { message: { content: { type: 'x_block', said: 'new block' } } },
        },
      ],
      ['', { type: 'content-end', index: 1 }],
      ['', { type: 'x-happened', ...x('unused') }],
      [
        '',
        {
          type: 'message-end',
          delta: {
            finish_reason: 'COMPLETE',
            usage: { tokens: { input_tokens: 1, output_tokens: 1 }, x_usage: 3 },
            ...x('end'),
          },
        },
      ],
    ],
    streamLevels: ['message', 'start', 'part', 'block', 'happened', 'usage', 'end'],
  },
  ollama: {
    whole: { ...line(), done: true },
    levels: ['answer', 'message', 'call', 'block'],
    frames: [['', { ...line(), done: true }]],
    streamLevels: ['answer', 'message', 'call', 'block'],
  },
}

function chunk(delta: JsonObject, more: JsonObject = {}, root: JsonObject = {}): JsonObject {
  return { id: 'c', model: 'g', choices: [{ index: 0, delta, finish_reason: null, ...more }], ...root }
}

function response(): JsonObject {
  return {
    id: 'r',
    object: 'response',
    status: 'completed',
    model: 'g',
    output: [
      {
        type: 'message',
        id: 'm',
        role: 'assistant',
        status: 'completed',
        phase: 'commentary',
        content: [{ type: 'output_text', text: 'hi', annotations: [], ...x('part') }],
        ...x('message'),
      },
      { type: 'x_item', id: 'i', said: 'new item' },
      {
        type: 'function_call',
        id: 'fc',
        call_id: 't',
        name: 'f',
        arguments: '{}',
        status: 'completed',
        ...x('call'),
      },
    ],
    usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2, output_tokens_details: { x_usage: 3 } },
    ...x('answer'),
  }
}

function generated(): JsonObject {
  return {
    candidates: [
      {
        index: 0,
        content: {
          role: 'model',
          parts: [
            { text: 'hi', ...x('part') },
            { x_block: { said: 'new block' } },
            { functionCall: { id: 't', name: 'f', args: {}, ...x('call') } },
          ],
          ...x('content'),
        },
        finishReason: 'STOP',
        ...x('candidate'),
      },
    ],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2, x_usage: 3 },
    modelVersion: 'g',
    responseId: 'r',
    ...x('answer'),
  }
}

function line(): JsonObject {
  return {
    model: 'l',
    created_at: '2026-01-01T00:00:00Z',
    message: {
      role: 'assistant',
      content: 'hi',
      tool_calls: [
        { function: { name: 'f', arguments: {} }, ...x('call') },
        { x_block: { said: 'new block' } },
      ],
      ...x('message'),
    },
    done_reason: 'stop',
    prompt_eval_count: 1,
    eval_count: 1,
    ...x('answer'),
  }
}

/** By the note's field, or by the value in what was written. */
function told(level: string, written: string, notes: readonly Note[]): boolean {
  const word = level === 'phase' ? 'phase' : `x_${level}`
  const opaque = level === 'block' || level === 'item' || level === 'tool'
  return (
    written.includes(`new ${level}`) ||
    written.includes(`"x_${level}":`) ||
    (level === 'phase' && written.includes('commentary')) ||
    notes.some(
      ({ field, why }) =>
        field.includes(word) ||
        field.includes(`x-${level}`) ||
        (opaque && /x_|no such part|opaque|tool_call|completion is text/.test(why)),
    )
  )
}

const frameOf = ([name, data]: [string, Json]): Frame => ({
  event: name,
  data:
    typeof data === 'string'
      ? data
      : JSON.stringify(name === '' ? data : { type: name, ...(data as JsonObject) }),
})

// Cohere's and Bedrock's are spoken by upstreams alone.
const callers = [...dialects.values()].filter(({ id }) => id !== 'cohere' && id !== 'bedrock-converse')
const pairs = Object.keys(SAMPLES).flatMap((from) =>
  callers
    .filter(({ id }) => id.replace('-generate', '') !== from)
    .map(({ id }): [DialectId, DialectId] => [from as DialectId, id]),
)

describe.each(pairs)('from %s to %s', (source, caller) => {
  const sample = SAMPLES[source] as Sample
  const from = of(source)
  const to = of(caller)

  test('a whole answer', () => {
    const heard = from.response.decode(structuredClone(sample.whole), {})
    const { body, notes } = to.response.encode(heard, CONTEXT)
    notes.push(...answerLosses(heard, { from, to, context: CONTEXT }))
    expect(sample.levels.filter((level) => !told(level, JSON.stringify(body), notes))).toEqual([])
  })

  test('a stream', () => {
    const notes: Note[] = []
    let written = ''
    const events: StreamEvent[] = []
    const encoder = to.stream.encoder(CONTEXT, (text) => (written += text))
    const lost = streamLosses({ from, to, context: CONTEXT }, (note) => notes.push(note))
    const decoder = from.stream.decoder({}, (event) => {
      events.push(event)
      lost?.(event)
      encoder.event(event)
    })
    for (const frame of sample.frames) decoder.frame(frameOf(frame))
    decoder.end()
    expect(checkGrammar(events)).toBeUndefined()
    expect(sample.streamLevels.filter((level) => !told(level, written, notes))).toEqual([])
  })
})

test.each(Object.keys(SAMPLES) as DialectId[])('%s keeps its own news', (id) => {
  const dialect = of(id)
  const sample = SAMPLES[id] as Sample
  const body = dialect.response.encode(
    dialect.response.decode(structuredClone(sample.whole), {}),
    CONTEXT,
  ).body
  const again = JSON.stringify(body)
  // Chat's own content is one string: a list of parts is read from hosts that have one, and never written.
  const kept = sample.levels.filter(
    (level) => level !== 'usage' && !(id === 'openai-chat' && level === 'part'),
  )
  expect(kept.filter((level) => !told(level, again, []))).toEqual([])
  const context = { from: dialect, to: dialect, context: CONTEXT }
  expect(streamLosses(context, () => undefined)).toBeUndefined()
})

test('an upstream that invents members without end fills no record', () => {
  const members = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x_${index}`, 'new']))
  const whole = { ...((SAMPLES['anthropic-messages'] as Sample).whole as JsonObject), ...members }
  const heard = of('anthropic-messages').response.decode(whole, {})
  const crossing = { from: of('anthropic-messages'), to: of('gemini'), context: CONTEXT }
  expect(answerLosses(heard, crossing)).toHaveLength(50)
})

test('what is empty, read, or only frames the answer is no loss', () => {
  const heard = collect([
    {
      type: 'start',
      id: 'a',
      model: 'm',
      created: 0,
      origin: { dialect: 'openai-responses', extras: { tools: [{ type: 'x' }], user: null, x_new: {} } },
    },
    {
      type: 'usage',
      usage: { input: 1, raw: { dialect: 'openai-responses', value: { input_tokens: 1, x_tokens: 0 } } },
    },
    { type: 'finish', choice: 0, finish: { reason: 'stop' } },
    { type: 'end' },
  ])
  expect(answerLosses(heard, { from: of('openai-responses'), to: of('gemini'), context: CONTEXT })).toEqual(
    [],
  )
})
