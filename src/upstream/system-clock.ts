// The real clock. Its timers never keep the process alive.

import type { Clock } from '../core/clock.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, fn) {
    const timer = setTimeout(fn, Math.min(ms, 2 ** 31 - 1))
    timer.unref()
    return {
      refresh: () => {
        timer.refresh()
      },
      cancel: () => clearTimeout(timer),
    }
  },
}
