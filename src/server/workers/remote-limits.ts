// The worker's side of limits: asks the parent, which counts for all. Messages of one turn leave together.

import type { Timer, Clock } from '../../core/clock.ts'
import { GatewayError } from '../../core/error.ts'
import type { DecidedWait } from '../../gateway/decisions.ts'
import { type Hold, type LimitLoad, type SharedLimits, goneError } from '../../gateway/limits.ts'
import type { ToParent, ToWorker } from './messages.ts'

export interface RemoteLimits extends SharedLimits {
  hear(message: ToWorker): void
  /** Admissions asked for and not answered yet. */
  readonly waiting: number
}

interface Asked {
  waits: DecidedWait[]
  admitted(): void
  refused(error: GatewayError): void
}

/** Beyond the longest wait that limits allow; a parent that is silent this long is not there. */
const PATIENCE_MS = 10_000
/** Whoever only looks is told nothing rather than made to wait. */
const LOADS_MS = 500

export function remoteLimits(send: (message: ToParent) => void, clock: Clock): RemoteLimits {
  const asked = new Map<number, Asked>()
  const asking = new Map<number, (loads: LimitLoad[]) => void>()
  let next = 0

  const hold = (n: number): Hold => {
    let open = true
    return {
      end(tokens, seen) {
        if (!open) return
        open = false
        send({ type: 'end', n, ...(tokens === undefined ? {} : { tokens }), ...(seen ? { seen } : {}) })
      },
    }
  }

  return {
    enter(of, entering, call, waits, patient) {
      const n = ++next
      return new Promise((resolve, reject) => {
        const { limits, who } = of
        let timer: Timer | undefined
        const done = (): void => {
          asked.delete(n)
          stop()
          timer?.cancel()
        }
        const stop = call.cancel.onRaise((reason) => {
          timer?.cancel()
          asked.delete(n)
          send({ type: 'cancel', n })
          reject(goneError(reason))
        })
        const limitMs = (limits.queueWaitMs ?? 30_000) + (limits.maxPaceMs ?? 10_000) + PATIENCE_MS
        timer = clock.timer(limitMs, () => {
          done()
          send({ type: 'cancel', n })
          reject(new GatewayError('internal', 'the parent process, which keeps the limits, does not answer'))
        })
        asked.set(n, {
          waits,
          admitted() {
            done()
            resolve(hold(n))
          },
          refused(error) {
            done()
            reject(error)
          },
        })
        // The caller's own limits are one each; those of an endpoint or a route are everybody's.
        const key = of.perCaller === true ? `${who} ${entering.caller}` : who
        send({ type: 'enter', n, key, who, limits, entering, patient })
      })
    },
    loads() {
      const n = ++next
      return new Promise((resolve) => {
        const done = (loads: LimitLoad[]): void => {
          timer.cancel()
          asking.delete(n)
          resolve(loads)
        }
        const timer = clock.timer(LOADS_MS, () => done([]))
        asking.set(n, done)
        send({ type: 'loads', n })
      })
    },
    hear(message) {
      if (message.type === 'loads') return asking.get(message.n)?.(message.loads)
      if (message.type !== 'in' && message.type !== 'no') return
      const ask = asked.get(message.n)
      if (!ask) return
      ask.waits.push(...message.waits)
      if (message.type === 'in') return ask.admitted()
      const { kind, message: text, ...rest } = message.error
      ask.refused(new GatewayError(kind, text, rest))
    },
    get waiting() {
      return asked.size
    },
  }
}
