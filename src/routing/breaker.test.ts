import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { closed, pass, record } from './breaker.ts'

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
