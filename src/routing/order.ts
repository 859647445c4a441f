// The order in which a route's deployments are tried: the first is the pick, the rest are the fail-over plan.

export type Strategy = 'priority' | 'round_robin' | 'weighted'

/** Running credit per target of smooth weighted round robin; kept by the route between calls. */
export type Credits = number[]

/**
 * Indexes of the targets in the order to try. `weighted` is smooth weighted round robin: over any `sum(weights)` calls
 * each target is first exactly `weight` times. Mutates `credits`, which must be as long as `weights`.
 */
export function order(strategy: Strategy, weights: readonly number[], credits: Credits): number[] {
  const indexes = weights.map((_, index) => index)
  if (strategy === 'priority' || weights.length < 2) return indexes
  let total = 0
  let best = 0
  for (const index of indexes) {
    const weight = strategy === 'weighted' ? (weights[index] as number) : 1
    credits[index] = (credits[index] ?? 0) + weight
    total += weight
    if (credits[index] > (credits[best] as number)) best = index
  }
  credits[best] = (credits[best] as number) - total
  return [best, ...indexes.filter((index) => index !== best)]
}
