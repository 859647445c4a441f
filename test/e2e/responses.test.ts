// The Responses API through the gateway, with the official SDK as judge: over an upstream that only speaks Chat, over one
// that keeps responses itself, and over one that speaks the dialect and keeps nothing. Numbers are those of the wire
// reference's cases; 36 (WebSocket) is in responses-socket.test.ts.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { APIError, OpenAI } from 'openai'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { type JsonObject, isObject } from '../../src/core/json.ts'
import { type Gateway, createGateway } from '../../src/gateway/create-gateway.ts'
import { type RunningServer, startServer } from '../../src/server/index.ts'
import { type Fake, type SsePiece, startFake } from '../../src/testing/index.ts'
import { violations } from '../published/answers.ts'

let fake: Fake
let other: Fake
let gateway: Gateway
let server: RunningServer
let folder: string

beforeAll(async () => {
  fake = await startFake({ kind: 'openai', models: ['m'] })
  other = await startFake({ kind: 'openai', models: ['m'] })
  folder = mkdtempSync(join(tmpdir(), 'trunkline-responses-'))
  const endpoint = (provider: string, url: string, more = {}): object => ({
    provider,
    base_url: `${url}/v1`,
    api_key: 'k',
    models: ['m'],
    ...more,
  })
  writeFileSync(
    join(folder, 'trunkline.yaml'),
    JSON.stringify({
      endpoints: {
        chat: endpoint('openai-compatible', fake.url),
        thinker: endpoint('deepseek', fake.url, { dialects: ['openai-chat'] }),
        keeper: endpoint('openai', fake.url),
        keeper2: endpoint('openai', other.url),
        forgetful: endpoint('openai-compatible', fake.url, { dialects: ['openai-chat', 'openai-responses'] }),
        functions: endpoint('ollama', fake.url),
        only: endpoint('openai', fake.url, { dialects: ['openai-responses'] }),
      },
      routes: { both: { strategy: 'round_robin', targets: [{ to: 'keeper/m' }, { to: 'keeper2/m' }] } },
    }),
  )
  const config = loadConfig({ cwd: folder, env: {} })
  gateway = createGateway(config, { log: pino({ level: 'silent' }), probe: false })
  server = await startServer({ gateway, host: '127.0.0.1', port: 0 })
})

afterAll(async () => {
  await server.close()
  await gateway.close()
  await fake.close()
  await other.close()
  rmSync(folder, { recursive: true })
})

const client = (apiKey = 'caller'): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 })

/** The body the upstream got last. */
function asked(upstream = fake): JsonObject {
  const body = upstream.log.at(-1)?.body
  if (!isObject(body)) throw new Error('nothing was asked')
  return body
}

const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }

function chatAnswer(message: object, finish = 'stop', usage: object | undefined = USAGE): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: finish }],
    ...(usage ? { usage } : {}),
  }
}

function chatStream(deltas: object[], finish = 'stop'): SsePiece[] {
  const chunk = (choices: object[], more = {}): SsePiece => ({
    data: {
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'm',
      choices,
      ...more,
    } as JsonObject,
  })
  return [
    ...deltas.map((delta) => chunk([{ index: 0, delta, finish_reason: null }])),
    chunk([{ index: 0, delta: {}, finish_reason: finish }]),
    chunk([], { usage: USAGE }),
    { data: '[DONE]' },
  ]
}

const call = (index: number, id: string, name: string, args: string): object => ({
  tool_calls: [{ index, id, type: 'function', function: { name, arguments: args } }],
})
const more = (index: number, args: string): object => ({
  tool_calls: [{ index, function: { arguments: args } }],
})

