// The numbered cases of the reference on local servers and compatible clouds that are about wires: what a host is sent, by
// the record that stands for it, and what is made of its answers. The list at the end says where the others are shown.

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import { collect } from '../../src/core/collect.ts'
import type { AnswerContext, ModelFacts } from '../../src/core/dialect.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { StreamEvent } from '../../src/core/event.ts'
import { checkGrammar } from '../../src/core/grammar.ts'
import { type JsonObject, isObject } from '../../src/core/json.ts'
import type { Note } from '../../src/core/note.ts'
import type { DialectId } from '../../src/core/origin.ts'
import type { GenerationResponse } from '../../src/core/response.ts'
import { operationUrl } from '../../src/core/url-rules.ts'
import { dialects } from '../../src/dialects/index.ts'
import { openaiChat } from '../../src/dialects/openai-chat/index.ts'
import { thinkSplitter } from '../../src/dialects/openai-chat/think-tags.ts'
import { provider } from '../../src/providers/index.ts'
import { quirksOf, spokenTo } from '../../src/providers/provider.ts'
import { type Fake, startFake } from '../../src/testing/index.ts'
import { type Gateway, type Reply, ask, launch, until } from '../acceptance/kit.ts'

const CONTEXT: AnswerContext = { model: 'm', id: 'req_1', created: 1_700_000_000, includeUsage: true }

function quirksFor(id: string) {
  const record = provider(id)
  if (!record) throw new Error(`no provider ${id}`)
  return quirksOf(record, record.speaks[0])
}

/** A Chat body as that host gets it. */
function sent(host: string, body: JsonObject): { body: JsonObject; notes: Note[] } {
  const notes: Note[] = []
  const given = { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body }
  const target = { model: 'm', quirks: quirksFor(host), facts: {} }
  const encoded = openaiChat.request.encode(openaiChat.request.decode(given), target)
  const relayed = openaiChat.request.fit?.(given, target, notes)
  // Relayed or translated, the host gets the same.
  if (relayed) expect({ stream: encoded.body.stream, ...relayed }).toEqual(encoded.body)
  return { body: encoded.body, notes: encoded.notes }
}

function native(body: JsonObject, facts: ModelFacts = {}, model = 'qwen3'): JsonObject {
  const given = { model, messages: [{ role: 'user', content: 'hi' }], ...body }
  const ollama = dialects.get('ollama')
  if (!ollama) throw new Error('no ollama')
  return ollama.request.encode(openaiChat.request.decode(given), { model, quirks: {}, facts }).body
}

function events(host: string, chunks: readonly (JsonObject | string)[], dialect: DialectId = 'openai-chat') {
  const codec = dialects.get(dialect)
  const found: StreamEvent[] = []
  const decoder = codec?.stream.decoder(quirksFor(host), (event) => found.push(event))
  for (const chunk of chunks)
    decoder?.frame({ event: '', data: typeof chunk === 'string' ? chunk : JSON.stringify(chunk) })
  decoder?.end()
  expect(checkGrammar(found)).toBeUndefined()
  return found
}

function streamed(host: string, chunks: readonly (JsonObject | string)[]): GenerationResponse {
  return collect(events(host, chunks))
}

function whole(host: string, message: JsonObject, more: JsonObject = {}): GenerationResponse {
  return openaiChat.response.decode(
    { id: 'x', model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }], ...more },
    quirksFor(host),
  )
}

function chunk(delta: JsonObject, finish: string | null = null, more: JsonObject = {}): JsonObject {
  return { id: 'x', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }], ...more }
}

const tool = (name: string, fn: JsonObject = {}): JsonObject => ({
  type: 'function',
  function: { name, ...fn },
})
const turn = (id: string): JsonObject[] => [
  { role: 'user', content: 'hi' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: id, content: 'r' },
]

describe('Ollama', () => {
  test('12. max_completion_tokens becomes num_predict', () => {
    expect(native({ max_completion_tokens: 7 }).options).toEqual({ num_predict: 7 })
  })
  test('13. a long prompt raises num_ctx, is never truncated, and is refused beyond the model’s context', () => {
    const messages = [{ role: 'user', content: 'word '.repeat(16_000) }]
    expect(native({ messages })).toMatchObject({ truncate: false, options: { num_ctx: 32_768 } })
    expect(native({})).not.toHaveProperty('options')
    expect(() => native({ messages }, { contextTokens: 8_192 })).toThrow(/context holds 8192/)
  })
  test('14. stream: false is said', () => {
    expect(native({ stream: false }).stream).toBe(false)
  })
  test('15. a result gets the name of its tool by the call’s id', () => {
    expect(native({ messages: turn('call_1') }).messages).toMatchObject([
      {},
      { tool_calls: [{ id: 'call_1', function: { name: 'f', arguments: {} } }] },
      { role: 'tool', tool_name: 'f', tool_call_id: 'call_1', content: 'r' },
    ])
  })
  test('16. arguments that are no JSON are enveloped', () => {
    const messages = turn('c')
    messages[1] = {
      role: 'assistant',
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{oops' } }],
    }
    expect(native({ messages }).messages).toMatchObject([
      {},
      { tool_calls: [{ function: { arguments: { _raw_arguments: '{oops' } } }] },
      {},
    ])
  })
  test('17. an error line in mid-stream is a failure', () => {
    const line = { model: 'm', message: { role: 'assistant', content: 'a' }, done: false }
    const found = events('ollama', [line, line, line, { error: 'out of memory' }], 'ollama')
    expect(found.at(-1)).toMatchObject({ type: 'failure', error: { message: 'out of memory' } })
  })
  test('18, 24. load and unload are empty answers; usage is still told', () => {
    for (const word of ['load', 'unload']) {
      const found = events(
        'ollama',
        [
          {
            model: 'm',
            message: { role: 'assistant', content: '' },
            done: true,
            done_reason: word,
            prompt_eval_count: 1,
            eval_count: 0,
          },
        ],
        'ollama',
      )
      const { choices, usage } = collect(found)
      expect(choices[0]).toMatchObject({ parts: [], finish: { reason: 'stop', raw: word } })
      expect(usage).toMatchObject({ input: 1, output: 0 })
    }
  })
  test('20. gpt-oss gets a level, never a switch', () => {
    expect(native({ reasoning_effort: 'medium' }, {}, 'gpt-oss:20b').think).toBe('medium')
    expect(native({ reasoning_effort: 'xhigh' }, {}, 'gpt-oss:20b').think).toBe('high')
    expect(native({ reasoning_effort: 'none' }, {}, 'gpt-oss:20b')).not.toHaveProperty('think')
    expect(native({ reasoning_effort: 'high' }).think).toBe(true)
    expect(native({ reasoning_effort: 'none' }).think).toBe(false)
  })
  test('21. an image by URL is refused in words, not dropped', () => {
    const content = [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }]
    expect(() => native({ messages: [{ role: 'user', content }] })).toThrow(/base64 only/)
  })
  test('22. a prompt that was all cached has no count', () => {
    const answer = dialects
      .get('ollama')
      ?.response.decode(
        { model: 'm', message: { role: 'assistant', content: 'a' }, done: true, eval_count: 3 },
        {},
      )
    expect(answer?.usage?.input).toBeUndefined()
    expect(answer?.usage?.output).toBe(3)
  })
  test('23. a /v1 stream that ends without a finish word is no success', () => {
    expect(events('ollama', [chunk({ content: 'a' })]).at(-1)).toMatchObject({
      type: 'failure',
      error: { kind: 'stream_interrupted' },
    })
  })
})

