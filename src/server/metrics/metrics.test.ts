import { expect, test } from 'vitest'
import { exposition } from './exposition.ts'
import { joined } from './join.ts'
import type { Metric, Values } from './metric.ts'

const none = (): [] => []
const METRICS: readonly Metric[] = [
  { name: 'calls_total', kind: 'counter', help: 'Calls.', labels: ['status'], join: 'sum', read: none },
  { name: 'open', kind: 'gauge', help: 'Open.', labels: ['endpoint'], join: 'max', read: none },
  { name: 'up', kind: 'gauge', help: 'Up.', labels: ['endpoint'], join: 'min', read: none },
  { name: 'memory_bytes', kind: 'gauge', help: 'Memory.', labels: [], join: 'worker', read: none },
  {
    name: 'took_seconds',
    kind: 'histogram',
    help: 'Time.',
    labels: ['operation'],
    join: 'sum',
    boundsMs: [10, 100],
    read: none,
  },
]

const one: Values = {
  calls_total: [[['200'], 3]],
  open: [[['e'], 0]],
  up: [[['e'], 1]],
  memory_bytes: [[[], 10]],
  took_seconds: [[['chat'], { counts: [1, 0, 2], sum: 505 }]],
}
const two: Values = {
  calls_total: [
    [['200'], 4],
    [['404'], 1],
  ],
  open: [[['e'], 1]],
  up: [[['e'], 0]],
  memory_bytes: [[[], 20]],
  took_seconds: [[['chat'], { counts: [0, 1, 0], sum: 15 }]],
}

test('counters and histograms of workers are added, states are the worst, what a process has of its own is labelled', () => {
  const values = joined(METRICS, [
    { worker: '1', values: one },
    { worker: '2', values: two },
  ])
  expect(exposition(METRICS, values)).toBe(`# HELP calls_total Calls.
# TYPE calls_total counter
calls_total{status="200"} 7
calls_total{status="404"} 1
# HELP open Open.
# TYPE open gauge
open{endpoint="e"} 1
# HELP up Up.
# TYPE up gauge
up{endpoint="e"} 0
# HELP memory_bytes Memory.
# TYPE memory_bytes gauge
memory_bytes{worker="1"} 10
memory_bytes{worker="2"} 20
# HELP took_seconds Time.
# TYPE took_seconds histogram
took_seconds_bucket{operation="chat",le="0.01"} 1
took_seconds_bucket{operation="chat",le="0.1"} 2
took_seconds_bucket{operation="chat",le="+Inf"} 4
took_seconds_sum{operation="chat"} 0.52
took_seconds_count{operation="chat"} 4
`)
})

test('a single process has no worker label, and names are escaped', () => {
  const values = joined(METRICS, [
    { worker: undefined, values: { memory_bytes: [[[], 10]], up: [[['a"b\\c\nd'], 1]] } },
  ])
  const text = exposition(METRICS, values)
  expect(text).toContain('\nmemory_bytes 10\n')
  expect(text).toContain('\nup{endpoint="a\\"b\\\\c\\nd"} 1\n')
})
