// The client's clock and its waits. Its timers keep the process alive: a script that waits for a retry has not ended.

import type { Cancel } from '../core/cancel.ts'
import { cancel as newCancel } from '../core/cancel.ts'
import type { Clock } from '../core/clock.ts'

export const clientClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, fn) {
    const timer = setTimeout(fn, Math.min(ms, 2 ** 31 - 1))
    return {
      refresh: () => {
        timer.refresh()
      },
      cancel: () => clearTimeout(timer),
    }
  },
}

/** Resolves after `ms`, or rejects with the reason as soon as the token is raised. */
export function wait(ms: number, clock: Clock, cancel: Cancel): Promise<void> {
  if (cancel.raised) return Promise.reject(asError(cancel.reason))
  if (ms <= 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const stop = cancel.onRaise((reason) => {
      timer.cancel()
      reject(asError(reason))
    })
    const timer = clock.timer(ms, () => {
      stop()
      resolve()
    })
  })
}

/** An AbortSignal as the token every wait hangs on. `release` takes the listener off again. */
export function cancelOf(signal: AbortSignal | undefined): { cancel: Cancel; release(): void } {
  const cancel = newCancel()
  if (!signal) return { cancel, release() {} }
  if (signal.aborted) cancel.raise(signal.reason)
  const raise = (): void => cancel.raise(signal.reason)
  signal.addEventListener('abort', raise, { once: true })
  return { cancel, release: () => signal.removeEventListener('abort', raise) }
}

export function asError(reason: unknown): Error {
  return reason instanceof Error
    ? reason
    : new DOMException(typeof reason === 'string' ? reason : 'the call was aborted', 'AbortError')
}