describe('vLLM, SGLang, llama.cpp, LM Studio', () => {
  test('25. an empty list of tools goes, and a choice that is alone', () => {
    const { body } = sent('vllm', { tools: [], tool_choice: 'auto', stream_options: { include_usage: true } })
    expect(Object.keys(body)).toEqual(['model', 'messages'])
  })
  test('26. null members go, nulls inside a schema stay', () => {
    const parameters = { type: 'object', properties: { a: { enum: ['x', null] } } }
    const { body } = sent('sglang', {
      frequency_penalty: null,
      n: null,
      tools: [tool('f', { strict: null, parameters })],
    })
    expect(body).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
      tools: [tool('f', { parameters })],
    })
  })
  test('27. a list of allowed tools becomes those tools', () => {
    const choice = {
      type: 'allowed_tools',
      allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'b' } }] },
    }
    const { body } = sent('vllm', { tools: [tool('a'), tool('b')], tool_choice: choice })
    expect(body.tools).toEqual([tool('b')])
    expect(body.tool_choice).toBe('auto')
  })
  test('29. reasoning and reasoning_content are the same', () => {
    const answers = ['reasoning', 'reasoning_content'].map((name) =>
      whole('vllm', { [name]: 'hm', content: 'a' }),
    )
    expect(answers[0]?.choices[0]?.parts).toEqual(answers[1]?.choices[0]?.parts)
  })
  test('33. a chunk of timings leaks nothing to who asked for no usage', () => {
    const pieces: string[] = []
    const encoder = openaiChat.stream.encoder({ ...CONTEXT, includeUsage: false }, (text) =>
      pieces.push(text),
    )
    const timings = {
      id: 'x',
      model: 'm',
      choices: [],
      timings: { predicted_n: 1 },
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    }
    for (const event of events('llamacpp', [chunk({ content: 'a' }), chunk({}, 'stop'), timings, '[DONE]']))
      encoder.event(event)
    expect(pieces.join('')).not.toMatch(/timings|usage/)
  })
  test('35. an overflow says the size of the context', () => {
    const error = openaiChat.error.decode(
      400,
      {
        error: {
          code: 400,
          message: 'request (13392 tokens) exceeds the available context size (8192 tokens)',
          type: 'exceed_context_size_error',
          n_ctx: 8192,
        },
      },
      {},
    )
    expect(error.kind).toBe('context_length_exceeded')
    expect(error.message).toContain('8192')
  })
  test('36. LM Studio: a schema in place of json_object, a word in place of a name, properties always', () => {
    const { body } = sent('lmstudio', {
      response_format: { type: 'json_object' },
      tools: [tool('a'), tool('b', { parameters: { type: 'object' } })],
      tool_choice: { type: 'function', function: { name: 'b' } },
    })
    expect(body).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } },
      tools: [tool('b', { parameters: { type: 'object', properties: {} } })],
      tool_choice: 'required',
    })
  })
  test('38. {"error": "text"} is an error with that text', () => {
    expect(openaiChat.error.decode(400, { error: 'no such thing' }, {}).message).toBe('no such thing')
  })
  test('40. TGI: tool calls as one object', () => {
    const call = { index: 0, id: '', type: 'function', function: { name: 'f', arguments: '{}' } }
    const answer = streamed('tgi', [chunk({ tool_calls: call }), chunk({}, 'stop'), '[DONE]'])
    expect(answer.choices[0]?.parts).toMatchObject([{ kind: 'tool_call', name: 'f', arguments: '{}' }])
  })
})

