import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { waitOf } from './duration.ts'
import { headroomOf, shareLeft } from './rate-headers.ts'
import { retryAfterMs } from './retry-after.ts'

const NOW = Date.UTC(2026, 10, 24, 12, 0, 0)

describe('times to wait', () => {
  test.for<[string, number | undefined]>([
    ['12', 12_000],
    ['0.84', 840],
    ['0', 0],
    ['2m59.56s', 179_560],
    ['1h2m3.5s', 3_723_500],
    ['17ms', 17],
    [String(NOW + 5_000), 5_000],
    [String(NOW / 1_000 + 5), 5_000],
    ['Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
    ['2026-11-24T12:01:00Z', 60_000],
    ['soon', undefined],
    ['-5', undefined],
    ['', undefined],
  ])('%s', ([text, ms]) => expect(waitOf(text, NOW)).toBe(ms))
  test('any text gives a wait of at least 0, or none (property)', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = waitOf(text, NOW)
        expect(ms === undefined || ms >= 0).toBe(true)
      }),
    )
  })
})

describe('Retry-After in all its forms', () => {
  test.for<[Record<string, string>, number | undefined]>([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.5' }, 1_500],
    [{ 'retry-after-ms': '250', 'retry-after': '1' }, 250],
    [{ 'retry-after': 'Tue, 24 Nov 2026 12:00:09 GMT' }, 9_000],
    [{ 'retry-after': '99999999' }, 86_400_000],
    [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '7.66s' }, 7_660],
    [{ 'x-ratelimit-remaining-tokens': '10', 'x-ratelimit-reset-tokens': '7.66s' }, undefined],
    [
      {
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2026-11-24T12:00:20Z',
      },
      20_000,
    ],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + 3_000) }, 3_000],
    [{ 'x-ratelimit-remaining-requests': '0' }, undefined],
    [{}, undefined],
  ])('%j', ([headers, ms]) => expect(retryAfterMs(headers, NOW)).toBe(ms))
})

describe('rate-limit headers in one shape', () => {
  test('word order, vendor and unit do not matter', () => {
    const minute = { goodUntil: NOW + 60_000 }
    expect(
      headroomOf(
        {
          'x-ratelimit-limit-requests': '14400',
          'x-ratelimit-remaining-requests': '14399',
          'x-ratelimit-reset-requests': '6s',
          'anthropic-ratelimit-input-tokens-limit': '40000',
          'x-ratelimit-remaining-req-minute': '59',
          'x-ratelimit-limit-tokens-day': '1000',
          'x-tokenlimit-remaining': '77',
          'x-ratelimit-reset': 'nonsense',
          'anthropic-ratelimit-unified-status': 'allowed',
          'content-type': 'application/json',
        },
        NOW,
      ),
    ).toEqual({
      requests: { limit: 14_400, remaining: 14_399, resetAt: NOW + 6_000, goodUntil: NOW + 6_000 },
      'input-tokens': { limit: 40_000, ...minute },
      'requests-minute': { remaining: 59, ...minute },
      'tokens-day': { limit: 1_000, goodUntil: NOW + 86_400_000 },
      tokens: { remaining: 77, ...minute },
    })
  })
  test('the share left is the tightest one, and ends with its window', () => {
    const headroom = {
      requests: { limit: 100, remaining: 60, goodUntil: NOW + 10 },
      tokens: { limit: 100, remaining: 20, goodUntil: NOW + 5 },
    }
    expect(shareLeft(headroom, 0, NOW)).toBe(0.2)
    expect(shareLeft(headroom, 50, NOW)).toBe(0.1)
    expect(shareLeft(headroom, 0, NOW + 5)).toBe(0.6)
    expect(shareLeft(headroom, 0, NOW + 10)).toBeUndefined()
  })
})
