// The waits and refusals of one limited thing (an endpoint, a route, a caller): rate over the last minute, calls at once
// with their queue, and the pace. The decisions are governance's; here are the timers and the caller's hang-up.

import { GatewayError } from '../core/error.ts'
import { type Adaptive, adaptive, allowed, learn } from '../governance/adaptive.ts'
import { type Gate, type Ticket, enter as queue, gate, leave, withdraw } from '../governance/gate.ts'
import {
  type Entry,
  type Window,
  emptyWindow,
  reserve,
  settle,
  shareLeft,
  waitFor,
} from '../governance/limiter.ts'
import { type Pacer, giveBack, pace, pacer } from '../governance/pacer.ts'
import type { RateLimit } from '../providers/endpoint.ts'
import type { Call } from './call.ts'
import type { DecidedWait } from './decisions.ts'
import type { Runtime } from './runtime.ts'

const MAX_PACE_MS = 10_000
const MAX_QUEUE = 100
const QUEUE_WAIT_MS = 30_000

export interface Scope {
  /** In messages: `endpoint "groq"`. */
  who: string
  /** It limits each caller on its own. */
  perCaller?: boolean
  limits: RateLimit
  window: Window
  pacer: Pacer
  gate: Gate
  adaptive: Adaptive | undefined
}

/** undefined: nothing is limited, and nothing is counted. */
export function scope(who: string, limits: RateLimit | undefined, before?: Scope): Scope | undefined {
  if (!limits || Object.values(limits).every((value) => value === undefined)) return undefined
  return {
    who,
    limits,
    // A reload is no way around a limit: what counted goes on counting.
    window: before?.window ?? emptyWindow(),
    pacer: before?.pacer ?? pacer(),
    gate: before?.gate ?? gate(),
    adaptive: limits.adaptive ? (before?.adaptive ?? adaptive(limits.adaptive)) : undefined,
  }
}

function concurrency({ limits, adaptive: found }: Scope): number | undefined {
  return found ? allowed(found) : limits.concurrency
}

/** What one admitted call holds; end it exactly once. */
export interface Hold {
  /** @param tokens what was really used; undefined: the estimate stands. */
  end(tokens: number | undefined, seen?: { overloaded: boolean; firstByteMs?: number }): void
}

export interface Entering {
  caller: string
  priority: number
  /** Estimated tokens. */
  tokens: number
  /** Endpoint id for the error. */
  endpoint?: string
}

/** Limits kept elsewhere, for several processes that serve as one. */
export interface SharedLimits {
  enter(
    of: Scope,
    entering: Entering,
    call: Pick<Call, 'cancel'>,
    waits: DecidedWait[],
    patient: boolean,
  ): Promise<Hold>
  loads(): Promise<LimitLoad[]>
}

/** How busy something is that limits calls at once; what limits each caller counts as one. */
export interface LimitLoad {
  who: string
  running: number
  waiting: number
}

export function loadsOf(scopes: Iterable<Scope>): LimitLoad[] {
  const byName = new Map<string, LimitLoad>()
  for (const { who, limits, gate: of } of scopes) {
    if (limits.concurrency === undefined && !limits.adaptive) continue
    const row = byName.get(who) ?? { who, running: 0, waiting: 0 }
    row.running += of.running
    row.waiting += of.waiting
    byName.set(who, row)
  }
  return [...byName.values()]
}

/** Why a call would be refused or have to wait now, and until when; undefined: it would pass. */
export function blocked(of: Scope, now: number): { why: string; until: number } | undefined {
  const waitMs = waitFor(of.window, of.limits, 1, now)
  if (waitMs > 0) return { why: `its rate limit is used up for ${waitMs} ms`, until: now + waitMs }
  const limit = concurrency(of)
  if (limit !== undefined && of.gate.running >= limit)
    return { why: `all ${limit} places are taken, ${of.gate.waiting} wait`, until: now + 1 }
  if (of.limits.requestsPerSecond !== undefined && of.pacer.nextAt > now)
    return { why: `paced, next slot in ${Math.ceil(of.pacer.nextAt - now)} ms`, until: of.pacer.nextAt }
  return undefined
}

export function leftOf(of: Scope, now: number): number | undefined {
  return shareLeft(of.window, of.limits, now)
}

/**
 * Admits a call, after a wait where one is due.
 * @param patient false: a wait in the queue or for the pace counts as a refusal.
 * @throws `rate_limited` with the seconds to wait; `caller_gone` when the caller hangs up meanwhile.
 */
