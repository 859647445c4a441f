import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CoarseTimers, TICK_MS } from './coarse-timers.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('a timer fires never early and at most two ticks late', () => {
  const timers = new CoarseTimers()
  const fired: string[] = []
  timers.set(1000, () => fired.push('second'))
  vi.advanceTimersByTime(1000)
  expect(fired).toEqual([])
  vi.advanceTimersByTime(2 * TICK_MS)
  expect(fired).toEqual(['second'])
})

test('a refreshed timer starts again, a cancelled one is gone, and one cancelled by another does not fire', () => {
  const timers = new CoarseTimers()
  const fired: string[] = []
  const kept = timers.set(1000, () => fired.push('kept'))
  const dropped = timers.set(1000, () => fired.push('dropped'))
  timers.set(2000, () => {
    fired.push('first')
    other.cancel()
  })
  const other = timers.set(2000, () => fired.push('other'))
  vi.advanceTimersByTime(900)
  kept.refresh()
  dropped.cancel()
  dropped.cancel()
  vi.advanceTimersByTime(900)
  expect(fired).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(fired).toEqual(['kept', 'first'])
  expect(timers.count).toBe(0)
})

test('an interval runs only while a timer is set', () => {
  const timers = new CoarseTimers()
  timers.set(1000, () => {}).cancel()
  vi.advanceTimersByTime(2 * TICK_MS)
  expect(vi.getTimerCount()).toBe(0)
})
