// Google's dialect from both sides, through a real gateway process: the official @google/genai client on models of every
// kind of upstream, and the other vendors' clients on Gemini. Numbers in titles are those of the wire reference.

import { FunctionCallingConfigMode, GoogleGenAI } from '@google/genai'
import Anthropic from '@anthropic-ai/sdk'
import { OpenAI } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Gateway, KEY, ask, at, launch } from '../acceptance/kit.ts'
import { type Answer, type Upstream, makeUpstream } from '../acceptance/upstream.ts'
import { answers, schema } from './answers.ts'

let oai: Upstream
let ant: Upstream
let goo: Upstream
let gw: Gateway

beforeAll(async () => {
  oai = await makeUpstream({ kind: 'openai', models: ['gpt-m'] })
  ant = await makeUpstream({ kind: 'anthropic', models: ['claude-m'] })
  goo = await makeUpstream({ kind: 'openai', models: ['gemini-3-flash'] })
  gw = await launch({
    yaml: `endpoints:
  oai: { provider: openai-compatible, base_url: "${oai.v1}", auth_type: none, models: [gpt-m] }
  ant: { provider: anthropic, base_url: "${ant.v1}", api_key: sk-ant-1, models: [claude-m] }
  goo: { provider: gemini, base_url: "${goo.root}/v1beta", api_key: AIza-1, models: [gemini-3-flash] }
  other: { provider: gemini, base_url: "${goo.root}/v1beta", api_key: AIza-2, models: [gemini-3-pro] }
`,
  })
  await gw.started
})

afterAll(async () => {
  await gw?.close()
  await oai?.close()
  await ant?.close()
  await goo?.close()
})

const genai = (apiKey = KEY) =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gw.url, retryOptions: { attempts: 1 } } })

const SIGNATURE = 'EuYBCuMBAVN0aGluayBhYm91dCB0aGUgd2VhdGhlcg=='
const chunk = (parts: object[], more: object = {}): string =>
  `data: ${JSON.stringify({
    candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
    usageMetadata: {
      promptTokenCount: 11,
      candidatesTokenCount: 4,
      thoughtsTokenCount: 3,
      totalTokenCount: 18,
    },
    modelVersion: 'gemini-3-flash',
    responseId: 'r1',
  })}\r\n\r\n`
const called = { functionCall: { name: 'weather', args: { city: 'Bern' } }, thoughtSignature: SIGNATURE }

