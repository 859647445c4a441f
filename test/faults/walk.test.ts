// What is declared on routes and endpoints, seen from outside: who is asked, when, how often, with which credential,
// what the caller is told and what the decision record says afterwards.

import net from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RouteConfig } from '../../src/config/config.ts'
import { type Fake, type Step, startFake } from '../../src/testing/fake-upstream.ts'
import { until } from '../acceptance/kit.ts'
import { PIECES } from './faults.ts'
import { type EndpointDraft, type Heard, type House, ask, bodyOf, errorIn, house } from './house.ts'

let one: Fake
let two: Fake
let three: Fake
let at: House | undefined

beforeEach(async () => {
  one = await startFake({ models: ['m'] })
  two = await startFake({ models: ['m'] })
  three = await startFake({ models: ['m'] })
})
afterEach(async () => {
  await at?.close()
  at = undefined
  await Promise.all([one.close(), two.close(), three.close()])
})

const route = (config: Partial<RouteConfig>, ids: string[] = ['one', 'two']): RouteConfig => ({
  name: 'r',
  strategy: 'priority',
  fallback: [],
  targets: ids.map((id) => ({ endpoint: id, model: 'm', weight: 1 })),
  ...config,
})
const endpoint = (id: string, fake: Fake, more: Partial<EndpointDraft> = {}): EndpointDraft => ({
  id,
  url: `${fake.url}/v1`,
  ...more,
})
const up = async (
  routes: RouteConfig[],
  more: Record<string, Partial<EndpointDraft>> = {},
  extra: Parameters<typeof house>[1] = {},
): Promise<House> => {
  at = await house(
    [endpoint('one', one, more.one), endpoint('two', two, more.two), endpoint('three', three, more.three)],
    { ...extra, routes },
  )
  return at
}
const call = (of: House, model = 'r', stream = false, headers: Record<string, string> = {}): Promise<Heard> =>
  ask(of, 'chat', bodyOf('chat', stream, model), headers).heard
const always = (step: Step): Step => ({ ...step, keep: true })
const refusal = (status: number, headers: Record<string, string> = {}): Step => ({
  status,
  headers,
  json: { error: { message: `upstream says ${status}`, type: 'x', code: 'x', param: null } },
})
const outcomes = (of: House) => of.latest().attempts.map((row) => [row.endpoint, row.reason, row.outcome])
const settledWith = (of: House) => until(() => of.timers() === 0, 2_000, 'every timer is cancelled')

describe('retries', () => {
  test('wait as long as the upstream asks for, in ms too', async () => {
    const of = await up([], { one: { maxRetries: 1 } })
    one.script(refusal(429, { 'retry-after-ms': '120' }))
    const heard = await call(of, 'one')
    expect(heard.status).toBe(200)
    expect(outcomes(of)).toEqual([
      ['one', 'first', 'upstream_rate_limited'],
      ['one', 'retry', 'answered'],
    ])
    const [wait] = of.latest().waits
    expect(wait?.why).toBe('retry-after')
    expect(wait?.ms).toBeGreaterThanOrEqual(120)
    expect((one.log[1]?.at ?? 0) - (one.log[0]?.at ?? 0)).toBeGreaterThanOrEqual(119)
  })
  test('a wait beyond the cap is the caller’s, and it is told how long', async () => {
    const of = await up([], { one: { maxRetries: 3 } })
    const date = new Date(Date.now() + 40_000).toUTCString()
    one.script(refusal(429, { 'retry-after': date }))
    const heard = await call(of, 'one')
    expect(heard.status).toBe(429)
    expect(Number(heard.headers['retry-after'])).toBeGreaterThan(37)
    expect(Number(heard.headers['retry-after'])).toBeLessThanOrEqual(40)
    expect(one.log).toHaveLength(1)
  })
  test('the budget of a route ends retries, not calls', async () => {
    const config = route({ retry: { max: 1, baseMs: 1, capMs: 2 }, retryBudget: 0.1 }, ['one'])
    const of = await up([config], { one: { breaker: { failures: 1_000, openMs: 1_000 } } })
    one.script(always(refusal(500)))
    for (let i = 0; i < 40; i++) expect((await call(of)).status).toBe(500)
    // Ten in reserve, a tenth of forty earned.
    expect(one.log.length).toBe(40 + 10 + 3)
  })
  test('the deadline of a route ends an attempt and the walk', async () => {
    const of = await up([route({ deadlineMs: 150 })], { one: { timeouts: { firstByteMs: 5_000 } } })
    one.script({ delayMs: 60_000 })
    const heard = await call(of)
    expect(heard.status).toBe(504)
    expect(errorIn(heard)?.message).toContain('within the deadline of its route "r" (150 ms)')
    await until(() => one.log[0]?.closedEarly === true, 2_000, 'the upstream is let go')
    await settledWith(of)
  })
  test('a kept-alive connection that was closed meanwhile is no failure', async () => {
    let requests = 0
    const body = JSON.stringify({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'pong' }, finish_reason: 'stop' }],
    })
    const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      let first = true
      socket.on('data', () => {
        requests++
        if (!first) return socket.resetAndDestroy()
        first = false
        return socket.write(answer)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as net.AddressInfo
    at = await house([{ id: 'raw', url: `http://127.0.0.1:${port}/v1` }])
    try {
      expect((await call(at, 'raw')).status).toBe(200)
      expect((await call(at, 'raw')).status).toBe(200)
      expect(outcomes(at)).toEqual([
        ['raw', 'first', 'backend_unavailable'],
        ['raw', 'reconnect', 'answered'],
      ])
      expect(requests).toBe(3)
    } finally {
      server.close()
    }
  })
})