/** All events of a streamed answer, each checked against the published schemas. */
async function streamed(body: object): Promise<{ events: JsonObject[]; text: string }> {
  const reply = await fetch(`${server.url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, stream: true }),
  })
  const text = await reply.text()
  const events = text
    .split('\n\n')
    .filter((block) => block.startsWith('event: '))
    .map((block) => {
      const [head, data] = block.split('\n') as [string, string]
      const event = JSON.parse(data.slice('data: '.length)) as JsonObject
      expect(head).toBe(`event: ${typeof event.type === 'string' ? event.type : ''}`)
      return event
    })
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index))
  expect(violations('openai-responses', true, text)).toEqual([])
  return { events, text }
}

const types = (events: JsonObject[]): unknown[] => events.map((event) => event.type)
const final = (events: JsonObject[]): JsonObject => events.at(-1)?.response as JsonObject

const NAMESPACE = {
  type: 'namespace',
  name: 'multi_agent_v1',
  description: 'agents',
  tools: [
    { type: 'function', name: 'spawn_agent', parameters: { type: 'object', properties: {} }, strict: false },
  ],
}
const EXEC = {
  type: 'function',
  name: 'exec_command',
  description: 'run',
  parameters: { type: 'object', properties: { cmd: { type: 'string' } } },
  strict: false,
}
const PATCH = {
  type: 'custom',
  name: 'apply_patch',
  description: 'Patch files',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: /.+/' },
}

describe('over an upstream that speaks Chat', () => {
  test('a whole answer is a Response of the published schema', async () => {
    fake.script({ json: chatAnswer({ content: 'pong' }) })
    const answer = await client().responses.create({
      model: 'chat/m',
      input: 'ping',
      instructions: 'be short',
    })
    expect(answer.output_text).toBe('pong')
    expect(answer.usage).toMatchObject({ input_tokens: 3, output_tokens: 2, total_tokens: 5 })
    expect(answer.instructions).toBe('be short')
    expect(asked().messages).toEqual([
      { role: 'system', content: 'be short' },
      { role: 'user', content: 'ping' },
    ])
    const { output_text: _, ...wire } = answer
    expect(violations('openai-responses', false, JSON.stringify(wire))).toEqual([])
  })

  test('case 37: the SDK’s stream helper reads the stream to the same text', async () => {
    fake.script({ sse: chatStream([{ role: 'assistant', content: 'po' }, { content: 'ng' }]) })
    const stream = client().responses.stream({ model: 'chat/m', input: 'ping' })
    const answer = await stream.finalResponse()
    expect(answer.output_text).toBe('pong')
    expect(answer.status).toBe('completed')
  })

  test('case 23: Codex’s minimal turn: only functions go to a Chat host, the end has usage', async () => {
    fake.script({ sse: chatStream([{ role: 'assistant', content: 'hi' }]) })
    const { events } = await streamed({
      model: 'chat/m',
      input: [
        { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'rules' }] },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
      ],
      tools: [EXEC, NAMESPACE, { type: 'web_search', external_web_access: false }],
      tool_choice: 'auto',
      parallel_tool_calls: true,
      reasoning: { summary: 'auto' },
      store: false,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: 'thread',
      client_metadata: { a: 'b' },
    })
    const tools = asked().tools as { type: string; function: { name: string } }[]
    expect(tools.map((tool) => [tool.type, tool.function.name])).toEqual([
      ['function', 'exec_command'],
      ['function', 'multi_agent_v1__spawn_agent'],
    ])
    expect(events.at(-1)?.type).toBe('response.completed')
    expect(final(events).usage).toMatchObject({ input_tokens: 3, output_tokens: 2, total_tokens: 5 })
  })

  test('case 24: tools among the items reach the upstream', async () => {
    fake.script({ json: chatAnswer({ content: 'ok' }) })
    await client().responses.create({
      model: 'chat/m',
      input: [
        { type: 'additional_tools', role: 'developer', tools: [EXEC, PATCH] },
        { role: 'user', content: 'hi' },
      ] as never,
    })
    const tools = asked().tools as { function: { name: string } }[]
    expect(tools.map((tool) => tool.function.name)).toEqual(['exec_command', 'apply_patch'])
    expect(asked().messages).toEqual([{ role: 'user', content: 'hi' }])
  })

  test('case 25: a flattened name comes back as name and namespace', async () => {
    fake.script({ sse: chatStream([call(0, 'c1', 'multi_agent_v1__spawn_agent', '{}')], 'tool_calls') })
    const { events } = await streamed({ model: 'chat/m', input: 'go', tools: [NAMESPACE] })
    expect((final(events).output as JsonObject[])[0]).toMatchObject({
      type: 'function_call',
      call_id: 'c1',
      name: 'spawn_agent',
      namespace: 'multi_agent_v1',
      arguments: '{}',
      status: 'completed',
    })
    // Sent back it is the same function again.
    fake.script({ json: chatAnswer({ content: 'x' }) })
    await client().responses.create({
      model: 'chat/m',
      tools: [NAMESPACE],
      input: [
        { role: 'user', content: 'go' },
        ...(final(events).output as JsonObject[]),
        { type: 'function_call_output', call_id: 'c1', output: 'ok' },
      ],
    } as never)
    expect((asked().messages as JsonObject[])[1]).toMatchObject({
      tool_calls: [{ id: 'c1', function: { name: 'multi_agent_v1__spawn_agent', arguments: '{}' } }],
    })
  })

  test('case 26: a name above 64 characters is hashed on the way and restored exactly', async () => {
    const name = 'n'.repeat(60)
    const long = { ...NAMESPACE, name: 'some_long_namespace', tools: [{ ...EXEC, name }] }
    const body = { model: 'chat/m', input: 'go', tools: [long] }
    fake.script({ json: chatAnswer({ content: 'x' }) })
    await client().responses.create(body as never)
    const sent = (asked().tools as { function: { name: string } }[])[0]?.function.name ?? ''
    expect(sent).toMatch(/^[\w-]{1,64}$/)
    fake.script({
      json: chatAnswer(
        { tool_calls: [{ id: 'c', type: 'function', function: { name: sent, arguments: '{}' } }] },
        'tool_calls',
      ),
    })
    const answer = await client().responses.create(body as never)
    expect(answer.output[0]).toMatchObject({ name, namespace: 'some_long_namespace' })
    fake.script({ sse: chatStream([call(0, 'c', sent, '{}')], 'tool_calls') })
    const { events } = await streamed(body)
    expect((final(events).output as JsonObject[])[0]).toMatchObject({
      name,
      namespace: 'some_long_namespace',
    })
    fake.script({ json: chatAnswer({ content: 'x' }) })
    const result = { type: 'function_call_output', call_id: 'c', output: 'ok' }
    await client().responses.create({ ...body, input: [...answer.output, result] } as never)
    expect((asked().messages as JsonObject[])[0]).toMatchObject({
      tool_calls: [{ function: { name: sent } }],
    })
  })

  test('cases 19 and 27: a free-text tool is a function there and its raw text here', async () => {
    const text = '*** Begin Patch\né😀"\\\n*** End Patch'
    const wrapped = JSON.stringify({ input: text }).replace(/[\u0080-\uffff]/g, (char) =>
      `\\u${char.charCodeAt(0).toString(16)}`.replace(/\\u(..)$/, '\\u00$1'),
    )
    const cut = wrapped.indexOf('\\u') + 3
    const pair = wrapped.indexOf('\\ude00') + 2
    fake.script({
      sse: chatStream(
        [
          call(0, 'c1', 'apply_patch', ''),
          more(0, wrapped.slice(0, cut)),
          more(0, wrapped.slice(cut, pair)),
          more(0, wrapped.slice(pair)),
        ],
        'tool_calls',
      ),
    })
    const { events } = await streamed({
      model: 'chat/m',
      input: [
        { role: 'user', content: 'go' },
        { type: 'custom_tool_call', call_id: 'c0', name: 'apply_patch', input: 'old' },
        { type: 'custom_tool_call_output', call_id: 'c0', output: 'done' },
      ],
      tools: [PATCH],
      tool_choice: { type: 'custom', name: 'apply_patch' },
    })
    const deltas = events.filter((event) => event.type === 'response.custom_tool_call_input.delta')
    expect(deltas.map((event) => (typeof event.delta === 'string' ? event.delta : '')).join('')).toBe(text)
    expect((final(events).output as JsonObject[])[0]).toMatchObject({
      type: 'custom_tool_call',
      name: 'apply_patch',
      input: text,
    })
    expect(asked().tools).toMatchObject([{ type: 'function', function: { name: 'apply_patch' } }])
    expect(asked().tool_choice).toEqual({ type: 'function', function: { name: 'apply_patch' } })
    expect((asked().messages as JsonObject[])[1]).toMatchObject({
      role: 'assistant',
      tool_calls: [{ id: 'c0', function: { name: 'apply_patch', arguments: '{"input":"old"}' } }],
    })
  })

  test('case 28: two interleaved calls are two items, each with its own place, each done once', async () => {
    fake.script({
      sse: chatStream(
        [
          call(0, 'a', 'exec_command', ''),
          call(1, 'b', 'exec_command', ''),
          more(0, '{"cmd":'),
          more(1, '{"cmd":'),
          more(0, '"x"}'),
          more(1, '"y"}'),
        ],
        'tool_calls',
      ),
    })
    const { events } = await streamed({ model: 'chat/m', input: 'go', tools: [EXEC] })
    const done = events.filter((event) => event.type === 'response.output_item.done')
    expect(
      done.map((event) => [
        event.output_index,
        (event.item as JsonObject).call_id,
        (event.item as JsonObject).arguments,
      ]),
    ).toEqual([
      [0, 'a', '{"cmd":"x"}'],
      [1, 'b', '{"cmd":"y"}'],
    ])
  })

  test('case 29: a text before a call is done before the call is added', async () => {
    fake.script({
      sse: chatStream([{ content: 'let me see' }, call(0, 'a', 'exec_command', '{}')], 'tool_calls'),
    })
    const { events } = await streamed({ model: 'chat/m', input: 'go', tools: [EXEC] })
    expect(types(events).filter((type) => String(type).startsWith('response.output_item'))).toEqual([
      'response.output_item.added',
      'response.output_item.done',
      'response.output_item.added',
      'response.output_item.done',
    ])
  })

  test('case 30: reasoning is closed before the text, and comes back to the upstream in the next turn', async () => {
    fake.script({ sse: chatStream([{ reasoning_content: 'think' }, { content: 'say' }]) })
    const ask = { model: 'thinker/m', tools: [EXEC], include: ['reasoning.encrypted_content'], store: false }
    const { events } = await streamed({ ...ask, input: 'go' })
    const output = final(events).output as JsonObject[]
    expect(output.map((item) => item.type)).toEqual(['reasoning', 'message'])
    const order = types(events)
    expect(order.indexOf('response.output_item.done')).toBeLessThan(
      order.indexOf('response.content_part.added'),
    )
    expect(typeof output[0]?.encrypted_content).toBe('string')
    fake.script({ json: chatAnswer({ content: 'again' }) })
    await client().responses.create({
      ...ask,
      input: [{ role: 'user', content: 'go' }, ...output, { role: 'user', content: 'on' }],
    } as never)
    expect((asked().messages as JsonObject[])[1]).toEqual({
      role: 'assistant',
      content: 'say',
      reasoning_content: 'think',
    })
  })

  test('case 31: a text cut by the limit is incomplete, and so is the response', async () => {
    fake.script({ sse: chatStream([{ content: 'half a' }], 'length') })
    const { events } = await streamed({ model: 'chat/m', input: 'go' })
    expect(events.at(-1)?.type).toBe('response.incomplete')
    expect(final(events)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ type: 'message', status: 'incomplete' }],
    })
  })

  test('case 32: an overflow is told as context_length_exceeded', async () => {
    fake.script({
      status: 400,
      json: { error: { message: "This model's maximum context length is 10 tokens", type: 'x', code: null } },
    })
    const error = await client()
      .responses.create({ model: 'chat/m', input: 'long' })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 400, code: 'context_length_exceeded' })
  })

  test('case 33: an upstream that dies in the middle ends in response.failed, and nothing follows', async () => {
    fake.script({ sse: chatStream([{ content: 'abc' }, { content: 'def' }]), resetAfterBytes: 260 })
    const { events } = await streamed({ model: 'chat/m', input: 'go' })
    expect(events.at(-1)?.type).toBe('response.failed')
    expect(final(events)).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
  })

  test('case 38: usage has its details though the upstream gave none', async () => {
    fake.script({ json: chatAnswer({ content: 'x' }) })
    const answer = await client().responses.create({ model: 'chat/m', input: 'go' })
    expect(answer.usage).toMatchObject({
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    })
  })

  test('case 39: a call id that an earlier turn had is another for the caller, and its own upstream', async () => {
    fake.script({
      json: chatAnswer(
        {
          tool_calls: [
            { id: 'call_0', type: 'function', function: { name: 'exec_command', arguments: '{}' } },
          ],
        },
        'tool_calls',
      ),
    })
    const said = [
      { role: 'user', content: 'go' },
      { type: 'function_call', call_id: 'call_0', name: 'exec_command', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_0', output: 'ok' },
    ]
    const answer = await client().responses.create({ model: 'chat/m', tools: [EXEC], input: said } as never)
    const { call_id: id } = answer.output[0] as { call_id: string }
    expect(id).toMatch(/^[\w-]{1,40}$/)
    // Upstream each result finds its own call, under the id that was issued there.
    const results = (): unknown[] =>
      (asked().messages as { tool_calls?: { id: string }[]; tool_call_id?: string }[]).map(
        (message) => message.tool_calls?.[0]?.id ?? message.tool_call_id,
      )
    fake.script({
      sse: chatStream(
        [call(0, 'call_0', 'exec_command', '{}'), call(1, 'call_1', 'exec_command', '{}')],
        'tool_calls',
      ),
    })
    const { events } = await streamed({
      model: 'chat/m',
      tools: [EXEC],
      input: [...said, ...answer.output, { type: 'function_call_output', call_id: id, output: 'second' }],
    })
    expect(results()).toEqual([undefined, 'call_0', 'call_0', 'call_0', 'call_0'])
    const ids = (final(events).output as JsonObject[]).map((item) => item.call_id)
    expect(ids[1]).toBe('call_1')
    expect(new Set([...ids, 'call_0', id]).size).toBe(4)
  })

  test('case 40: tokens of a request are counted as an integer', async () => {
    const count = await client().responses.inputTokens.count({
      model: 'chat/m',
      input: 'how many tokens is this?',
    })
    expect(count.object).toBe('response.input_tokens')
    expect(Number.isInteger(count.input_tokens) && count.input_tokens > 3).toBe(true)
    // The body of a turn is counted as it is, and what it goes on from with it.
    fake.script({ json: chatAnswer({ content: 'a longer answer than none' }) })
    const body = {
      model: 'chat/m',
      instructions: 'be short',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
      tools: [EXEC, NAMESPACE, PATCH],
      tool_choice: 'auto',
      store: true,
      stream: true,
      include: ['reasoning.encrypted_content'],
    } as never
    const { id } = await client().responses.create({ ...(body as object), stream: false } as never)
    const whole = await client().responses.inputTokens.count(body)
    expect(Number.isInteger(whole.input_tokens) && whole.input_tokens > count.input_tokens).toBe(true)
    const more = await client().responses.inputTokens.count({
      ...(body as { model: string }),
      previous_response_id: id,
    })
    expect(more.input_tokens).toBeGreaterThan(whole.input_tokens)
  })

  test('case 18: allowed tools are the only ones sent, the mode stays', async () => {
    fake.script({ json: chatAnswer({ content: 'x' }) })
    await client().responses.create({
      model: 'chat/m',
      input: 'go',
      tools: [EXEC, { ...EXEC, name: 'second' }],
      tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'second' }] },
    } as never)
    expect((asked().tools as { function: { name: string } }[]).map((tool) => tool.function.name)).toEqual([
      'second',
    ])
    expect(asked().tool_choice).toBe('required')
  })

  test('an answer of nothing is still one empty message', async () => {
    fake.script({ sse: chatStream([{ role: 'assistant', content: '' }]) })
    const { events } = await streamed({ model: 'chat/m', input: 'go' })
    expect(final(events).output).toMatchObject([
      { type: 'message', content: [{ type: 'output_text', text: '' }] },
    ])
  })

  test('a body packed with zstd', async () => {
    fake.script({ json: chatAnswer({ content: 'x' }) })
    const packed = await fetch(`${server.url}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'zstd' },
      body: zstdCompressSync(Buffer.from(JSON.stringify({ model: 'chat/m', input: 'go' }))),
    })
    expect(packed.status).toBe(200)
  })
})

