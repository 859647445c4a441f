// The official clients as judges: openai, @anthropic-ai/sdk and the AI SDK talk to a real gateway process in front of
// upstreams of both types, so that all four pairs of dialects are walked, whole and streamed.

import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import Anthropic, * as anthropicErrors from '@anthropic-ai/sdk'
import { APICallError, embed, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import * as openaiErrors from 'openai'
import { OpenAI } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Gateway, KEY, at, list, launch } from '../acceptance/kit.ts'
import { type Upstream, deadPort, makeUpstream } from '../acceptance/upstream.ts'
import { answers, schema } from './answers.ts'

let oai: Upstream
let ant: Upstream
let gw: Gateway

beforeAll(async () => {
  const dead = await deadPort()
  oai = await makeUpstream({ kind: 'openai', models: ['gpt-m'] })
  ant = await makeUpstream({ kind: 'anthropic', models: ['claude-m'] })
  gw = await launch({
    args: ['--demo'],
    yaml: `endpoints:
  oai: { provider: openai-compatible, base_url: "${oai.v1}", auth_type: none, models: [gpt-m] }
  ant: { provider: anthropic, base_url: "${ant.v1}", api_key: sk-ant-1, models: [claude-m] }
  gone: { provider: openai-compatible, base_url: "http://127.0.0.1:${dead}/v1", auth_type: none, models: [m-gone] }
`,
  })
  await gw.started
})

afterAll(async () => {
  await gw?.close()
  await oai?.close()
  await ant?.close()
})

const openai = (apiKey = KEY) => new OpenAI({ apiKey, baseURL: `${gw.url}/v1`, maxRetries: 0 })
const anthropic = (apiKey = KEY) => new Anthropic({ apiKey, baseURL: gw.url, maxRetries: 0 })
const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  )
const ping = [{ role: 'user', content: 'ping' } as const]
const MODELS = ['gpt-m', 'claude-m']

/** Puts an answer in the queue of the upstream behind `model`, in that upstream's own words. */
function prepare(model: string, what: 'text' | 'tool' | 'textStream' | 'toolStream'): Upstream {
  const kind = model === 'claude-m' ? 'anthropic' : 'openai'
  const upstream = kind === 'anthropic' ? ant : oai
  upstream.next(answers[kind][what])
  return upstream
}