describe('credentials', () => {
  const keyOf = (entry: { headers: Record<string, unknown> }) => entry.headers.authorization
  test('take turns', async () => {
    const of = await up([], { one: { moreKeys: ['sk-b', 'sk-c'] } })
    for (let i = 0; i < 4; i++) await call(of, 'one')
    expect(one.log.map(keyOf)).toEqual(['Bearer sk-up', 'Bearer sk-b', 'Bearer sk-c', 'Bearer sk-up'])
  })
  test.for([401, 402, 403, 429])('%i benches one and asks the next at once', async (status) => {
    const of = await up([], { one: { moreKeys: ['sk-b'] } })
    one.script(refusal(status))
    expect((await call(of, 'one')).status).toBe(200)
    expect((await call(of, 'one')).status).toBe(200)
    expect(one.log.map(keyOf)).toEqual(['Bearer sk-up', 'Bearer sk-b', 'Bearer sk-b'])
    expect(of.gateway.runtime.decisions.recent(2)[1]?.attempts.map((row) => row.credential)).toEqual([1, 2])
  })
  test('when all are refused the caller gets the refusal', async () => {
    const of = await up([], { one: { moreKeys: ['sk-b'] } })
    one.script(always(refusal(401)))
    expect((await call(of, 'one')).status).toBe(401)
    expect(one.log).toHaveLength(2)
  })
})

describe('cool-down and breaker', () => {
  test('who asked us to wait comes last until then, and is no failure', async () => {
    const of = await up([route({})])
    one.script(refusal(429, { 'retry-after': '30' }))
    expect((await call(of)).headers['x-trunkline-endpoint']).toBe('two')
    expect((await call(of)).headers['x-trunkline-endpoint']).toBe('two')
    expect(of.latest().picks[0]?.candidates[0]?.refused).toMatch(/^asked us to wait/)
    expect(one.log).toHaveLength(1)
    expect(of.gateway.runtime.vitals.get('one/m')?.breaker.failures).toBe(0)
    of.shift(31_000)
    expect((await call(of)).headers['x-trunkline-endpoint']).toBe('one')
  })
  test('alone it is asked all the same: its caller decides about waiting', async () => {
    const of = await up([])
    one.script(refusal(429, { 'retry-after': '30' }))
    expect((await call(of, 'one')).status).toBe(429)
    expect((await call(of, 'one')).status).toBe(200)
  })
  test('who rests does not use up its rate', async () => {
    const of = await up([], { one: { breaker: { failures: 1, openMs: 5_000 }, rateLimit: { rpm: 2 } } })
    one.script(refusal(500))
    await call(of, 'one')
    for (let i = 0; i < 5; i++) expect((await call(of, 'one')).status).toBe(503)
    of.shift(5_000)
    expect((await call(of, 'one')).status).toBe(200)
    expect((await call(of, 'one')).status).toBe(429)
  })
  test('an open breaker answers alone, lets one trial through, and closes on its success', async () => {
    const of = await up([], { one: { breaker: { failures: 3, openMs: 5_000 } } })
    one.script(refusal(500), refusal(500), refusal(500))
    for (let i = 0; i < 3; i++) await call(of, 'one')
    const refused = await call(of, 'one')
    expect(refused.status).toBe(503)
    expect(Number(refused.headers['retry-after'])).toBe(5)
    expect(one.log).toHaveLength(3)
    of.shift(5_000)
    one.script({ delayMs: 100 })
    const many = await Promise.all([1, 2, 3].map(() => call(of, 'one')))
    expect(many.map((heard) => heard.status).sort((a, b) => a - b)).toEqual([200, 503, 503])
    expect(one.log).toHaveLength(4)
    expect((await call(of, 'one')).status).toBe(200)
  })
})

