// Reserve before: the rate of the endpoint the call will most likely go to. The lease is settled exactly once, with
// the true token count, or released when the call came to nothing.

import { GatewayError } from '../core/error.ts'
import { type Entry, type Window, admit as reserve, settle } from '../governance/limiter.ts'
import type { Usage } from '../core/usage.ts'
import type { Call } from './call.ts'
import type { Route } from './route-table.ts'
import type { Runtime } from './runtime.ts'

export interface Lease {
  settle(usage: Usage | undefined): void
  release(): void
}

const NONE: Lease = { settle() {}, release() {} }

/** @throws `rate_limited` with the seconds to wait when no deployment of the route has room. */
export function admit(call: Call, route: Route, runtime: Runtime): Lease {
  let waitMs = Number.POSITIVE_INFINITY
  let limited: string | undefined
  for (const { endpoint } of route.deployments) {
    const { rpm, tpm } = endpoint.rateLimit
    if (rpm === undefined && tpm === undefined) return NONE
    const state = runtime.endpoints.get(endpoint.id)
    if (!state) return NONE
    // About four bytes a token: good enough to reserve, the answer's usage replaces it.
    const estimate = tpm === undefined ? 0 : Math.ceil(call.body.length / 4)
    const verdict = reserve(state.window, endpoint.rateLimit, estimate, runtime.clock.now())
    if ('entry' in verdict) return lease(state.window, verdict.entry)
    limited = endpoint.id
    waitMs = Math.min(waitMs, verdict.waitMs)
  }
  if (limited === undefined) return NONE
  const retryAfterS = Math.min(60, Math.max(1, Math.ceil(waitMs / 1000)))
  throw new GatewayError(
    'rate_limited',
    `the rate limit of endpoint "${limited}" is used up; retry in ${retryAfterS} s`,
    { retryAfterS, endpoint: limited },
  )
}

function lease(window: Window, entry: Entry): Lease {
  let open = true
  return {
    settle(usage) {
      if (!open) return
      open = false
      const total = usage?.total ?? (usage?.input ?? 0) + (usage?.output ?? 0)
      if (total > 0) settle(window, entry, total)
    },
    release() {
      if (!open) return
      open = false
      // The request was made and counts; its tokens were not.
      settle(window, entry, 0)
    },
  }
}
