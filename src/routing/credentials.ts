// Several credentials of one endpoint: they take turns, and one that was refused rests alone while the others serve.
// Pure: indexes and times only, the secrets stay with their owner.

export interface Bench {
  /** By credential: until when it rests (ms since the epoch). */
  until: number[]
  /** By credential: refusals in a row. */
  refusals: number[]
  turn: number
}

export function bench(count: number): Bench {
  return {
    until: Array.from({ length: count }, () => 0),
    refusals: Array.from({ length: count }, () => 0),
    turn: 0,
  }
}

/** How long a refusal benches. A wrong key (401, 403) or an empty account (402) seldom mends itself within minutes. */
const REST_MS: Readonly<Record<number, number>> = { 401: 300_000, 402: 900_000, 403: 300_000, 429: 10_000 }
const REST_CAP_MS = 3_600_000

/** The credential whose turn it is; when all rest, the one that is back first: an answer is better than a guess. */
export function choose(state: Bench, now: number): number {
  const count = state.until.length
  let soonest = 0
  for (let step = 0; step < count; step++) {
    const index = (state.turn + step) % count
    if ((state.until[index] as number) <= now) {
      state.turn = (index + 1) % count
      return index
    }
    if ((state.until[index] as number) < (state.until[soonest] as number)) soonest = index
  }
  return soonest
}

/** Another one that could serve now, if there is one. */
export function anotherFree(state: Bench, now: number): boolean {
  return state.until.some((until) => until <= now)
}

/**
 * Notes a refusal. true: the status is about the credential and it now rests.
 * @param askedMs what the upstream asked for.
 */
export function refuse(
  state: Bench,
  index: number,
  status: number | undefined,
  askedMs: number | undefined,
  now: number,
): boolean {
  const usual = status === undefined ? undefined : REST_MS[status]
  if (usual === undefined) return false
  const times = (state.refusals[index] ?? 0) + 1
  state.refusals[index] = times
  state.until[index] = now + (askedMs ?? Math.min(REST_CAP_MS, usual * 2 ** (times - 1)))
  return true
}

export function accept(state: Bench, index: number): void {
  state.refusals[index] = 0
  state.until[index] = 0
}
