// Which deployments rest (breaker open, asked to wait) is told to the other workers. Looked at four times a second, so
// that no call pays for it: what one worker found out, all go by within a quarter of a second and a message.

import type { Clock } from '../../core/clock.ts'
import type { Runtime } from '../../gateway/runtime.ts'
import type { Rest } from './messages.ts'

export const LOOK_MS = 250

export interface SharedRest {
  hear(rest: Rest): void
  stop(): void
}

/** @param vitals of the runtime in force */
export function sharedRest(
  vitals: () => Runtime['vitals'],
  tell: (rest: Rest) => void,
  clock: Clock,
): SharedRest {
  /** What all know of a deployment, as far as we know. */
  const known = new Map<string, { openedAt: number | undefined; coolUntil: number }>()
  let stopped = false

  const look = (): void => {
    if (stopped) return
    for (const [key, { breaker, coolUntil }] of vitals()) {
      const before = known.get(key)
      if (!before && breaker.openedAt === undefined && coolUntil === 0) continue
      if (before?.openedAt === breaker.openedAt && before?.coolUntil === coolUntil) continue
      known.set(key, { openedAt: breaker.openedAt, coolUntil })
      const { failures, openedAt } = breaker
      tell({ key, failures, coolUntil, ...(openedAt === undefined ? {} : { openedAt }) })
    }
    for (const key of known.keys()) if (!vitals().has(key)) known.delete(key)
    timer = clock.timer(LOOK_MS, look)
  }
  let timer = clock.timer(LOOK_MS, look)

  return {
    hear(rest) {
      const mine = vitals().get(rest.key)
      if (!mine) return
      known.set(rest.key, { openedAt: rest.openedAt, coolUntil: rest.coolUntil })
      mine.coolUntil = Math.max(mine.coolUntil, rest.coolUntil)
      if (rest.openedAt === undefined) {
        if (mine.breaker.openedAt !== undefined) mine.breaker = { failures: 0, trial: false }
      } else if (mine.breaker.openedAt === undefined || mine.breaker.openedAt < rest.openedAt)
        mine.breaker = { failures: rest.failures, openedAt: rest.openedAt, trial: false }
    },
    stop() {
      stopped = true
      timer.cancel()
    },
  }
}
