// Taking turns. The rest follows in the same circle, so that the calls of one that failed are shared by all others.

import { type Strategy, rotate } from '../strategy.ts'

export const roundRobin: Strategy = ({ order, memory }) => {
  // The next in the circle that is open now: one that rests loses its turn, and nobody gets two.
  const next = order.findIndex((index) => index > memory.last)
  if (next > 0) rotate(order, next)
  memory.last = order[0] ?? -1
}
