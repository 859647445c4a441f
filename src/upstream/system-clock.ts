// The real clock. Its timers never keep the process alive.

import type { Clock } from '../core/clock.ts'
import { CoarseTimers } from './coarse-timers.ts'

const coarse = new CoarseTimers()
/** From here on a tenth of a second more or less does not matter. */
const COARSE_MS = 2_000

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, fn) {
    // Hours (the next probe) would only be looked at in vain.
    if (ms >= COARSE_MS && ms <= 3_600_000) return coarse.set(ms, fn)
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
