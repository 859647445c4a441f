import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { closed, pass, record } from './breaker.ts'
import { order } from './order.ts'

const POLICY = { threshold: 3, openMs: 1000 }

describe('breaker', () => {
  test('opens after the threshold, lets one trial through, closes on its success', () => {
    let state = closed
    for (let i = 0; i < 3; i++) state = record(state, 'failed', POLICY, 100)
    expect(pass(state, POLICY, 200)).toMatchObject({ allowed: false, waitMs: 900 })
    const trial = pass(state, POLICY, 1100)
    expect(trial.allowed).toBe(true)
    expect(pass(trial.state, POLICY, 1100).allowed).toBe(false)
    expect(record(trial.state, 'ok', POLICY, 1200)).toEqual(closed)
    expect(pass(record(trial.state, 'failed', POLICY, 1200), POLICY, 1300).allowed).toBe(false)
  })
  test('a call that says nothing about health frees the trial', () => {
    const state = record({ failures: 3, openedAt: 0, trial: true }, 'neutral', POLICY, 2000)
    expect(pass(state, POLICY, 2000).allowed).toBe(true)
  })
  test('never two half-open trials at once (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('pass', 'ok', 'failed', 'neutral', 'wait'), { maxLength: 60 }),
        (steps) => {
          let state = closed
          let now = 0
          let trials = 0
          for (const step of steps) {
            if (step === 'wait') now += 600
            else if (step === 'pass') {
              const open = state.openedAt !== undefined
              const verdict = pass(state, POLICY, now)
              state = verdict.state
              if (open && verdict.allowed) trials++
              expect(trials).toBeLessThanOrEqual(1)
            } else {
              state = record(state, step, POLICY, now)
              trials = 0
            }
          }
        },
      ),
    )
  })
})

describe('order', () => {
  test('priority keeps the declared order', () => expect(order('priority', [1, 1, 1], [])).toEqual([0, 1, 2]))
  test('round robin takes turns', () => {
    const credits: number[] = []
    expect([0, 1, 2, 3].map(() => order('round_robin', [1, 1], credits)[0])).toEqual([0, 1, 0, 1])
  })
  test('weights are kept exactly over a full turn (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const credits: number[] = []
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        const picks = weights.map(() => 0)
        for (let i = 0; i < total; i++) {
          const first = order('weighted', weights, credits)[0] as number
          picks[first] = (picks[first] as number) + 1
        }
        expect(picks).toEqual(weights)
      }),
    )
  })
})
