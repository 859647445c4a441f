// What this process alone has to show: its calls and its totals. Put together with the other workers' in all.ts.

import { byStatus } from '../../telemetry/counters.ts'
import type { CallDetail, CallRow, Overview } from '../admin/schemas.ts'
import type { AdminServices } from '../admin/services.ts'
import { LIMIT, callDetail, callRow, limitOf, liveDetail, liveRow, maybeWanted, wanted } from './call-rows.ts'

type Seen = Pick<AdminServices, 'control' | 'live'>

export type Totals = Overview['calls']

export function ownTotals({ control, live }: Seen): Totals {
  const { counters } = control.gateway.runtime.telemetry
  return {
    total: counters.calls,
    failed: counters.failed,
    under_way: live.count,
    input_tokens: counters.tokens.input,
    output_tokens: counters.tokens.output,
    by_status: Object.fromEntries([...byStatus(counters)].map(([status, count]) => [String(status), count])),
  }
}

export interface Calls {
  /** All of them, also those that the query leaves out. */
  underWay: number
  running: CallRow[]
  /** Newest first, narrowed by the query. */
  done: CallRow[]
}

export function ownCalls({ control, live }: Seen, query: URLSearchParams): Calls {
  const now = control.clock.now()
  const keep = wanted(query)
  const done = control.gateway.runtime.decisions.recent(LIMIT.top).map(callRow).filter(keep)
  return {
    underWay: live.count,
    running: live
      .list()
      .map((call) => liveRow(call, now))
      .filter(maybeWanted(query)),
    done: done.slice(0, limitOf(query)),
  }
}

export function ownCall({ control, live }: Seen, id: string): CallDetail | undefined {
  const decision = control.gateway.runtime.decisions.byId(id)
  if (decision) return callDetail(decision)
  const call = live.get(id)
  return call && liveDetail(call, control.clock.now())
}

/** Hears calls as they end, until the returned function is called. */
export function ownTail({ control }: Seen, query: URLSearchParams, hear: (row: CallRow) => void): () => void {
  const keep = wanted(query)
  return control.gateway.runtime.decisions.subscribe((decision) => {
    const row = callRow(decision)
    if (keep(row)) hear(row)
  })
}

/** Calls remembered that somebody answered: the route, the `endpoint/model` that did, how many. */
export type Share = readonly [route: string, key: string, calls: number]

export function ownShares({ control }: Pick<Seen, 'control'>): Share[] {
  const rows = control.gateway.runtime.decisions
    .recent(LIMIT.top)
    .flatMap(({ route, endpoint, upstreamModel }): Share[] =>
      route === undefined || endpoint === undefined ? [] : [[route, `${endpoint}/${upstreamModel}`, 1]],
    )
  return [...sharesOf(rows)].flatMap(([route, row]) =>
    [...row].map(([key, calls]): Share => [route, key, calls]),
  )
}

/** By route and key. Callers may invent names of routes: these are no members of an object. */
export function sharesOf(shares: readonly Share[]): Map<string, Map<string, number>> {
  const sums = new Map<string, Map<string, number>>()
  for (const [route, key, calls] of shares) {
    const row = sums.get(route) ?? new Map<string, number>()
    sums.set(route, row.set(key, (row.get(key) ?? 0) + calls))
  }
  return sums
}
