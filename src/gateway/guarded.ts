// One attempt with all that surrounds it: probe gate, breaker, the endpoint's limits, the credential's turn; and after
// it the bookkeeping, exactly once, whenever and however the answer ends.

import { ERRORS, GatewayError, normalise } from '../core/error.ts'
import type { Usage } from '../core/usage.ts'
import { pass, record as recordOutcome } from '../routing/breaker.ts'
import { accept, choose, refuse } from '../routing/credentials.ts'
import { noticed } from '../routing/hedge.ts'
import { observe } from '../routing/vitals.ts'
import { countAttempt } from '../telemetry/counters.ts'
import type { Answer } from './answer.ts'
import { attempt } from './attempt.ts'
import type { Rest } from './background.ts'
import type { Call } from './call.ts'
import type { AttemptReason, DecidedAttempt } from './decisions.ts'
import { estimatedTokens } from './facts.ts'
import { callerOf } from './identify.ts'
import { type Hold, enter } from './limits.ts'
import type { ReadRequest } from './read.ts'
import type { CallRecord } from './record.ts'
import type { Deployment, Route } from './route-table.ts'
import type { EndpointState, Runtime } from './runtime.ts'

/** How long a deployment is put last after a 429 that names no time. */
const COOL_MS = 1_000
/** A longer wait than this is believed no longer than this: the upstream may have been asked to raise the limit. */
const COOL_CAP_MS = 60_000
/** How long a deployment whose account is refused is put last. */
const REFUSED_MS = 30_000

export interface Attempting {
  call: Call
  read: ReadRequest
  route: Route
  deployment: Deployment
  runtime: Runtime
  /** Of the call; of a hedge or a shadow a copy of its own. */
  record: CallRecord
  reason: AttemptReason
  /** Wait in the endpoint's queue, or for its pace. */
  patient: boolean
}

/** The failure of an attempt that was never sent, for our own limits: another deployment may have room. */
export class NoRoom extends Error {
  readonly error: GatewayError
  constructor(error: GatewayError) {
    super(error.message)
    this.name = 'NoRoom'
    this.error = error
  }
}

/** @throws NoRoom, or GatewayError how the attempt failed. */
export async function guarded(attempting: Attempting): Promise<Answer> {
  const { call, read, route, deployment, runtime, record, reason, patient } = attempting
  const { endpoint, vitals } = deployment
  const { clock } = runtime
  record.endpoint = endpoint.id
  record.upstreamModel = deployment.model
  if (endpoint.probe === 'gate') await runtime.probes.gate(endpoint)
  const state = runtime.endpoints.get(endpoint.id)
  if (!state) throw new GatewayError('internal', `endpoint "${endpoint.id}" has no state`)
  // A look before the limits: who rests must not use up what it may take later.
  const look = pass(vitals.breaker, deployment.breaker, clock.now())
  if (!look.allowed) throw resting(deployment, look.waitMs)
  let hold: Hold | undefined
  if (state.scope) {
    try {
      const entering = {
        caller: callerOf(call),
        priority: route.config.priority ?? 0,
        tokens: estimatedTokens(call),
        endpoint: endpoint.id,
      }
      hold = await enter(state.scope, entering, call, runtime, record.waits, patient)
    } catch (thrown) {
      const error = normalise(thrown)
      throw error.kind === 'rate_limited' ? new NoRoom(error) : error
    }
  }
  const verdict = pass(vitals.breaker, deployment.breaker, clock.now())
  vitals.breaker = verdict.state
  if (!verdict.allowed) {
    hold?.end(0)
    throw resting(deployment, verdict.waitMs)
  }

  record.attempts++
  vitals.inFlight++
  const credential = chooseCredential(state, clock.now())
  record.credential = credential
  const startedAt = clock.monotonic()
  const tried: DecidedAttempt = {
    endpoint: endpoint.id,
    model: deployment.model,
    reason,
    startedMs: startedAt - record.startedAt,
    phase: 'connect',
    ...(credential === undefined ? {} : { credential: credential + 1 }),
  }
  record.tries.push(tried)

  let over = false
  const end = (error: GatewayError | undefined, usage: Usage | undefined, rest?: Rest): void => {
    if (over) return
    over = true
    vitals.inFlight--
    const now = clock.now()
    const ms = clock.monotonic() - startedAt
    const outcome = !error ? 'ok' : ERRORS[error.kind].trips ? 'failed' : 'neutral'
    const was = vitals.breaker.openedAt
    vitals.breaker = recordOutcome(vitals.breaker, outcome, deployment.breaker, now)
    if (vitals.breaker.openedAt !== undefined && was === undefined && isUnreachable(error))
      runtime.watch.down(endpoint)
    tried.ms = ms
    tried.phase = error ? record.phase : 'settle'
    tried.outcome = !error ? 'answered' : error.kind === 'caller_gone' ? 'cancelled' : error.kind
    if (error) tried.message = error.message.slice(0, 300)
    countAttempt(runtime.telemetry.counters, endpoint.id, deployment.model, tried.outcome)
    if (record.upstreamStatus !== undefined) tried.status = record.upstreamStatus
    if (state.credentials && credential !== undefined) {
      if (!error) accept(state.credentials.bench, credential)
      else refuse(state.credentials.bench, credential, error.upstreamStatus, askedMs(error), now)
    }
    if (error?.kind === 'upstream_rate_limited' || error?.kind === 'upstream_auth')
      cool(attempting, state, error, now)
    const { firstByteMs } = tried
    // How long people talk says nothing of a deployment's speed.
    if (outcome !== 'neutral' && call.operation === 'realtime')
      observe(vitals, { failed: outcome === 'failed' }, now)
    else if (outcome !== 'neutral')
      observe(
        vitals,
        {
          failed: outcome === 'failed',
          ...(firstByteMs === undefined ? {} : { firstByteMs, streamMs: ms - firstByteMs }),
          ...(usage?.output === undefined ? {} : { outputTokens: usage.output }),
          ...(usage?.input === undefined ? {} : { inputTokens: usage.input }),
          ...(usage?.cacheRead === undefined ? {} : { cachedTokens: usage.cacheRead }),
        },
        now,
      )
    // The upstream works on: the place is taken until it is done, the speed of that says nothing.
    if (rest) return rest.onEnd((ended) => hold?.end(usedTokens(undefined, ended.usage)))
    hold?.end(usedTokens(error, usage), {
      overloaded: error?.kind === 'upstream_rate_limited' || error?.kind === 'upstream_timeout',
      ...(firstByteMs === undefined ? {} : { firstByteMs }),
    })
  }

  try {
    record.upstreamStatus = undefined
    const answer = await attempt(call, read, deployment, runtime, record)
    const firstByteMs = clock.monotonic() - startedAt
    tried.firstByteMs = firstByteMs
    if (route.hedges) noticed(read.stream ? route.hedges.stream : route.hedges.whole, firstByteMs)
    if (answer.kind === 'whole') end(undefined, answer.usage, answer.rest)
    else if (answer.kind === 'session') answer.live.onEnd((ended) => end(ended.error, ended.usage))
    else answer.live.onEnd((ended) => end(ended.error ?? goneBy(ended.endedBy), ended.usage))
    return answer
  } catch (thrown) {
    const error = normalise(thrown)
    end(error, undefined)
    throw error
  }
}

