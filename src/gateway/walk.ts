// Walks one route: the pick, then retry (same deployment) and fail-over (next deployment), hedging where it is declared.
// It owns the waits between attempts; what one attempt is, is guarded.ts.

import { type Cancel, cancel } from '../core/cancel.ts'
import { ERRORS, GatewayError, normalise } from '../core/error.ts'
import { RETRY, type RetryPolicy, backoffMs } from '../routing/backoff.ts'
import { anotherFree } from '../routing/credentials.ts'
import { claim, hedgeAfterMs } from '../routing/hedge.ts'
import { type Picked, pick } from '../routing/pick.ts'
import { earn, spend } from '../routing/retry-budget.ts'
import { wasStale } from '../upstream/stale.ts'
import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import type { AttemptReason, DecidedPick } from './decisions.ts'
import { asked } from './facts.ts'
import { type Attempting, NoRoom, guarded } from './guarded.ts'
import { goneError, sleep } from './limits.ts'
import type { ReadRequest } from './read.ts'
import type { CallRecord } from './record.ts'
import type { Deployment, Route } from './route-table.ts'
import type { Runtime } from './runtime.ts'
import { copyToShadow } from './shadow.ts'

const ONLY: readonly number[] = [0]

export interface Walking {
  call: Call
  read: ReadRequest
  route: Route
  runtime: Runtime
  record: CallRecord
  /** This route is somebody's fallback. */
  fallback: boolean
  /** When the call must have its first byte, on the monotonic clock; undefined: no limit. */
  deadline: number | undefined
}

/** @throws GatewayError the failure that says most when no deployment answered. */
export async function walk(walking: Walking): Promise<Answer> {
  const { call, read, route, runtime, record } = walking
  const order = walking.fallback ? untried(walking, decide(walking)) : decide(walking)
  earn(route.budget.state, route.budget.policy)
  // An upload can be sent once, a response in the background should be, a session has two sides: no copies, no races.
  const once = call.upload !== undefined || call.operation === 'realtime' || goesOn(walking)
  if (route.shadow && !once && runtime.random() < route.shadow.share)
    copyToShadow({ call, read, route, deployment: route.shadow.to, runtime, record })
  let failure: GatewayError | undefined
  let full: GatewayError | undefined
  let from = 0
  if (route.hedges && !once && order.length > 1) {
    const raced = await race(walking, order)
    if ('answer' in raced) return raced.answer
    failure = raced.failure
    from = raced.tried
  }
  for (let place = from; place < order.length; place++) {
    const deployment = route.deployments[order[place] as number] as Deployment
    const others = order.length - place - 1
    try {
      return await persist(walking, deployment, place === 0, others)
    } catch (thrown) {
      if (thrown instanceof NoRoom) {
        full = sooner(full, thrown.error)
        continue
      }
      const error = normalise(thrown)
      if (!ERRORS[error.kind].failOver || call.upload?.spent) throw error
      failure = failure && isResting(error) ? failure : error
    }
  }
  // Everybody with room failed, or nobody had room: then one waits for it, where waiting is allowed.
  if (full && order.length > 1 && (failure === undefined || isResting(failure))) {
    const first = route.deployments[order[0] as number] as Deployment
    try {
      return await one(walking, first, 'first', true)
    } catch (thrown) {
      throw thrown instanceof NoRoom ? sooner(full, thrown.error) : thrown
    }
  }
  throw failure ?? full ?? nobody(route, record)
}

/** Hanging up does not stop a response in the background: a second one would be made, and paid, for nobody. */
function goesOn({ call, read, route }: Walking): boolean {
  if (!route.hedges && !route.shadow) return false
  return call.dialect.id === 'openai-responses' && read.member('background') === true
}

/** Deployments that were asked in this call, as `endpoint/model`. */
export function triedIn({ tries }: CallRecord): ReadonlySet<string> {
  return new Set(tries.flatMap((row) => (row.reason === 'shadow' ? [] : [`${row.endpoint}/${row.model}`])))
}

/** A fallback may lead to what has just failed under another name: asking it again would tell nothing new. */
function untried({ route, record }: Walking, order: readonly number[]): readonly number[] {
  const tried = triedIn(record)
  return order.filter((index) => !tried.has((route.deployments[index] as Deployment).vitals.key))
}

/** The order to try, and its record. A route with one deployment and no rules has nothing to decide. */
function decide({ call, read, route, runtime, record }: Walking): readonly number[] {
  if (route.fixed) {
    record.picks.push(route.fixed)
    return ONLY
  }
  for (const { endpoint } of route.deployments)
    if (endpoint.provider.local === true) runtime.watch.noticed(endpoint)
  const picked = pick(route.plan, asked(call, read, route), runtime.clock.now(), runtime.random)
  record.picks.push(decided(route, picked))
  return picked.order
}

