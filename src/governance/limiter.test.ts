import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admit, emptyWindow, settle } from './limiter.ts'

describe('limiter', () => {
  test('the call over rpm is told when to come back', () => {
    const window = emptyWindow()
    expect(admit(window, { rpm: 2 }, 0, 1000)).toHaveProperty('entry')
    expect(admit(window, { rpm: 2 }, 0, 2000)).toHaveProperty('entry')
    expect(admit(window, { rpm: 2 }, 0, 3000)).toEqual({ waitMs: 58_000 })
    expect(admit(window, { rpm: 2 }, 0, 61_000)).toHaveProperty('entry')
  })
  test('settling replaces the estimate', () => {
    const window = emptyWindow()
    const first = admit(window, { tpm: 100 }, 80, 0)
    expect(admit(window, { tpm: 100 }, 30, 1)).toHaveProperty('waitMs')
    if ('entry' in first) settle(window, first.entry, 10)
    expect(admit(window, { tpm: 100 }, 30, 2)).toHaveProperty('entry')
  })
  test('never over its window (property)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 100 }),
        (rpm, gaps) => {
          const window = emptyWindow()
          const passed: number[] = []
          let now = 0
          for (const gap of gaps) {
            now += gap
            if ('entry' in admit(window, { rpm }, 0, now)) passed.push(now)
            expect(passed.filter((at) => at > now - 60_000).length).toBeLessThanOrEqual(rpm)
          }
        },
      ),
    )
  })
})
