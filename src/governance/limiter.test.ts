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

test('tokens never exceed their limit in any minute, unless one call alone does (property)', () => {
  const call = fc.record({ gap: fc.integer({ min: 0, max: 20_000 }), tokens: fc.nat(120), used: fc.nat(120) })
  fc.assert(
    fc.property(fc.array(call, { maxLength: 80 }), (calls) => {
      const window = emptyWindow()
      const passed: { at: number; tokens: number }[] = []
      let now = 0
      for (const { gap, tokens, used } of calls) {
        now += gap
        const verdict = admit(window, { tpm: 100 }, tokens, now)
        const inWindow = passed.filter((row) => row.at > now - 60_000)
        const held = inWindow.reduce((sum, row) => sum + row.tokens, 0)
        if ('waitMs' in verdict) {
          expect(verdict.waitMs).toBeGreaterThan(0)
          expect(verdict.waitMs).toBeLessThanOrEqual(60_000)
          // The wait is exact: one ms before, it would still not fit.
          const later = now + verdict.waitMs
          const sumAt = (at: number) =>
            passed.filter((row) => row.at > at - 60_000).reduce((sum, row) => sum + row.tokens, 0)
          expect(sumAt(later) === 0 || sumAt(later) + tokens <= 100).toBe(true)
          expect(sumAt(later - 1) > 0 && sumAt(later - 1) + tokens > 100).toBe(true)
          continue
        }
        expect(held === 0 || held + tokens <= 100).toBe(true)
        // Settled at once, with less than was reserved: what is settled above it is the upstream's own counting.
        const truly = Math.min(used, tokens)
        settle(window, verdict.entry, truly)
        passed.push({ at: now, tokens: truly })
      }
    }),
  )
})