function decided({ name, config, deployments }: Route, picked: Picked): DecidedPick {
  const candidates = deployments.map(({ endpoint, model }, index) => {
    const score = picked.scores[index]
    const refused = picked.refused[index]
    return {
      endpoint: endpoint.id,
      model,
      ...(score === undefined ? {} : { score }),
      ...(refused === undefined ? {} : { refused }),
    }
  })
  return {
    route: name,
    strategy: config.strategy,
    candidates,
    order: picked.order,
    ...(picked.because === undefined ? {} : { because: picked.because }),
  }
}

/** One deployment with its retries. @param others deployments of the order that are still to come. */
async function persist(
  walking: Walking,
  deployment: Deployment,
  first: boolean,
  others: number,
): Promise<Answer> {
  const { call, route, runtime, record, fallback } = walking
  const policy: RetryPolicy = { ...RETRY, max: deployment.endpoint.maxRetries, ...route.retry }
  let reason: AttemptReason = first ? (fallback ? 'fallback' : 'first') : 'fail-over'
  let waitedMs = 0
  let credentialsLeft = deployment.endpoint.moreCredentials?.length ?? 0
  let reconnected = false
  for (let turn = 1; ; ) {
    if (call.cancel.raised) throw goneError(call.cancel.reason)
    try {
      return await one(walking, deployment, reason, others === 0 && first)
    } catch (thrown) {
      if (thrown instanceof NoRoom) throw thrown
      const error = normalise(thrown)
      if (call.upload?.spent) throw saidOnce(error)
      const bench = runtime.endpoints.get(deployment.endpoint.id)?.credentials?.bench
      // Another credential is another account: it is tried at once, each at most once.
      if (credentialsLeft > 0 && isRefusal(error) && bench && anotherFree(bench, runtime.clock.now())) {
        credentialsLeft--
        reason = 'retry'
        continue
      }
      // A kept-alive connection the upstream had closed meanwhile: nothing was processed, nothing is down.
      if (!reconnected && wasStale(error)) {
        reconnected = true
        reason = 'reconnect'
        continue
      }
      const row = ERRORS[error.kind]
      if (!row.failOver || !row.retry || isResting(error) || turn > policy.max) throw error
      // What cannot be reached or is to be left alone is left to the next one, where there is one.
      if (others > 0 && (error.kind === 'backend_unavailable' || error.kind === 'upstream_rate_limited'))
        throw error
      const askedMs = error.retryAfterS === undefined ? undefined : error.retryAfterS * 1000
      if (askedMs !== undefined && askedMs > policy.capMs) throw error
      waitedMs = backoffMs(policy, turn, waitedMs, askedMs, runtime.random)
      const { deadline } = walking
      if (deadline !== undefined && runtime.clock.monotonic() + waitedMs >= deadline) throw error
      if (!spend(route.budget.state)) throw error
      record.waits.push({ why: askedMs === undefined ? 'back-off' : 'retry-after', ms: waitedMs })
      await sleep(waitedMs, call, runtime)
      reason = 'retry'
      turn++
    }
  }
}

/** One attempt, within the call's deadline. */
async function one(
  walking: Walking,
  deployment: Deployment,
  reason: AttemptReason,
  patient: boolean,
): Promise<Answer> {
  const { call, read, route, runtime, record, deadline } = walking
  const attempting: Attempting = { call, read, route, deployment, runtime, record, reason, patient }
  if (deadline === undefined) return guarded(attempting)
  const stop = childOf(call.cancel)
  const leftMs = Math.max(0, deadline - runtime.clock.monotonic())
  const timer = runtime.clock.timer(leftMs, () =>
    stop.cancel.raise(
      new GatewayError(
        'upstream_timeout',
        `no answer to "${read.model}" within the deadline of its route "${route.name}" (${route.config.deadlineMs} ms)`,
        { endpoint: deployment.endpoint.id, phase: 'firstByte' },
      ),
    ),
  )
  try {
    const answer = await guarded({ ...attempting, call: { ...call, cancel: stop.cancel } })
    if (answer.kind === 'whole') stop.release()
    else answer.live.onEnd(stop.release)
    return answer
  } catch (thrown) {
    stop.release()
    throw thrown
  } finally {
    timer.cancel()
  }
}

type Raced = { answer: Answer } | { failure: GatewayError | undefined; tried: number }

/**
 * The first deployment, and a second one beside it when the first is slower than usual. The first good byte wins; the
 * other is cancelled and accounted for.
 */
