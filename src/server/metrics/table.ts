// Every metric there is. The answer to GET /metrics and docs/reference/metrics.md are derived from these rows.

import type { Holding } from '../../core/holding.ts'
import { CALLER } from '../../gateway/admit.ts'
import { holdings } from '../../gateway/holdings.ts'
import type { LimitLoad } from '../../gateway/limits.ts'
import type { Runtime } from '../../gateway/runtime.ts'
import {
  type Counters,
  type DeploymentCounts,
  DURATION_MS,
  FIRST_BYTE_MS,
  MOST_ROWS,
  OTHERS,
  OVERHEAD_MS,
  type OperationCounts,
  type TokenCounts,
} from '../../telemetry/counters.ts'
import type { Histogram } from '../../telemetry/histogram.ts'
import { version } from '../version.ts'
import type { Distribution, Metric, Sample, Source } from './metric.ts'

const DEPLOYMENT = ['endpoint', 'model'] as const

export const METRICS: readonly Metric[] = [
  // ------------------------------------------------------------ calls
  {
    name: 'trunkline_calls_total',
    kind: 'counter',
    help: 'Calls that ended, by the status their caller got.',
    labels: ['operation', 'status'],
    join: 'sum',
    *read(from) {
      for (const [operation, row] of countersOf(from).byOperation)
        for (const [status, count] of row.byStatus) yield [[operation, String(status)], count]
    },
  },
  {
    name: 'trunkline_call_errors_total',
    kind: 'counter',
    help: 'Calls that ended with an error, by its kind (reference/errors.md).',
    labels: ['kind'],
    join: 'sum',
    *read(from) {
      for (const [kind, count] of countersOf(from).errors) yield [[kind], count]
    },
  },
  {
    name: 'trunkline_fallback_calls_total',
    kind: 'counter',
    help: 'Calls that a declared fallback answered.',
    labels: [],
    join: 'sum',
    read: (from) => [[[], countersOf(from).fallbacks]],
  },
  {
    name: 'trunkline_calls_under_way',
    kind: 'gauge',
    help: 'Calls that have not ended yet.',
    labels: [],
    join: 'sum',
    read: ({ admin }) => (admin ? [[[], admin.live.count]] : []),
  },
  {
    name: 'trunkline_call_duration_seconds',
    kind: 'histogram',
    help: 'From the arrival of a call to the end of its answer.',
    labels: ['operation'],
    join: 'sum',
    boundsMs: DURATION_MS,
    read: (from) => times(from, (row) => row.duration),
  },
  {
    name: 'trunkline_call_first_byte_seconds',
    kind: 'histogram',
    help: 'From the arrival of a call to the first good byte of its answer.',
    labels: ['operation'],
    join: 'sum',
    boundsMs: FIRST_BYTE_MS,
    read: (from) => times(from, (row) => row.firstByte),
  },
  {
    name: 'trunkline_call_overhead_seconds',
    kind: 'histogram',
    help: 'From the arrival of a call until the upstream was asked, waits for a limit included.',
    labels: ['operation'],
    join: 'sum',
    boundsMs: OVERHEAD_MS,
    read: (from) => times(from, (row) => row.overhead),
  },
  {
    name: 'trunkline_caller_buffered_bytes',
    kind: 'gauge',
    help: 'Bytes of answers that their callers have not taken yet.',
    labels: [],
    join: 'sum',
    read: ({ admin }) => (admin ? [[[], admin.live.bufferedBytes]] : []),
  },

  // ------------------------------------------------------------ tokens and cost
  {
    name: 'trunkline_tokens_total',
    kind: 'counter',
    help: 'Tokens that upstreams reported. Input includes cache_read and cache_write, output includes reasoning.',
    labels: ['direction'],
    join: 'sum',
    *read(from) {
      for (const [direction, count] of tokens(countersOf(from).tokens)) yield [[direction], count]
    },
  },
  {
    name: 'trunkline_cost_usd_total',
    kind: 'counter',
    help: 'What calls cost, in US dollars, where prices are known.',
    labels: [],
    join: 'sum',
    read: (from) => [[[], countersOf(from).costUsd]],
  },

  // ------------------------------------------------------------ endpoints
  {
    name: 'trunkline_endpoint_calls_total',
    kind: 'counter',
    help: 'Calls that ended, by where their last attempt went. Outcome: ok or failed.',
    labels: [...DEPLOYMENT, 'outcome'],
    join: 'sum',
    *read(from) {
      for (const [names, row] of deployments(from)) {
        yield [[...names, 'ok'], row.calls - row.failed]
        yield [[...names, 'failed'], row.failed]
      }
    },
  },
  {
    name: 'trunkline_attempts_total',
    kind: 'counter',
    help: 'Attempts that ended. Outcome: answered, cancelled, or the kind of the error.',
    labels: [...DEPLOYMENT, 'outcome'],
    join: 'sum',
    *read(from) {
      for (const [names, row] of deployments(from))
        for (const [outcome, count] of row.attempts) yield [[...names, outcome], count]
    },
  },
  {
    name: 'trunkline_endpoint_tokens_total',
    kind: 'counter',
    help: 'Tokens by endpoint and model.',
    labels: [...DEPLOYMENT, 'direction'],
    join: 'sum',
    *read(from) {
      for (const [names, row] of deployments(from))
        for (const [direction, count] of tokens(row.tokens))
          if (count > 0) yield [[...names, direction], count]
    },
  },
  {
    name: 'trunkline_endpoint_cost_usd_total',
    kind: 'counter',
    help: 'What calls cost by endpoint and model, in US dollars, where prices are known.',
    labels: DEPLOYMENT,
    join: 'sum',
    *read(from) {
      for (const [names, row] of deployments(from)) if (row.costUsd > 0) yield [names, row.costUsd]
    },
  },
  {
    name: 'trunkline_endpoint_up',
    kind: 'gauge',
    help: '1: its last probe passed; 0: it failed; absent: it was not asked.',
    labels: ['endpoint'],
    join: 'min',
    *read({ gateway }) {
      const { config, probes } = gateway.runtime
      for (const { id } of config.endpoints) {
        const { status } = probes.status(id)
        if (status === 'ok' || status === 'down') yield [[id], status === 'ok' ? 1 : 0]
      }
    },
  },
  {
    name: 'trunkline_attempts_in_flight',
    kind: 'gauge',
    help: 'Attempts that have not ended yet.',
    labels: DEPLOYMENT,
    join: 'sum',
    read: (from) => vitals(from, (row) => row.inFlight, 'sum'),
  },
  {
    name: 'trunkline_breaker_open',
    kind: 'gauge',
    help: '1: the deployment rests after failures in a row.',
    labels: DEPLOYMENT,
    join: 'max',
    read: (from) => vitals(from, (row) => (row.breaker.openedAt === undefined ? 0 : 1), 'max'),
  },
  {
    name: 'trunkline_cool_down_seconds',
    kind: 'gauge',
    help: 'How long the upstream has asked to be left alone from now.',
    labels: DEPLOYMENT,
    join: 'max',
    read(from) {
      const now = from.gateway.runtime.clock.now()
      return vitals(from, (row) => Math.max(0, row.coolUntil - now) / 1000, 'max')
    },
  },
  {
    name: 'trunkline_connections',
    kind: 'gauge',
    help: 'Connections to upstreams. State: open (all of them), busy, waiting (requests without one).',
    labels: ['origin', 'state'],
    join: 'sum',
    *read({ gateway }) {
      for (const [origin, { open, busy, waiting }] of gateway.connections()) {
        yield [[origin, 'open'], open]
        yield [[origin, 'busy'], busy]
        yield [[origin, 'waiting'], waiting]
      }
    },
  },

  // ------------------------------------------------------------ limits
  {
    name: 'trunkline_limit_in_flight',
    kind: 'gauge',
    help: 'Places taken of a limit on calls at once; those of callers together.',
    labels: ['limit'],
    join: 'sum',
    read: ({ limits }) => limits.map((row) => [[nameOf(row)], row.running]),
  },
  {
    name: 'trunkline_limit_waiting',
    kind: 'gauge',
    help: 'Calls in the queue of a limit.',
    labels: ['limit'],
    join: 'sum',
    read: ({ limits }) => limits.map((row) => [[nameOf(row)], row.waiting]),
  },

  // ------------------------------------------------------------ what is remembered
  ...(
    [
      ['trunkline_store_entries', 'entries', 'Entries of what is remembered beyond a call.'],
      ['trunkline_store_entries_limit', 'mostEntries', 'Entries at most; beyond it the oldest make room.'],
      ['trunkline_store_bytes', 'bytes', 'Bytes of what is remembered beyond a call.'],
      ['trunkline_store_bytes_limit', 'mostBytes', 'Bytes at most; beyond it the oldest make room.'],
    ] as const
  ).map(
    ([name, member, help]): Metric => ({
      name,
      kind: 'gauge',
      help,
      labels: ['store'],
      join: 'sum',
      *read(from) {
        for (const [store, holding] of stores(from)) {
          const value = holding[member]
          if (value !== undefined) yield [[store], value]
        }
      },
    }),
  ),

  // ------------------------------------------------------------ the process
  {
    name: 'trunkline_info',
    kind: 'gauge',
    help: 'Always 1; says the version.',
    labels: ['version'],
    join: 'max',
    read: () => [[[version()], 1]],
  },
  {
    name: 'trunkline_workers',
    kind: 'gauge',
    help: 'Processes that there should be (serve --workers).',
    labels: [],
    join: 'max',
    read: ({ admin }) => [[[], admin?.peers?.expected ?? 1]],
  },
  {
    name: 'trunkline_workers_answering',
    kind: 'gauge',
    help: 'Processes whose values are in this answer. Fewer than trunkline_workers: one is starting, or too busy to say.',
    labels: [],
    join: 'sum',
    read: () => [[[], 1]],
  },
  {
    name: 'process_resident_memory_bytes',
    kind: 'gauge',
    help: 'Resident memory.',
    labels: [],
    join: 'worker',
    read: () => [[[], process.memoryUsage.rss()]],
  },
  {
    name: 'nodejs_heap_size_used_bytes',
    kind: 'gauge',
    help: 'JavaScript heap in use.',
    labels: [],
    join: 'worker',
    read: () => [[[], process.memoryUsage().heapUsed]],
  },
  {
    name: 'nodejs_external_memory_bytes',
    kind: 'gauge',
    help: 'Memory of buffers outside the heap.',
    labels: [],
    join: 'worker',
    read: () => [[[], process.memoryUsage().external]],
  },
  {
    name: 'process_cpu_seconds_total',
    kind: 'counter',
    help: 'CPU time, of the user and of the system.',
    labels: [],
    join: 'worker',
    read() {
      const { user, system } = process.cpuUsage()
      return [[[], (user + system) / 1e6]]
    },
  },
  {
    name: 'process_start_time_seconds',
    kind: 'gauge',
    help: 'When the process started, seconds since the Unix epoch.',
    labels: [],
    join: 'worker',
    read: () => [[[], performance.timeOrigin / 1000]],
  },
  {
    name: 'nodejs_event_loop_busy_seconds_total',
    kind: 'counter',
    help: 'Time in which the event loop worked rather than waited; its rate near 1 means calls wait for the processor.',
    labels: [],
    join: 'worker',
    read: () => [[[], performance.eventLoopUtilization().active / 1000]],
  },
]

