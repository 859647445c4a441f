import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compile } from './condition.ts'
import { feed } from './ewma.ts'
import { type Asked, type Target, pick, plan } from './pick.ts'
import { hash } from './hash.ts'
import type { StrategyName } from './strategy.ts'
import { type Vitals, observe, vitals } from './vitals.ts'

const asked: Asked = {
  demand: { inputTokens: 100, outputTokens: 100 },
  facts: {
    header: () => undefined,
    metadata: () => undefined,
    model: 'm',
    bytes: 10,
    tokens: () => 3,
    stream: false,
    text: () => '',
  },
}

const target = (key: string, more: Partial<Target> = {}, state: Partial<Vitals> = {}): Target => ({
  weight: 1,
  tier: 0,
  restMs: 1_000,
  ...more,
  vitals: { ...vitals(key), ...state },
})

/** Chance that can be repeated (mulberry32). */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const share = (picks: readonly number[], of: number): number =>
  picks.filter((index) => index === of).length / picks.length

function firsts(made: ReturnType<typeof plan>, count: number, random = chance(1), what = asked): number[] {
  return Array.from({ length: count }, (_, at) => pick(made, what, at, random).order[0] as number)
}

const ALL: StrategyName[] = [
  'priority',
  'round_robin',
  'weighted',
  'least_busy',
  'fastest',
  'cheapest',
  'headroom',
]