const google = {
  text: {
    json: {
      candidates: [{ content: { role: 'model', parts: [{ text: 'pong' }] }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 },
      modelVersion: 'gemini-3-flash',
      responseId: 'r1',
    },
  },
  textStream: { sse: [chunk([{ text: 'po' }]), chunk([{ text: 'ng' }], { finishReason: 'STOP' })] },
  // The newest models end in a chunk of its own (45).
  toolStream: {
    sse: [
      chunk([{ text: 'let me see', thought: true }]),
      chunk([called]),
      chunk([{ text: '' }], { finishReason: 'STOP' }),
    ],
  },
} satisfies Record<string, Answer>

const lastGoogle = () => {
  const last = goo.log().findLast((entry) => entry.method === 'POST')
  if (!last) throw new Error('the upstream saw no call')
  return last
}

const declared = [
  {
    functionDeclarations: [
      {
        name: 'weather',
        description: 'd',
        parameters: { type: 'OBJECT', properties: { city: { type: 'STRING' } }, required: ['city'] },
      },
    ],
  },
]

describe('@google/genai', () => {
  test.for(['gpt-m', 'claude-m', 'gemini-3-flash'])('text with %s', async (model) => {
    if (model === 'gpt-m') oai.next(answers.openai.text)
    else if (model === 'claude-m') ant.next(answers.anthropic.text)
    else goo.next(google.text)
    const answer = await genai().models.generateContent({ model, contents: 'ping' })
    expect(answer.text).toBe('pong')
    expect(answer.usageMetadata).toMatchObject({ promptTokenCount: 11, candidatesTokenCount: 7 })
    expect(answer.candidates?.[0]?.finishReason).toBe('STOP')
  })

  test.for(['gpt-m', 'claude-m', 'gemini-3-flash'])('55: stream with %s', async (model) => {
    if (model === 'gpt-m') oai.next(answers.openai.textStream)
    else if (model === 'claude-m') ant.next(answers.anthropic.textStream)
    else goo.next(google.textStream)
    const pieces: string[] = []
    let finish: unknown
    for await (const part of await genai().models.generateContentStream({ model, contents: 'ping' })) {
      if (part.text) pieces.push(part.text)
      finish = part.candidates?.[0]?.finishReason ?? finish
    }
    expect(pieces).toEqual(['po', 'ng'])
    expect(finish).toBe('STOP')
  })

  test.for(['gpt-m', 'claude-m'])('58, 59: streamed tool call with %s is one whole part', async (model) => {
    const upstream = model === 'gpt-m' ? oai : ant
    upstream.next(model === 'gpt-m' ? answers.openai.toolStream : answers.anthropic.toolStream)
    const calls: object[] = []
    const stream = await genai().models.generateContentStream({
      model,
      contents: 'ping',
      config: {
        tools: declared as never,
        toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } },
      },
    })
    for await (const part of stream) calls.push(...(part.functionCalls ?? []))
    expect(calls).toMatchObject([{ name: 'weather', args: { city: 'Bern' } }])
    const sent = JSON.stringify(upstream.lastChat().at('tools'))
    expect(sent).toContain('"type":"object"')
    expect(sent).not.toContain('OBJECT')
  })

  test('57: a result without an id answers its call by name and order', async () => {
    oai.next(answers.openai.text)
    await genai().models.generateContent({
      model: 'gpt-m',
      contents: [
        { role: 'user', parts: [{ text: 'ping' }] },
        {
          role: 'model',
          parts: [
            { functionCall: { name: 'weather', args: { city: 'Bern' } } },
            { functionCall: { name: 'weather', args: { city: 'Oslo' } } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { name: 'weather', response: { output: 'rain' } } },
            { functionResponse: { name: 'weather', response: { output: 'snow' } } },
          ],
        },
      ],
    })
    const messages = oai.lastChat().at('messages') as Record<string, unknown>[]
    const calls = at(messages[1], 'tool_calls') as { id: string }[]
    expect(messages.slice(2)).toEqual([
      { role: 'tool', tool_call_id: calls[0]?.id, content: 'rain' },
      { role: 'tool', tool_call_id: calls[1]?.id, content: 'snow' },
    ])
  })

  test('60: reasoning of another vendor comes back from the thought signature', async () => {
    const event = (type: string, rest: object) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
    const block = (index: number, start: object, deltas: object[]) => [
      event('content_block_start', { index, content_block: start }),
      ...deltas.map((delta) => event('content_block_delta', { index, delta })),
      event('content_block_stop', { index }),
    ]
    ant.next({
      sse: [
        event('message_start', {
          message: {
            id: 'msg_1',
            type: 'message',
            role: 'assistant',
            model: 'claude-m',
            content: [],
            stop_reason: null,
            stop_sequence: null,
            usage: { input_tokens: 1, output_tokens: 1 },
          },
        }),
        ...block(0, { type: 'thinking', thinking: '', signature: '' }, [
          { type: 'thinking_delta', thinking: 'hm' },
          { type: 'signature_delta', signature: 'sig-1' },
        ]),
        ...block(1, { type: 'tool_use', id: 'toolu_9', name: 'weather', input: {} }, [
          { type: 'input_json_delta', partial_json: '{"city":"Bern"}' },
        ]),
        event('message_delta', {
          delta: { stop_reason: 'tool_use', stop_sequence: null },
          usage: { output_tokens: 7 },
        }),
        event('message_stop', {}),
      ],
    })
    const parts: object[] = []
    const ask1 = { model: 'claude-m', contents: 'ping', config: { tools: declared as never } }
    for await (const piece of await genai().models.generateContentStream(ask1))
      for (const part of piece.candidates?.[0]?.content?.parts ?? []) if (part.functionCall) parts.push(part)
    expect(parts).toMatchObject([{ functionCall: { id: 'toolu_9', name: 'weather' } }])
    ant.next(answers.anthropic.text)
    await genai().models.generateContent({
      ...ask1,
      contents: [
        { role: 'user', parts: [{ text: 'ping' }] },
        { role: 'model', parts },
        {
          role: 'user',
          parts: [{ functionResponse: { id: 'toolu_9', name: 'weather', response: { output: 'rain' } } }],
        },
      ],
    })
    expect(ant.lastChat().at('messages.1.content')).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 'sig-1' },
      { type: 'tool_use', id: 'toolu_9', name: 'weather', input: { city: 'Bern' } },
    ])
  })

  test('counts tokens of any upstream, and lists models', async () => {
    const counted = await genai().models.countTokens({ model: 'gpt-m', contents: 'The quick brown fox' })
    expect(counted.totalTokens).toBeGreaterThan(3)
    goo.next({ json: { totalTokens: 12 } })
    expect((await genai().models.countTokens({ model: 'gemini-3-flash', contents: 'x' })).totalTokens).toBe(
      12,
    )
    expect(lastGoogle().path).toBe('/v1beta/models/gemini-3-flash:countTokens')
    const names: (string | undefined)[] = []
    for await (const model of await genai().models.list()) names.push(model.name)
    expect(names).toContain('models/gpt-m')
    expect((await genai().models.get({ model: 'gpt-m' })).name).toBe('models/gpt-m')
  })

  test('a wrong key is an ApiError of its own status', async () => {
    const error = await genai('wrong')
      .models.generateContent({ model: 'gpt-m', contents: 'ping' })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'ApiError', status: 401 })
  })
})