describe('fallback by cause', () => {
  const causes: [string, Step, Partial<EndpointDraft>][] = [
    ['unavailable', refusal(503), {}],
    ['rate_limited', refusal(429), {}],
    [
      'context_too_long',
      {
        status: 400,
        json: {
          error: {
            message: "This model's maximum context length is 8 tokens",
            code: 'context_length_exceeded',
          },
        },
      },
      {},
    ],
    [
      'content_refused',
      {
        status: 400,
        json: { error: { message: 'refused', code: 'content_filter', type: 'invalid_request_error' } },
      },
      {},
    ],
    ['timeout', { delayMs: 60_000 }, { timeouts: { firstByteMs: 100 } }],
  ]
  test.for(causes)('%s: only where declared, disclosed', async ([cause, step, draft]) => {
    const wanted = route({ fallback: { [cause]: ['two'] } }, ['one'])
    const others = causes.flatMap(([other]) => (other === cause ? [] : [other]))
    const unwanted = route(
      { name: 'not', fallback: Object.fromEntries(others.map((other) => [other, ['two']])) },
      ['one'],
    )
    const of = await up([wanted, unwanted], { one: draft })
    one.script(step)
    const heard = await call(of)
    expect(heard.status, heard.text).toBe(200)
    expect(heard.headers['x-trunkline-fallback']).toBe('r->two')
    expect(outcomes(of).map(([id, reason]) => [id, reason])).toEqual([
      ['one', 'first'],
      ['two', 'fallback'],
    ])
    one.script(step)
    expect((await call(of, 'not')).status).not.toBe(200)
    expect(two.log).toHaveLength(1)
  })
  test('a caller may declare it for one call, or forbid it', async () => {
    const of = await up([route({ fallback: ['two'] }, ['one'])])
    one.script(always(refusal(503)))
    const own = await call(of, 'one', false, { 'x-trunkline-fallback': 'nowhere' })
    expect([own.status, own.headers['x-trunkline-fallback']]).toEqual([503, undefined])
    const given = await call(of, 'one', false, { 'x-trunkline-fallback': 'one, three' })
    expect([given.status, given.headers['x-trunkline-fallback']]).toEqual([200, 'one->three'])
    expect((await call(of, 'r', false, { 'x-trunkline-fallback': '' })).status).toBe(503)
    expect((await call(of)).headers['x-trunkline-fallback']).toBe('r->two')
  })
  test('a fallback that does not take the request does not hide why it was needed', async () => {
    const gold = { endpoint: 'two', model: 'm', weight: 1, when: { header: { 'x-team': 'gold' } } }
    const of = await up([
      route({ fallback: ['gold', 'three'] }, ['one']),
      route({ name: 'only', fallback: ['gold'] }, ['one']),
      route({ name: 'gold', targets: [gold] }),
    ])
    one.script(always(refusal(503)))
    expect((await call(of, 'only')).status).toBe(503)
    expect((await call(of)).headers['x-trunkline-fallback']).toBe('r->three')
    const direct = await call(of, 'gold')
    expect([direct.status, errorIn(direct)?.message]).toEqual([
      400,
      'no deployment of route "gold" takes this request (two: its rule does not hold: header x-team)',
    ])
  })
  test('routes that name each other end', async () => {
    const of = await up([
      route({ name: 'a', fallback: ['b', 'a'] }, ['one']),
      route({ name: 'b', fallback: ['a', 'b'] }, ['two']),
    ])
    one.script(always(refusal(500)))
    two.script(always(refusal(503)))
    expect((await call(of, 'a')).status).toBe(503)
    expect(one.log.length + two.log.length).toBe(2)
  })
  test('other 4xx are answers', async () => {
    const of = await up([route({ fallback: ['two'] }, ['one'])])
    for (const status of [400, 404, 413, 422]) {
      one.script(refusal(status))
      expect((await call(of)).status).toBe(status)
    }
    expect(two.log).toHaveLength(0)
  })
})

