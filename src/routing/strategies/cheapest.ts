// The lowest expected price of this call, its cached input counted at the share observed. An unknown price is unknown,
// never 0: such a candidate comes after all with a price. Equals go by load.

import { type Candidate, type Strategy, byScore, rotate } from '../strategy.ts'
import { load } from '../vitals.ts'

export const cheapest: Strategy = ({ candidates, order, scores, memory, demand, now }) => {
  rotate(order, memory.turn++)
  for (const index of order) {
    const { vitals, weight } = candidates[index] as Candidate
    scores[index] = load(vitals, weight, now)
  }
  byScore(order, scores)
  for (const index of order) {
    const { costUsd, vitals } = candidates[index] as Candidate
    scores[index] =
      costUsd?.(demand.inputTokens, demand.outputTokens, vitals.cached.value) ?? Number.POSITIVE_INFINITY
  }
  byScore(order, scores)
}
