// Walks the plan of a route: retry (same deployment), fail-over (next deployment), fallback (another route, only where
// declared). It owns back-off, breaker and cool-down bookkeeping; a single try is attempt.ts.

import { ERRORS, GatewayError, normalise } from '../core/error.ts'
import { pass, record as recordOutcome } from '../routing/breaker.ts'
import { order } from '../routing/order.ts'
import { type Answer, attempt } from './attempt.ts'
import type { Call } from './call.ts'
import type { ReadRequest } from './read.ts'
import type { CallRecord } from './record.ts'
import type { Deployment, Route } from './route-table.ts'
import { type Runtime, breakerOf } from './runtime.ts'

const BREAKER = { threshold: 5, openMs: 60_000 }
const BACKOFF = { baseMs: 250, capMs: 8_000 }

export function deploymentKey({ endpoint, model }: Deployment): string {
  return `${endpoint.id}/${model}`
}

/** @throws GatewayError the last failure when nothing in the plan answered. */
export async function attempts(
  call: Call,
  read: ReadRequest,
  route: Route,
  runtime: Runtime,
  record: CallRecord,
): Promise<Answer> {
  const visited = new Set<string>()
  let failure: GatewayError | undefined
  for (let current: Route | undefined = route; current; ) {
    visited.add(current.name)
    try {
      const answer = await walk(call, read, current, runtime, record)
      if (current !== route) record.fallback = `${route.name}->${current.name}`
      return answer
    } catch (thrown) {
      failure = naming(normalise(thrown), read.model)
      // Fallback is for what another model can cure, never for a 4xx of the caller's own making.
      if (!ERRORS[failure.kind].failOver && failure.kind !== 'context_length_exceeded') throw failure
      const next = route.fallback.find((name) => !visited.has(name))
      if (next === undefined) throw failure
      current = runtime.routes.match(next)
    }
  }
  throw failure ?? new GatewayError('internal', `route "${route.name}" has no deployment`)
}

/** Who cannot be reached is the endpoint's; what the caller cannot have is the model. */
function naming(error: GatewayError, model: string): GatewayError {
  const unreachable = error.kind === 'backend_unavailable' || error.kind === 'upstream_timeout'
  if (unreachable && !error.message.includes(`"${model}"`))
    error.message = `the model "${model}" cannot be served: ${error.message}`
  return error
}

async function walk(
  call: Call,
  read: ReadRequest,
  route: Route,
  runtime: Runtime,
  record: CallRecord,
): Promise<Answer> {
  let failure: GatewayError | undefined
  const weights = route.deployments.map((deployment) => deployment.weight)
  for (const index of order(route.strategy, weights, route.credits)) {
    const deployment = route.deployments[index] as Deployment
    const retries = deployment.endpoint.maxRetries
    for (let turn = 0; turn <= retries; turn++) {
      if (call.cancel.raised) throw goneError()
      if (turn > 0) await backOff(call, runtime, turn, failure)
      try {
        return await guarded(call, read, deployment, runtime, record)
      } catch (thrown) {
        failure = normalise(thrown)
        const row = ERRORS[failure.kind]
        if (!row.failOver) throw failure
        if (!row.retry || failure.kind === 'backend_unavailable') break
      }
    }
  }
  throw (
    failure ??
    new GatewayError('backend_unavailable', `the model "${route.name}" has no deployment that is configured`)
  )
}

/** One attempt behind the probe gate and the breaker. */
async function guarded(
  call: Call,
  read: ReadRequest,
  deployment: Deployment,
  runtime: Runtime,
  record: CallRecord,
): Promise<Answer> {
  const { endpoint } = deployment
  record.endpoint = endpoint.id
  record.upstreamModel = deployment.model
  if (endpoint.probe === 'gate') await runtime.probes.gate(endpoint)
  const key = deploymentKey(deployment)
  const now = runtime.clock.now()
  const verdict = pass(breakerOf(runtime, key), BREAKER, now)
  runtime.breakers.set(key, verdict.state)
  if (!verdict.allowed)
    throw new GatewayError(
      'backend_unavailable',
      `the model "${deployment.model}" on endpoint "${endpoint.id}" is resting after ${BREAKER.threshold} failures in a row`,
      { endpoint: endpoint.id, retryAfterS: Math.ceil(verdict.waitMs / 1000), phase: 'admit' },
    )
  const report = (outcome: 'ok' | 'failed' | 'neutral'): void => {
    const state = recordOutcome(breakerOf(runtime, key), outcome, BREAKER, runtime.clock.now())
    runtime.breakers.set(key, state)
  }
  record.attempts++
  try {
    const answer = await attempt(call, read, deployment, runtime, record)
    if (answer.kind === 'whole') report('ok')
    else
      answer.live.onEnd((end) => {
        report(!end.error ? 'ok' : ERRORS[end.error.kind].trips ? 'failed' : 'neutral')
      })
    return answer
  } catch (thrown) {
    const error = normalise(thrown)
    report(ERRORS[error.kind].trips ? 'failed' : 'neutral')
    throw error
  }
}

/** Full jitter, or what the upstream asked for when that is longer; ends at once when the caller goes. */
function backOff(
  call: Call,
  runtime: Runtime,
  turn: number,
  failure: GatewayError | undefined,
): Promise<void> {
  const spread = Math.min(BACKOFF.capMs, BACKOFF.baseMs * 2 ** turn) * runtime.random()
  const waitMs = Math.max(spread, (failure?.retryAfterS ?? 0) * 1000)
  return new Promise((resolve, reject) => {
    const stop = call.cancel.onRaise(() => {
      timer.cancel()
      reject(goneError())
    })
    const timer = runtime.clock.timer(waitMs, () => {
      stop()
      resolve()
    })
  })
}

function goneError(): GatewayError {
  return new GatewayError('caller_gone', 'the caller hung up')
}
