import { expect, test } from 'vitest'
import { costUsd, reportedCostUsd } from './cost.ts'

const price = { asOf: '2026-07-02', input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 }

test('fresh, read and written input are billed apart', () => {
  const usage = { input: 1_000, output: 100, cacheRead: 600, cacheWrite: 300, cacheWrite1h: 100 }
  // 100 fresh, 600 read, 200 + 100 written, 100 out.
  expect(costUsd(usage, price)).toBe(0.00033 + 0.00015 + 0.00075 + 0.0006 + 0.0015)
})

test('62. a decimal price times tokens is exact', () => {
  expect(costUsd({ input: 3 }, { asOf: 'x', input: 2.5 })).toBe(0.0000075)
  expect(costUsd({ input: 7 }, { asOf: 'x', input: 0.1 })).toBe(0.0000007)
})

test('what is not known makes the cost unknown, never 0', () => {
  expect(costUsd({}, price)).toBeUndefined()
  expect(costUsd({ input: 10, cacheRead: 5 }, { asOf: 'x', input: 1 })).toBeUndefined()
  expect(costUsd({ input: 10, output: 5 }, { asOf: 'x', input: 1 })).toBeUndefined()
  expect(costUsd({ input: 10 }, { asOf: 'x', input: 0 })).toBe(0)
})

test('a tier holds for the whole request once the input passes it', () => {
  const tiered = { asOf: 'x', input: 2.5, output: 15, tiers: [{ above: 272_000, input: 5, output: 22.5 }] }
  expect(costUsd({ input: 272_000 }, tiered)).toBe(0.68)
  expect(costUsd({ input: 272_001 }, tiered)).toBe(1.360005)
})

test('reasoning has a rate of its own only where one is listed', () => {
  const usage = { input: 0, output: 100, reasoning: 40 }
  expect(costUsd(usage, { asOf: 'x', input: 1, output: 2 })).toBe(0.0002)
  expect(costUsd(usage, { asOf: 'x', input: 1, output: 2, reasoning: 4 })).toBe(0.00028)
})

test('what the upstream says it cost counts first', () => {
  const raw = (value: object): { dialect: 'openai-chat'; value: never } => ({
    dialect: 'openai-chat',
    value: value as never,
  })
  expect(reportedCostUsd({ raw: raw({ cost: 0.003576 }) })).toBe(0.003576)
  expect(reportedCostUsd({ raw: raw({ cost: { total_cost: 0.01 } }) })).toBe(0.01)
  expect(reportedCostUsd({ raw: raw({ cost_in_usd_ticks: 1_489_500 }) })).toBe(0.00014895)
  expect(reportedCostUsd({ raw: raw({}) })).toBeUndefined()
})