describe('what is kept', () => {
  test('case 35: a known response is the history, instructions are not inherited', async () => {
    fake.script({ json: chatAnswer({ content: 'one' }) })
    const first = await client().responses.create({
      model: 'chat/m',
      input: 'first',
      instructions: 'old rules',
    })
    fake.script({ json: chatAnswer({ content: 'two' }) })
    const second = await client().responses.create({
      model: 'chat/m',
      input: 'second',
      previous_response_id: first.id,
    })
    expect(asked().messages).toEqual([
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'one' },
      { role: 'user', content: 'second' },
    ])
    expect(second.previous_response_id).toBe(first.id)
    fake.script({ sse: chatStream([{ content: 'three' }]) })
    const third = await client()
      .responses.stream({ model: 'chat/m', input: 'third', previous_response_id: second.id })
      .finalResponse()
    expect((asked().messages as JsonObject[]).map((message) => message.content)).toEqual([
      'first',
      'one',
      'second',
      'two',
      'third',
    ])
    const items = await client().responses.inputItems.list(third.id, { order: 'asc' })
    expect(items.data.length).toBe(5)
    const read = await client().responses.retrieve(third.id)
    expect(read.output_text).toBe('three')
  })

  test('case 35: an unknown response, another caller’s and one that was not stored are not found', async () => {
    const notFound = { status: 400, code: 'previous_response_not_found' }
    const on = (id: string, key?: string) =>
      client(key)
        .responses.create({ model: 'chat/m', input: 'x', previous_response_id: id })
        .catch((thrown: unknown) => thrown)
    expect(await on('resp_unknown')).toMatchObject(notFound)
    fake.script({ json: chatAnswer({ content: 'one' }) }, { json: chatAnswer({ content: 'one' }) })
    const mine = await client('a').responses.create({ model: 'chat/m', input: 'x' })
    expect(await on(mine.id, 'b')).toMatchObject(notFound)
    expect(
      await client('b')
        .responses.retrieve(mine.id)
        .catch((thrown: unknown) => thrown),
    ).toMatchObject({ status: 404 })
    const secret = await client('a').responses.create({ model: 'chat/m', input: 'x', store: false })
    expect(await on(secret.id, 'a')).toMatchObject(notFound)
  })

  test('a kept response is deleted once, and cannot be cancelled', async () => {
    fake.script({ json: chatAnswer({ content: 'one' }) })
    const { id } = await client().responses.create({ model: 'chat/m', input: 'x' })
    expect(
      await client()
        .responses.cancel(id)
        .catch((thrown: unknown) => thrown),
    ).toMatchObject({ status: 400 })
    await client().responses.delete(id)
    expect(
      await client()
        .responses.retrieve(id)
        .catch((thrown: unknown) => thrown),
    ).toBeInstanceOf(APIError)
  })

  test('an item reference is the item of an earlier answer', async () => {
    fake.script({ json: chatAnswer({ content: 'one' }) })
    const first = await client().responses.create({ model: 'chat/m', input: 'x' })
    fake.script({ json: chatAnswer({ content: 'two' }) })
    const reference = { type: 'item_reference', id: (first.output[0] as { id: string }).id }
    await client().responses.create({
      model: 'chat/m',
      input: [{ role: 'user', content: 'x' }, reference, { role: 'user', content: 'y' }],
    } as never)
    expect((asked().messages as JsonObject[])[1]).toEqual({ role: 'assistant', content: 'one' })
    const gone = await client()
      .responses.create({ model: 'chat/m', input: [{ type: 'item_reference', id: 'msg_gone01' }] } as never)
      .catch((thrown: unknown) => thrown)
    expect(gone).toMatchObject({ status: 400 })
  })

  test('background and conversations need an upstream that keeps them', async () => {
    for (const body of [{ background: true }, { conversation: 'conv_1' }])
      expect(
        await client()
          .responses.create({ model: 'chat/m', input: 'x', ...body } as never)
          .catch((thrown: unknown) => thrown),
      ).toMatchObject({ status: 400, code: 'unsupported_operation' })
  })
})

