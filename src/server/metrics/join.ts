// The values of several workers as those of one gateway.

import type { Distribution, Joining, Metric, Part, Sample, Values } from './metric.ts'

/** @returns values whose samples have one label more, the worker, where `join` is `worker` and there are several. */
export function joined(
  metrics: readonly Metric[],
  parts: readonly Pick<Part, 'worker' | 'values'>[],
): Values {
  return Object.fromEntries(metrics.map((metric) => [metric.name, samplesOf(metric, parts)]))
}

/** Everything added, whatever it is: for what only grows. */
export function summed(parts: readonly Values[]): Values {
  const names = new Set(parts.flatMap((values) => Object.keys(values)))
  const rows = parts.map((values) => ({ worker: undefined, values }))
  return Object.fromEntries([...names].map((name) => [name, samplesOf({ name, join: 'sum' }, rows)]))
}

function samplesOf(
  { name, join }: Pick<Metric, 'name' | 'join'>,
  parts: readonly Pick<Part, 'worker' | 'values'>[],
): Sample[] {
  const sums = new Map<string, Sample>()
  for (const { worker, values } of parts)
    for (const [labels, value] of values[name] ?? []) {
      const all = join === 'worker' && worker !== undefined ? [...labels, worker] : labels
      const key = JSON.stringify(all)
      const before = sums.get(key)
      sums.set(key, [all, before ? together(join, before[1], value) : value])
    }
  return [...sums.values()]
}

function together(join: Joining, a: Sample[1], b: Sample[1]): Sample[1] {
  if (typeof a !== 'number' && typeof b !== 'number') return added(a, b)
  if (typeof a !== 'number' || typeof b !== 'number') return a
  return join === 'max' ? Math.max(a, b) : join === 'min' ? Math.min(a, b) : a + b
}

function added(a: Distribution, b: Distribution): Distribution {
  return { counts: a.counts.map((count, bucket) => count + (b.counts[bucket] ?? 0)), sum: a.sum + b.sum }
}