describe('limits', () => {
  test('requests_per_second paces and serves all', async () => {
    const of = await up([], { one: { rateLimit: { requestsPerSecond: 20 } } })
    const heard = await Promise.all([1, 2, 3, 4].map(() => call(of, 'one')))
    expect(heard.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const times = one.log.map((entry) => entry.at).sort((a, b) => a - b)
    // Arrival, not departure: the first one may have been slow to arrive. The pacer's own test is exact.
    expect((times[3] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(100)
    await settledWith(of)
  })
  test('beyond the bounded wait a paced call is refused with the time that is left', async () => {
    const of = await up([], { one: { rateLimit: { requestsPerSecond: 1, maxPaceMs: 0 } } })
    expect((await call(of, 'one')).status).toBe(200)
    const heard = await call(of, 'one')
    expect(heard.status).toBe(429)
    expect(heard.headers['retry-after']).toBe('1')
  })
  test('tokens are settled from usage, also of a stream and of a failure', async () => {
    const of = await up([], { one: { rateLimit: { tpm: 1_000 } } })
    const tokens = () => of.gateway.runtime.endpoints.get('one')?.scope?.window.tokens
    one.script({ sse: PIECES })
    await call(of, 'one', true)
    expect(tokens()).toBe(7)
    one.script(refusal(500))
    await call(of, 'one')
    expect(tokens()).toBe(7)
    await call(of, 'one')
    expect(tokens()).toBeGreaterThan(7)
  })
  test('a cancelled stream keeps its estimate', async () => {
    const of = await up([], { one: { rateLimit: { tpm: 1_000 }, timeouts: { idleMs: 5_000 } } })
    one.script({ sse: PIECES, stallAfterBytes: 330 })
    const asking = ask(of, 'chat', bodyOf('chat', true, 'one'))
    await asking.firstBytes
    asking.request.destroy()
    await until(() => of.calls.length === 1, 2_000, 'the call is settled')
    expect(of.gateway.runtime.endpoints.get('one')?.scope?.window.tokens).toBeGreaterThan(5)
  })
  test('an endpoint without room passes the call on; without any the wait is told', async () => {
    const of = await up([route({})], { one: { rateLimit: { rpm: 1 } }, two: { rateLimit: { rpm: 1 } } })
    expect((await call(of)).headers['x-trunkline-endpoint']).toBe('one')
    expect((await call(of)).headers['x-trunkline-endpoint']).toBe('two')
    of.shift(20_000)
    const heard = await call(of)
    expect(heard.status).toBe(429)
    expect(Number(heard.headers['retry-after'])).toBeGreaterThanOrEqual(39)
    expect(Number(heard.headers['retry-after'])).toBeLessThanOrEqual(40)
    expect(one.log.length + two.log.length).toBe(2)
  })
  test('a reload is no way around a limit, nor around an open breaker', async () => {
    const of = await up([route({ limits: { rpm: 1 } })], {
      one: { rateLimit: { rpm: 1 } },
      two: { breaker: { failures: 1, openMs: 60_000 } },
    })
    expect((await call(of, 'one')).status).toBe(200)
    two.script(refusal(500))
    await call(of, 'two')
    await call(of)
    of.gateway.reload(of.gateway.runtime.config)
    expect((await call(of, 'one')).status).toBe(429)
    expect((await call(of, 'two')).status).toBe(503)
    expect((await call(of)).status).toBe(429)
  })
  test('per route and per caller', async () => {
    const of = await up([route({ limits: { rpm: 2 } })], {}, { callerLimits: { rpm: 3 } })
    const key = (name: string) => ({ authorization: `Bearer ${name}` })
    const asks = [
      ['r', 'a'],
      ['r', 'a'],
      ['r', 'a'],
      ['one', 'a'],
      ['one', 'b'],
    ] as const
    const said: [number, string][] = []
    for (const [model, who] of asks) {
      const heard = await call(of, model, false, key(who))
      said.push([heard.status, errorIn(heard)?.message ?? ''])
    }
    expect(said.map(([status]) => status)).toEqual([200, 200, 429, 429, 200])
    expect(said[2]?.[1]).toContain('route "r"')
    expect(said[3]?.[1]).toContain('this key')
  })
  test('calls at once wait in a queue, are told their place, and leave it when they hang up', async () => {
    const of = await up([], {
      one: { rateLimit: { concurrency: 1, maxQueue: 2 }, timeouts: { firstByteMs: 5_000 } },
    })
    one.script({ delayMs: 250 })
    const first = call(of, 'one')
    await until(() => one.log.length === 1, 2_000, 'the first is under way')
    const second = call(of, 'one')
    const gate = of.gateway.runtime.endpoints.get('one')?.scope?.gate
    await until(() => gate?.waiting === 1, 2_000, 'the second waits')
    const gone = ask(of, 'chat', bodyOf('chat', false, 'one'))
    await until(() => gate?.waiting === 2, 2_000, 'the third waits')
    const full = await call(of, 'one')
    expect(full.status).toBe(429)
    expect(errorIn(full)?.message).toContain('all 1 places of endpoint "one" are taken and 2 calls wait')
    gone.request.destroy()
    await until(() => gate?.waiting === 1, 2_000, 'the third left the queue')
    expect((await first).status).toBe(200)
    const heard = await second
    expect(heard.status).toBe(200)
    expect(heard.headers['x-trunkline-queue']).toMatch(/^place=1; waited=\d+ms$/)
    await settledWith(of)
    expect(gate).toMatchObject({ running: 0, waiting: 0 })
  })
  test('a wait in the queue has an end', async () => {
    const rateLimit = { concurrency: 1, queueWaitMs: 50 }
    const of = await up([], { one: { rateLimit, timeouts: { firstByteMs: 5_000 } } })
    one.script({ delayMs: 300 })
    const first = call(of, 'one')
    await until(() => one.log.length === 1, 2_000, 'the first is under way')
    expect((await call(of, 'one')).status).toBe(429)
    expect((await first).status).toBe(200)
    await settledWith(of)
  })
  test('an adaptive limit never lets more through at once than it has found', async () => {
    const rateLimit = { adaptive: { min: 1, max: 50 } }
    const of = await up([], { one: { rateLimit, timeouts: { firstByteMs: 5_000 } } })
    one.script(always({ delayMs: 40 }))
    let most = 0
    const stop = one.onRequest(() => {
      most = Math.max(most, of.gateway.runtime.vitals.get('one/m')?.inFlight ?? 0)
    })
    const heard = await Promise.all(Array.from({ length: 30 }, () => call(of, 'one')))
    stop()
    expect(new Set(heard.map(({ status }) => status))).toEqual(new Set([200]))
    expect(most).toBeGreaterThanOrEqual(4)
    expect(most).toBeLessThanOrEqual(12)
    await settledWith(of)
  })
  test('least busy goes where there is room', async () => {
    const of = await up([route({ strategy: 'least_busy' })])
    one.script({ delayMs: 200 })
    const slow = call(of)
    await until(() => one.log.length === 1, 2_000, 'the first is under way')
    for (let i = 0; i < 4; i++) expect((await call(of)).headers['x-trunkline-endpoint']).toBe('two')
    await slow
  })
})

describe('hedging', () => {
  const hedged = route({ hedge: { share: 1, minDelayMs: 30 } })
  const warm = async (of: House) => {
    for (let i = 0; i < 30; i++) await call(of, 'r', true)
  }
  test('a slow first byte gets a second attempt; the loser is cancelled and accounted for', async () => {
    const of = await up([hedged], { one: { timeouts: { firstByteMs: 5_000 } } })
    await warm(of)
    one.log.length = 0
    one.script({ delayMs: 60_000 })
    const heard = await call(of, 'r', true)
    expect(heard.status).toBe(200)
    expect(heard.headers['x-trunkline-endpoint']).toBe('two')
    expect(heard.headers['x-trunkline-attempts']).toBe('2')
    await until(() => one.log[0]?.closedEarly === true, 2_000, 'the loser is let go')
    await until(() => of.calls.length === 31, 2_000, 'the call is settled')
    expect(outcomes(of)).toEqual([
      ['one', 'first', 'cancelled'],
      ['two', 'hedge', 'answered'],
    ])
    await settledWith(of)
    expect(of.gateway.runtime.vitals.get('one/m')?.inFlight).toBe(0)
    expect(of.gateway.runtime.vitals.get('one/m')?.breaker.failures).toBe(0)
  })
  test('a whole answer is hedged after its own usual time', async () => {
    const of = await up([hedged], { one: { timeouts: { firstByteMs: 5_000 } } })
    for (let i = 0; i < 30; i++) await call(of)
    one.script({ delayMs: 60_000 })
    const heard = await call(of)
    expect([heard.status, heard.headers['x-trunkline-endpoint']]).toEqual([200, 'two'])
    await until(() => one.log.at(-1)?.closedEarly === true, 2_000, 'the loser is let go')
    await settledWith(of)
  })
  test('a quick one is never hedged', async () => {
    const of = await up([hedged])
    await warm(of)
    expect(two.log).toHaveLength(0)
  })
  test('both fail: the third serves', async () => {
    const of = await up([
      { ...hedged, ...route({ hedge: { share: 1, minDelayMs: 10 } }, ['one', 'two', 'three']) },
    ])
    await warm(of)
    one.script({ ...refusal(500), delayMs: 150 })
    two.script({ ...refusal(503), delayMs: 100 })
    const heard = await call(of, 'r', true)
    expect(heard.headers['x-trunkline-endpoint']).toBe('three')
    expect(heard.headers['x-trunkline-attempts']).toBe('3')
  })
  test('the caller’s hang-up ends both', async () => {
    const of = await up([hedged], {
      one: { timeouts: { firstByteMs: 5_000 } },
      two: { timeouts: { firstByteMs: 5_000 } },
    })
    await warm(of)
    one.log.length = 0
    one.script({ delayMs: 60_000 })
    two.script({ delayMs: 60_000 })
    const asking = ask(of, 'chat', bodyOf('chat', true, 'r'))
    await until(() => two.log.length === 1, 2_000, 'the second is under way')
    asking.request.destroy()
    await until(
      () => one.log[0]?.closedEarly === true && two.log[0]?.closedEarly === true,
      2_000,
      'both are let go',
    )
    await until(() => of.calls.length === 31, 2_000, 'the call is settled')
    expect(of.calls[30]?.error).toBe('caller_gone')
    await settledWith(of)
  })
})

test('a shadow gets a copy; its failure and its slowness are nobody’s', async () => {
  const shadow = { endpoint: 'three', model: 'm', share: 1 }
  const of = await up([route({ shadow })])
  three.script(refusal(500))
  expect((await call(of)).headers['x-trunkline-attempts']).toBe('1')
  await until(() => three.log.length === 1, 2_000, 'the shadow was asked')
  three.script({ sse: PIECES })
  expect((await call(of, 'r', true)).status).toBe(200)
  await until(() => three.log.length === 2, 2_000, 'the shadow was asked')
  expect(three.log[1]?.body).toEqual(one.log[1]?.body)
  await until(
    () => outcomes(of).some(([, reason, outcome]) => reason === 'shadow' && outcome === 'answered'),
    2_000,
  )
  expect(of.gateway.runtime.shadows.running).toBe(0)
  await settledWith(of)
})

test('a conversation stays where it began, others spread', async () => {
  const of = await up([route({ strategy: 'round_robin', sticky: 'prefix' }, ['one', 'two', 'three'])])
  const turns = (topic: string, count: number) =>
    JSON.stringify({
      model: 'r',
      messages: Array.from({ length: count * 2 - 1 }, (_, index) => ({
        role: index % 2 === 0 ? 'user' : 'assistant',
        content: index === 0 ? topic : `turn ${index}`,
      })),
    })
  const places = new Set<unknown>()
  for (let topic = 0; topic < 20; topic++) {
    const seen = new Set<unknown>()
    for (let count = 1; count < 4; count++)
      seen.add((await ask(of, 'chat', turns(`topic ${topic}`, count)).heard).headers['x-trunkline-endpoint'])
    expect(seen.size).toBe(1)
    places.add([...seen][0])
  }
  expect(places.size).toBe(3)
  expect(of.latest().picks[0]?.because).toBe('sticky by conversation prefix')
})

test('a request goes where it can be served: images by ability, teams by rule', async () => {
  const of = await up([
    route({ byAbility: true }),
    route({
      name: 'teams',
      targets: [
        { endpoint: 'one', model: 'm', weight: 1, when: { header: { 'x-team': '/^gold$/' } } },
        { endpoint: 'two', model: 'm', weight: 1, when: { text: '/translate/i' } },
        { endpoint: 'three', model: 'm', weight: 1, tier: 1 },
      ],
    }),
  ])
  const [blind] = of.gateway.runtime.routes.match('r').plan.targets
  Object.assign(blind as object, { abilities: { vision: false } })
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }
  const body = JSON.stringify({ model: 'r', messages: [{ role: 'user', content: [image] }] })
  expect((await ask(of, 'chat', body).heard).headers['x-trunkline-endpoint']).toBe('two')
  expect(of.latest().picks[0]?.candidates[0]?.refused).toBe('no images')
  expect((await call(of)).headers['x-trunkline-endpoint']).toBe('one')

  expect((await call(of, 'teams', false, { 'x-team': 'gold' })).headers['x-trunkline-endpoint']).toBe('one')
  expect((await call(of, 'teams')).headers['x-trunkline-endpoint']).toBe('three')
  const translate = JSON.stringify({
    model: 'teams',
    messages: [{ role: 'user', content: 'Translate this' }],
  })
  expect((await ask(of, 'chat', translate).heard).headers['x-trunkline-endpoint']).toBe('two')
})

test('a stream that drips below its route’s rate is ended in-band', async () => {
  const of = await up([route({ minTokensPerSecond: 5 }, ['one'])], { one: { timeouts: { idleMs: 5_000 } } })
  one.script({
    sse: [...PIECES.slice(0, 3), { data: PIECES[2]?.data ?? '', delayMs: 150 }, ...PIECES.slice(3)],
  })
  const asking = ask(of, 'chat', bodyOf('chat', true, 'r'))
  await asking.firstBytes
  of.shift(12_000)
  const heard = await asking.heard
  expect(errorIn(heard)?.message).toContain('slower than 5 tokens a second')
  expect(heard.text).not.toContain('[DONE]')
  await settledWith(of)
})

describe('while an engine loads its model', () => {
  const loading = route({ keepAliveAfterMs: 50 }, ['one'])
  const slow = { one: { timeouts: { firstByteMs: 2_000 } } }
  test.for(['chat', 'messages'] as const)(
    '%s: the stream begins, is kept alive, and brings the answer',
    async (face) => {
      const of = await up([loading], slow)
      one.script({ sse: PIECES, delayMs: 250 })
      const asking = ask(of, face, bodyOf(face, true, 'r'))
      const first = await asking.firstBytes
      expect(first).not.toContain('po')
      const heard = await asking.heard
      expect([heard.status, heard.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8'])
      expect(heard.text).toContain('po')
      expect(errorIn(heard)).toBeUndefined()
      expect(of.calls[0]).toMatchObject({ status: 200, attempts: 1 })
      await settledWith(of)
    },
  )
  test('a failure comes inside the stream', async () => {
    const of = await up([loading], slow)
    one.script({ ...refusal(500), delayMs: 250 })
    const heard = await ask(of, 'chat', bodyOf('chat', true, 'r')).heard
    expect(heard.status).toBe(200)
    expect(heard.broken).toBe(false)
    expect(errorIn(heard)?.message).toContain('upstream says 500')
    expect(heard.text).not.toContain('[DONE]')
    await settledWith(of)
  })
  test('a quick failure keeps its status, a hang-up reaches the engine', async () => {
    const of = await up([loading], slow)
    one.script(refusal(500))
    expect((await call(of, 'r', true)).status).toBe(500)
    one.script({ delayMs: 60_000 })
    const asking = ask(of, 'chat', bodyOf('chat', true, 'r'))
    await asking.firstBytes
    asking.request.destroy()
    await until(() => one.log[1]?.closedEarly === true, 2_000, 'the engine is let go')
    await until(() => of.calls.length === 2, 2_000, 'the call is settled')
    expect(of.calls[1]?.error).toBe('caller_gone')
    await settledWith(of)
  })
})

test('never a switch without declaration, never twice to the same place (property)', async () => {
  const statuses = [200, 400, 401, 404, 429, 500, 503]
  const of = await up(
    ['one', 'two', 'three'].flatMap((id) =>
      [[], ['two'], ['three', 'one'], ['two', 'three']].map((fallback, index) =>
        route({ name: `${id}-${index}`, fallback: fallback.map((name) => `${name}-0`) }, [id]),
      ),
    ),
    Object.fromEntries(['one', 'two', 'three'].map((id) => [id, { breaker: { failures: 1e9, openMs: 1 } }])),
  )
  const fakes = { one, two, three }
  const draw = fc.record({
    id: fc.constantFrom('one', 'two', 'three'),
    index: fc.nat(3),
    says: fc.tuple(...['one', 'two', 'three'].map(() => fc.constantFrom(...statuses))),
    stream: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(draw, async ({ id, index, says, stream }) => {
      for (const fake of Object.values(fakes)) fake.log.length = 0
      const scripted = Object.entries(fakes).map(([name, fake], at) => {
        const status = says[at] as number
        // A step that nobody takes would answer the next draw: one that stays is replaced by the next.
        const step = status === 200 ? { sse: PIECES } : refusal(status)
        return { name, fake, status, step: stream || status !== 200 ? step : {} }
      })
      for (const { fake, step } of scripted) fake.script(step)
      const name = `${id}-${index}`
      const declared = of.gateway.runtime.routes.known(name)?.config.fallback as string[]
      const allowed = [id, ...declared.map((other) => other.slice(0, -2))]
      const heard = await call(of, name, stream)
      const asked = of.latest().attempts.map((row) => row.endpoint)
      expect(new Set(asked).size, 'nobody is asked twice').toBe(asked.length)
      // In the declared order, without a gap, and no further than the first answer that is not to be tried elsewhere.
      const order = [...new Set(allowed)]
      expect(asked).toEqual(order.slice(0, asked.length))
      const said = asked.map((one) => scripted.find((row) => row.name === one)?.status as number)
      const curable = (status: number): boolean => status === 401 || status === 429 || status >= 500
      expect(said.slice(0, -1).every(curable)).toBe(true)
      if (asked.length < order.length) expect(curable(said.at(-1) as number)).toBe(false)
      expect(heard.status).toBe(said.at(-1))
      const last = asked.at(-1) as string
      expect(heard.headers['x-trunkline-fallback']).toBe(
        asked.length > 1 && heard.status === 200 ? `${name}->${last}-0` : undefined,
      )
      // What was scripted and not taken is taken now.
      for (const { name: other, fake } of scripted) if (!asked.includes(other)) await drain(of, other, fake)
    }),
    { numRuns: 60, endOnFailure: true },
  )
})

/** Uses up the step that a fake still has. */
async function drain(of: House, id: string, fake: Fake): Promise<void> {
  await call(of, id)
  fake.log.length = 0
}