describe('every strategy', () => {
  test.for(ALL)('%s: each target that may be tried is in the order exactly once (property)', (strategy) => {
    const one = fc.record({
      weight: fc.integer({ min: 1, max: 9 }),
      tier: fc.integer({ min: 0, max: 2 }),
      inFlight: fc.integer({ min: 0, max: 5 }),
      coolUntil: fc.constantFrom(0, 0, 0, 500, 5_000),
      openedAt: fc.constantFrom(undefined, undefined, undefined, 0, 900),
      firstByte: fc.option(fc.double({ min: 1, max: 1e4, noNaN: true }), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 20 }), fc.integer(), (rows, seed) => {
        const targets = rows.map((row, index) => {
          const made = target(`e${index}/m`, row, {
            inFlight: row.inFlight,
            coolUntil: row.coolUntil,
            breaker: {
              failures: 5,
              trial: false,
              ...(row.openedAt === undefined ? {} : { openedAt: row.openedAt }),
            },
          })
          if (row.firstByte !== undefined) feed(made.vitals.firstByteMs, row.firstByte, 0, 1_000)
          return made
        })
        const made = plan(strategy, targets)
        const random = chance(seed)
        for (const now of [1_000, 1_001, 1_500]) {
          const { order, refused } = pick(made, asked, now, random)
          expect([...order].sort((a, b) => a - b)).toEqual(targets.map((_, index) => index))
          // Nobody who rests comes before one who does not.
          const places = order.map((index) => (refused[index] === undefined ? 0 : 1))
          expect(places).toEqual([...places].sort((a, b) => a - b))
          // Nor a higher tier before a lower one.
          const tiers = order.filter((index) => refused[index] === undefined).map((i) => rows[i]?.tier)
          expect(tiers).toEqual([...tiers].sort((a, b) => (a as number) - (b as number)))
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('weighted', () => {
  test('weights are kept within 2 % over 10,000 picks (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }), (weights) => {
        const picks = firsts(
          plan(
            'weighted',
            weights.map((weight, index) => target(`e${index}/m`, { weight })),
          ),
          10_000,
        )
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        for (const [index, weight] of weights.entries())
          expect(Math.abs(share(picks, index) - weight / total)).toBeLessThan(0.02)
      }),
      { numRuns: 30 },
    )
  })
  test('one that rests gives its share to the others in proportion', () => {
    const targets = [3, 2, 1].map((weight, index) => target(`e${index}/m`, { weight }))
    targets[0]!.vitals.coolUntil = 1e9
    const picks = firsts(plan('weighted', targets), 3_000)
    expect(share(picks, 0)).toBe(0)
    expect(share(picks, 1)).toBeCloseTo(2 / 3, 2)
  })
  test('plain turns are the same for all', () => {
    const picks = firsts(plan('round_robin', [target('a/m'), target('b/m'), target('c/m')]), 6)
    expect(picks).toEqual([0, 1, 2, 0, 1, 2])
  })
})

describe('fastest', () => {
  const seen = (ms: number, rate = 100, failed = false): Target => {
    const made = target(`e${ms}/m`)
    observe(made.vitals, { failed, firstByteMs: ms, streamMs: 1_000, outputTokens: rate }, 0)
    return made
  }
  test('the slowest of three is left to exploration', () => {
    const picks = firsts(plan('fastest', [seen(100), seen(120), seen(5_000)]), 5_000)
    expect(share(picks, 2)).toBeLessThan(0.015)
    expect(share(picks, 2)).toBeGreaterThan(0.001)
  })
  test('throughput counts: slow to begin and quick to end wins a long answer', () => {
    const picks = firsts(plan('fastest', [seen(100, 10), seen(500, 400)]), 1_000)
    expect(share(picks, 1)).toBeGreaterThan(0.95)
  })
  test('a difference within the margin does not make the calls jump', () => {
    const made = plan('fastest', [seen(100), seen(104)])
    made.memory.last = 1
    const picks = firsts(made, 100, () => 0.5)
    expect(share(picks, 1)).toBe(1)
  })
  test('one that was never seen is tried, but not by everybody at once', () => {
    const made = plan('fastest', [seen(100), target('new/m')])
    expect(firsts(made, 1, () => 0.5)).toEqual([1])
    made.targets[1]!.vitals.inFlight = 10_000
    expect(firsts(made, 1, () => 0.5)).toEqual([0])
  })
  test('a verdict fades while there is no traffic', () => {
    const made = plan('fastest', [seen(100), seen(1_000)])
    observe(made.targets[0]!.vitals, { failed: false, firstByteMs: 100 }, 6e6)
    expect(pick(made, asked, 0, () => 0.5).scores[1]).toBeGreaterThan(1_900)
    expect(pick(made, asked, 6e6, () => 0.5).scores[1]).toBeLessThan(1_100)
  })
  test('who fails is not fast', () => {
    const quick = seen(10)
    for (let i = 0; i < 20; i++) observe(quick.vitals, { failed: true, firstByteMs: 1 }, 0)
    expect(share(firsts(plan('fastest', [quick, seen(100)]), 1_000), 0)).toBeLessThan(0.05)
  })
})

test('least busy: the fewest calls for its weight', () => {
  const targets = [
    target('a/m', { weight: 4 }, { inFlight: 3 }),
    target('b/m', { weight: 1 }, { inFlight: 1 }),
    target('c/m', { weight: 1 }, { inFlight: 5 }),
  ]
  expect(pick(plan('least_busy', targets), asked, 0, chance(1)).order).toEqual([0, 1, 2])
})

test('least busy: the engine’s own slots are believed while they are fresh', () => {
  const targets = [
    target('a/m', {}, { inFlight: 1, slots: { total: 4, free: 0, at: 0 } }),
    target('b/m', {}, { inFlight: 1, slots: { total: 4, free: 3, at: 0 } }),
  ]
  expect(pick(plan('least_busy', targets), asked, 0, chance(1)).order).toEqual([1, 0])
})

test('cheapest: known before unknown, the cache share counts, equals take turns', () => {
  const price = (input: number, cached: number) => (tokens: number, output: number, share: number) =>
    (tokens * (input * (1 - share) + cached * share) + output * input) / 1e6
  const targets = [
    target('unknown/m'),
    target('plain/m', { costUsd: price(10, 10) }),
    target('cached/m', { costUsd: price(11, 1) }, { cached: { value: 0.9, at: 0, count: 3 } }),
  ]
  expect(pick(plan('cheapest', targets), asked, 0, chance(1)).order).toEqual([2, 1, 0])
})

test('headroom: the tightest dimension, ours or theirs', () => {
  const left = (share: number) => ({ tokens: { limit: 100, remaining: share * 100, goodUntil: 1e6 } })
  const targets = [
    target('a/m', {}, { headroom: left(0.2) }),
    target('b/m', { shareLeft: () => 0.1 }, { headroom: left(0.9) }),
    target('c/m', {}, { headroom: left(0.7) }),
    target('silent/m'),
  ]
  expect(pick(plan('headroom', targets), asked, 0, chance(1)).order).toEqual([2, 3, 0, 1])
})

describe('sticky', () => {
  const targets = ['a/m', 'b/m', 'c/m', 'd/m'].map((key, index) =>
    target(key, { weight: index === 0 ? 2 : 1 }),
  )
  const of = (text: string, among = targets) =>
    pick(plan('round_robin', among), { ...asked, session: { key: hash(text), by: 'test' } }, 0, chance(1))
  test('a conversation stays, whoever’s turn it is', () => {
    const made = plan('round_robin', targets)
    const session = { key: hash('s'), by: 'x-session-id' }
    const picks = firsts(made, 20, chance(1), { ...asked, session })
    expect(new Set(picks).size).toBe(1)
    expect(pick(made, { ...asked, session }, 0, chance(1)).because).toBe('sticky by x-session-id')
  })
  test('conversations spread by weight', () => {
    const picks = Array.from({ length: 5_000 }, (_, at) => of(`conversation ${at}`).order[0] as number)
    expect(share(picks, 0)).toBeCloseTo(0.4, 1)
    expect(share(picks, 3)).toBeCloseTo(0.2, 1)
  })
  test('when one goes, only its own conversations move', () => {
    const gone = targets.map((row, index) =>
      index === 2 ? { ...row, vitals: { ...row.vitals, coolUntil: 1e9 } } : row,
    )
    for (let at = 0; at < 300; at++) {
      const before = of(`conversation ${at}`).order[0]
      if (before !== 2) expect(of(`conversation ${at}`, gone).order[0]).toBe(before)
    }
  })
})

test('canary: its share of the calls, none of the rest while others are there', () => {
  const made = plan('round_robin', [target('a/m'), target('b/m'), target('new/m', { canary: 0.05 })])
  const picks = firsts(made, 10_000)
  expect(share(picks, 2)).toBeCloseTo(0.05, 1)
  expect(pick(made, asked, 0, () => 0.9).order[2]).toBe(2)
})

test('a rule keeps calls from a target; who has no rule takes the rest', () => {
  const made = plan('priority', [
    target('gold/m', { when: compile({ header: { 'x-team': 'gold' } }) }),
    target('rest/m'),
  ])
  expect(pick(made, asked, 0, chance(1))).toMatchObject({
    order: [1],
    refused: ['its rule does not hold: header x-team'],
  })
  const gold = { ...asked, facts: { ...asked.facts, header: () => 'gold' } }
  expect(pick(made, gold, 0, chance(1)).order).toEqual([0, 1])
})

test('by ability: known to be unable is out; when all are, all are asked', () => {
  const blind = target('blind/m', { abilities: { vision: false } })
  const needs = () => ({ vision: true })
  const both = plan('priority', [blind, target('unknown/m')], true)
  expect(pick(both, { ...asked, needs }, 0, chance(1))).toMatchObject({ order: [1], refused: ['no images'] })
  expect(pick(plan('priority', [blind], true), { ...asked, needs }, 0, chance(1)).order).toEqual([0])
})
