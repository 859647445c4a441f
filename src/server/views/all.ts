// What all workers have to show, put together by whoever was asked. Who does not answer in time is left out and counted.

import type { CallDetail, CallRow } from '../admin/schemas.ts'
import type { AdminServices } from '../admin/services.ts'
import type { Values } from '../metrics/metric.ts'
import type { Asked } from '../workers/peers.ts'
import { limitOf } from './call-rows.ts'
import {
  type Calls,
  type Share,
  type Totals,
  ownCall,
  ownCalls,
  ownShares,
  ownTail,
  ownTotals,
  sharesOf,
} from './own.ts'

type Seen = Pick<AdminServices, 'control' | 'live' | 'peers'>

const ALONE: Asked = { answers: [], silent: 0 }

/** @returns the sums, and how many workers are missing in them. */
export async function allTotals(seen: Seen): Promise<{ totals: Totals; missing: number }> {
  const { peers } = seen
  if (!peers) return { totals: ownTotals(seen), missing: 0 }
  const { answers } = await peers.ask('/totals')
  const { values } = await peers.ended()
  const totals = [ownTotals(seen), ...(answers as Totals[]), totalsOf(values)].reduce(sumOf)
  return { totals, missing: Math.max(0, peers.expected - 1 - answers.length) }
}

export async function allCalls(seen: Seen, query: URLSearchParams): Promise<Calls> {
  const { answers } = (await seen.peers?.ask(`/calls?${query.toString()}`)) ?? ALONE
  const all = [ownCalls(seen, query), ...(answers as Calls[])]
  return {
    underWay: all.reduce((sum, { underWay }) => sum + underWay, 0),
    running: all.flatMap(({ running }) => running).sort(newestFirst),
    done: all
      .flatMap(({ done }) => done)
      .sort(newestFirst)
      .slice(0, limitOf(query)),
  }
}

export async function anyCall(seen: Seen, id: string): Promise<CallDetail | undefined> {
  const own = ownCall(seen, id)
  if (own || !seen.peers) return own
  const { answers } = await seen.peers.ask(`/calls/${encodeURIComponent(id)}`)
  return answers[0] as CallDetail | undefined
}

/** Calls remembered, by route and by the `endpoint/model` that answered them. */
export async function allShares(
  seen: Pick<Seen, 'control' | 'peers'>,
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const { answers } = (await seen.peers?.ask('/shares')) ?? ALONE
  return sharesOf([ownShares(seen), ...(answers as Share[][])].flat())
}

/** Hears calls as they end, wherever they do, until the returned function is called. */
export function allTail(seen: Seen, query: URLSearchParams, hear: (row: CallRow) => void): () => void {
  const stopOwn = ownTail(seen, query, hear)
  const stopOthers = seen.peers?.tail(`/tail?${query.toString()}`, (line) =>
    hear(JSON.parse(line) as CallRow),
  )
  return () => {
    stopOwn()
    stopOthers?.()
  }
}

/** ISO times of one form compare as text. Under way or done, the order is that of arrival. */
function newestFirst(a: CallRow, b: CallRow): number {
  return a.at < b.at ? 1 : a.at > b.at ? -1 : 0
}

/** Of workers that have ended, from what they had counted. */
function totalsOf(values: Values): Totals {
  const rows = (name: string): [labels: readonly string[], count: number][] =>
    (values[name] ?? []).map(([labels, value]) => [labels, typeof value === 'number' ? value : 0])
  const sum = (name: string, label?: string): number =>
    rows(name).reduce(
      (all, [labels, count]) => all + (label === undefined || labels[0] === label ? count : 0),
      0,
    )
  const by_status: Totals['by_status'] = {}
  for (const [[, status = ''], count] of rows('trunkline_calls_total'))
    by_status[status] = (by_status[status] ?? 0) + count
  return {
    total: sum('trunkline_calls_total'),
    failed: sum('trunkline_call_errors_total'),
    under_way: 0,
    input_tokens: sum('trunkline_tokens_total', 'input'),
    output_tokens: sum('trunkline_tokens_total', 'output'),
    by_status,
  }
}

function sumOf(a: Totals, b: Totals): Totals {
  const by_status = { ...a.by_status }
  for (const [status, count] of Object.entries(b.by_status))
    by_status[status] = (by_status[status] ?? 0) + count
  return {
    total: a.total + b.total,
    failed: a.failed + b.failed,
    under_way: a.under_way + b.under_way,
    input_tokens: a.input_tokens + b.input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    by_status,
  }
}
