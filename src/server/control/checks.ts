// Asks one endpoint for its model list, on an operator's word, and remembers how it went. Nothing is generated.

import type { Holding } from '../../core/holding.ts'
import { listModels } from '../../upstream/ask.ts'
import type { Gateway } from '../../gateway/create-gateway.ts'
import type { EndpointConfig } from '../../providers/endpoint.ts'

export interface Check {
  ok: boolean
  /** HTTP status; 0: no HTTP answer. */
  status: number
  latencyMs: number
  models: string[]
  detail?: string
  /** ms since the Unix epoch. */
  at: number
}

export interface Checks {
  run(endpoint: EndpointConfig): Promise<Check>
  /** The last one of an endpoint as it is configured now. */
  last(endpoint: EndpointConfig): Check | undefined
  holding(): Holding
}

/** Checks of endpoints that are gone make room for others. */
const REMEMBERED = 2_000

export function checks(gateway: () => Gateway): Checks {
  const known = new Map<string, Check>()
  const keyOf = (endpoint: EndpointConfig): string => `${endpoint.id} ${endpoint.baseUrl}`
  return {
    async run(endpoint) {
      const { deps } = gateway()
      const started = deps.clock.monotonic()
      const listing = await listModels(endpoint, deps)
      const check: Check = {
        // A host without a models list is reachable all the same: 404 and 405 are answers.
        ok: listing.models !== undefined || listing.status === 404 || listing.status === 405,
        status: listing.status ?? 0,
        latencyMs: Math.round((deps.clock.monotonic() - started) * 10) / 10,
        models: listing.models ?? [],
        ...(listing.error === undefined ? {} : { detail: listing.error }),
        at: deps.clock.now(),
      }
      if (known.size >= REMEMBERED) known.clear()
      known.set(keyOf(endpoint), check)
      return check
    },
    holding: () => ({ entries: known.size, mostEntries: REMEMBERED }),
    last: (endpoint) => known.get(keyOf(endpoint)),
  }
}
