// Reserve before: the caller's own rate and places. Those of the route and of the endpoint are taken where they are
// known, when the route is walked. The lease is settled exactly once, with the true token count, or released.

import type { Usage } from '../core/usage.ts'
import type { Call } from './call.ts'
import { estimatedTokens } from './facts.ts'
import { callerOf } from './identify.ts'
import { type Scope, enter, scope } from './limits.ts'
import type { CallRecord } from './record.ts'
import type { Runtime } from './runtime.ts'

export interface Lease {
  settle(usage: Usage | undefined): void
  release(): void
}

const NONE: Lease = { settle() {}, release() {} }

/** Keys are few; what is remembered of those that come and go is bounded. */
export const MOST_CALLERS = 10_000

/** In messages, a caller to itself. */
export const CALLER = 'this key'

/** @throws `rate_limited` with the seconds to wait when the caller has used up what it may. */
export async function admit(call: Call, runtime: Runtime, record: CallRecord): Promise<Lease> {
  const { callerLimits } = runtime.config.server
  if (!callerLimits) return NONE
  const caller = callerOf(call)
  const limits = scopeOf(caller, runtime)
  if (!limits) return NONE
  const entering = { caller, priority: 0, tokens: estimatedTokens(call) }
  const hold = await enter(limits, entering, call, runtime, record.waits)
  return {
    settle(usage) {
      const total = usage?.total ?? (usage?.input ?? 0) + (usage?.output ?? 0)
      hold.end(total > 0 ? total : undefined)
    },
    // The request was made and counts; its tokens were not.
    release: () => hold.end(0),
  }
}

function scopeOf(caller: string, { callers, config }: Runtime): Scope | undefined {
  const { callerLimits } = config.server
  const known = callers.get(caller)
  if (known && known.limits === callerLimits) return known
  const made = scope(CALLER, callerLimits, known)
  if (!made) return undefined
  made.perCaller = true
  if (callers.size >= MOST_CALLERS)
    for (const [old, { gate }] of callers)
      if (gate.running === 0 && gate.waiting === 0) {
        callers.delete(old)
        break
      }
  callers.set(caller, made)
  return made
}
