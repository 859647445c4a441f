// Case 36: the Responses API over a WebSocket, as Codex CLI was seen to use it.

import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { loadConfig } from '../../src/config/load.ts'
import { type JsonObject, isObject } from '../../src/core/json.ts'
import { type Gateway, createGateway } from '../../src/gateway/create-gateway.ts'
import { type RunningServer, startServer } from '../../src/server/index.ts'
import { type Fake, type SsePiece, startFake } from '../../src/testing/index.ts'
import { violations } from '../published/answers.ts'

let fake: Fake
let gateway: Gateway
let server: RunningServer
const folder = mkdtempSync(join(tmpdir(), 'trunkline-socket-'))

beforeAll(async () => {
  fake = await startFake({ kind: 'openai', models: ['m'] })
  const endpoint = (provider: string, more = {}): object => ({
    provider,
    base_url: `${fake.url}/v1`,
    api_key: 'k',
    models: ['m'],
    ...more,
  })
  writeFileSync(
    join(folder, 'trunkline.yaml'),
    JSON.stringify({
      server: { master_key: 'sk-test' },
      endpoints: {
        chat: endpoint('openai-compatible'),
        keeper: endpoint('openai'),
        narrow: endpoint('openai-compatible', { rate_limit: { rpm: 1 } }),
      },
    }),
  )
  gateway = createGateway(loadConfig({ cwd: folder, env: {} }), {
    log: pino({ level: 'silent' }),
    probe: false,
  })
  server = await startServer({ gateway, host: '127.0.0.1', port: 0 })
})

afterAll(async () => {
  await server.close()
  await fake.close()
  rmSync(folder, { recursive: true })
})

interface Open {
  socket: WebSocket
  send(frame: object): void
  /** The next event. */
  next(): Promise<JsonObject>
  /** Events up to and with the last of a turn. */
  rest(): Promise<JsonObject[]>
}

const LAST: ReadonlySet<unknown> = new Set([
  'response.completed',
  'response.failed',
  'response.incomplete',
  'error',
])

async function open(running = server, key = 'sk-test'): Promise<Open> {
  const socket = new WebSocket(`${running.url.replace('http', 'ws')}/v1/responses`, {
    headers: { authorization: `Bearer ${key}`, 'openai-beta': 'responses_websockets=2026-02-06' },
  })
  onTestFinished(() => socket.terminate())
  const came: JsonObject[] = []
  const waiting: ((event: JsonObject) => void)[] = []
  socket.on('message', (data: Buffer) => {
    const event = JSON.parse(data.toString('utf8')) as JsonObject
    const waiter = waiting.shift()
    if (waiter) waiter(event)
    else came.push(event)
  })
  await once(socket, 'open')
  const next = (): Promise<JsonObject> => {
    const event = came.shift()
    return event ? Promise.resolve(event) : new Promise((resolve) => waiting.push(resolve))
  }
  return {
    socket,
    send: (frame) => socket.send(JSON.stringify(frame)),
    next,
    async rest() {
      const events: JsonObject[] = []
      do events.push(await next())
      while (!LAST.has(events.at(-1)?.type))
      return events
    },
  }
}

const create = (more: object): object => ({ type: 'response.create', model: 'chat/m', store: false, ...more })
const final = (events: JsonObject[]): JsonObject => events.at(-1)?.response as JsonObject

function asked(): JsonObject {
  const body = fake.log.at(-1)?.body
  if (!isObject(body)) throw new Error('nothing was asked')
  return body
}

function chat(text: string): SsePiece[] {
  const chunk = (choices: object[], more = {}): SsePiece => ({
    data: {
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices,
      ...more,
    } as JsonObject,
  })
  return [
    chunk([{ index: 0, delta: { role: 'assistant', content: text }, finish_reason: null }]),
    chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]),
    chunk([], { usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } }),
    { data: '[DONE]' },
  ]
}

function native(id: string, text: string): SsePiece[] {
  const whole = {
    id,
    object: 'response',
    created_at: 1,
    status: 'completed',
    error: null,
    model: 'm',
    output: [
      { id: `rs_${id}`, type: 'reasoning', summary: [], encrypted_content: `sealed ${id}` },
      {
        id: `msg_${id}`,
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text, annotations: [] }],
      },
    ],
    usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
  }
  const event = (type: string, sequence: number, response: object): SsePiece => ({
    event: type,
    data: { type, sequence_number: sequence, response } as JsonObject,
  })
  return [
    event('response.created', 0, { ...whole, status: 'in_progress', output: [] }),
    event('response.completed', 1, whole),
  ]
}

