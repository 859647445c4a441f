// Responses in the background are calls like any other: what they took is counted once they are done, whoever notices.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Decision } from '../../src/gateway/decisions.ts'
import { type Gateway, createGateway } from '../../src/gateway/create-gateway.ts'
import { type RunningServer, startServer } from '../../src/server/index.ts'
import { type Fake, startFake } from '../../src/testing/index.ts'
import { systemClock } from '../../src/upstream/system-clock.ts'

let fake: Fake
let gateway: Gateway
let server: RunningServer
const folder = mkdtempSync(join(tmpdir(), 'trunkline-background-'))
/** Looks that are due; nothing else waits for such times. */
const looks: (() => void)[] = []
const LOOK_MS: ReadonlySet<number> = new Set([2_000, 3_000, 4_500])
const settled: Decision[] = []
const waiting = new Set<() => void>()

beforeAll(async () => {
  fake = await startFake({ kind: 'openai', models: ['gpt-4o-mini'] })
  const endpoint = (more = {}): object => ({
    provider: 'openai',
    base_url: `${fake.url}/v1`,
    api_key: 'k',
    models: ['gpt-4o-mini'],
    ...more,
  })
  writeFileSync(
    join(folder, 'trunkline.yaml'),
    JSON.stringify({
      endpoints: {
        keeper: endpoint(),
        trial: endpoint(),
        narrow: endpoint({ rate_limit: { concurrency: 1, max_queue: 0 } }),
        counted: endpoint({ rate_limit: { tpm: 1_000 } }),
      },
      routes: {
        copied: {
          shadow: { to: 'trial/gpt-4o-mini', share: 1 },
          targets: [{ to: 'keeper/gpt-4o-mini' }],
        },
      },
    }),
  )
  gateway = createGateway(loadConfig({ cwd: folder, env: {} }), {
    log: pino({ level: 'silent' }),
    probe: false,
    clock: {
      ...systemClock,
      timer(ms, fn) {
        if (!LOOK_MS.has(ms)) return systemClock.timer(ms, fn)
        looks.push(fn)
        for (const wake of waiting) wake()
        return { refresh() {}, cancel: () => void looks.splice(looks.indexOf(fn), 1) }
      },
    },
  })
  gateway.runtime.decisions.subscribe((decision) => {
    settled.push(decision)
    for (const wake of waiting) wake()
  })
  server = await startServer({ gateway, host: '127.0.0.1', port: 0 })
})

afterAll(async () => {
  await server.close()
  await fake.close()
  rmSync(folder, { recursive: true })
})

/** Resolves once it is so: asked after each look that is set and each call that is settled. */
function come(so: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      if (!so()) return
      waiting.delete(wake)
      resolve()
    }
    waiting.add(wake)
    wake()
  })
}

const response = (id: string, status: string, usage?: [number, number]): JsonObject => ({
  id,
  object: 'response',
  created_at: 1_700_000_000,
  status,
  background: true,
  error: null,
  model: 'gpt-4o-mini',
  output: [],
  usage: usage
    ? { input_tokens: usage[0], output_tokens: usage[1], total_tokens: usage[0] + usage[1] }
    : null,
})