describe('clouds', () => {
  test('43. Groq: an error event keeps its status', () => {
    const found: StreamEvent[] = []
    const decoder = openaiChat.stream.decoder(quirksFor('groq'), (event) => found.push(event))
    decoder.frame({ event: '', data: JSON.stringify(chunk({ content: 'a' })) })
    decoder.frame({
      event: 'error',
      data: '{"error":{"message":"bad call","code":"tool_use_failed","status_code":400}}',
    })
    expect(found.at(-1)).toMatchObject({ type: 'failure', error: { status: 400, message: 'bad call' } })
  })
  test('44. Groq: a JSON format beside tools is asked for in words', () => {
    const { body, notes } = sent('groq', {
      tools: [tool('f')],
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
    })
    expect(body).not.toHaveProperty('response_format')
    expect(JSON.stringify(body.messages)).toContain('JSON Schema')
    expect(notes.map((note) => note.field)).toContain('response_format')
  })
  test('45. Mistral: user is left out, seed is random_seed', () => {
    const { body } = sent('mistral', { user: 'u', seed: 3, max_completion_tokens: 5 })
    expect(body).toMatchObject({ random_seed: 3, max_tokens: 5 })
    expect(body).not.toHaveProperty('user')
  })
  test('46. Mistral: a stable id of nine on the call and its result', () => {
    const id = 'call_abcdefghijklmnopqrstuvwx'
    const once = JSON.stringify(sent('mistral', { messages: turn(id) }).body)
    expect(once).toBe(JSON.stringify(sent('mistral', { messages: turn(id) }).body))
    const ids = [...once.matchAll(/"(?:tool_call_)?id":"([^"]+)"/g)].map((match) => match[1])
    expect(new Set(ids).size).toBe(1)
    expect(ids[0]).toMatch(/^[a-zA-Z0-9]{9}$/)
  })
  test('47. Mistral: thinking in a list is reasoning, then text', () => {
    const thinking = { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }
    const answer = streamed('mistral', [
      chunk({ content: [thinking] }),
      chunk({ content: [{ type: 'text', text: 'a' }] }),
      chunk({}, 'stop'),
      '[DONE]',
    ])
    expect(answer.choices[0]?.parts).toEqual([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'a' },
    ])
  })
  test('48. an empty name and no id continue the same call', () => {
    const answer = streamed('mistral', [
      chunk({ tool_calls: [{ id: 'abc', function: { name: 'f', arguments: '{"a"' }, index: 0 }] }),
      chunk({ tool_calls: [{ function: { name: '', arguments: ':1}' }, index: 0 }] }),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ])
    expect(answer.choices[0]?.parts).toMatchObject([{ id: 'abc', name: 'f', arguments: '{"a":1}' }])
  })
  test('51, 52. DeepSeek: every assistant turn carries reasoning_content, and none once thinking is off', () => {
    const messages = [...turn('c'), { role: 'assistant', content: 'a' }, { role: 'user', content: 'b' }]
    const on = sent('deepseek', { messages }).body.messages as JsonObject[]
    expect(on.filter(({ role }) => role === 'assistant').map((message) => message.reasoning_content)).toEqual(
      ['', ''],
    )
    const off = sent('deepseek', { messages, thinking: { type: 'disabled' } }).body.messages as JsonObject[]
    expect(JSON.stringify(off)).not.toContain('reasoning_content')
  })
  test('55. xAI: reasoning is output', () => {
    const usage = {
      prompt_tokens: 401,
      completion_tokens: 44,
      total_tokens: 630,
      completion_tokens_details: { reasoning_tokens: 185 },
    }
    expect(whole('xai', { content: 'a' }, { usage }).usage).toMatchObject({
      input: 401,
      output: 229,
      total: 630,
    })
  })
  test('57. Perplexity: running usage is one usage', () => {
    const usage = (count: number): JsonObject => ({
      usage: { prompt_tokens: 5, completion_tokens: count, total_tokens: 5 + count },
    })
    const answer = streamed('perplexity', [
      ...[1, 2, 3, 4, 5, 6, 7].map((count) => chunk({ role: 'assistant', content: 'a' }, null, usage(count))),
      chunk({ content: '' }, 'stop', { object: 'chat.completion.done', ...usage(8) }),
    ])
    expect(answer.usage).toMatchObject({ input: 5, output: 8 })
    expect(answer.choices[0]?.parts).toEqual([{ kind: 'text', text: 'aaaaaaa' }])
  })
  test('58. Perplexity: neighbours of one role are merged', () => {
    const { body } = sent('perplexity', {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
      ],
    })
    expect(body.messages).toEqual([{ role: 'user', content: 'a\n\nb' }])
  })
  test('59. OpenRouter: a finish word that comes twice is told once', () => {
    const found = events('openrouter', [
      chunk({ content: 'a' }),
      chunk({}, 'stop'),
      chunk({}, 'stop', { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, cost: 0.01 } }),
      '[DONE]',
    ])
    expect(found.filter((event) => event.type === 'finish').length).toBe(1)
  })
  test('61. OpenRouter: reasoning_details in pieces are joined, sealed, and go back unchanged', () => {
    const piece = (index: number, more: JsonObject): JsonObject => ({
      reasoning: typeof more.text === 'string' ? more.text : null,
      reasoning_details: [{ type: 'reasoning.text', index, format: 'anthropic-claude-v1', ...more }],
    })
    const answer = streamed('openrouter', [
      ...'thinking'.split('').map((text) => chunk(piece(0, { text }))),
      chunk(piece(0, { signature: 'sig' })),
      chunk({ reasoning_details: [{ type: 'reasoning.encrypted', index: 1, data: 'xyz' }] }),
      chunk({ content: 'a' }),
      chunk({}, 'stop'),
      '[DONE]',
    ])
    const [reasoning] = answer.choices[0]?.parts ?? []
    expect(reasoning).toMatchObject({ kind: 'reasoning', text: 'thinking' })
    const { body } = openaiChat.request.encode(
      {
        dialect: 'anthropic-messages',
        model: 'm',
        stream: false,
        messages: [{ role: 'assistant', parts: answer.choices[0]?.parts ?? [] }],
      },
      { model: 'm', quirks: quirksFor('openrouter'), facts: {} },
    )
    expect(isObject(body) && (body.messages as JsonObject[])[0]?.reasoning_details).toEqual([
      { type: 'reasoning.text', index: 0, format: 'anthropic-claude-v1', text: 'thinking', signature: 'sig' },
      { type: 'reasoning.encrypted', index: 1, data: 'xyz' },
    ])
  })
  test('63. OpenRouter: a body of 200 with only an error has the error’s status', () => {
    expect(() => openaiChat.response.decode({ error: { code: 402, message: 'no credits' } }, {})).toThrow(
      expect.objectContaining({ status: 402 }) as GatewayError,
    )
  })
  test('64. Together: logprobs is a number, stop a list, eos is stop', () => {
    const { body } = sent('together', { logprobs: true, top_logprobs: 3, stop: 'x' })
    expect(body).toMatchObject({ logprobs: 3, stop: ['x'] })
    expect(body).not.toHaveProperty('top_logprobs')
    const answer = streamed('together', [chunk({ content: 'a' }), chunk({}, 'eos'), '[DONE]'])
    expect(answer.choices[0]?.finish.reason).toBe('stop')
  })
  test('65. Fireworks: xhigh is high', () => {
    expect(sent('fireworks', { reasoning_effort: 'xhigh' }).body.reasoning_effort).toBe('high')
  })
  test('66. Cerebras: history says reasoning', () => {
    const messages = [
      { role: 'assistant', content: 'a', reasoning_content: 'hm' },
      { role: 'user', content: 'b' },
    ]
    expect(sent('cerebras', { messages }).body.messages).toEqual([
      { role: 'assistant', content: 'a', reasoning: 'hm' },
      { role: 'user', content: 'b' },
    ])
  })
  test('67. Kimi: sampling is left out', () => {
    expect(Object.keys(sent('moonshot', { temperature: 0.2, top_p: 1, n: 1, seed: 4 }).body)).toEqual([
      'model',
      'messages',
    ])
  })
  test('68. Kimi: usage inside the first choice', () => {
    const answer = streamed('moonshot', [
      chunk({ content: 'a' }),
      {
        id: 'x',
        model: 'm',
        choices: [
          {
            index: 0,
            delta: {},
            finish_reason: 'stop',
            usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5, cached_tokens: 1 },
          },
        ],
      },
      '[DONE]',
    ])
    expect(answer.usage).toMatchObject({ input: 2, output: 3, cacheRead: 1 })
  })
  test('70. Qwen: a forced choice is auto while the model thinks, and stays once it does not', () => {
    const asked = { tools: [tool('f')], tool_choice: 'required' }
    expect(sent('qwen', asked).body.tool_choice).toBe('auto')
    expect(sent('qwen', { ...asked, enable_thinking: false }).body.tool_choice).toBe('required')
  })
  test('71. Qwen: an empty id continues the call', () => {
    const answer = streamed('qwen', [
      chunk({
        tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '{' } }],
      }),
      chunk({ tool_calls: [{ index: 0, id: '', type: 'function', function: { name: '', arguments: '}' } }] }),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ])
    expect(answer.choices[0]?.parts).toMatchObject([{ id: 'c1', name: 'f', arguments: '{}' }])
  })
  test('72. GLM: the base ends in /v4; 429 with code 1113 is an empty account, not a rate', () => {
    const record = provider('zai')
    const path = record?.speaks[0]?.path ?? ''
    expect(operationUrl(record?.base ?? '', path, { model: 'm', providerId: 'zai' })).toBe(
      'https://api.z.ai/api/paas/v4/chat/completions',
    )
    const said = (code: string) => openaiChat.error.decode(429, { error: { code, message: 'no' } }, {})
    expect(said('1113').kind).toBe('upstream_auth')
    expect(said('1302').kind).toBe('upstream_rate_limited')
  })
  test('73. GLM: sensitive and model_context_window_exceeded', () => {
    const finish = (word: string) =>
      streamed('zai', [chunk({ content: 'a' }), chunk({}, word), '[DONE]']).choices[0]?.finish.reason
    expect(finish('sensitive')).toBe('content_filter')
    expect(finish('model_context_window_exceeded')).toBe('context_full')
  })
  test.each([
    [1008, 402],
    [1002, 429],
    [1004, 401],
  ])('74. MiniMax: base_resp %i with HTTP 200 is %i', (code, status) => {
    expect(() =>
      openaiChat.response.decode({ base_resp: { status_code: code, status_msg: 'no' } }, {}),
    ).toThrow(expect.objectContaining({ status }) as GatewayError)
  })
  test('76. NIM: no stream_options, no explicit auto, plain strings', () => {
    const { body } = sent('nvidia-nim', {
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
      tools: [tool('f')],
      tool_choice: 'auto',
    })
    expect(body).not.toHaveProperty('tool_choice')
    expect(body.messages).toEqual([{ role: 'user', content: 'hi' }])
    expect(quirksFor('nvidia-nim').streamUsage).toBe('never')
  })
  test('80. Cloudflare: the errors array', () => {
    const body = { success: false, errors: [{ code: 7003, message: 'no such model' }], result: null }
    expect(openaiChat.error.decode(400, body, {}).message).toBe('no such model')
  })
  test('82. Snowflake: no finish word and an empty function_call', () => {
    const answer = streamed('snowflake-cortex', [
      chunk({ content: 'a', function_call: { name: '', arguments: '' } }, ''),
      '[DONE]',
    ])
    expect(answer.choices[0]).toMatchObject({
      parts: [{ kind: 'text', text: 'a' }],
      finish: { reason: 'stop' },
    })
  })
  test('83. Google: a call without an id gets one, hidden thinking is output', () => {
    const answer = whole(
      'google-openai',
      { content: null, tool_calls: [{ id: '', type: 'function', function: { name: 'f', arguments: '{}' } }] },
      { usage: { prompt_tokens: 35, completion_tokens: 12, total_tokens: 109 } },
    )
    expect(answer.choices[0]?.parts[0]).toMatchObject({ id: 'call_0' })
    expect(answer.usage).toMatchObject({ output: 74, reasoning: 62 })
  })
  test('87. 429 for an empty account is not retried, 429 for a rate is', () => {
    const quota = openaiChat.error.decode(429, { error: { message: 'x', code: 'insufficient_quota' } }, {})
    const rate = openaiChat.error.decode(429, { error: { message: 'x', code: 'rate_limit_exceeded' } }, {})
    expect([quota.kind, rate.kind]).toEqual(['upstream_auth', 'upstream_rate_limited'])
    expect(quota.status).toBe(429)
  })
  test('DeepSeek, Moonshot, MiniMax and Z.ai are asked by Claude’s clients in their own dialect', () => {
    const urls = ['deepseek', 'moonshot', 'minimax', 'zai', 'zai-coding'].map((id) => {
      const record = provider(id)
      const spoken = record && spokenTo(record, 'anthropic-messages', 'm')
      return new URL(operationUrl(record?.base ?? '', spoken?.path ?? '', { model: 'm', providerId: id }))
        .href
    })
    expect(urls).toEqual([
      'https://api.deepseek.com/anthropic/v1/messages',
      'https://api.moonshot.ai/anthropic/v1/messages',
      'https://api.minimax.io/anthropic/v1/messages',
      'https://api.z.ai/api/anthropic/v1/messages',
      'https://api.z.ai/api/anthropic/v1/messages',
    ])
  })
})