test('a warm-up asks no upstream, and the next frames go on from it with store: false', async () => {
  const codex = await open()
  const before = fake.log.length
  codex.send(
    create({ generate: false, instructions: 'rules', input: [{ role: 'developer', content: 'be kind' }] }),
  )
  const warm = await codex.rest()
  expect(warm.map(({ type }) => type)).toEqual(['response.created', 'response.completed'])
  const told = warm.map((event) => `data: ${JSON.stringify(event)}`).join('\n')
  expect(violations('openai-responses', true, told)).toEqual([])
  expect(final(warm)).toMatchObject({ status: 'completed', output: [], usage: { total_tokens: 0 } })
  expect(fake.log.length).toBe(before)
  expect(gateway.runtime.decisions.recent(1)[0]).toMatchObject({
    operation: 'chat',
    status: 200,
    attempts: [],
  })

  fake.script({ sse: chat('one') })
  codex.send(create({ input: [{ role: 'user', content: 'first' }], previous_response_id: final(warm).id }))
  const one = await codex.rest()
  expect(one.map(({ sequence_number: number }) => number)).toEqual(one.map((_, index) => index))
  expect(asked().messages).toEqual([
    { role: 'developer', content: 'be kind' },
    { role: 'user', content: 'first' },
  ])
  expect(asked()).not.toHaveProperty('generate')
  expect(fake.log.at(-1)?.headers['openai-beta']).toBeUndefined()
  expect(gateway.runtime.decisions.recent(1)[0]).toMatchObject({
    endpoint: 'chat',
    input: 3,
    output: 2,
    stream: true,
  })

  fake.script({ sse: chat('two') })
  codex.send(create({ input: [{ role: 'user', content: 'second' }], previous_response_id: final(one).id }))
  const two = await codex.rest()
  expect((asked().messages as JsonObject[]).map(({ content }) => content)).toEqual([
    'be kind',
    'first',
    'one',
    'second',
  ])

  // On that socket only, and not over POST.
  const other = await open()
  other.send(create({ input: 'x', previous_response_id: final(two).id }))
  expect(await other.next()).toMatchObject({
    type: 'error',
    status: 400,
    error: { code: 'previous_response_not_found', param: 'previous_response_id' },
  })
  const posted = await fetch(`${server.url}/v1/responses/${final(two).id as string}`, {
    headers: { authorization: 'Bearer sk-test' },
  })
  expect(posted.status).toBe(404)
})

test('over a host that would keep responses, unstored turns are kept by the socket and sent whole', async () => {
  const codex = await open()
  fake.script({ match: /responses/, sse: native('resp_1', 'one') })
  codex.send(create({ model: 'keeper/m', input: [{ role: 'user', content: 'first' }] }))
  await codex.rest()
  fake.script({ match: /responses/, sse: native('resp_2', 'two') })
  codex.send(
    create({
      model: 'keeper/m',
      input: [{ role: 'user', content: 'second' }],
      previous_response_id: 'resp_1',
    }),
  )
  await codex.rest()
  expect(asked()).toMatchObject({ store: false, stream: true })
  expect(asked()).not.toHaveProperty('previous_response_id')
  expect(asked().input).toMatchObject([
    { role: 'user', content: 'first' },
    { type: 'reasoning', encrypted_content: 'sealed resp_1' },
    { type: 'message', role: 'assistant' },
    { role: 'user', content: 'second' },
  ])
})

test('what is stored is pinned as over POST', async () => {
  const codex = await open()
  fake.script({ match: /responses/, sse: native('resp_3', 'one') })
  codex.send(create({ model: 'keeper/m', input: 'first', store: true }))
  await codex.rest()
  fake.script({ match: /responses/, sse: native('resp_4', 'two') })
  codex.send(create({ model: 'keeper/m', input: 'second', store: true, previous_response_id: 'resp_3' }))
  await codex.rest()
  expect(asked()).toMatchObject({ previous_response_id: 'resp_3', input: 'second' })
})