const post = (model: string, more = {}, signal?: AbortSignal): Promise<Response> =>
  fetch(`${server.url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer a' },
    body: JSON.stringify({ model, input: 'x', background: true, ...more }),
    ...(signal ? { signal } : {}),
  })

/** Starts one at an endpoint. @returns the call's id. */
async function begin(model: string, id: string): Promise<string> {
  fake.script({ match: /responses$/, json: response(id, 'queued') })
  const reply = await post(model)
  expect(reply.status).toBe(200)
  expect(((await reply.json()) as JsonObject).status).toBe('queued')
  return reply.headers.get('x-request-id') ?? ''
}

/** Lets the next look happen, answered so. */
function look(id: string, answer: JsonObject): void {
  fake.script({ match: new RegExp(id), method: 'GET', json: answer })
  looks.shift()?.()
}

const of = (call: string): Decision | undefined => settled.find(({ id }) => id === call)

test('it is settled when it is done: usage, cost, one record', async () => {
  const call = await begin('keeper/gpt-4o-mini', 'resp_1')
  expect(of(call)).toBeUndefined()
  look('resp_1', response('resp_1', 'in_progress'))
  await come(() => looks.length === 1)
  expect(fake.log.at(-1)).toMatchObject({ method: 'GET', path: '/v1/responses/resp_1' })
  expect(fake.log.at(-1)?.headers.authorization).toBe('Bearer k')
  look('resp_1', response('resp_1', 'completed', [1_000, 2_000]))
  await come(() => of(call) !== undefined)
  expect(of(call)).toMatchObject({
    status: 200,
    input: 1_000,
    output: 2_000,
    endpoint: 'keeper',
    phase: 'settle',
  })
  expect(of(call)?.costUsd).toBeGreaterThan(0)
  expect(looks).toEqual([])
  expect(settled.filter(({ id }) => id === call)).toHaveLength(1)
})

test('its caller’s own question saves the look, whole, streamed or a cancellation', async () => {
  const first = await begin('keeper/gpt-4o-mini', 'resp_2')
  fake.script({ match: /resp_2/, method: 'GET', json: response('resp_2', 'completed', [3, 4]) })
  const ask = (path: string, method = 'GET'): Promise<Response> =>
    fetch(`${server.url}/v1/responses/${path}`, { method, headers: { authorization: 'Bearer a' } })
  await ask('resp_2')
  expect(of(first)).toMatchObject({ input: 3, output: 4 })
  // Asked again it is not counted again.
  fake.script({ match: /resp_2/, method: 'GET', json: response('resp_2', 'completed', [3, 4]) })
  await ask('resp_2')
  expect(settled.filter(({ id }) => id === first)).toHaveLength(1)

  const second = await begin('keeper/gpt-4o-mini', 'resp_3')
  fake.script({
    match: /resp_3/,
    method: 'GET',
    sse: [
      {
        event: 'response.completed',
        data: {
          type: 'response.completed',
          sequence_number: 1,
          response: response('resp_3', 'completed', [5, 6]),
        },
      },
    ],
  })
  await (await ask('resp_3?stream=true')).text()
  expect(of(second)).toMatchObject({ input: 5, output: 6 })

  const third = await begin('keeper/gpt-4o-mini', 'resp_4')
  fake.script({ match: /cancel/, json: response('resp_4', 'cancelled', [7, 0]) })
  await ask('resp_4/cancel', 'POST')
  expect(of(third)).toMatchObject({ input: 7, endedBy: 'caller' })
  expect(looks).toEqual([])
})

test('its place and its tokens are taken until it is done', async () => {
  const call = await begin('narrow/gpt-4o-mini', 'resp_5')
  expect((await post('narrow/gpt-4o-mini')).status).toBe(429)
  look('resp_5', response('resp_5', 'completed', [1, 1]))
  await come(() => of(call) !== undefined)
  fake.script({ match: /responses$/, json: response('resp_6', 'completed', [1, 1]) })
  expect((await post('narrow/gpt-4o-mini')).status).toBe(200)

  const counted = await begin('counted/gpt-4o-mini', 'resp_7')
  look('resp_7', response('resp_7', 'completed', [500, 500]))
  await come(() => of(counted) !== undefined)
  expect((await post('counted/gpt-4o-mini')).status).toBe(429)
})

test('a stream that its caller leaves goes on upstream, and is counted', async () => {
  const created = {
    type: 'response.created',
    sequence_number: 0,
    response: response('resp_8', 'in_progress'),
  }
  fake.script({
    match: /responses$/,
    sse: [
      { event: created.type, data: created },
      { data: 'x', delayMs: 60_000 },
    ],
  })
  const leave = new AbortController()
  const reply = await post('keeper/gpt-4o-mini', { stream: true }, leave.signal)
  const call = reply.headers.get('x-request-id') ?? ''
  await reply.body?.getReader().read()
  leave.abort()
  await come(() => looks.length === 1)
  expect(of(call)).toBeUndefined()
  look('resp_8', response('resp_8', 'completed', [8, 9]))
  await come(() => of(call) !== undefined)
  expect(of(call)).toMatchObject({ input: 8, output: 9, endedBy: 'caller' })
})

test('one that failed there is a failure here, with what it took', async () => {
  const call = await begin('keeper/gpt-4o-mini', 'resp_9')
  look('resp_9', {
    ...response('resp_9', 'failed', [4, 1]),
    error: { code: 'server_error', message: 'broke' },
  })
  await come(() => of(call) !== undefined)
  expect(of(call)).toMatchObject({
    input: 4,
    output: 1,
    error: { message: expect.stringContaining('broke') as never },
  })
})

test('it is not copied to a deployment on trial: a second one would be paid for nobody', async () => {
  const before = fake.log.length
  const call = await begin('copied', 'resp_10')
  look('resp_10', response('resp_10', 'completed', [1, 1]))
  await come(() => of(call) !== undefined)
  expect(fake.log.slice(before).map(({ method }) => method)).toEqual(['POST', 'GET'])
})

test('a gateway that stops settles what it does not see the end of', async () => {
  const call = await begin('keeper/gpt-4o-mini', 'resp_11')
  await gateway.close()
  expect(of(call)).toMatchObject({ status: 200, endpoint: 'keeper' })
  expect(of(call)?.input).toBeUndefined()
})