async function race(walking: Walking, order: readonly number[]): Promise<Raced> {
  const { call, read, route, runtime, record } = walking
  const { hedge } = route.config
  const state = read.stream ? route.hedges?.stream : route.hedges?.whole
  if (!hedge || !state) return { failure: undefined, tried: 0 }
  const afterMs = hedgeAfterMs(state, hedge)
  if (afterMs === undefined) return { failure: undefined, tried: 0 }

  const runner = (place: number, reason: AttemptReason) => {
    const stop = childOf(call.cancel)
    // Each fills a record of its own; the winner's becomes the call's. Tries, waits and picks are shared lists.
    const own: CallRecord = { ...record, attempts: 0 }
    const deployment = route.deployments[order[place] as number] as Deployment
    const attempting: Attempting = {
      call: { ...call, cancel: stop.cancel },
      read,
      route,
      deployment,
      runtime,
      record: own,
      reason,
      patient: false,
    }
    const done = guarded(attempting).then(
      (answer) => ({ place, answer }) as const,
      (thrown: unknown) => ({ place, thrown }) as const,
    )
    return { own, stop, done }
  }

  const first = runner(0, walking.fallback ? 'fallback' : 'first')
  let hedgeTimer: ReturnType<Runtime['clock']['timer']> | undefined
  const late = new Promise<'late'>((resolve) => {
    hedgeTimer = runtime.clock.timer(afterMs, () => resolve('late'))
  })
  const early = await Promise.race([first.done, late])
  hedgeTimer?.cancel()
  const runners = [first]
  if (early === 'late' && !call.cancel.raised && claim(state)) runners.push(runner(1, 'hedge'))

  let pending = runners.map((runner) => runner.done)
  let failure: GatewayError | undefined
  let refusedFinally: GatewayError | undefined
  while (pending.length > 0) {
    const result = await Promise.race(pending)
    const winner = runners[result.place] as typeof first
    if ('answer' in result) {
      for (const other of runners)
        if (other !== winner) {
          other.stop.cancel.raise(new GatewayError('caller_gone', 'another deployment answered sooner'))
          other.stop.release()
        }
      adopt(record, winner.own, runners)
      if (result.answer.kind === 'whole') winner.stop.release()
      else result.answer.live.onEnd(winner.stop.release)
      return { answer: result.answer }
    }
    winner.stop.release()
    pending = pending.filter((done) => done !== winner.done)
    const error = result.thrown instanceof NoRoom ? result.thrown.error : normalise(result.thrown)
    if (!ERRORS[error.kind].failOver && !(result.thrown instanceof NoRoom)) refusedFinally ??= error
    failure = error
  }
  adopt(record, (runners.at(-1) as typeof first).own, runners)
  if (call.cancel.raised) throw goneError(call.cancel.reason)
  if (refusedFinally) throw refusedFinally
  return { failure, tried: runners.length }
}

function adopt(record: CallRecord, winner: CallRecord, runners: readonly { own: CallRecord }[]): void {
  const { tries, waits, picks } = record
  const attempts = record.attempts + runners.reduce((sum, { own }) => sum + own.attempts, 0)
  Object.assign(record, winner, { tries, waits, picks, attempts })
}

/** A cancel of its own that the call's cancel raises too. */
function childOf(parent: Cancel): { cancel: Cancel; release: () => void } {
  const child = cancel()
  const release = parent.onRaise((reason) => child.raise(reason))
  return { cancel: child, release }
}

/** What would have been tried again, or elsewhere, had it been held. */
function saidOnce(error: GatewayError): GatewayError {
  const { retry, failOver } = ERRORS[error.kind]
  if (retry || failOver)
    error.message += ' (nothing else was tried: more of the upload had gone out than the gateway holds)'
  return error
}

/** Its breaker let nobody pass: says nothing new. */
function isResting(error: GatewayError): boolean {
  return error.kind === 'backend_unavailable' && error.phase === 'admit'
}

function isRefusal({ upstreamStatus }: GatewayError): boolean {
  return upstreamStatus === 401 || upstreamStatus === 402 || upstreamStatus === 403 || upstreamStatus === 429
}

function sooner(a: GatewayError | undefined, b: GatewayError): GatewayError {
  return a && (a.retryAfterS ?? 0) <= (b.retryAfterS ?? 0) ? a : b
}

function nobody(route: Route, record: CallRecord): GatewayError {
  const why = record.picks.at(-1)?.candidates.map(({ endpoint, refused }) => `${endpoint}: ${refused ?? '-'}`)
  return route.deployments.length === 0
    ? new GatewayError(
        'backend_unavailable',
        `the model "${route.name}" has no deployment that is configured`,
      )
    : new GatewayError(
        'invalid_request',
        `no deployment of route "${route.name}" takes this request (${why?.join('; ') ?? ''})`,
        { param: 'model' },
      )
}