describe('case 76: a conversation is shortened', () => {
  const said = [
    { role: 'developer', content: 'be kind' },
    { role: 'user', content: 'What is 2+2?' },
    { role: 'assistant', content: [{ type: 'output_text', text: 'It is 4.', annotations: [] }] },
    { type: 'function_call', call_id: 'c1', name: 'exec_command', arguments: '{"cmd":"ls"}' },
    { type: 'function_call_output', call_id: 'c1', output: 'a.txt' },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'And this?' },
        { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'auto' },
      ],
    },
  ]

  test('the user’s messages stay, the rest is one item, which the next request restores', async () => {
    fake.script({ json: chatAnswer({ content: 'They added numbers.' }) })
    const reply = await fetch(`${server.url}/v1/responses/compact`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'chat/m', input: said, instructions: 'be short' }),
    })
    const short = (await reply.json()) as JsonObject
    expect(reply.status, JSON.stringify(short)).toBe(200)
    expect(violations('openai-compaction', false, JSON.stringify(short))).toEqual([])
    expect(short).toMatchObject({ object: 'response.compaction', usage: { input_tokens: 3 } })
    const output = short.output as JsonObject[]
    expect(output).toMatchObject([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What is 2+2?' }] },
      { type: 'message', role: 'user', content: (said[5] as JsonObject).content as never },
      { type: 'compaction' },
    ])
    const [task, transcript] = asked().messages as { role: string; content: string }[]
    expect(task?.role).toBe('system')
    for (const words of ['be short', 'be kind', '2+2', 'It is 4.', '{"cmd":"ls"}', 'a.txt', '[image]'])
      expect(transcript?.content).toContain(words)
    expect(asked().tools).toBeUndefined()
    const decision = gateway.runtime.decisions.recent(1)[0]
    expect(decision).toMatchObject({ operation: 'compact', endpoint: 'chat', input: 3, output: 2 })

    const next = { model: 'chat/m', input: [...output, { role: 'user', content: 'go on' }] } as never
    fake.script({ json: chatAnswer({ content: 'ok' }) })
    await client().responses.create(next)
    expect(asked().messages).toMatchObject([
      { role: 'user', content: 'What is 2+2?' },
      { role: 'user' },
      { role: 'user', content: expect.stringContaining('They added numbers.') as never },
      { role: 'user', content: 'go on' },
    ])
    const counted = await client().responses.inputTokens.count(next)
    expect(counted.input_tokens).toBeGreaterThan(20)

    // A host of this very wire cannot read it either: it gets the words.
    fake.script({ match: /responses/, json: native('resp_k', 'a') })
    await client().responses.create({ ...(next as object), model: 'keeper/m' } as never)
    expect(JSON.stringify(asked().input)).toContain('They added numbers.')
    expect(JSON.stringify(asked().input)).not.toContain('"compaction"')

    // Shortened again, at a vendor that has the operation but not the key to our item.
    fake.script({ match: /responses$/, json: native('resp_again', 'Shorter still.') })
    const again = await client().responses.compact({ ...(next as { input: never }), model: 'keeper/m' })
    expect(again.output.map((item) => item.type)).toEqual(['message', 'message', 'message', 'compaction'])
    expect(JSON.stringify(asked().input)).toContain('They added numbers.')
  })

  test('a kept conversation is shortened by its id', async () => {
    fake.script({ json: chatAnswer({ content: 'one' }) })
    const first = await client().responses.create({ model: 'chat/m', input: 'first' })
    fake.script({ json: chatAnswer({ content: 'summary' }) })
    const short = await client().responses.compact({ model: 'chat/m', previous_response_id: first.id })
    expect(short.output).toMatchObject([
      { role: 'user', content: [{ type: 'input_text', text: 'first' }] },
      { type: 'compaction' },
    ])
    expect(JSON.stringify(asked().messages)).toContain('assistant: one')
  })

  test('an item that another service made is refused where nobody can read it', async () => {
    const theirs = [
      { type: 'compaction', encrypted_content: 'gAAAAA' },
      { role: 'user', content: 'x' },
    ] as never
    const refused = { status: 400, code: 'invalid_value', param: 'input[0]' }
    for (const ask of [
      client().responses.create({ model: 'chat/m', input: theirs }),
      client().responses.compact({ model: 'chat/m', input: theirs }),
    ])
      expect(await ask.catch((thrown: unknown) => thrown)).toMatchObject(refused)
    fake.script({ match: /responses/, json: native('resp_k', 'a') })
    await client().responses.create({ model: 'keeper/m', input: theirs })
    expect((asked().input as JsonObject[])[0]).toEqual(theirs[0])
  })

  test('a model that gives no summary, and a request with nothing to shorten', async () => {
    fake.script({ json: chatAnswer({ content: '' }) })
    expect(
      await client()
        .responses.compact({ model: 'chat/m', input: 'x' })
        .catch((thrown: unknown) => thrown),
    ).toMatchObject({ status: 502 })
    expect(
      await client()
        .responses.compact({ model: 'chat/m' })
        .catch((thrown: unknown) => thrown),
    ).toMatchObject({ status: 400, param: 'input' })
  })
})

