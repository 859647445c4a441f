// A moving average that forgets by time, not by count: a value seen a minute ago weighs less whether or not there was
// traffic since. Mutated in place, for it is fed on every call.

export interface Ewma {
  value: number
  /** When it was last fed (ms). */
  at: number
  /** 0: never fed, `value` means nothing. */
  count: number
}

export function ewma(): Ewma {
  return { value: 0, at: 0, count: 0 }
}

/** Feeds one value. @param tauMs after it an old value weighs 1/e. A value of the same instant still counts a tenth. */
export function feed(average: Ewma, value: number, now: number, tauMs: number): void {
  if (average.count === 0) average.value = value
  else {
    const share = Math.max(0.1, 1 - Math.exp(-Math.max(0, now - average.at) / tauMs))
    average.value += (value - average.value) * share
  }
  average.at = now
  average.count++
}

/** The value, fading to `rest` while nothing is fed: an old verdict is no verdict. */
export function faded(average: Ewma, rest: number, now: number, tauMs: number): number {
  if (average.count === 0) return rest
  return rest + (average.value - rest) * Math.exp(-Math.max(0, now - average.at) / tauMs)
}