// Through a gateway: what depends on the request, the caller's key or the turns before.
describe('through the gateway', () => {
  let fake: Fake
  let gw: Gateway
  beforeAll(async () => {
    fake = await startFake({ kind: 'openai', models: ['m'] })
    const hosts = [
      'vllm',
      'sglang',
      'llamacpp',
      'lmstudio',
      'mistral',
      'perplexity',
      'moonshot',
      'qwen',
      'cloudflare-workers-ai',
      'openrouter',
    ]
    const lines = hosts.map(
      (id) => `  ${id}: { provider: ${id}, base_url: "${fake.url}/v1", api_key: k, models: [m, kimi-k2] }`,
    )
    // Without a master key, so that callers can have keys of their own.
    gw = await launch({
      env: { LITELLM_MASTER_KEY: undefined },
      yaml: `endpoints:\n${lines.join('\n')}\n`,
    })
    await gw.started
  })
  afterAll(async () => {
    await gw?.close()
    await fake?.close()
  })
  beforeEach(() => {
    fake.log.length = 0
  })

  const USAGE = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }
  const post = async (path: string, body: JsonObject, key = 'sk-test') => {
    const reply = await ask(`http://127.0.0.1:${gw.port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    })
    expect(reply.status, reply.text).toBe(200)
    return reply
  }
  const chat = (host: string, body: JsonObject = {}, key?: string) =>
    post(
      '/v1/chat/completions',
      { model: `${host}/m`, messages: [{ role: 'user', content: 'hi' }], ...body },
      key,
    )
  const lastBody = (): JsonObject => fake.log.at(-1)?.body as JsonObject
  const answers = (message: JsonObject, more: JsonObject = {}): void =>
    fake.script({
      json: {
        id: 'x',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop' }],
        usage: USAGE,
        ...more,
      },
    })
  const streams = (...chunks: JsonObject[]): void =>
    fake.script({ sse: [...chunks.map((data) => ({ data })), { data: '[DONE]' }] })
  /** The chunks of a streamed answer, as an OpenAI client adds them up. */
  const added = (reply: Reply) => {
    const chunks = reply
      .frames()
      .filter((data) => data !== '[DONE]')
      .map((data) => JSON.parse(data) as JsonObject)
    const deltas = chunks.flatMap(({ choices }) => (choices as JsonObject[]).map((choice) => choice.delta))
    const all = (name: string) => deltas.map((delta) => (isObject(delta) ? delta[name] : undefined))
    return {
      chunks,
      content: all('content')
        .filter((text) => typeof text === 'string')
        .join(''),
      annotations: all('annotations').flatMap((list) => (Array.isArray(list) ? list : [])),
      calls: all('tool_calls').flatMap((list) => (Array.isArray(list) ? (list as JsonObject[]) : [])),
      finish: chunks.flatMap(({ choices }) =>
        (choices as JsonObject[]).flatMap((choice) => choice.finish_reason ?? []),
      ),
    }
  }

  test('30. cache_salt: one for each caller, in legal letters, and never over what the caller sends', async () => {
    for (const host of ['vllm', 'sglang']) {
      await chat(host, {}, 'key@a/b\\\\c')
      const salt = lastBody().cache_salt
      expect(salt).toMatch(/^[^@/\\\0]{1,128}$/)
      await chat(host, { cache_salt: 'mine' }, 'key@a/b\\\\c')
      expect(lastBody().cache_salt).toBe('mine')
    }
    await chat('openrouter')
    expect(lastBody()).not.toHaveProperty('cache_salt')
  })
  test('31. vLLM: an adapter is listed as a model, with the facts and the price of its parent', async () => {
    const engine = await startFake({ kind: 'openai' })
    const row = (id: string, parent: string | null) => ({ id, object: 'model', owned_by: 'vllm', parent })
    engine.script({
      match: /models/,
      json: { object: 'list', data: [row('base', null), row('tuned', 'base'), row('priced', 'base')] },
      keep: true,
    })
    const own = await launch({
      yaml: `endpoints:
  lab: { provider: vllm, base_url: "${engine.url}/v1", api_key: k }
catalog:
  lab/base: { context_tokens: 4096, tools: true, price: { input: 1, output: 2 } }
  lab/priced: { price: { input: 10, output: 20 } }
`,
    })
    try {
      await own.started
      const listed = await until(async () => {
        const { data } = (await own.get('/v1/models')).json as { data: JsonObject[] }
        return data.length >= 3 && data
      }, 5_000)
      const facts = (id: string) => listed.find((entry) => entry.id === id)
      expect(facts('tuned')).toMatchObject({
        context_length: 4096,
        abilities: ['tools'],
        price_per_million: { input: 1, output: 2 },
      })
      expect(facts('priced')).toMatchObject({ context_length: 4096, price_per_million: { input: 10 } })
      engine.script({
        match: /chat/,
        json: {
          id: 'x',
          model: 'tuned',
          choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 1_000_000, completion_tokens: 1_000_000, total_tokens: 2_000_000 },
        },
      })
      const reply = await own.chat('lab/tuned')
      expect(Number(reply.headers.get('x-trunkline-cost'))).toBe(3)
    } finally {
      await own.close()
      await engine.close()
    }
  })
  test('89. two callers of one vLLM have different salts, each the same in every call and dialect', async () => {
    const salts: unknown[] = []
    for (const key of ['a', 'b', 'a']) {
      await chat('vllm', {}, key)
      salts.push(lastBody().cache_salt)
    }
    await post(
      '/v1/messages',
      { model: 'vllm/m', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
      'a',
    )
    salts.push(lastBody().cache_salt)
    expect(salts[0]).toBe(salts[2])
    expect(salts[0]).toBe(salts[3])
    expect(salts[0]).not.toBe(salts[1])
  })
  test.each([false, true])(
    '37. LM Studio: a call in tags is a call, whole and streamed (%s)',
    async (stream) => {
      const tools = [tool('look', { parameters: { type: 'object', properties: { at: { type: 'string' } } } })]
      const forms = [
        '<tool_call>\n{"name": "look", "arguments": {"at": "sky"}}\n</tool_call>',
        '<tool_call><function=look>\n<parameter=at>\nsky\n</parameter>\n</function></tool_call>',
        '\n<function=look><parameter=at>sky</parameter></function>\n',
      ]
      for (const text of forms) {
        if (stream) streams(...Array.from(text, (content) => chunk({ content })), chunk({}, 'stop'))
        else answers({ content: text })
        const reply = await chat('lmstudio', { tools, tool_choice: 'required', stream })
        const { content, calls, finish } = stream
          ? added(reply)
          : {
              content: reply.at('choices.0.message.content') ?? '',
              calls: reply.at('choices.0.message.tool_calls') as JsonObject[],
              finish: [reply.at('choices.0.finish_reason')],
            }
        expect(content).toBe('')
        expect(calls[0]).toMatchObject({ type: 'function', function: { name: 'look' } })
        const input = calls.map((call) => (call.function as { arguments?: string }).arguments ?? '').join('')
        expect(JSON.parse(input)).toEqual({ at: 'sky' })
        expect(finish).toEqual(['tool_calls'])
      }
      // What is no call of an offered tool stays text, to the letter.
      const other = 'a <b> <tool_call>{"name":"steal"}</tool_call> <tool_ca'
      if (stream) streams(...Array.from(other, (content) => chunk({ content })), chunk({}, 'stop'))
      else answers({ content: other })
      const reply = await chat('lmstudio', { tools, stream })
      expect(stream ? added(reply).content : reply.at('choices.0.message.content')).toBe(other)
    },
  )
  test('32. llama.cpp: a last assistant turn is followed by a user’s, or continued with thinking off where asked', async () => {
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'Once' },
    ]
    const answer = await chat('llamacpp', { messages })
    expect(lastBody()).toMatchObject({ messages: [...messages, { role: 'user', content: 'Continue.' }] })
    expect(answer.headers.get('x-trunkline-notes')).toMatch(/messages\[2\]/)
    await chat('llamacpp', { messages, continue_final_message: true })
    expect(lastBody()).toMatchObject({ messages, chat_template_kwargs: { enable_thinking: false } })
    expect(lastBody()).not.toHaveProperty('continue_final_message')
    await post('/v1/messages', { model: 'llamacpp/m', max_tokens: 9, messages })
    expect(lastBody()).toMatchObject({ messages, chat_template_kwargs: { enable_thinking: false } })
    await post('/v1/responses', { model: 'llamacpp/m', input: messages, tools: [{ type: 'web_search' }] })
    expect((lastBody().messages as JsonObject[]).at(-1)).toEqual({ role: 'user', content: 'Continue.' })
    await post('/v1/messages', { model: 'vllm/m', max_tokens: 9, messages })
    expect(lastBody()).toMatchObject({ continue_final_message: true, add_generation_prompt: false })
  })
  test.each([false, true])('49. Mistral: a prompt with a suffix, streamed: %s', async (stream) => {
    if (stream)
      streams(chunk({ content: 'x =' }), chunk({ content: ' 1' }), chunk({}, 'stop', { usage: USAGE }))
    else answers({ content: 'x = 1' })
    const asked = {
      model: 'mistral/m',
      prompt: 'def f():',
      suffix: 'return x',
      max_tokens: 5,
      seed: 4,
      user: 'u',
    }
    const reply = await post('/v1/completions', { ...asked, stream })
    expect(fake.log.at(-1)?.path).toBe('/v1/fim/completions')
    const { stream: _stream, ...body } = lastBody()
    expect(body).toEqual({
      model: 'm',
      prompt: 'def f():',
      suffix: 'return x',
      max_tokens: 5,
      random_seed: 4,
    })
    const texts = stream
      ? reply
          .frames()
          .filter((data) => data !== '[DONE]')
          .map((data) => (JSON.parse(data) as { choices: { text: string }[] }).choices[0]?.text ?? '')
      : [reply.at('choices.0.text')]
    expect(texts.join('')).toBe('x = 1')
    await post('/v1/completions', { model: 'mistral/m', prompt: 'hi' })
    expect(fake.log.at(-1)?.path).toBe('/v1/chat/completions')
  })
  test.each([false, true])(
    '50. Mistral: the echoed prefix is stripped once, streamed: %s',
    async (stream) => {
      const prefix = 'Once'
      const messages = [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: prefix, prefix: true },
      ]
      for (const [said, want] of [
        ['OnceOnce upon', 'Once upon'],
        ['Other', 'Other'],
        ['On', 'On'],
      ] as const) {
        if (stream) streams(...Array.from(said, (content) => chunk({ content })), chunk({}, 'stop'))
        else answers({ content: said })
        const reply = await chat('mistral', { messages, stream })
        expect(lastBody().messages).toEqual(messages)
        expect(stream ? added(reply).content : reply.at('choices.0.message.content')).toBe(want)
      }
      // A caller of Messages means the same by a last assistant turn.
      answers({ content: 'Once upon' })
      const reply = await post('/v1/messages', {
        model: 'mistral/m',
        max_tokens: 9,
        messages: messages.map(({ role, content }) => ({ role, content })),
      })
      expect(lastBody().messages).toEqual(messages)
      expect(reply.at('content.0.text')).toBe(' upon')
    },
  )
  test.each([false, true])('57. Perplexity: citations are annotations, streamed: %s', async (stream) => {
    const urls = ['https://a.example/', 'https://b.example/']
    const sources = {
      citations: urls,
      search_results: [
        { title: 'A', url: urls[0] },
        { title: 'B', url: urls[1] },
      ],
    }
    const annotation = (at: number, start: number) => ({
      type: 'url_citation',
      url_citation: { url: urls[at], title: 'AB'[at], start_index: start, end_index: start + 3 },
    })
    const want = [annotation(1, 4), annotation(0, 7)]
    if (stream)
      streams(
        ...['Sky [', '2][', '1].', ' [9]'].map((content) =>
          chunk({ role: 'assistant', content }, null, { ...sources, usage: USAGE }),
        ),
        chunk({ content: '' }, 'stop', { object: 'chat.completion.done', ...sources, usage: USAGE }),
      )
    else answers({ content: 'Sky [2][1]. [9]' }, sources)
    const reply = await chat('perplexity', { stream })
    if (stream) {
      const { content, annotations, chunks, finish } = added(reply)
      expect(content).toBe('Sky [2][1]. [9]')
      expect(annotations).toEqual(want)
      expect(finish).toEqual(['stop'])
      expect(chunks.filter((entry) => entry.search_results !== undefined)).toMatchObject([sources])
      expect(chunks.every(({ object }) => object === 'chat.completion.chunk')).toBe(true)
    } else {
      expect(reply.at('choices.0.message.annotations')).toEqual(want)
      expect(reply.json).toMatchObject(sources)
    }
    answers({ content: 'Sky [2]' }, sources)
    const other = await post('/v1/responses', { model: 'perplexity/m', input: 'hi' })
    expect(other.at('output.0.content.0.annotations')).toMatchObject([{ type: 'url_citation', url: urls[1] }])
  })
  test('60. OpenRouter: an error after the finish word is recorded only, one before it is told', async () => {
    const error = { id: 'x', model: 'm', choices: [], error: { code: 400, message: 'Token limit reached' } }
    streams(chunk({ content: 'a' }), chunk({}, 'length'), error)
    const late = await chat('openrouter', { stream: true })
    expect(late.text).not.toContain('Token limit')
    expect(added(late)).toMatchObject({ content: 'a', finish: ['length'] })
    expect(late.frames().at(-1)).toBe('[DONE]')
    const line = await gw.waitForLog(/Token limit reached/)
    expect(line.json).toMatchObject({ id: late.headers.get('x-request-id') })
    streams(chunk({ content: 'a' }), error)
    expect((await chat('openrouter', { stream: true })).text).toContain('Token limit reached')
    // Translated, the finish word waits for the end: the error is told.
    streams(chunk({ content: 'a' }), chunk({}, 'length'), error)
    const other = await post('/v1/messages', {
      model: 'openrouter/m',
      max_tokens: 9,
      stream: true,
      messages: [{ role: 'user', content: 'hi' }],
    })
    expect(other.text).toContain('event: error')
    expect(other.text).not.toContain('message_stop')
  })
  test.each([false, true])(
    '67. Kimi: an id that comes again in turn 2 is another for the caller, and its own upstream, streamed: %s',
    async (stream) => {
      const given = { id: 'functions.f:0', type: 'function', function: { name: 'f', arguments: '{}' } }
      for (const model of ['moonshot/m', 'openrouter/kimi-k2']) {
        const messages: JsonObject[] = [{ role: 'user', content: 'hi' }]
        const ids: unknown[] = []
        for (let round = 0; round < 3; round++) {
          if (stream) streams(chunk({ tool_calls: [{ index: 0, ...given }] }), chunk({}, 'tool_calls'))
          else answers({ content: null, tool_calls: [given] })
          const reply = await chat('', { model, messages, tools: [tool('f')], stream })
          const sentUp = lastBody().messages as JsonObject[]
          const calls = sentUp.flatMap((message) => (message.tool_calls as JsonObject[] | undefined) ?? [])
          expect(calls.map(({ id }) => id)).toEqual(Array.from({ length: round }, () => given.id))
          expect(sentUp.flatMap((message) => message.tool_call_id ?? [])).toEqual(calls.map(({ id }) => id))
          const [call] = stream
            ? added(reply).calls
            : (reply.at('choices.0.message.tool_calls') as JsonObject[])
          const id = call?.id as string
          expect(id).toMatch(/^[\w-]{1,40}$/)
          ids.push(id)
          messages.push(
            { role: 'assistant', content: null, tool_calls: [{ ...given, id }] },
            { role: 'tool', tool_call_id: id, content: 'r' },
          )
        }
        expect(new Set(ids).size).toBe(3)
      }
    },
  )
  test('67. an id that names no function is restored too, to its issuer alone', async () => {
    const call = { id: 'call_0', type: 'function', function: { name: 'f', arguments: '{}' } }
    const message = (content: JsonObject[], role = 'assistant') => ({ role, content })
    const asked = (model: string, messages: JsonObject[]) =>
      post('/v1/messages', {
        model,
        max_tokens: 9,
        messages,
        tools: [{ name: 'f', input_schema: { type: 'object' } }],
      })
    const history: JsonObject[] = [{ role: 'user', content: 'hi' }]
    const ids: string[] = []
    for (let round = 0; round < 2; round++) {
      answers({ content: null, tool_calls: [call] })
      const reply = await asked('openrouter/m', history)
      const id = reply.at('content.0.id') as string
      ids.push(id)
      history.push(
        message([{ type: 'tool_use', id, name: 'f', input: {} }]),
        message([{ type: 'tool_result', tool_use_id: id, content: 'r' }], 'user'),
      )
    }
    expect(new Set(ids).size).toBe(2)
    await asked('openrouter/m', history)
    const results = () => (lastBody().messages as JsonObject[]).flatMap((entry) => entry.tool_call_id ?? [])
    expect(results()).toEqual(['call_0', 'call_0'])
    await asked('vllm/m', history)
    expect(results()).toEqual(ids)
  })
  test('69. Qwen: a whole answer is streamed upstream while it thinks, and put together', async () => {
    streams(
      chunk({ role: 'assistant', content: null, reasoning_content: 'hm' }),
      chunk({ content: 'po' }),
      chunk({ content: 'ng' }),
      chunk({
        tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '{' } }],
      }),
      chunk({ tool_calls: [{ index: 0, id: '', function: { arguments: '}' } }] }),
      chunk({}, 'tool_calls'),
      { id: 'x', model: 'm', choices: [], usage: USAGE },
    )
    const reply = await chat('qwen', { tools: [tool('f')] })
    expect(lastBody()).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    expect(reply.headers.get('content-type')).toContain('application/json')
    expect(reply.json).toMatchObject({
      object: 'chat.completion',
      choices: [
        {
          message: {
            content: 'pong',
            reasoning_content: 'hm',
            tool_calls: [{ id: 'c1', function: { name: 'f', arguments: '{}' } }],
          },
          finish_reason: 'tool_calls',
        },
      ],
      usage: USAGE,
    })
    await chat('qwen', { enable_thinking: false })
    expect(lastBody().stream).not.toBe(true)
    streams(chunk({ content: 'pong' }), chunk({}, 'stop', { usage: USAGE }))
    const other = await post('/v1/messages', {
      model: 'qwen/m',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'hi' }],
    })
    expect(lastBody().stream).toBe(true)
    expect(other.json).toMatchObject({
      content: [{ type: 'text', text: 'pong' }],
      usage: { output_tokens: 4 },
    })
  })
  test('69. Qwen: the client library and a gate’s ping are answered too', async () => {
    const host = await startFake({ kind: 'openai', models: ['m'] })
    const client = createClient({ config: false, env: {} })
    const own = await launch({
      yaml: `endpoints:
  q: { provider: qwen, base_url: "${host.url}/v1", api_key: k, models: [m], probe: gate }
`,
    })
    try {
      await own.started
      const reply = await own.chat('q/m')
      expect(reply.status, reply.text).toBe(200)
      const pings = host.log.map(({ body }) => body as JsonObject).filter((body) => body?.max_tokens === 16)
      expect(pings).toMatchObject([{ enable_thinking: false, stream: false }])
      const answer = await client.chat('ping', {
        provider: 'qwen',
        model: 'm',
        baseUrl: `${host.url}/v1`,
        apiKey: 'k',
      })
      expect(answer.text).not.toBe('')
      expect(host.log.at(-1)?.body).toMatchObject({ stream: true })
    } finally {
      await client.close()
      await own.close()
      await host.close()
    }
  })
  test('69. a stream that breaks off is no answer', async () => {
    fake.script({ sse: [{ data: chunk({ content: 'po' }) }], keep: true })
    const reply = await ask(`http://127.0.0.1:${gw.port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
      body: JSON.stringify({ model: 'qwen/m', messages: [{ role: 'user', content: 'hi' }] }),
    })
    fake.unscript()
    expect(reply.status).toBe(502)
  })
  test('79. Cloudflare: native frames beside OpenAI’s, stop after calls, a final frame of nulls', async () => {
    streams(
      { response: 'Let ' },
      chunk({ content: 'me ' }),
      { response: 'look', tool_calls: [{ name: 'f', arguments: { a: 1 } }] },
      chunk({
        tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'g', arguments: '{}' } }],
      }),
      chunk({ tool_calls: [{ index: 1, id: null, type: null, function: { name: null, arguments: null } }] }),
      chunk({ content: null }, 'stop'),
      { response: null, tool_calls: [], usage: USAGE },
    )
    const reply = await chat('cloudflare-workers-ai', {
      stream: true,
      stream_options: { include_usage: true },
      tools: [tool('f'), tool('g')],
    })
    const { content, calls, finish, chunks } = added(reply)
    expect(content).toBe('Let me look')
    expect(calls.filter((call) => call.id !== undefined).map((call) => call.function)).toMatchObject([
      { name: 'f' },
      { name: 'g' },
    ])
    expect(finish).toEqual(['tool_calls'])
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: USAGE })
    answers({ content: '' })
    fake.unscript()
    fake.script({
      json: {
        success: true,
        errors: [],
        result: { response: 'pong', tool_calls: [{ name: 'f', arguments: {} }], usage: USAGE },
      },
    })
    const whole = await chat('cloudflare-workers-ai', { tools: [tool('f')] })
    expect(whole.json).toMatchObject({
      choices: [
        {
          message: { content: 'pong', tool_calls: [{ function: { name: 'f' } }] },
          finish_reason: 'tool_calls',
        },
      ],
      usage: USAGE,
    })
  })
})

