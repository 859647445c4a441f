// The client's pure decisions against a model of the rules of document 004, and by the properties that follow from them.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BREAKER, CLOSED, passBreaker, recordOutcome } from './breaker.ts'
import { takeSlot } from './pacing.ts'
import { MOST_ATTEMPTS, RETRY, type RetryFailure, decideRetry, retryAfterMs } from './retry-plan.ts'

/** What an upstream answers, one after the other; the last goes on for ever. */
type Said = 'ok' | { status: number; retryAfterMs?: number } | 'silence'

const said: fc.Arbitrary<Said> = fc.oneof(
  fc.constant('ok' as const),
  fc.constant('silence' as const),
  fc.record(
    {
      status: fc.constantFrom(400, 401, 404, 408, 422, 429, 429, 500, 502, 503, 529),
      retryAfterMs: fc.integer({ min: 0, max: 120_000 }),
    },
    { requiredKeys: ['status'] },
  ),
)

function failureOf(answer: Exclude<Said, 'ok'>): RetryFailure {
  if (answer === 'silence') return { class: 'server' }
  const name = answer.status === 429 ? 'rate_limit' : answer.status >= 500 ? 'server' : 'other'
  return answer.retryAfterMs === undefined
    ? { class: name }
    : { class: name, retryAfterMs: answer.retryAfterMs }
}

/** The rules as document 004 tells them, written down a second time without looking at the first. */
function byTheRules(script: readonly Said[], maxAttempts: number): { calls: number; ended: string } {
  for (let calls = 1; ; calls++) {
    const answer = script[Math.min(calls, script.length) - 1] as Said
    if (answer === 'ok') return { calls, ended: 'ok' }
    if (answer !== 'silence' && answer.status < 500 && answer.status !== 429) return { calls, ended: 'other' }
    if (answer !== 'silence' && answer.status === 429) {
      if (calls >= 5 || calls >= maxAttempts) return { calls, ended: 'rate_limit' }
    } else if (calls >= 3 || calls >= maxAttempts) return { calls, ended: 'server' }
  }
}

test('100 retry scripts end where the model of the rules says', () => {
  fc.assert(
    fc.property(
      fc.array(said, { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 1, max: 8 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (script, maxAttempts, chance) => {
        const policy = { ...RETRY, maxAttempts }
        let lastWaitMs = policy.baseMs
        const random = (): number => chance.next().value as number
        let calls = 0
        let ended: string
        for (;;) {
          const answer = script[Math.min(calls, script.length - 1)] as Said
          calls++
          if (answer === 'ok') {
            ended = 'ok'
            break
          }
          const failure = failureOf(answer)
          const decision = decideRetry({ attempts: calls, lastWaitMs }, failure, policy, random)
          if (!decision.retry) {
            ended = failure.class
            break
          }
          const asked = failure.retryAfterMs ?? (failure.class === 'rate_limit' ? 30_000 : 0)
          expect(decision.waitMs).toBeGreaterThanOrEqual(Math.max(asked, policy.baseMs))
          expect(decision.waitMs).toBeLessThanOrEqual(Math.max(asked, policy.capMs, policy.baseMs))
          lastWaitMs = decision.waitMs
        }
        expect({ calls, ended }).toEqual(byTheRules(script, maxAttempts))
      },
    ),
    { numRuns: 100 },
  )
})

test('a failure that says it is final, or asks for too long a wait, is not tried again', () => {
  const first = { attempts: 1, lastWaitMs: 1_000 }
  expect(decideRetry(first, { class: 'rate_limit', final: true }, RETRY, () => 0)).toEqual({ retry: false })
  expect(decideRetry(first, { class: 'server', retryAfterMs: 601_000 }, RETRY, () => 0)).toEqual({
    retry: false,
  })
  expect(MOST_ATTEMPTS).toEqual({ rate_limit: 5, server: 3, other: 1 })
})

test.for([
  [{ 'retry-after': '1' }, 1_000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '1.5' }, 1_500],
  [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
  [{ 'retry-after': 'Thu, 01 Jan 1970 00:01:00 GMT' }, 59_000],
  [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 1_000],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '' }, undefined],
  [{ 'retry-after': '-5' }, undefined],
  [{}, undefined],
] as const)('retry-after %j is %s ms', ([headers, wanted]) => {
  expect(retryAfterMs(headers as Record<string, string>, 1_000)).toBe(wanted)
})

test('the breaker lets at most one trial through while half-open, and no 4xx ever opens it', () => {
  const step = fc.record({
    outcome: fc.constantFrom('ok' as const, 'failed' as const, 'neutral' as const),
    later: fc.integer({ min: 0, max: 30_000 }),
    overlap: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let state = CLOSED
      let now = 0
      let inARow = 0
      for (const { outcome, later, overlap } of steps) {
        now += later
        const passage = passBreaker(state, now)
        if (!passage.allowed) {
          expect(passage.waitMs).toBeGreaterThanOrEqual(0)
          expect(passage.waitMs).toBeLessThanOrEqual(BREAKER.maxOpenMs)
          continue
        }
        if (state.phase === 'closed') expect(inARow).toBeLessThan(BREAKER.threshold)
        state = passage.state
        if (overlap && state.phase === 'half-open') expect(passBreaker(state, now).allowed).toBe(false)
        const before = state.phase
        state = recordOutcome(state, outcome, BREAKER, now)
        if (outcome === 'neutral') expect(state.phase).toBe(before)
        if (outcome === 'failed') inARow++
        else if (outcome === 'ok') inARow = 0
        if (state.phase !== 'closed' || before !== 'closed') inARow = 0
      }
    }),
  )
})

test('the breaker rests 10 s, doubles to 120 s, and two successes close it', () => {
  let state = CLOSED
  for (let i = 0; i < 5; i++) state = recordOutcome(state, 'failed', BREAKER, 0)
  expect(state).toEqual({ phase: 'open', until: 10_000, restMs: 10_000 })
  const rests: number[] = []
  let now = 0
  for (let i = 0; i < 6 && state.phase === 'open'; i++) {
    rests.push(state.restMs)
    now = state.until
    const passage = passBreaker(state, now)
    if (passage.allowed) state = recordOutcome(passage.state, 'failed', BREAKER, now)
  }
  expect(rests).toEqual([10_000, 20_000, 40_000, 80_000, 120_000, 120_000])
  for (let i = 0; i < 2; i++) {
    now += 120_000
    const passage = passBreaker(state, now)
    if (passage.allowed) state = recordOutcome(passage.state, 'ok', BREAKER, now)
  }
  expect(state).toEqual(CLOSED)
})

test('pacing never hands out two slots closer than 1/rps, and never waits without need', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 50 }),
      fc.double({ min: 0.1, max: 100, noNaN: true }),
      (gaps, rps) => {
        let now = 0
        let nextAt = 0
        let last = Number.NEGATIVE_INFINITY
        for (const gap of gaps) {
          now += gap
          const slot = takeSlot(nextAt, rps, now)
          const at = now + slot.waitMs
          if (slot.waitMs > 0) expect(at).toBeCloseTo(last + 1_000 / rps, 3)
          expect(at - last).toBeGreaterThanOrEqual(1_000 / rps - 1e-6)
          last = at
          nextAt = slot.nextAt
        }
      },
    ),
  )
})