/** A stream its caller left without an error of its own still did not come to its end. */
function goneBy(endedBy: 'caller' | 'gateway' | 'upstream'): GatewayError | undefined {
  return endedBy === 'caller' ? new GatewayError('caller_gone', 'the caller hung up') : undefined
}

/** Whether it is back can be asked without a call; a 500 to a call cannot. */
function isUnreachable(error: GatewayError | undefined): boolean {
  return error?.kind === 'backend_unavailable' || error?.kind === 'upstream_timeout'
}

function resting({ endpoint, model, breaker }: Deployment, waitMs: number): GatewayError {
  return new GatewayError(
    'backend_unavailable',
    `the model "${model}" on endpoint "${endpoint.id}" is resting after ${breaker.threshold} failures in a row`,
    { endpoint: endpoint.id, retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)), phase: 'admit' },
  )
}

function chooseCredential(state: EndpointState, now: number): number | undefined {
  return state.credentials ? choose(state.credentials.bench, now) : undefined
}

/** It asked us to wait, or refuses our account: this deployment is put last until then. With several credentials only the one asked rests. */
function cool({ deployment }: Attempting, state: EndpointState, error: GatewayError, now: number): void {
  if (state.credentials && state.credentials.bench.until.some((until) => until <= now)) return
  const usual = error.kind === 'upstream_auth' ? REFUSED_MS : COOL_MS
  const ms = Math.min(COOL_CAP_MS, askedMs(error) ?? usual)
  deployment.vitals.coolUntil = Math.max(deployment.vitals.coolUntil, now + ms)
}

function askedMs({ retryAfterS }: GatewayError): number | undefined {
  return retryAfterS === undefined ? undefined : retryAfterS * 1000
}

/** undefined: the estimate stands. An answer that never began cost no tokens. */
function usedTokens(error: GatewayError | undefined, usage: Usage | undefined): number | undefined {
  const total = usage?.total ?? (usage?.input ?? 0) + (usage?.output ?? 0)
  if (total > 0) return total
  return error && error.phase !== 'stream' && error.kind !== 'caller_gone' ? 0 : undefined
}
