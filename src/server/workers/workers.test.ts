import { expect, test } from 'vitest'
import { cancel } from '../../core/cancel.ts'
import type { Clock } from '../../core/clock.ts'
import { type Hold, scope } from '../../gateway/limits.ts'
import type { RateLimit } from '../../providers/endpoint.ts'
import { vitals } from '../../routing/vitals.ts'
import { endedCounts } from './ended-counts.ts'
import { forwarder, isAdminPath } from './forward.ts'
import { limitsDesk } from './limits-desk.ts'
import type { Rest } from './messages.ts'
import { type RemoteLimits, remoteLimits } from './remote-limits.ts'
import { LOOK_MS, sharedRest } from './shared-rest.ts'

function handClock() {
  let now = 1_000_000
  let timers: { at: number; fn: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    timer(ms, fn) {
      const entry = { at: now + ms, fn }
      timers.push(entry)
      return {
        refresh() {
          entry.at = now + ms
        },
        cancel() {
          timers = timers.filter((other) => other !== entry)
        },
      }
    },
  }
  const move = (ms: number): void => {
    now += ms
    const due = timers.filter(({ at }) => at <= now)
    timers = timers.filter(({ at }) => at > now)
    for (const { fn } of due) fn()
  }
  return { clock, move }
}

/** A desk and so many workers around it, without processes between. */
function house(count: number) {
  const { clock, move } = handClock()
  const desk = limitsDesk(clock)
  const workers: RemoteLimits[] = Array.from({ length: count }, (_, index) => {
    const worker: RemoteLimits = remoteLimits(
      (message) => desk.hear(index, message, (answer) => worker.hear(answer)),
      clock,
    )
    return worker
  })
  const enter = (worker: number, limits: RateLimit, caller = 'a', stop = cancel(), perCaller = false) => {
    const of = scope('endpoint "up"', limits)
    if (!of) throw new Error('nothing is limited')
    of.perCaller = perCaller
    const entering = { caller, priority: 0, tokens: 10 }
    return (workers[worker] as RemoteLimits).enter(of, entering, { cancel: stop }, [], true)
  }
  return { desk, enter, move }
}

test('a rate holds exactly, however calls are spread over workers', async () => {
  const { enter, move } = house(3)
  const results = await Promise.allSettled(
    Array.from({ length: 1_000 }, (_, index) => enter((index * 7) % 3, { rpm: 600 })),
  )
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(600)
  const refused = results.find((result) => result.status === 'rejected')
  expect(refused?.reason).toMatchObject({ kind: 'rate_limited', retryAfterS: 60 })
  move(60_001)
  await expect(enter(0, { rpm: 600 })).resolves.toBeDefined()
})

test('callers are limited one by one, endpoints for all', async () => {
  const { enter } = house(2)
  const each = (worker: number, caller: string) => enter(worker, { rpm: 1 }, caller, cancel(), true)
  await each(0, 'a')
  await expect(each(1, 'a')).rejects.toMatchObject({ kind: 'rate_limited' })
  await each(1, 'b')
})

test('a worker that dies gives its places back, and who waits for one gets it', async () => {
  const { desk, enter } = house(2)
  await enter(0, { concurrency: 1 })
  let second: Hold | undefined
  const waiting = enter(1, { concurrency: 1 }).then((hold) => (second = hold))
  await Promise.resolve()
  expect(second).toBeUndefined()
  desk.gone(0)
  await waiting
  expect(desk.held).toBe(1)
  second?.end(undefined)
  expect(desk.held).toBe(0)
})

test('a caller that hangs up while it waits leaves the queue', async () => {
  const { desk, enter } = house(1)
  const first = await enter(0, { concurrency: 1 })
  const stop = cancel()
  const waiting = enter(0, { concurrency: 1 }, 'b', stop)
  stop.raise(undefined)
  await expect(waiting).rejects.toMatchObject({ kind: 'caller_gone' })
  first.end(undefined)
  expect(desk.held).toBe(0)
  await enter(0, { concurrency: 1 })
})

test('a breaker that opens in one worker is open in the others within one look, and closes there too', () => {
  const { clock, move } = handClock()
  const maps = [0, 1].map(() => new Map([['up/m', vitals('up/m')]]))
  const shares = maps.map(
    (map, index): ReturnType<typeof sharedRest> =>
      sharedRest(
        () => map,
        (rest: Rest) => shares[1 - index]?.hear(rest),
        clock,
      ),
  )
  const [one, two] = maps.map((map) => map.get('up/m')) as [
    ReturnType<typeof vitals>,
    ReturnType<typeof vitals>,
  ]
  one.breaker = { failures: 5, openedAt: clock.now(), trial: false }
  one.coolUntil = clock.now() + 5_000
  move(LOOK_MS)
  expect(two.breaker).toEqual(one.breaker)
  expect(two.coolUntil).toBe(one.coolUntil)
  two.breaker = { failures: 0, trial: false }
  move(LOOK_MS)
  expect(one.breaker.openedAt).toBeUndefined()
  for (const share of shares) share.stop()
})

test.each([
  ['/api/v1/routes', true],
  ['/api/v1?x', true],
  ['/ui', true],
  ['/ui/calls', true],
  ['/uix', false],
  ['/v1/chat/completions', false],
  ['/api/chat', false],
])('%s is the first worker’s: %s', (url, expected) => {
  expect(isAdminPath(url)).toBe(expected)
  expect(forwarder('/nowhere')).toBeTypeOf('function')
})

test('what ended workers had counted is kept in sum, and says whose it was', () => {
  const ended = endedCounts()
  ended.add(11, { calls_total: [[['200'], 3]] })
  ended.add(12, {
    calls_total: [
      [['200'], 1],
      [['404'], 2],
    ],
  })
  expect(ended.all()).toEqual({
    pids: [11, 12],
    values: {
      calls_total: [
        [['200'], 4],
        [['404'], 2],
      ],
    },
  })
})