describe('openai', () => {
  const tools = [
    { type: 'function' as const, function: { name: 'weather', description: 'd', parameters: schema } },
  ]

  test.for(MODELS)('chat with %s', async (model) => {
    prepare(model, 'text')
    const answer = await openai().chat.completions.create({ model, messages: ping })
    expect(answer.choices[0]?.message.content).toBe('pong')
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 })
  })

  test.for(MODELS)('stream with %s', async (model) => {
    prepare(model, 'textStream')
    const stream = openai().chat.completions.stream({
      model,
      messages: ping,
      stream_options: { include_usage: true },
    })
    const pieces: string[] = []
    stream.on('content', (piece) => pieces.push(piece))
    const answer = await stream.finalChatCompletion()
    expect(pieces).toEqual(['po', 'ng'])
    expect(answer.choices[0]?.message.content).toBe('pong')
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 7 })
  })

  test.for(MODELS)('tool call and its result with %s', async (model) => {
    const upstream = prepare(model, 'tool')
    const first = await openai().chat.completions.create({
      model,
      messages: ping,
      tools,
      tool_choice: 'auto',
    })
    const message = first.choices[0]?.message
    const call = message?.tool_calls?.[0]
    expect(first.choices[0]?.finish_reason).toBe('tool_calls')
    expect(call).toMatchObject({ type: 'function', function: { name: 'weather' } })
    if (!message || call?.type !== 'function') throw new Error('no function call')
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'Bern' })
    prepare(model, 'text')
    const second = await openai().chat.completions.create({
      model,
      messages: [...ping, message, { role: 'tool', tool_call_id: call.id, content: 'rain' }],
      tools,
    })
    expect(second.choices[0]?.message.content).toBe('pong')
    expect(JSON.stringify(upstream.lastChat().at('messages'))).toContain('rain')
    expect(JSON.stringify(upstream.lastChat().at('messages'))).toContain(call.id)
  })

  test.for(MODELS)('streamed tool call with %s', async (model) => {
    prepare(model, 'toolStream')
    const answer = await openai()
      .chat.completions.stream({ model, messages: ping, tools })
      .finalChatCompletion()
    const call = answer.choices[0]?.message.tool_calls?.[0]
    expect(answer.choices[0]?.finish_reason).toBe('tool_calls')
    expect(call).toMatchObject({ type: 'function', function: { name: 'weather' } })
    if (call?.type !== 'function') throw new Error('no function call')
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'Bern' })
  })

  test('embeddings', async () => {
    const answer = await openai().embeddings.create({ model: 'gpt-m', input: ['a', 'b'] })
    expect(answer.data.map((row) => row.index)).toEqual([0, 1])
    expect(answer.data[0]?.embedding.length).toBeGreaterThan(0)
    expect(answer.data[0]?.embedding.every((value) => Number.isFinite(value))).toBe(true)
  })

  test('models', async () => {
    const ids: string[] = []
    for await (const model of openai().models.list()) ids.push(model.id)
    expect(ids.toSorted((a, b) => a.localeCompare(b))).toEqual(['claude-m', 'demo', 'gpt-m', 'm-gone'])
    expect((await openai().models.retrieve('gpt-m')).id).toBe('gpt-m')
    expect(await caught(openai().models.retrieve('none'))).toBeInstanceOf(openaiErrors.NotFoundError)
  })

  test('the demo model', async () => {
    const client = openai()
    const answer = await client.chat.completions.create({ model: 'demo', messages: ping })
    expect(answer.choices[0]?.message.content).toMatch(/./)
    const text = await client.chat.completions.stream({ model: 'demo', messages: ping }).finalContent()
    expect(text).toMatch(/./)
    const vectors = await client.embeddings.create({ model: 'demo', input: 'a' })
    expect(vectors.data[0]?.embedding.length).toBeGreaterThan(0)
  })

  test('a caller that breaks off a stream leaves the gateway serving', async () => {
    const stream = await openai().chat.completions.create({ model: 'demo', messages: ping, stream: true })
    for await (const chunk of stream) {
      expect(chunk.object).toBe('chat.completion.chunk')
      break
    }
    prepare('gpt-m', 'text')
    expect((await openai().chat.completions.create({ model: 'gpt-m', messages: ping })).object).toBe(
      'chat.completion',
    )
  })

  test('errors have their classes', async () => {
    const create = (model: string, key?: string) =>
      caught(openai(key).chat.completions.create({ model, messages: ping }))
    expect(await create('gpt-m', 'sk-wrong')).toBeInstanceOf(openaiErrors.AuthenticationError)
    expect(await create('nope')).toBeInstanceOf(openaiErrors.NotFoundError)
    expect(await create('m-gone')).toBeInstanceOf(openaiErrors.InternalServerError)
    expect(await caught(openai().chat.completions.create({ model: 'gpt-m', messages: [] }))).toBeInstanceOf(
      openaiErrors.BadRequestError,
    )
    const rows = [
      [400, openaiErrors.BadRequestError],
      [403, openaiErrors.PermissionDeniedError],
      [422, openaiErrors.UnprocessableEntityError],
      [429, openaiErrors.RateLimitError],
      [500, openaiErrors.InternalServerError],
    ] as const
    for (const [status, kind] of rows) {
      oai.next({ status, json: { error: { message: 'm', type: 't', param: null, code: 'c' } } })
      expect(await create('gpt-m')).toBeInstanceOf(kind)
    }
    ant.next({
      status: 429,
      headers: { 'retry-after': '7' },
      json: { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } },
    })
    const limited = await create('claude-m')
    expect(limited).toBeInstanceOf(openaiErrors.RateLimitError)
    expect(limited).toMatchObject({ message: expect.stringContaining('slow down') })
    expect((limited as InstanceType<typeof openaiErrors.RateLimitError>).headers?.get('retry-after')).toBe(
      '7',
    )
  })
})