/** A response as its own vendor answers. */
const native = (id: string, text: string, more = {}): object => ({
  id,
  object: 'response',
  created_at: 1_700_000_000,
  status: 'completed',
  error: null,
  incomplete_details: null,
  model: 'm',
  output: [
    {
      id: 'msg_1',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text, annotations: [] }],
    },
  ],
  usage: {
    input_tokens: 3,
    output_tokens: 2,
    total_tokens: 5,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  },
  ...more,
})

describe('over an upstream that speaks Responses', () => {
  test('a response is pinned to the endpoint that made it, and questions about it go there', async () => {
    fake.script({ match: /responses/, json: native('resp_here', 'a') })
    other.script({ match: /responses/, json: native('resp_there', 'b') })
    const [one, two] = [
      await client().responses.create({ model: 'both', input: 'x' }),
      await client().responses.create({ model: 'both', input: 'x' }),
    ]
    const there = one.id === 'resp_there' ? one : two
    for (let turn = 0; turn < 3; turn++) {
      other.script({ match: /responses/, json: native(`resp_there_${turn}`, 'c') })
      await client().responses.create({ model: 'both', input: 'y', previous_response_id: there.id })
      expect(asked(other)).toMatchObject({ input: 'y', previous_response_id: 'resp_there', model: 'm' })
    }
    other.script({ match: /resp_there/, method: 'GET', json: native('resp_there', 'b') })
    expect((await client().responses.retrieve('resp_there')).output_text).toBe('b')
    expect(other.log.at(-1)).toMatchObject({ method: 'GET', path: '/v1/responses/resp_there' })
    expect(other.log.at(-1)?.headers.authorization).toBe('Bearer k')
    other.script({ match: /cancel/, json: native('resp_there', 'b', { status: 'cancelled' }) })
    expect((await client().responses.cancel('resp_there')).status).toBe('cancelled')
    other.script({
      match: /input_items/,
      json: { object: 'list', data: [], first_id: null, last_id: null, has_more: false },
    })
    await client().responses.inputItems.list('resp_there', { limit: 5 })
    expect(other.log.at(-1)?.path).toBe('/v1/responses/resp_there/input_items?limit=5')
    other.script({
      match: /resp_there/,
      method: 'DELETE',
      json: { id: 'resp_there', object: 'response', deleted: true },
    })
    await client().responses.delete('resp_there')
    expect(other.log.at(-1)?.method).toBe('DELETE')
    expect(
      await client('b')
        .responses.retrieve('resp_here')
        .catch((thrown: unknown) => thrown),
    ).toMatchObject({ status: 404 })
  })

  test('an id that only the upstream knows is the upstream’s to judge', async () => {
    fake.script({ match: /responses/, json: native('resp_next', 'a') })
    await client().responses.create({
      model: 'keeper/m',
      input: 'x',
      previous_response_id: 'resp_of_another_day',
    })
    expect(asked().previous_response_id).toBe('resp_of_another_day')
  })

  test('background answers are streamed again from where the caller stopped', async () => {
    const created = {
      type: 'response.created',
      sequence_number: 0,
      response: native('resp_bg', '', { status: 'queued', output: [], usage: null }),
    }
    const done = { type: 'response.completed', sequence_number: 1, response: native('resp_bg', 'a') }
    const pieces = (...events: { type: string }[]): SsePiece[] =>
      events.map((event) => ({ event: event.type, data: event as unknown as JsonObject }))
    fake.script({ match: /responses$/, sse: pieces(created, done) })
    await client()
      .responses.stream({ model: 'keeper/m', input: 'x', background: true } as never)
      .finalResponse()
    fake.script({ match: /resp_bg/, method: 'GET', sse: pieces(done) })
    const again = await client().responses.retrieve('resp_bg', { stream: true, starting_after: 0 } as never)
    const seen: unknown[] = []
    for await (const event of again as unknown as AsyncIterable<JsonObject>) seen.push(event.type)
    expect(seen).toEqual(['response.completed'])
    expect(fake.log.at(-1)?.path).toBe('/v1/responses/resp_bg?stream=true&starting_after=0')
  })

  test('an upstream that keeps nothing gets the whole conversation, relayed', async () => {
    fake.script({ match: /responses/, json: native('resp_f1', 'one') })
    const first = await client().responses.create({ model: 'forgetful/m', input: 'first' })
    fake.script({ match: /responses/, json: native('resp_f2', 'two') })
    await client().responses.create({ model: 'forgetful/m', input: 'second', previous_response_id: first.id })
    expect(asked().previous_response_id).toBeUndefined()
    expect(asked().input).toMatchObject([
      { role: 'user', content: 'first' },
      { type: 'message', role: 'assistant' },
      { role: 'user', content: 'second' },
    ])
  })

  test('a host of functions gets functions relayed, and everything else through Chat', async () => {
    fake.script({ match: /responses/, json: native('resp_o', 'a') })
    await client().responses.create({ model: 'functions/m', input: 'x', tools: [EXEC] } as never)
    expect(fake.log.at(-1)?.path).toBe('/v1/responses')
    fake.script({ match: /chat/, json: chatAnswer({ content: 'a' }) })
    await client().responses.create({ model: 'functions/m', input: 'x', tools: [EXEC, NAMESPACE] } as never)
    expect(fake.log.at(-1)?.path).toBe('/v1/chat/completions')
  })

  test('case 34: arguments that come only at the end reach a Chat caller', async () => {
    const item = {
      id: 'fc_1',
      type: 'function_call',
      status: 'completed',
      call_id: 'c1',
      name: 'exec_command',
      arguments: '{"cmd":"x"}',
    }
    fake.script({
      match: /responses/,
      sse: [
        {
          type: 'response.created',
          sequence_number: 0,
          response: native('resp_1', '', { status: 'in_progress', output: [] }),
        },
        {
          type: 'response.output_item.added',
          sequence_number: 1,
          output_index: 0,
          item: { ...item, arguments: '', status: 'in_progress' },
        },
        {
          type: 'response.function_call_arguments.done',
          sequence_number: 2,
          output_index: 0,
          item_id: 'fc_1',
          arguments: item.arguments,
        },
        { type: 'response.output_item.done', sequence_number: 3, output_index: 0, item },
        {
          type: 'response.completed',
          sequence_number: 4,
          response: native('resp_1', '', { output: [item] }),
        },
      ].map((event) => ({ event: event.type, data: event as unknown as JsonObject })),
    })
    const reply = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'only/m', stream: true, messages: [{ role: 'user', content: 'x' }] }),
    })
    const text = await reply.text()
    expect(text).toContain('"name":"exec_command"')
    expect(text).toContain(JSON.stringify('{"cmd":"x"}').slice(1, -1))
    expect(text).toContain('"finish_reason":"tool_calls"')
  })
})
