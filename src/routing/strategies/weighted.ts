// Smooth weighted round robin: over any `sum(weights)` calls each candidate is first exactly `weight` times, and the
// turns of a heavy one are spread instead of bunched.

import { type Strategy, byScore } from '../strategy.ts'

export const weighted: Strategy = ({ candidates, order, scores, memory }) => {
  const { credits } = memory
  let total = 0
  let best = -1
  for (const index of order) {
    const { weight } = candidates[index] as { weight: number }
    const credit = (credits[index] ?? 0) + weight
    credits[index] = credit
    scores[index] = -credit
    total += weight
    if (best < 0 || credit > (credits[best] as number)) best = index
  }
  if (best < 0) return
  byScore(order, scores)
  credits[best] = (credits[best] as number) - total
}