describe('@anthropic-ai/sdk', () => {
  const tools = [{ name: 'weather', description: 'd', input_schema: schema }]

  test.for(MODELS)('message with %s', async (model) => {
    prepare(model, 'text')
    const answer = await anthropic().messages.create({
      model,
      max_tokens: 50,
      messages: ping,
      system: 'be brief',
    })
    expect(answer.content[0]).toMatchObject({ type: 'text', text: 'pong' })
    expect([answer.type, answer.role, answer.stop_reason]).toEqual(['message', 'assistant', 'end_turn'])
    expect(answer.usage).toMatchObject({ input_tokens: 11, output_tokens: 7 })
  })

  test.for(MODELS)('stream with %s', async (model) => {
    prepare(model, 'textStream')
    const stream = anthropic().messages.stream({ model, max_tokens: 50, messages: ping })
    const pieces: string[] = []
    stream.on('text', (piece) => pieces.push(piece))
    const answer = await stream.finalMessage()
    expect(pieces).toEqual(['po', 'ng'])
    expect(answer.content).toMatchObject([{ type: 'text', text: 'pong' }])
    expect(answer.stop_reason).toBe('end_turn')
    expect(answer.usage.output_tokens).toBe(7)
  })

  test.for(MODELS)('tool call and its result with %s', async (model) => {
    const upstream = prepare(model, 'tool')
    const first = await anthropic().messages.create({ model, max_tokens: 50, messages: ping, tools })
    expect(first.stop_reason).toBe('tool_use')
    const call = first.content.find((block) => block.type === 'tool_use')
    expect(call).toMatchObject({ name: 'weather', input: { city: 'Bern' } })
    prepare(model, 'text')
    const second = await anthropic().messages.create({
      model,
      max_tokens: 50,
      tools,
      messages: [
        ...ping,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: 'rain' }] },
      ],
    })
    expect(second.content[0]).toMatchObject({ type: 'text', text: 'pong' })
    expect(JSON.stringify(upstream.lastChat().at('messages'))).toContain('rain')
  })

  test.for(MODELS)('streamed tool call with %s', async (model) => {
    prepare(model, 'toolStream')
    const answer = await anthropic()
      .messages.stream({ model, max_tokens: 50, messages: ping, tools })
      .finalMessage()
    expect(answer.stop_reason).toBe('tool_use')
    expect(answer.content.find((block) => block.type === 'tool_use')).toMatchObject({
      name: 'weather',
      input: { city: 'Bern' },
    })
  })

  test.for([...MODELS, 'demo'])('count_tokens with %s', async (model) => {
    const count = await anthropic().messages.countTokens({ model, messages: ping })
    expect(count.input_tokens).toBeGreaterThan(0)
  })

  test('models in its own shape', async () => {
    const ids: string[] = []
    for await (const model of anthropic().models.list()) {
      expect(model.type).toBe('model')
      ids.push(model.id)
    }
    expect(ids).toContain('claude-m')
    expect(ids).toContain('gpt-m')
  })

  test('the demo model', async () => {
    const answer = await anthropic().messages.create({ model: 'demo', max_tokens: 50, messages: ping })
    expect(answer.content[0]?.type).toBe('text')
    const streamed = anthropic().messages.stream({ model: 'demo', max_tokens: 50, messages: ping })
    expect(await streamed.finalText()).toMatch(/./)
  })

  test('errors have their classes', async () => {
    const create = (model: string, key?: string) =>
      caught(anthropic(key).messages.create({ model, max_tokens: 50, messages: ping }))
    const wrong = await create('claude-m', 'sk-wrong')
    expect(wrong).toBeInstanceOf(anthropicErrors.AuthenticationError)
    expect(wrong).toMatchObject({
      status: 401,
      error: { type: 'error', error: { type: 'authentication_error' } },
    })
    const unknown = await create('nope')
    expect(unknown).toBeInstanceOf(anthropicErrors.NotFoundError)
    expect(unknown).toMatchObject({ error: { error: { type: 'not_found_error' } } })
    expect(await create('m-gone')).toBeInstanceOf(anthropicErrors.InternalServerError)
    const rows = [
      [400, anthropicErrors.BadRequestError],
      [403, anthropicErrors.PermissionDeniedError],
      [429, anthropicErrors.RateLimitError],
      [529, anthropicErrors.InternalServerError],
    ] as const
    for (const [status, kind] of rows) {
      ant.next({ status, json: { type: 'error', error: { type: 'some_error', message: 'mmm' } } })
      const error = await create('claude-m')
      expect(error).toBeInstanceOf(kind)
      expect(error).toMatchObject({ status, error: { error: { type: 'some_error', message: 'mmm' } } })
    }
    oai.next({ status: 400, json: { error: { message: 'too odd', type: 't', param: null, code: 'c' } } })
    const odd = await create('gpt-m')
    expect(odd).toBeInstanceOf(anthropicErrors.BadRequestError)
    expect(odd).toMatchObject({
      error: { type: 'error', error: { message: expect.stringContaining('too odd') } },
    })
  })
})

