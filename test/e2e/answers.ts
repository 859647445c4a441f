// The same four answers in the words of both kinds of upstream: the text "pong" and a call of `weather`, each whole and
// streamed; 11 tokens in, 7 out.

import type { Answer } from '../acceptance/upstream.ts'

export const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
  additionalProperties: false,
}

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }

function completion(message: object, finish: string): Answer {
  return {
    json: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'gpt-m',
      choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
      usage,
    },
  }
}

function chunks(deltas: object[], finish: string): Answer {
  const chunk = (choices: object[], more: object = {}) =>
    `data: ${JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'gpt-m',
      choices,
      ...more,
    })}\n\n`
  return {
    sse: [
      ...deltas.map((delta) => chunk([{ index: 0, delta, finish_reason: null }])),
      chunk([{ index: 0, delta: {}, finish_reason: finish }]),
      chunk([], { usage }),
      'data: [DONE]\n\n',
    ],
  }
}

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-m',
  stop_sequence: null,
}

function whole(content: object[], stop: string): Answer {
  return { json: { ...message, content, stop_reason: stop, usage: { input_tokens: 11, output_tokens: 7 } } }
}

function events(block: object, deltas: object[], stop: string): Answer {
  const event = (type: string, rest: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
  return {
    sse: [
      event('message_start', {
        message: {
          ...message,
          content: [],
          stop_reason: null,
          usage: { input_tokens: 11, output_tokens: 1 },
        },
      }),
      event('content_block_start', { index: 0, content_block: block }),
      event('ping', {}),
      ...deltas.map((delta) => event('content_block_delta', { index: 0, delta })),
      event('content_block_stop', { index: 0 }),
      event('message_delta', {
        delta: { stop_reason: stop, stop_sequence: null },
        usage: { output_tokens: 7 },
      }),
      event('message_stop', {}),
    ],
  }
}

const call = (more: object) => [{ index: 0, ...more }]

export const answers = {
  openai: {
    text: completion({ content: 'pong' }, 'stop'),
    tool: completion(
      {
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } },
        ],
      },
      'tool_calls',
    ),
    textStream: chunks([{ role: 'assistant', content: '' }, { content: 'po' }, { content: 'ng' }], 'stop'),
    toolStream: chunks(
      [
        {
          role: 'assistant',
          content: null,
          tool_calls: call({ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }),
        },
        { tool_calls: call({ function: { arguments: '{"city":' } }) },
        { tool_calls: call({ function: { arguments: '"Bern"}' } }) },
      ],
      'tool_calls',
    ),
  },
  anthropic: {
    text: whole([{ type: 'text', text: 'pong' }], 'end_turn'),
    tool: whole([{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Bern' } }], 'tool_use'),
    textStream: events(
      { type: 'text', text: '' },
      [
        { type: 'text_delta', text: 'po' },
        { type: 'text_delta', text: 'ng' },
      ],
      'end_turn',
    ),
    toolStream: events(
      { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} },
      [
        { type: 'input_json_delta', partial_json: '{"city":' },
        { type: 'input_json_delta', partial_json: '"Bern"}' },
      ],
      'tool_use',
    ),
  },
} satisfies Record<string, Record<string, Answer>>
