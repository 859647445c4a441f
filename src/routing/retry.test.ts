import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ERRORS, type ErrorKind } from '../core/error.ts'
import { RETRY, backoffMs } from './backoff.ts'
import { accept, bench, choose, refuse } from './credentials.ts'
import { CAUSES, type Fallbacks, causeOf, fallbacks, nextRoute } from './fallback.ts'
import { claim, hedgeAfterMs, hedgeState, noticed } from './hedge.ts'
import { earn, retryBudget, spend } from './retry-budget.ts'
import { tempo, tooSlow } from './tempo.ts'

const unit = fc.double({ min: 0, max: 0.999_999, noNaN: true })

describe('back-off', () => {
  test('stays within its bounds and never under what the upstream asked for (property)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('full' as const, 'decorrelated' as const),
        fc.array(fc.tuple(unit, fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined })), {
          maxLength: 12,
        }),
        (jitter, turns) => {
          const policy = { ...RETRY, jitter }
          let before = 0
          for (const [index, [chance, askedMs]] of turns.entries()) {
            before = backoffMs(policy, index + 1, before, askedMs, () => chance)
            expect(before).toBeGreaterThanOrEqual(jitter === 'full' ? 0 : policy.baseMs)
            expect(before).toBeLessThanOrEqual(Math.max(policy.capMs, (askedMs ?? 0) + policy.baseMs))
            expect(before).toBeGreaterThanOrEqual(askedMs ?? 0)
          }
        },
      ),
    )
  })
})

describe('retry budget', () => {
  test('never more retries than its share and its reserve (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 400 }), unit, (wants, share) => {
        const policy = { share, reserve: 5 }
        const budget = retryBudget(policy)
        let calls = 0
        let retries = 0
        for (const wanted of wants) {
          calls++
          earn(budget, policy)
          if (wanted && spend(budget)) retries++
          expect(retries).toBeLessThanOrEqual(policy.reserve + calls * share + 1e-3)
        }
      }),
    )
  })
})

describe('hedging', () => {
  test('waits for the observed 95th percentile', () => {
    const state = hedgeState()
    expect(hedgeAfterMs(state, { share: 0.1, minDelayMs: 10 })).toBeUndefined()
    for (let ms = 1; ms <= 100; ms++) noticed(state, ms)
    expect(hedgeAfterMs(state, { share: 0.1, minDelayMs: 10 })).toBe(95)
    expect(hedgeAfterMs(state, { share: 0.1, minDelayMs: 500 })).toBe(500)
  })
  test('never more than its share of the calls (property)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), unit, (calls, share) => {
        const state = hedgeState()
        let hedges = 0
        for (let call = 1; call <= calls; call++) {
          hedgeAfterMs(state, { share, minDelayMs: 0 })
          if (claim(state)) hedges++
          expect(hedges).toBeLessThanOrEqual(call * share + 1e-3)
        }
      }),
    )
  })
})

describe('credentials', () => {
  test('take turns, rest on a refusal, come back', () => {
    const state = bench(3)
    expect([0, 0, 0, 0].map(() => choose(state, 0))).toEqual([0, 1, 2, 0])
    expect(refuse(state, 1, 401, undefined, 0)).toBe(true)
    expect([0, 0, 0].map(() => choose(state, 1))).toEqual([2, 0, 2])
    expect(choose(state, 300_000)).toBe(0)
    expect(choose(state, 300_000)).toBe(1)
  })
  test('what is not about the credential benches nobody', () => {
    const state = bench(2)
    expect(refuse(state, 0, 500, undefined, 0)).toBe(false)
    expect(refuse(state, 0, undefined, undefined, 0)).toBe(false)
  })
  test('a resting credential is chosen only when all rest, and then the soonest (property)', () => {
    const step = fc.record({
      index: fc.nat(4),
      status: fc.constantFrom(401, 402, 403, 429, 500, 0),
      gap: fc.nat(400_000),
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (count, steps) => {
        const state = bench(count)
        let now = 0
        for (const { index, status, gap } of steps) {
          now += gap
          if (status === 0) accept(state, index % count)
          else refuse(state, index % count, status, undefined, now)
          const free = state.until.flatMap((until, at) => (until <= now ? [at] : []))
          const chosen = choose(state, now)
          if (free.length > 0) expect(free).toContain(chosen)
          else expect(state.until[chosen]).toBe(Math.min(...state.until))
        }
      }),
    )
  })
})

describe('fallback', () => {
  const kinds = Object.keys(ERRORS) as ErrorKind[]
  test('never for the caller’s own mistakes, never undeclared, never in a loop (property)', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
    const declared: fc.Arbitrary<Fallbacks> = fc.record(
      Object.fromEntries(CAUSES.map((cause) => [cause, names])) as Record<
        (typeof CAUSES)[number],
        typeof names
      >,
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(declared, fc.array(fc.constantFrom(...kinds), { maxLength: 10 }), (routes, failures) => {
        const visited = new Set(['start'])
        for (const kind of failures) {
          const next = nextRoute(routes, kind, visited)
          if (next === undefined) continue
          expect(visited.has(next)).toBe(false)
          visited.add(next)
          const cause = causeOf(kind)
          expect(cause && routes[cause]).toContain(next)
        }
      }),
    )
  })
  test('a plain list does not cover refused content', () => {
    expect(nextRoute(fallbacks(['b']), 'content_refused', new Set())).toBeUndefined()
    expect(nextRoute(fallbacks(['b']), 'backend_unavailable', new Set())).toBe('b')
    for (const kind of ['invalid_request', 'upstream_rejected', 'unauthenticated', 'caller_gone'] as const)
      expect(nextRoute(fallbacks(['b']), kind, new Set())).toBeUndefined()
  })
})

describe('slow-stream guard', () => {
  test('judges a window, not a pause', () => {
    const state = tempo(0)
    expect(tooSlow(state, { events: 10, bytes: 2_000 }, 5, 9_999)).toBe(false)
    expect(tooSlow(state, { events: 40, bytes: 8_000 }, 5, 10_000)).toBe(false)
    expect(tooSlow(state, { events: 20, bytes: 4_000 }, 5, 20_001)).toBe(true)
  })
  test('many tokens in one event are many tokens', () => {
    const state = tempo(0)
    tooSlow(state, { events: 1, bytes: 200 }, 5, 1)
    expect(tooSlow(state, { events: 5, bytes: 5 * 240 }, 5, 10_000)).toBe(false)
  })
})