function countersOf({ gateway }: Source): Counters {
  return gateway.runtime.telemetry.counters
}

function* times(from: Source, of: (row: OperationCounts) => Histogram): Iterable<Sample<Distribution>> {
  for (const [operation, row] of countersOf(from).byOperation) {
    const { counts, sum } = of(row)
    if (counts.some((count) => count > 0)) yield [[operation], { counts, sum }]
  }
}

function tokens(row: TokenCounts): [direction: string, count: number][] {
  return [
    ['input', row.input],
    ['output', row.output],
    ['cache_read', row.cacheRead],
    ['cache_write', row.cacheWrite],
    ['reasoning', row.reasoning],
  ]
}

function* deployments(from: Source): Iterable<[names: string[], row: DeploymentCounts]> {
  for (const [endpoint, models] of countersOf(from).deployments)
    for (const [model, row] of models) yield [[endpoint, model], row]
}

/** Callers can invent models of a wildcard endpoint: the many share a row. */
function vitals(
  { gateway }: Source,
  of: (row: NonNullable<ReturnType<Runtime['vitals']['get']>>) => number,
  join: 'sum' | 'max',
): Sample<number>[] {
  const samples: Sample<number>[] = []
  let others: number | undefined
  for (const [key, row] of gateway.runtime.vitals) {
    const value = of(row)
    const slash = key.indexOf('/')
    if (samples.length < MOST_ROWS) samples.push([[key.slice(0, slash), key.slice(slash + 1)], value])
    else others = join === 'sum' ? (others ?? 0) + value : Math.max(others ?? 0, value)
  }
  return others === undefined ? samples : [...samples, [[OTHERS, OTHERS], others]]
}

/** `endpoint "groq"` without the quotes, which a label would have to escape; the limits of callers by one name. */
function nameOf({ who }: LimitLoad): string {
  return who === CALLER ? 'callers' : who.replaceAll('"', '')
}

function stores({ gateway, admin }: Source): [store: string, holding: Holding][] {
  return [
    ...Object.entries(holdings(gateway.runtime)),
    ...[...(admin?.holdings ?? [])].map(([store, holding]): [string, Holding] => [store, holding()]),
  ]
}
