// The one with the fewest calls under way for its capacity (engine slots where known, else weight); a cold model
// counts as a few calls. Equals take turns.

import { type Candidate, type Strategy, byScore, rotate } from '../strategy.ts'
import { loadAndLoading } from '../vitals.ts'

export const leastBusy: Strategy = ({ candidates, order, scores, memory, now }) => {
  for (const index of order) {
    const { vitals, weight } = candidates[index] as Candidate
    scores[index] = loadAndLoading(vitals, weight, now)
  }
  rotate(order, memory.turn++)
  byScore(order, scores)
}
