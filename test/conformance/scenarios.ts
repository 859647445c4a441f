// What conversations are made of, as code: each scenario is a request or an answer in the canonical form. Every pair of
// dialects is walked with each of them (matrix.ts).

import type { Part } from '../../src/core/part.ts'
import type { GenerationRequest, Message } from '../../src/core/request.ts'
import type { Choice, GenerationResponse } from '../../src/core/response.ts'

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const text = (value: string): Part => ({ kind: 'text', text: value })
const user = (...parts: Part[]): Message => ({ role: 'user', parts })
const assistant = (...parts: Part[]): Message => ({ role: 'assistant', parts })
const HELLO = [user(text('Hello'))]
const call = (id: string, name: string, args: string): Part => ({
  kind: 'tool_call',
  id,
  name,
  arguments: args,
})
const result = (callId: string, name: string, value: string, isError?: boolean): Part => ({
  kind: 'tool_result',
  callId,
  name,
  content: value === '' ? [] : [text(value)],
  ...(isError === undefined ? {} : { isError }),
})
const WEATHER = {
  type: 'function' as const,
  name: 'get_weather',
  description: 'Weather of a place',
  parameters: {
    type: 'object',
    properties: { place: { type: 'string', description: 'City' } },
    required: ['place'],
    additionalProperties: false,
  },
}
const CLOCK = { type: 'function' as const, name: 'get_time', parameters: { type: 'object', properties: {} } }

export type AskedFor = Partial<GenerationRequest> & Pick<GenerationRequest, 'messages'>

export const REQUESTS: Readonly<Record<string, AskedFor>> = {
  text: { messages: HELLO },
  'many turns': {
    messages: [
      user(text('One?')),
      assistant(text('Two.')),
      user(text('Three?')),
      assistant(text('Four.')),
      user(text('Five?')),
    ],
  },
  'system and developer': {
    messages: [
      { role: 'system', parts: [text('Be brief.')] },
      { role: 'developer', parts: [text('Answer in French.')] },
      ...HELLO,
    ],
  },
  'instruction between turns': {
    messages: [
      user(text('One?')),
      assistant(text('Two.')),
      { role: 'system', parts: [text('From now on, rhyme.')] },
      user(text('Three?')),
    ],
  },
  'other scripts': { messages: [user(text('Grüße, 世界 👋🏽 – “quoted”\n\ttabbed'))] },
  'image as base64': {
    messages: [
      user(text('What is it?'), {
        kind: 'media',
        media: 'image',
        source: { type: 'base64', mediaType: 'image/png', data: PIXEL },
      }),
    ],
  },
  'image as URL': {
    messages: [
      user(text('What is it?'), {
        kind: 'media',
        media: 'image',
        source: { type: 'url', url: 'https://example.com/cat.png' },
      }),
    ],
  },
  'document as base64': {
    messages: [
      user(text('Sum up.'), {
        kind: 'media',
        media: 'document',
        title: 'report.pdf',
        source: { type: 'base64', mediaType: 'application/pdf', data: 'JVBERi0xLjQK' },
      }),
    ],
  },
  audio: {
    messages: [
      user(text('Write it down.'), {
        kind: 'media',
        media: 'audio',
        source: { type: 'base64', mediaType: 'audio/wav', data: 'UklGRg==' },
      }),
    ],
  },
  'one tool': { messages: HELLO, tools: [WEATHER] },
  'tool without a schema': { messages: HELLO, tools: [{ type: 'function', name: 'ping' }] },
  'tool loop': {
    messages: [
      user(text('Weather in Rome?')),
      assistant(text('I will look.'), call('call_1', 'get_weather', '{"place":"Rome"}')),
      { role: 'tool', parts: [result('call_1', 'get_weather', 'sunny')] },
    ],
    tools: [WEATHER],
  },
  'parallel tools': {
    messages: [
      user(text('Weather and time?')),
      assistant(call('call_1', 'get_weather', '{"place":"Rome"}'), call('call_2', 'get_time', '{}')),
      { role: 'tool', parts: [result('call_1', 'get_weather', 'sunny')] },
      { role: 'tool', parts: [result('call_2', 'get_time', 'noon')] },
    ],
    tools: [WEATHER, CLOCK],
  },
  'empty tool result': {
    messages: [
      user(text('Ping.')),
      assistant(call('call_1', 'get_time', '{}')),
      { role: 'tool', parts: [result('call_1', 'get_time', '')] },
    ],
    tools: [CLOCK],
  },
  'tool error': {
    messages: [
      user(text('Time?')),
      assistant(call('call_1', 'get_time', '{}')),
      { role: 'tool', parts: [result('call_1', 'get_time', 'the clock is broken', true)] },
    ],
    tools: [CLOCK],
  },
  'tool choice auto': { messages: HELLO, tools: [WEATHER], toolChoice: { type: 'auto' } },
  'tool choice none': { messages: HELLO, tools: [WEATHER], toolChoice: { type: 'none' } },
  'tool choice required': { messages: HELLO, tools: [WEATHER], toolChoice: { type: 'required' } },
  'tool choice by name': {
    messages: HELLO,
    tools: [WEATHER, CLOCK],
    toolChoice: { type: 'tool', name: 'get_weather' },
  },
  'one call at a time': { messages: HELLO, tools: [WEATHER], parallelToolCalls: false },
  'JSON answer': { messages: HELLO, responseFormat: { type: 'json' } },
  'JSON schema': {
    messages: HELLO,
    responseFormat: {
      type: 'json_schema',
      name: 'place',
      schema: {
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
        additionalProperties: false,
      },
    },
  },
  'reasoning effort': { messages: HELLO, reasoning: { effort: 'high' } },
  'reasoning in history': {
    messages: [
      user(text('2+2?')),
      assistant({ kind: 'reasoning', text: 'Add them.' }, text('4')),
      user(text('And 3+3?')),
    ],
  },
  'stop sequences': { messages: HELLO, stop: ['END', '###'] },
  'output limit': { messages: HELLO, maxOutputTokens: 123 },
  sampling: { messages: HELLO, temperature: 0, topP: 0.5 },
  'top k': { messages: HELLO, topK: 40 },
  seed: { messages: HELLO, seed: 7 },
  penalties: { messages: HELLO, frequencyPenalty: 0.5, presencePenalty: -0.5 },
  'several choices': { messages: HELLO, n: 2 },
  'log probabilities': { messages: HELLO, logprobs: true, topLogprobs: 3 },
  'cache mark': {
    messages: [user({ kind: 'text', text: 'Long.', cache: { raw: { type: 'ephemeral' } } }, text('Short?'))],
  },
  'end user': { messages: HELLO, user: 'user-17' },
}