test('frames are answered one after the other, lanes beside each other, each event naming its lane', async () => {
  const codex = await open()
  fake.script({ sse: chat('one') }, { sse: chat('two') })
  codex.send(create({ input: 'first' }))
  codex.send(create({ input: 'second' }))
  const [one, two] = [await codex.rest(), await codex.rest()]
  expect([one, two].map((events) => JSON.stringify(final(events).output))).toEqual([
    expect.stringContaining('one'),
    expect.stringContaining('two'),
  ])
  expect(one[0]).not.toHaveProperty('stream_id')
  fake.script({ sse: chat('three') })
  codex.send(create({ input: 'third', stream_id: 'a' }))
  expect((await codex.rest()).map((event) => event.stream_id)).toEqual(expect.arrayContaining(['a']) as never)
})

test('what is wrong is an error frame, and the socket goes on', async () => {
  const codex = await open()
  codex.socket.send('{')
  expect(await codex.next()).toMatchObject({
    type: 'error',
    status: 400,
    error: { type: 'invalid_request_error' },
  })
  codex.send({ type: 'response.steer', input: 'x' })
  expect(await codex.next()).toMatchObject({
    type: 'error',
    error: { code: 'unsupported_operation', param: 'type' },
  })
  codex.send(create({ model: 'nobody', input: 'x' }))
  expect(await codex.next()).toMatchObject({ type: 'error', status: 404, error: { code: 'model_not_found' } })
  codex.send(create({ model: 'nobody', input: 'x', generate: false }))
  expect(await codex.next()).toMatchObject({ type: 'error', status: 404 })
  codex.send(create({ model: 'narrow/m', input: 'x' }))
  fake.script({ sse: chat('x') })
  expect((await codex.rest()).at(-1)?.type).toBe('response.completed')
  codex.send(create({ model: 'narrow/m', input: 'x' }))
  expect(await codex.next()).toMatchObject({
    type: 'error',
    status: 429,
    error: { headers: { 'retry-after': expect.any(String) as never } },
  })
  fake.script({ sse: chat('still here') })
  codex.send(create({ input: 'x' }))
  expect((await codex.rest()).at(-1)?.type).toBe('response.completed')
})

test('a socket that goes takes its upstream call with it', async () => {
  const codex = await open()
  fake.script({ sse: [chat('one')[0] as SsePiece, { data: 'x', delayMs: 60_000 }] })
  const settled = new Promise<unknown>((resolve) => {
    const stop = gateway.runtime.decisions.subscribe((decision) => {
      stop()
      resolve(decision)
    })
  })
  codex.send(create({ input: 'x' }))
  expect((await codex.next()).type).toBe('response.created')
  codex.socket.terminate()
  expect(await settled).toMatchObject({ endedBy: 'caller', error: { kind: 'caller_gone' } })
})

test('a page from elsewhere opens no socket, whatever key its reader has', async () => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/responses`, {
    headers: { authorization: 'Bearer sk-test', origin: 'https://elsewhere.example' },
  })
  const [, reply] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }]
  expect(reply.statusCode).toBe(403)
})

test('without a key no socket is opened', async () => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/responses`)
  const [, reply] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }]
  expect(reply.statusCode).toBe(401)
})

test('a gateway that stops lets the turn under way end, then closes', async () => {
  const mine = createGateway(loadConfig({ cwd: folder, env: {} }), {
    log: pino({ level: 'silent' }),
    probe: false,
  })
  const running = await startServer({ gateway: mine, host: '127.0.0.1', port: 0 })
  const codex = await open(running)
  const idle = await open(running)
  const [begin, ...others] = chat('one') as [SsePiece, ...{ data: JsonObject }[]]
  fake.script({
    sse: [begin, ...others.map((piece, index) => ({ ...piece, delayMs: index === 0 ? 100 : 0 }))],
  })
  codex.send(create({ input: 'x' }))
  expect((await codex.next()).type).toBe('response.created')
  const closed = [once(codex.socket, 'close'), once(idle.socket, 'close')]
  const stopped = running.close()
  expect((await codex.rest()).at(-1)?.type).toBe('response.completed')
  expect((await Promise.all(closed)).map(([code]) => code as unknown)).toEqual([1001, 1001])
  await stopped
})
