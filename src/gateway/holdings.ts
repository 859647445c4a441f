// Everything a gateway remembers beyond one call, with how full it is and what it may hold at most.

import type { Holding } from '../core/holding.ts'
import { MOST_CALLERS } from './admit.ts'
import { MOST_DEPLOYMENTS, type Runtime } from './runtime.ts'

export function holdings(runtime: Runtime): Record<string, Holding> {
  const { responses, seals, decisions, learned, background, vitals, callers, routes } = runtime
  const kept = responses.holding?.()
  return {
    decisions: decisions.holding(),
    seals: seals.holding(),
    ...(kept ? { responses: kept } : {}),
    lessons: learned.holding(),
    background_responses: background.holding(),
    deployments: { entries: vitals.size, mostEntries: MOST_DEPLOYMENTS },
    routes_made: routes.holding(),
    callers: { entries: callers.size, mostEntries: MOST_CALLERS },
  }
}