const answer = (
  choice: Partial<Choice> & Pick<Choice, 'parts'>,
  more: Partial<GenerationResponse> = {},
): GenerationResponse => ({
  id: 'answer_1',
  model: 'm',
  created: 1_700_000_000,
  choices: [{ index: 0, finish: { reason: 'stop' }, ...choice }],
  usage: { input: 12, output: 5, total: 17 },
  ...more,
})

export const ANSWERS: Readonly<Record<string, GenerationResponse>> = {
  text: answer({ parts: [text('Hello, 世界 👋🏽')] }),
  'empty answer': answer({ parts: [] }),
  'reasoning, then text': answer({ parts: [{ kind: 'reasoning', text: 'Add them.' }, text('4')] }),
  'tool call': answer({
    parts: [call('call_1', 'get_weather', '{"place":"Rome","days":[1,2]}')],
    finish: { reason: 'tool_calls' },
  }),
  'text, then tool call': answer({
    parts: [text('I will look.'), call('call_1', 'get_weather', '{"place":"Rome"}')],
    finish: { reason: 'tool_calls' },
  }),
  'parallel tool calls': answer({
    parts: [
      call('call_1', 'get_weather', '{"place":"Rome"}'),
      call('call_2', 'get_weather', '{"place":"Bonn"}'),
    ],
    finish: { reason: 'tool_calls' },
  }),
  'tool call without arguments': answer({
    parts: [call('call_1', 'get_time', '{}')],
    finish: { reason: 'tool_calls' },
  }),
  'length reached': answer({ parts: [text('It was a dark and')], finish: { reason: 'length' } }),
  'content filter': answer({ parts: [text('I')], finish: { reason: 'content_filter' } }),
  'stop sequence hit': answer({
    parts: [text('before')],
    finish: { reason: 'stop_sequence', stopSequence: 'END' },
  }),
  refusal: answer({ parts: [{ kind: 'refusal', text: 'I cannot help with that.' }] }),
  'two choices': answer(
    { parts: [text('one')] },
    {
      choices: [
        { index: 0, parts: [text('one')], finish: { reason: 'stop' } },
        { index: 1, parts: [text('two')], finish: { reason: 'stop' } },
      ],
    },
  ),
  'cached and reasoning usage': answer(
    { parts: [text('4')] },
    { usage: { input: 100, output: 30, total: 130, cacheRead: 80, reasoning: 20 } },
  ),
}
