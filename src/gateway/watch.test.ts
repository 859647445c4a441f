import { describe, expect, test } from 'vitest'
import type { Clock } from '../core/clock.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { vitals } from '../routing/vitals.ts'
import { type WatchOptions, watch } from './watch.ts'

/** A clock whose timers fire when it is moved past them. */
function handClock() {
  let now = 1_000
  let timers: { at: number; fn: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    timer(ms, fn) {
      const entry = { at: now + ms, fn }
      timers.push(entry)
      return {
        refresh() {},
        cancel() {
          timers = timers.filter((row) => row !== entry)
        },
      }
    },
  }
  return {
    clock,
    waiting: () => timers.length,
    async move(ms: number) {
      now += ms
      const due = timers.filter((row) => row.at <= now)
      timers = timers.filter((row) => row.at > now)
      for (const { fn } of due) fn()
      await Promise.resolve()
      await Promise.resolve()
      await Promise.resolve()
    },
  }
}

const endpoint = { id: 'e' } as EndpointConfig

function watching(more: Partial<WatchOptions>) {
  const hand = handClock()
  const row = vitals('e/m')
  const other = vitals('other/m')
  const asked: string[] = []
  const made = watch({
    clock: hand.clock,
    vitals: new Map([row, other].map((one) => [one.key, one])),
    reachable: async ({ id }) => {
      asked.push(id)
      return false
    },
    state: async () => undefined,
    tells: () => true,
    asks: true,
    openMs: () => 60_000,
    ...more,
  })
  return { hand, row, other, asked, made }
}

describe('what is down', () => {
  test('is asked again until it answers; then the next call is its trial', async () => {
    let back = false
    let asks = 0
    const { hand, row, made } = watching({
      reachable: async () => {
        asks++
        return back
      },
    })
    row.breaker = { failures: 5, openedAt: 1_000, trial: false }
    made.down(endpoint)
    made.down(endpoint)
    await hand.move(1_000)
    await hand.move(2_000)
    expect(asks).toBe(2)
    expect(row.breaker.openedAt).toBe(1_000)
    back = true
    await hand.move(5_000)
    expect(asks).toBe(3)
    expect((row.breaker.openedAt as number) + 60_000).toBe(hand.clock.now())
    expect(hand.waiting()).toBe(0)
  })
  test('is left alone once a call has closed the breaker, and after the end', async () => {
    const { hand, row, asked, made } = watching({})
    row.breaker = { failures: 5, openedAt: 1_000, trial: false }
    made.down(endpoint)
    row.breaker = { failures: 0, trial: false }
    await hand.move(1_000)
    expect(asked).toEqual([])
    row.breaker = { failures: 5, openedAt: 2_000, trial: false }
    made.down(endpoint)
    made.stop()
    await hand.move(10_000)
    expect(asked).toEqual([])
    expect(hand.waiting()).toBe(0)
  })
})

describe('local engines', () => {
  test('are asked once for as long as their word is fresh, and only while there are calls', async () => {
    let asks = 0
    const { hand, row, other, made } = watching({
      state: async () => {
        asks++
        return { warm: ['x'], slots: { total: 4, free: 1 } }
      },
    })
    made.noticed(endpoint)
    made.noticed(endpoint)
    await hand.move(0)
    expect(asks).toBe(1)
    expect(row).toMatchObject({ warm: false, slots: { total: 4, free: 1, at: 1_000 } })
    expect(other.warm).toBeUndefined()
    await hand.move(60_000)
    expect(asks).toBe(1)
    made.noticed(endpoint)
    expect(asks).toBe(2)
  })
  test('one that says nothing is left in peace for a minute', async () => {
    let asks = 0
    const { hand, row, made } = watching({
      state: async () => {
        asks++
        return undefined
      },
    })
    made.noticed(endpoint)
    await hand.move(30_000)
    made.noticed(endpoint)
    expect(asks).toBe(1)
    expect(row.warm).toBeUndefined()
  })
})
