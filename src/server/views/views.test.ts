import { expect, test } from 'vitest'
import { type DeploymentState, together } from './deployments.ts'
import { sharesOf } from './own.ts'

test('shares are added by route and deployment, whatever a caller names a route', () => {
  const sums = sharesOf([
    ['fast', 'a/m', 2],
    ['__proto__', 'a/m', 1],
    ['fast', 'a/m', 3],
    ['fast', 'b/m', 1],
  ])
  expect([...(sums.get('fast') ?? [])]).toEqual([
    ['a/m', 5],
    ['b/m', 1],
  ])
  expect([...(sums.get('__proto__') ?? [])]).toEqual([['a/m', 1]])
  expect({}).not.toHaveProperty('a/m')
})

test('of a deployment in two workers calls are added, the worst state counts, and speeds weigh by their calls', () => {
  const state: DeploymentState = {
    key: 'a/m',
    open: false,
    failures: 0,
    coolUntil: 0,
    inFlight: 2,
    firstByteMs: { value: 100, count: 3 },
    tokensPerSecond: { value: 0, count: 0 },
    failed: { value: 0, count: 1 },
    inMemory: null,
    slots: null,
  }
  const other: DeploymentState = {
    ...state,
    open: true,
    failures: 5,
    coolUntil: 7,
    inFlight: 1,
    firstByteMs: { value: 300, count: 1 },
    failed: { value: 1, count: 1 },
    inMemory: true,
  }
  expect(together(state, other)).toEqual({
    key: 'a/m',
    open: true,
    failures: 5,
    coolUntil: 7,
    inFlight: 3,
    firstByteMs: { value: 150, count: 4 },
    tokensPerSecond: { value: 0, count: 0 },
    failed: { value: 0.5, count: 2 },
    inMemory: true,
    slots: null,
  })
})
