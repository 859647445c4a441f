import { expect, test } from 'vitest'
import { MOST_ROWS, OTHERS, byStatus, countAttempt, countCall, counters } from './counters.ts'
import { histogram, note } from './histogram.ts'

test('a value falls into the first bucket whose bound it does not exceed, and into one only', () => {
  const made = histogram([1, 10])
  for (const value of [0, 1, 1.5, 10, 11]) note(made, value)
  expect(made).toEqual({ bounds: [1, 10], counts: [2, 2, 1], sum: 23.5 })
})

test('a call counts by operation and status, its tokens by what they were, in all and by endpoint and model', () => {
  const all = counters()
  const ended = {
    operation: 'chat',
    status: 200,
    endpoint: 'e',
    upstreamModel: 'm',
    costUsd: 0.5,
    firstByteMs: 7,
  }
  countCall(all, ended, { input: 10, output: 4, cacheRead: 6, reasoning: 3 }, 120)
  countCall(all, { operation: 'chat', status: 404, error: { kind: 'model_not_found' } }, undefined, 1)
  countAttempt(all, 'e', 'm', 'answered')
  const tokens = { input: 10, output: 4, cacheRead: 6, cacheWrite: 0, reasoning: 3 }
  expect(all).toMatchObject({ calls: 2, failed: 1, costUsd: 0.5, tokens, fallbacks: 0 })
  expect(byStatus(all)).toEqual(
    new Map([
      [200, 1],
      [404, 1],
    ]),
  )
  expect(all.errors).toEqual(new Map([['model_not_found', 1]]))
  expect(all.deployments.get('e')?.get('m')).toEqual({
    calls: 1,
    failed: 0,
    tokens,
    costUsd: 0.5,
    attempts: new Map([['answered', 1]]),
  })
})

test('models that callers invent share one row once there are many', () => {
  const all = counters()
  const extra = 40
  for (let turn = 0; turn < MOST_ROWS + extra; turn++)
    countCall(all, { operation: 'chat', status: 200, endpoint: 'e', upstreamModel: `m${turn}` }, undefined, 1)
  expect(all.deployments.get('e')?.size).toBe(MOST_ROWS)
  expect(all.deployments.get(OTHERS)?.get(OTHERS)?.calls).toBe(extra)
})
