// The one with the most room left: the tightest of the upstream's own rate-limit headers and of our limits for it. Who
// says nothing of limits counts as half full. Equals take turns.

import { shareLeft } from '../rate-headers.ts'
import { type Candidate, type Strategy, byScore, rotate } from '../strategy.ts'

const UNKNOWN = 0.5

export const headroom: Strategy = ({ candidates, order, scores, memory, now }) => {
  for (const index of order) {
    const candidate = candidates[index] as Candidate
    const theirs = shareLeft(candidate.vitals.headroom, candidate.vitals.inFlight, now)
    const ours = candidate.shareLeft?.(now)
    scores[index] = 1 - Math.min(theirs ?? ours ?? UNKNOWN, ours ?? 1)
  }
  rotate(order, memory.turn++)
  byScore(order, scores)
}