describe('the paths', () => {
  const body = JSON.stringify({ contents: [{ parts: [{ text: 'ping' }] }] })
  const post = (path: string, headers: Record<string, string> = {}) =>
    ask(`${gw.url}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })

  test('55: no event names, no end marker, every block ended', async () => {
    oai.next(answers.openai.textStream)
    const { text } = await post(`/v1beta/models/gpt-m:streamGenerateContent?alt=sse&key=${KEY}`)
    expect(text).not.toContain('event:')
    expect(text).not.toContain('[DONE]')
    expect(text.endsWith('\n\n')).toBe(true)
    expect(
      text
        .trimEnd()
        .split('\n\n')
        .every((block) => block.startsWith('data: {')),
    ).toBe(true)
  })

  test('62: without alt a stream is one JSON list', async () => {
    oai.next(answers.openai.textStream)
    const whole = await post('/v1beta/models/gpt-m:streamGenerateContent', { 'x-goog-api-key': KEY })
    expect(whole.headers.get('content-type')).toContain('application/json')
    expect(whole.at('0.candidates.0.content.parts.0.text')).toBe('po')
    goo.next(google.textStream)
    const relayed = await post('/v1/models/gemini-3-flash%3AstreamGenerateContent', {
      authorization: `Bearer ${KEY}`,
    })
    expect(relayed.at('1.candidates.0.finishReason')).toBe('STOP')
  })

  test('56: the models list is in the shape of who asks', async () => {
    const google = await ask(`${gw.url}/v1/models`, { headers: { 'x-goog-api-key': KEY } })
    expect(google.at('models.0.name')).toMatch(/^models\//)
    const openai = await ask(`${gw.url}/v1/models`, { headers: { authorization: `Bearer ${KEY}` } })
    expect(openai.at('data.0.object')).toBe('model')
    const first = await ask(`${gw.url}/v1beta/models?pageSize=1&key=${KEY}`)
    expect(first.at('nextPageToken')).toBe('1')
  })

  test('a failure is in Google’s shape, and the key of the query is in no log', async () => {
    const unknown = await post(`/v1beta/models/nope:generateContent?key=${KEY}`)
    expect(unknown.status).toBe(404)
    expect(unknown.at('error.status')).toBe('NOT_FOUND')
    const method = await post(`/v1beta/models/gpt-m:batchGenerateContent?key=${KEY}`)
    expect(method.at('error.code')).toBe(404)
    const refused = await post('/v1beta/models/gpt-m:generateContent?key=wrong-key-1')
    expect(refused.at('error.status')).toBe('UNAUTHENTICATED')
    await gw.waitForLog(/UNAUTHENTICATED|unauthenticated/)
    expect(gw.log.some((line) => line.raw.includes('wrong-key-1') || line.raw.includes(KEY))).toBe(false)
  })
})

describe('Gemini behind other dialects', () => {
  const tools = [
    { type: 'function' as const, function: { name: 'weather', description: 'd', parameters: schema } },
  ]
  const openai = () => new OpenAI({ apiKey: KEY, baseURL: `${gw.url}/v1`, maxRetries: 0 })

  test('41, 42, 45: a tool loop of the OpenAI SDK brings the signature back on its own call', async () => {
    goo.next(google.toolStream)
    const first = await openai()
      .chat.completions.stream({
        model: 'gemini-3-flash',
        messages: [{ role: 'user', content: 'ping' }],
        tools,
      })
      .finalChatCompletion()
    const message = first.choices[0]?.message
    expect(first.choices[0]?.finish_reason).toBe('tool_calls')
    const call = message?.tool_calls?.[0]
    if (!message || call?.type !== 'function') throw new Error('no function call')
    expect(lastGoogle().headers['x-goog-api-key']).toBe('AIza-1')
    expect(lastGoogle().path).toBe('/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse')
    goo.next(google.text)
    const second = await openai().chat.completions.create({
      model: 'gemini-3-flash',
      messages: [
        { role: 'user', content: 'ping' },
        message,
        { role: 'tool', tool_call_id: call.id, content: 'rain' },
      ],
      tools,
    })
    expect(second.choices[0]?.message.content).toBe('pong')
    expect(lastGoogle().at('contents')).toEqual([
      { role: 'user', parts: [{ text: 'ping' }] },
      { role: 'model', parts: [called] },
      { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { output: 'rain' } } }] },
    ])
  })

  test('77: at another account of Google the signature is left behind for the sentinel', async () => {
    goo.next(google.toolStream)
    const first = await openai()
      .chat.completions.stream({
        model: 'gemini-3-flash',
        messages: [{ role: 'user', content: 'ping' }],
        tools,
      })
      .finalChatCompletion()
    const message = first.choices[0]?.message
    const call = message?.tool_calls?.[0]
    if (!message || !call) throw new Error('no function call')
    goo.next(google.text)
    await openai().chat.completions.create({
      model: 'gemini-3-pro',
      messages: [
        { role: 'user', content: 'ping' },
        message,
        { role: 'tool', tool_call_id: call.id, content: 'rain' },
      ],
      tools,
    })
    expect(lastGoogle().headers['x-goog-api-key']).toBe('AIza-2')
    expect(lastGoogle().at('contents.1.parts.0.thoughtSignature')).toBe('skip_thought_signature_validator')
  })

  test('41: the same, where the client keeps nothing but id, name and arguments', async () => {
    goo.next({
      sse: [
        chunk([{ ...called, functionCall: { ...called.functionCall, id: 'fc-7' } }], {
          finishReason: 'STOP',
        }),
      ],
    })
    await openai()
      .chat.completions.stream({
        model: 'gemini-3-flash',
        messages: [{ role: 'user', content: 'ping' }],
        tools,
      })
      .finalChatCompletion()
    goo.next(google.text)
    await openai().chat.completions.create({
      model: 'gemini-3-flash',
      messages: [
        { role: 'user', content: 'ping' },
        {
          role: 'assistant',
          tool_calls: [
            { id: 'fc-7', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'fc-7', content: 'rain' },
      ],
      tools,
    })
    expect(lastGoogle().at('contents.1.parts.0.thoughtSignature')).toBe(SIGNATURE)
  })

  test('41: a tool loop of the Anthropic SDK', async () => {
    const anthropic = new Anthropic({ apiKey: KEY, baseURL: gw.url, maxRetries: 0 })
    const request = {
      model: 'gemini-3-flash',
      max_tokens: 100,
      tools: [{ name: 'weather', description: 'd', input_schema: schema }],
    }
    goo.next(google.toolStream)
    const first = await anthropic.messages
      .stream({ ...request, messages: [{ role: 'user', content: 'ping' }] })
      .finalMessage()
    expect(first.stop_reason).toBe('tool_use')
    const use = first.content.find((block) => block.type === 'tool_use')
    goo.next(google.text)
    const second = await anthropic.messages.create({
      ...request,
      messages: [
        { role: 'user', content: 'ping' },
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: use?.id ?? '', content: 'rain' }] },
      ],
    })
    expect(second.content).toMatchObject([{ type: 'text', text: 'pong' }])
    expect(lastGoogle().at('contents.1.parts')).toEqual([called])
  })

  test('43, 48: calls of another vendor get the sentinel, the first of a step alone', async () => {
    goo.next(google.text)
    const call = (id: string) => ({
      id,
      type: 'function' as const,
      function: { name: 'weather', arguments: '{}' },
    })
    await openai().chat.completions.create({
      model: 'gemini-3-flash',
      messages: [
        { role: 'user', content: 'ping' },
        { role: 'assistant', tool_calls: [call('call_a'), call('call_b')] },
        { role: 'tool', tool_call_id: 'call_b', content: 'b' },
        { role: 'tool', tool_call_id: 'call_a', content: 'a' },
      ],
      tools,
    })
    expect(lastGoogle().at('contents.1.parts.0.thoughtSignature')).toBe('skip_thought_signature_validator')
    expect(lastGoogle().at('contents.1.parts.1.thoughtSignature')).toBeUndefined()
    // 48: one turn holds both results, in the order of their calls.
    expect(lastGoogle().at('contents.2.parts.0.functionResponse.id')).toBe('call_a')
    expect(lastGoogle().at('contents.2.parts.1.functionResponse.id')).toBe('call_b')
  })

  test('token counts of the Anthropic SDK come from Gemini, an estimate where it fails', async () => {
    const anthropic = new Anthropic({ apiKey: KEY, baseURL: gw.url, maxRetries: 0 })
    const request = {
      model: 'gemini-3-flash',
      messages: [{ role: 'user' as const, content: 'ping' }],
      system: 's',
    }
    goo.next({ json: { totalTokens: 42 } })
    expect((await anthropic.messages.countTokens(request)).input_tokens).toBe(42)
    expect(lastGoogle().path).toBe('/v1beta/models/gemini-3-flash:countTokens')
    expect(lastGoogle().body).toEqual({
      generateContentRequest: {
        model: 'models/gemini-3-flash',
        contents: [{ role: 'user', parts: [{ text: 'ping' }] }],
        systemInstruction: { parts: [{ text: 's' }] },
      },
    })
    goo.next({ status: 500, json: {} })
    expect((await anthropic.messages.countTokens(request)).input_tokens).toBeGreaterThan(0)
  })

  test('51, 75: a wrong key upstream is 401, a quota says when to come back', async () => {
    const ping = { model: 'gemini-3-flash', messages: [{ role: 'user' as const, content: 'ping' }] }
    const details = (row: object) => ({ details: [{ '@type': 'type.googleapis.com/google.rpc.x', ...row }] })
    goo.next({
      status: 400,
      json: {
        error: {
          code: 400,
          message: 'API key not valid.',
          status: 'INVALID_ARGUMENT',
          ...details({ reason: 'API_KEY_INVALID' }),
        },
      },
    })
    const denied = await gw.post('/v1/chat/completions', ping)
    expect(denied.status).toBe(401)
    goo.next({
      status: 429,
      json: {
        error: {
          code: 429,
          message: 'quota',
          status: 'RESOURCE_EXHAUSTED',
          ...details({ retryDelay: '34.4s' }),
        },
      },
    })
    const limited = await gw.post('/v1/chat/completions', ping)
    expect(limited.status).toBe(429)
    expect(limited.headers.get('retry-after')).toBe('35')
  })
})

describe('embeddings', () => {
  const values = [
    [0.6, 0.8],
    [1, 0],
  ]

  test('63: OpenAI’s client gets vectors of Gemini, in order, as base64', async () => {
    goo.next({ json: { embeddings: values.map((one) => ({ values: one })) } })
    const client = new OpenAI({ apiKey: KEY, baseURL: `${gw.url}/v1`, maxRetries: 0 })
    const answer = await client.embeddings.create({
      model: 'gemini-3-flash',
      input: ['a', 'b'],
      dimensions: 2,
    })
    expect(answer.data.map((row) => row.embedding.map((value) => Math.round(value * 10) / 10))).toEqual(
      values,
    )
    // Google counted nothing; the client's type has the counts, and code reads them unguarded.
    expect(answer.usage).toEqual({ prompt_tokens: 0, total_tokens: 0 })
    expect(lastGoogle().path).toBe('/v1beta/models/gemini-3-flash:batchEmbedContents')
    expect(lastGoogle().at('requests')).toEqual(
      ['a', 'b'].map((text) => ({
        content: { parts: [{ text }] },
        outputDimensionality: 2,
        model: 'models/gemini-3-flash',
      })),
    )
  })

  test('61: Google’s client on Gemini and on another host, count and order kept', async () => {
    goo.next({ json: { embeddings: values.map((one) => ({ values: one })) } })
    const config = { outputDimensionality: 2, taskType: 'RETRIEVAL_QUERY' }
    const own = await genai().models.embedContent({ model: 'gemini-3-flash', contents: ['a', 'b'], config })
    expect(own.embeddings?.map((one) => one.values)).toEqual(values)
    expect(lastGoogle().at('requests.1.taskType')).toBe('RETRIEVAL_QUERY')
    oai.next({
      json: {
        object: 'list',
        data: values.map((embedding, index) => ({ object: 'embedding', index, embedding })),
        model: 'gpt-m',
        usage: { prompt_tokens: 2, total_tokens: 2 },
      },
    })
    const foreign = await genai().models.embedContent({ model: 'gpt-m', contents: ['a', 'b'], config })
    expect(foreign.embeddings?.map((one) => one.values)).toEqual(values)
    expect(oai.log().at(-1)?.body).toEqual({
      model: 'gpt-m',
      input: ['a', 'b'],
      encoding_format: 'float',
      dimensions: 2,
    })
  })
})
