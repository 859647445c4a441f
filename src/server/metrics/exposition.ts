// Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).

import type { Metric, Values } from './metric.ts'

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function exposition(metrics: readonly Metric[], values: Values): string {
  let text = ''
  for (const metric of metrics) {
    const { name, kind, labels } = metric
    text += `# HELP ${name} ${metric.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${kind}\n`
    for (const [given, value] of values[name] ?? []) {
      const pairs = given.map((text, index) => `${labels[index] ?? 'worker'}="${escaped(text)}"`)
      if (typeof value === 'number') {
        text += `${name}${braces(pairs)} ${value}\n`
        continue
      }
      if (metric.kind !== 'histogram') continue
      let count = 0
      for (const [bucket, more] of value.counts.entries()) {
        count += more
        const bound = metric.boundsMs[bucket]
        text += `${name}_bucket${braces([...pairs, `le="${bound === undefined ? '+Inf' : bound / 1000}"`])} ${count}\n`
      }
      text += `${name}_sum${braces(pairs)} ${value.sum / 1000}\n${name}_count${braces(pairs)} ${count}\n`
    }
  }
  return text
}

function braces(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
