// The one that answers soonest: first byte plus the time its tokens take, times how busy it is, times how often it
// fails. Two are drawn and the better one is taken, so that a good one is not overrun; a few calls explore; one that
// is in use is left only for one that is clearly better.

import { faded } from '../ewma.ts'
import { type Candidate, type Ranking, type Strategy, byScore, promote } from '../strategy.ts'
import { TAU_MS, load } from '../vitals.ts'

/** Share of calls that go to any candidate, so that one that got better is noticed. */
export const EXPLORE = 0.02
/** How much better a challenger must be than the one in use. */
const MARGIN = 0.85
/** A verdict fades to "unknown", which is worth a try, over this time without traffic. */
const FORGET_MS = 10 * TAU_MS
/** Until a candidate's speed in tokens is known. */
const USUAL_TOKENS_PER_SECOND = 50
/** Until a model is in memory, where it is known not to be. */
const LOADING_MS = 10_000

export const fastest: Strategy = (ranking) => {
  const { candidates, order, scores, memory, random } = ranking
  for (const index of order) scores[index] = expectedMs(candidates[index] as Candidate, ranking)
  const { length } = order
  if (length < 2) {
    memory.last = order[0] ?? -1
    return
  }
  const chance = random()
  const first = Math.floor(random() * length)
  let pick: number
  if (chance < EXPLORE) pick = first
  else {
    // The second draw is among the others.
    const second = (first + 1 + Math.floor(random() * (length - 1))) % length
    const a = order[first] as number
    const b = order[second] as number
    pick = better(a, b, scores, memory.last) === a ? first : second
  }
  promote(order, pick)
  memory.last = order[0] as number
  byScore(order, scores, 1)
}

function expectedMs({ vitals, weight }: Candidate, { demand, now }: Ranking): number {
  const { firstByteMs, tokensPerSecond, failed } = vitals
  const loadingMs = vitals.warm === false ? LOADING_MS : 0
  if (firstByteMs.count === 0) return vitals.inFlight + loadingMs
  const rate = tokensPerSecond.count === 0 ? USUAL_TOKENS_PER_SECOND : tokensPerSecond.value
  const ms =
    loadingMs + faded(firstByteMs, 0, now, FORGET_MS) + (demand.outputTokens * 1000) / Math.max(rate, 0.1)
  return ms * (1 + load(vitals, weight, now) / 4) * (1 + 10 * faded(failed, 0, now, TAU_MS))
}

function better(a: number, b: number, scores: readonly number[], inUse: number): number {
  let scoreA = scores[a] as number
  let scoreB = scores[b] as number
  if (a === inUse) scoreA *= MARGIN
  else if (b === inUse) scoreB *= MARGIN
  return scoreB < scoreA ? b : a
}
