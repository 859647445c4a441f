// A histogram with fixed buckets: one increment a value, and nothing made for it.

export interface Histogram {
  /** Upper bounds, ascending; what is above the last one has a bucket of its own. */
  readonly bounds: readonly number[]
  /** Values by bucket, each in one only. */
  readonly counts: number[]
  sum: number
}

export function histogram(bounds: readonly number[]): Histogram {
  return { bounds, counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 }
}

export function note(into: Histogram, value: number): void {
  const { bounds, counts } = into
  let bucket = 0
  while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
  counts[bucket] = (counts[bucket] as number) + 1
  into.sum += value
}