describe('the AI SDK', () => {
  const compatible = () => createOpenAICompatible({ name: 'trunkline', baseURL: `${gw.url}/v1`, apiKey: KEY })
  const native = () => createAnthropic({ baseURL: `${gw.url}/v1`, apiKey: KEY })
  const faces = { 'openai-compatible': compatible, anthropic: native } as const
  const pairs = Object.keys(faces).flatMap((face) =>
    MODELS.map((model) => [face as keyof typeof faces, model] as const),
  )
  const weather = tool({
    description: 'd',
    inputSchema: jsonSchema<{ city: string }>(schema),
    execute: ({ city }) => Promise.resolve(`rain in ${city}`),
  })

  test.for(pairs)('generateText by %s with %s', async ([face, model]) => {
    prepare(model, 'text')
    const answer = await generateText({ model: faces[face]()(model), prompt: 'ping', maxRetries: 0 })
    expect([answer.text, answer.finishReason]).toEqual(['pong', 'stop'])
    expect(answer.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
  })

  test.for(pairs)('streamText by %s with %s', async ([face, model]) => {
    prepare(model, 'textStream')
    const answer = streamText({ model: faces[face]()(model), prompt: 'ping', maxRetries: 0 })
    const pieces: string[] = []
    for await (const piece of answer.textStream) pieces.push(piece)
    expect(pieces.join('')).toBe('pong')
    expect(await answer.finishReason).toBe('stop')
  })

  test.for(pairs)('a tool loop by %s with %s', async ([face, model]) => {
    const upstream = prepare(model, 'tool')
    prepare(model, 'text')
    const answer = await generateText({
      model: faces[face]()(model),
      prompt: 'ping',
      tools: { weather },
      stopWhen: stepCountIs(3),
      maxRetries: 0,
    })
    expect(answer.text).toBe('pong')
    expect(answer.steps).toHaveLength(2)
    expect(JSON.stringify(upstream.lastChat().at('messages'))).toContain('rain in Bern')
  })

  test('embed', async () => {
    const { embedding } = await embed({
      model: compatible().embeddingModel('gpt-m'),
      value: 'a',
      maxRetries: 0,
    })
    expect(embedding.length).toBeGreaterThan(0)
  })

  test.for(Object.keys(faces))('errors by %s', async (face) => {
    const model = faces[face as keyof typeof faces]()('nope')
    const error = await caught(generateText({ model, prompt: 'ping', maxRetries: 0 }))
    expect(APICallError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ statusCode: 404, message: expect.stringContaining('/v1/models') })
  })
})

test('an answer says who gave it', async () => {
  prepare('gpt-m', 'text')
  const reply = await gw.chat('gpt-m')
  expect(reply.headers.get('x-trunkline-endpoint')).toBe('oai')
  expect(reply.headers.get('x-trunkline-model')).toBe('gpt-m')
  expect(reply.headers.get('x-request-id')).toMatch(/./)
  expect(list(at(reply.json, 'choices'))).toHaveLength(1)
})
