// From a route to an answer: the route itself (walk.ts), then the routes its operator declared for the cause of the
// failure. Fallback happens before the first byte only, is disclosed, and never goes to the same route twice.

import { GatewayError, normalise } from '../core/error.ts'
import { type Fallbacks, fallbacks, nextRoute } from '../routing/fallback.ts'
import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import { estimatedTokens } from './facts.ts'
import { callerOf } from './identify.ts'
import { type Hold, enter } from './limits.ts'
import type { ReadRequest } from './read.ts'
import type { CallRecord } from './record.ts'
import type { Route } from './route-table.ts'
import type { Runtime } from './runtime.ts'
import { triedIn, walk } from './walk.ts'

/** @throws GatewayError the last failure when nothing in the plan answered. */
export async function attempts(
  call: Call,
  read: ReadRequest,
  route: Route,
  runtime: Runtime,
  record: CallRecord,
): Promise<Answer> {
  const { deadlineMs } = route.config
  const deadline = deadlineMs === undefined ? undefined : record.startedAt + deadlineMs
  const visited = new Set<string>()
  const declared = asked(call) ?? route.fallback
  let before: GatewayError | undefined
  for (let current: Route = route; ; ) {
    visited.add(current.name)
    try {
      const walking = { call, read, route: current, runtime, record, fallback: current !== route, deadline }
      const answer = await (current.scope ? limited(walking) : walk(walking))
      if (current !== route) record.fallback = `${route.name}->${current.name}`
      return answer
    } catch (thrown) {
      const error = naming(normalise(thrown), read.model)
      // A fallback that does not take this request (its rules, strict mode) says nothing of why it was needed.
      const failure: GatewayError = before && error.kind === 'invalid_request' ? before : error
      before = failure
      // The list is the one of the route the caller named: nobody ends up where that operator did not send them.
      const next = nextOf(declared, failure, visited, record, runtime)
      if (!next || call.cancel.raised || call.upload?.spent) throw failure
      current = next
    }
  }
}

/** The next declared route with a deployment that has not failed in this call already. */
function nextOf(
  declared: Fallbacks,
  failure: GatewayError,
  visited: Set<string>,
  record: CallRecord,
  runtime: Runtime,
): Route | undefined {
  const tried = triedIn(record)
  for (;;) {
    const name = nextRoute(declared, failure.kind, visited)
    const route = name === undefined ? undefined : runtime.routes.known(name)
    if (!route || route.deployments.some(({ vitals }) => !tried.has(vitals.key))) return route
    visited.add(route.name)
  }
}

/** Routes the caller itself asks to fall back to, for this call: `x-trunkline-fallback: name, name`. */
function asked({ headers }: Call): Fallbacks | undefined {
  const value = headers['x-trunkline-fallback']
  if (typeof value !== 'string') return undefined
  return fallbacks(
    value
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  )
}

/** A walk under the route's own limits. */
async function limited(walking: Parameters<typeof walk>[0]): Promise<Answer> {
  const { call, route, runtime, record } = walking
  const hold = await enter(
    route.scope as NonNullable<Route['scope']>,
    { caller: callerOf(call), priority: route.config.priority ?? 0, tokens: estimatedTokens(call) },
    call,
    runtime,
    record.waits,
  )
  try {
    return endWith(hold, await walk(walking))
  } catch (thrown) {
    hold.end(0)
    throw thrown
  }
}

/** Ends a hold with the answer it was taken for. */
export function endWith(hold: Hold, answer: Answer): Answer {
  const total = (usage: { total?: number; input?: number; output?: number } | undefined) => {
    const sum = usage?.total ?? (usage?.input ?? 0) + (usage?.output ?? 0)
    return sum > 0 ? sum : undefined
  }
  const rest = answer.kind === 'whole' ? answer.rest : answer.live
  if (rest) rest.onEnd(({ usage }) => hold.end(total(usage)))
  else hold.end(total(answer.kind === 'whole' ? answer.usage : undefined))
  return answer
}

/** Who cannot be reached is the endpoint's; what the caller cannot have is the model. */
function naming(error: GatewayError, model: string): GatewayError {
  const unreachable = error.kind === 'backend_unavailable' || error.kind === 'upstream_timeout'
  if (unreachable && !error.message.includes(`"${model}"`))
    error.message = `the model "${model}" cannot be served: ${error.message}`
  return error
}
