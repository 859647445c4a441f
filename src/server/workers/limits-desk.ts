// The parent's side of limits: one window, queue and pace per limited thing for all workers, so that a limit holds
// exactly however calls are spread. What a worker holds is given back when it ends, also when it ends badly.

import { type Cancel, cancel } from '../../core/cancel.ts'
import type { Clock } from '../../core/clock.ts'
import { normalise } from '../../core/error.ts'
import type { DecidedWait } from '../../gateway/decisions.ts'
import { type Hold, type LimitLoad, type Scope, enter, loadsOf, scope } from '../../gateway/limits.ts'
import type { ToParent, ToWorker } from './messages.ts'

export interface LimitsDesk {
  hear(worker: number, message: ToParent, answer: (message: ToWorker) => void): void
  /** The worker is gone: its holds end, its waits are over. */
  gone(worker: number): void
  loads(): LimitLoad[]
  /** Admissions held and waited for, of all workers. */
  readonly held: number
}

interface Place {
  cancel: Cancel
  hold?: Hold
}

/** Limited things that are remembered; callers come and go. */
const MOST_SCOPES = 10_000

export function limitsDesk(clock: Clock): LimitsDesk {
  const scopes = new Map<string, { said: string; scope: Scope }>()
  const places = new Map<number, Map<number, Place>>()

  const scopeOf = (message: Extract<ToParent, { type: 'enter' }>): Scope | undefined => {
    const said = JSON.stringify(message.limits)
    const known = scopes.get(message.key)
    if (known?.said === said) return known.scope
    // Limits that were changed by a reload take over what was counted under the old ones.
    const made = scope(message.who, message.limits, known?.scope)
    if (!made) return undefined
    if (scopes.size >= MOST_SCOPES)
      for (const [key, { scope: old }] of scopes)
        if (old.gate.running === 0 && old.gate.waiting === 0) {
          scopes.delete(key)
          break
        }
    scopes.set(message.key, { said, scope: made })
    return made
  }

  const enterFor = (
    worker: number,
    message: Extract<ToParent, { type: 'enter' }>,
    answer: (message: ToWorker) => void,
  ): void => {
    const { n, entering, patient } = message
    let own = places.get(worker)
    if (!own) places.set(worker, (own = new Map()))
    const place: Place = { cancel: cancel() }
    own.set(n, place)
    const waits: DecidedWait[] = []
    const of = scopeOf(message)
    if (!of) return answer({ type: 'in', n, waits })
    enter(of, entering, place, { clock }, waits, patient).then(
      (hold) => {
        if (own.get(n) !== place) return hold.end(0)
        place.hold = hold
        answer({ type: 'in', n, waits })
      },
      (thrown: unknown) => {
        own.delete(n)
        const { kind, message: text, retryAfterS, phase, endpoint } = normalise(thrown)
        answer({
          type: 'no',
          n,
          waits,
          error: {
            kind,
            message: text,
            ...(retryAfterS === undefined ? {} : { retryAfterS }),
            ...(phase === undefined ? {} : { phase }),
            ...(endpoint === undefined ? {} : { endpoint }),
          },
        })
      },
    )
  }

  const give = (place: Place, tokens: number | undefined, seen?: Parameters<Hold['end']>[1]): void => {
    if (place.hold) place.hold.end(tokens, seen)
    else place.cancel.raise(undefined)
  }

  return {
    hear(worker, message, answer) {
      if (message.type === 'enter') return enterFor(worker, message, answer)
      if (message.type !== 'end' && message.type !== 'cancel') return
      const place = places.get(worker)?.get(message.n)
      if (!place) return
      places.get(worker)?.delete(message.n)
      if (message.type === 'cancel') give(place, 0)
      else give(place, message.tokens, message.seen)
    },
    gone(worker) {
      const own = places.get(worker)
      places.delete(worker)
      if (!own) return
      const all = [...own.values()]
      own.clear()
      for (const place of all) give(place, undefined)
    },
    loads: () => loadsOf([...scopes.values()].map((row) => row.scope)),
    get held() {
      let sum = 0
      for (const own of places.values()) sum += own.size
      return sum
    },
  }
}