export async function enter(
  of: Scope,
  entering: Entering,
  call: Pick<Call, 'cancel'>,
  runtime: Pick<Runtime, 'clock' | 'limits'>,
  waits: DecidedWait[],
  patient = true,
): Promise<Hold> {
  const { clock } = runtime
  const { limits } = of
  if (call.cancel.raised) throw goneError(call.cancel.reason)
  if (runtime.limits) return runtime.limits.enter(of, entering, call, waits, patient)
  refuseOverRate(of, entering, clock.now())
  const limit = concurrency(of)
  if (limit !== undefined) await place(of, limit, entering, call, runtime, waits, patient)
  let entry: Entry
  try {
    // The window may have filled up while it waited.
    if (limit !== undefined) refuseOverRate(of, entering, clock.now())
    entry = reserve(of.window, entering.tokens, clock.now())
    if (limits.requestsPerSecond !== undefined)
      await paced(of, limits.requestsPerSecond, entering, call, runtime, waits, patient, entry)
  } catch (thrown) {
    if (limit !== undefined) leave(of.gate, concurrency(of) ?? limit)
    throw thrown
  }
  let open = true
  return {
    end(tokens, seen) {
      if (!open) return
      open = false
      if (tokens !== undefined) settle(of.window, entry, tokens)
      if (of.adaptive && limits.adaptive && seen)
        learn(of.adaptive, limits.adaptive, seen, of.gate.running, clock.now())
      if (limit !== undefined) leave(of.gate, concurrency(of) ?? limit)
    },
  }
}

function refuseOverRate(of: Scope, entering: Entering, now: number): void {
  const waitMs = waitFor(of.window, of.limits, entering.tokens, now)
  if (waitMs > 0) throw refusal(entering, `the rate limit of ${of.who} is used up`, waitMs)
}

function refusal({ endpoint }: Entering, why: string, waitMs: number): GatewayError {
  const retryAfterS = Math.min(60, Math.max(1, Math.ceil(waitMs / 1000)))
  return new GatewayError('rate_limited', `${why}; retry in ${retryAfterS} s`, {
    retryAfterS,
    phase: 'admit',
    ...(endpoint === undefined ? {} : { endpoint }),
  })
}

/** Waits for one of the places; resolves holding it. */
function place(
  of: Scope,
  limit: number,
  entering: Entering,
  call: Pick<Call, 'cancel'>,
  { clock }: Pick<Runtime, 'clock'>,
  waits: DecidedWait[],
  patient: boolean,
): Promise<void> | undefined {
  const { limits } = of
  const maxQueue = patient ? (limits.maxQueue ?? MAX_QUEUE) : 0
  let admitted: () => void = () => {}
  const ticket: Ticket = {
    caller: entering.caller,
    priority: entering.priority,
    admitted: () => admitted(),
  }
  const verdict = queue(of.gate, limit, maxQueue, ticket)
  if ('refused' in verdict) {
    const waiting = of.gate.waiting > 0 ? ` and ${of.gate.waiting} calls wait` : ''
    throw refusal(entering, `all ${limit} places of ${of.who} are taken${waiting}`, 1_000)
  }
  if (verdict.place === 0) return undefined
  const wait: DecidedWait = { why: 'queue', ms: 0, place: verdict.place }
  waits.push(wait)
  const since = clock.monotonic()
  return new Promise((resolve, reject) => {
    const stop = call.cancel.onRaise((reason) => {
      timer.cancel()
      wait.ms = clock.monotonic() - since
      withdraw(of.gate, ticket)
      reject(goneError(reason))
    })
    const waitMs = limits.queueWaitMs ?? QUEUE_WAIT_MS
    const timer = clock.timer(waitMs, () => {
      stop()
      wait.ms = clock.monotonic() - since
      withdraw(of.gate, ticket)
      reject(refusal(entering, `waited ${waitMs} ms for a place of ${of.who}`, 1_000))
    })
    admitted = () => {
      stop()
      timer.cancel()
      wait.ms = clock.monotonic() - since
      resolve()
    }
  })
}

async function paced(
  of: Scope,
  perSecond: number,
  entering: Entering,
  call: Pick<Call, 'cancel'>,
  { clock }: Pick<Runtime, 'clock'>,
  waits: DecidedWait[],
  patient: boolean,
  entry: Entry,
): Promise<void> {
  const now = clock.now()
  const verdict = pace(of.pacer, perSecond, patient ? (of.limits.maxPaceMs ?? MAX_PACE_MS) : 0, now)
  if ('refusedMs' in verdict) {
    settle(of.window, entry, 0)
    throw refusal(
      entering,
      `${of.who} takes ${perSecond} calls a second and too many wait`,
      verdict.refusedMs,
    )
  }
  if (verdict.waitMs <= 0) return
  waits.push({ why: 'pace', ms: verdict.waitMs })
  try {
    await sleep(verdict.waitMs, call, { clock })
  } catch (thrown) {
    settle(of.window, entry, 0)
    giveBack(of.pacer, now + verdict.waitMs, perSecond)
    throw thrown
  }
}

/** Resolves after `ms`; rejects at once when the call is cancelled. */
export function sleep(
  ms: number,
  call: Pick<Call, 'cancel'>,
  { clock }: Pick<Runtime, 'clock'>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (call.cancel.raised) return reject(goneError(call.cancel.reason))
    const stop = call.cancel.onRaise((reason) => {
      timer.cancel()
      reject(goneError(reason))
    })
    const timer = clock.timer(ms, () => {
      stop()
      resolve()
    })
  })
}

/** A cancel's reason as what it is: the caller's hang-up, unless somebody raised an error of ours. */
export function goneError(reason: unknown): GatewayError {
  return reason instanceof GatewayError ? reason : new GatewayError('caller_gone', 'the caller hung up')
}