describe('reasoning in tags', () => {
  const split = (...fragments: string[]): Record<'reasoning' | 'text', string> => {
    const said = { reasoning: '', text: '' }
    const splitter = thinkSplitter((kind, text) => {
      said[kind] += text
    })
    for (const fragment of fragments) splitter.push(fragment)
    splitter.end()
    return said
  }
  test('84. a tag cut anywhere is the same; a tag after the first text is text', () => {
    const answer = '<think>\nhm</think>\n\nanswer <think>no</think>'
    const want = { reasoning: 'hm', text: 'answer <think>no</think>' }
    for (let at = 0; at <= answer.length; at++)
      expect(split(answer.slice(0, at), answer.slice(at))).toEqual(want)
    expect(split(...Array.from(answer))).toEqual(want)
    expect(split('say <think>x</think>')).toEqual({ reasoning: '', text: 'say <think>x</think>' })
    expect(split('<thi')).toEqual({ reasoning: '', text: '<thi' })
  })
  test('85. a tag that never closes leaves reasoning and no text', () => {
    expect(split('<think>', 'on and on')).toEqual({ reasoning: 'on and on', text: '' })
  })
})

/** Shown elsewhere, or not done: each with the place or the reason. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  '1-11': 'discovery: src/upstream/discovery',
  '19, 28, 77, 90': 'learning from refusals: src/gateway/learned.test.ts',
  '34': 'keep-alive comments: src/gateway/pump.ts, seen in test/faults',
  '39': 'limits per endpoint: src/gateway/limits.ts (concurrency: 1)',
  '41': 'nothing to do: whatever list the key shows is the list',
  '42': 'npm run recorded groq: usage of every stream',
  '53': 'JSON.parse takes blank lines before a body; a unit of its own would show only that',
  '54': 'DeepSeek’s /responses: the dialect’s own suite',
  '56': 'learned from the refusal: xAI names the members',
  '62': 'src/governance/cost.test.ts',
  '75': 'MiniMax is asked for reasoning_details, which are sealed and go back (61)',
  '78': 'npm run recorded huggingface',
  '81': 'src/config/endpoint.ts names the retirement',
  '86': 'src/routing: resets of every form',
  '88, 91-93': 'seals: src/gateway/seals.ts and test/e2e/seals.test.ts',
}

test('every numbered case is shown here or has its line', () => {
  const source = readFileSync(import.meta.filename, 'utf8')
  const titles = [...source.matchAll(/test(?:\.each\([^]*?\))?\(\s*'(\d[\d, ]*)\./g)].map(
    (match) => match[1] as string,
  )
  const numbers = [...titles, ...Object.keys(ELSEWHERE)].flatMap((text) =>
    text.split(',').flatMap((range) => {
      const [from = 0, to = from] = range.split('-').map(Number)
      return Array.from({ length: to - from + 1 }, (_, index) => from + index)
    }),
  )
  expect([...new Set(numbers)].toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 93 }, (_, index) => index + 1),
  )
})
