// One call's tries: pace, breaker, try, and then the retry plan's word. The only loop around the network in this folder.

import type { Cancel } from '../core/cancel.ts'
import type { Clock, Random } from '../core/clock.ts'
import { GatewayError } from '../core/error.ts'
import { type Window, admit, emptyWindow, settle } from '../governance/limiter.ts'
import { type BreakerPolicy, type BreakerState, CLOSED, passBreaker, recordOutcome } from './breaker.ts'
import { type Failed, type LlmError, ServerError, classOf, errorOf, retryFailure } from './errors.ts'
import { TryFailed } from './exchange.ts'
import { takeSlot } from './pacing.ts'
import { type RetryPolicy, decideRetry } from './retry-plan.ts'
import { asError, wait } from './wait.ts'

/** What one client remembers of the endpoints it asks; nothing is shared between clients. */
export interface Memory {
  breakers: Map<string, BreakerState>
  /** When the next slot of `requests_per_second` is free. */
  slots: Map<string, number>
  windows: Map<string, Window>
}

export function memory(): Memory {
  return { breakers: new Map(), slots: new Map(), windows: new Map() }
}

export interface Rates {
  requestsPerSecond?: number
  requestsPerMinute?: number
  tokensPerMinute?: number
}

export interface TryContext {
  provider: string
  model: string
  /** Key of the paced account, and with the model of the breaker. */
  account: string
  rates: Rates
  /** Tokens the request is thought to need, for tokensPerMinute. */
  estimate: number
  retry: RetryPolicy
  breaker: BreakerPolicy | false
  memory: Memory
  clock: Clock
  random: Random
  cancel: Cancel
  onRetry?(event: RetryEvent): void
}

export interface RetryEvent {
  /** The try that failed, from 1. */
  attempt: number
  waitMs: number
  error: LlmError
}

export interface Done<T> {
  value: T
  attempts: number
  /** Tells the true token count once it is known. */
  settle(tokens: number): void
  /** The answer broke off after it had begun. */
  broke(failed: Failed): LlmError
}

/** @throws LlmError, or the caller's own abort reason. */
export async function withTries<T>(context: TryContext, attempt: () => Promise<T>): Promise<Done<T>> {
  const { clock, cancel, memory: known, provider, model } = context
  const key = `${context.account} ${model}`
  const report = (outcome: 'ok' | 'failed' | 'neutral'): void => {
    if (context.breaker === false) return
    const state = recordOutcome(known.breakers.get(key) ?? CLOSED, outcome, context.breaker, clock.now())
    known.breakers.set(key, state)
  }
  const told = (failed: Failed, attempts: number): LlmError =>
    errorOf(failed, { attempts, provider, model, now: clock.now() })

  let attempts = 0
  let lastWaitMs = context.retry.baseMs
  let failure: LlmError | undefined
  for (;;) {
    if (cancel.raised) throw reasonOf(context, attempts)
    refuseWhileResting(context, key, attempts, failure)
    let entry: { settle(tokens: number): void }
    try {
      entry = await pace(context)
    } catch {
      throw reasonOf(context, attempts)
    }
    claim(context, key, attempts, failure)
    attempts++
    try {
      const value = await attempt()
      report('ok')
      return {
        value,
        attempts,
        settle: entry.settle,
        broke(failed) {
          if (classOf(failed.error) === 'server') report('failed')
          return told(failed, attempts)
        },
      }
    } catch (thrown) {
      if (cancel.raised) {
        report('neutral')
        throw reasonOf(context, attempts)
      }
      if (!(thrown instanceof TryFailed)) {
        report('neutral')
        throw thrown
      }
      const { failed } = thrown
      report(classOf(failed.error) === 'server' ? 'failed' : 'neutral')
      failure = told(failed, attempts)
      const plan = decideRetry(
        { attempts, lastWaitMs },
        retryFailure(failed, clock.now()),
        context.retry,
        context.random,
      )
      if (!plan.retry) throw failure
      lastWaitMs = plan.waitMs
      context.onRetry?.({ attempt: attempts, waitMs: plan.waitMs, error: failure })
      try {
        await wait(plan.waitMs, clock, cancel)
      } catch {
        throw reasonOf(context, attempts)
      }
    }
  }
}

/** The caller's own abort reason, or the whole call's time limit as an error of its class. */
function reasonOf({ cancel, provider, model, clock }: TryContext, attempts: number): Error {
  const { reason } = cancel
  return reason instanceof GatewayError
    ? errorOf({ error: reason, headers: {}, begun: false }, { attempts, provider, model, now: clock.now() })
    : asError(reason)
}

function refuseWhileResting(
  context: TryContext,
  key: string,
  attempts: number,
  failure: LlmError | undefined,
): void {
  if (context.breaker === false) return
  const passage = passBreaker(context.memory.breakers.get(key) ?? CLOSED, context.clock.now())
  if (!passage.allowed) throw failure ?? resting(context, passage.waitMs, attempts)
}

function claim(context: TryContext, key: string, attempts: number, failure: LlmError | undefined): void {
  if (context.breaker === false) return
  const passage = passBreaker(context.memory.breakers.get(key) ?? CLOSED, context.clock.now())
  if (!passage.allowed) throw failure ?? resting(context, passage.waitMs, attempts)
  context.memory.breakers.set(key, passage.state)
}

function resting({ provider, model, breaker }: TryContext, waitMs: number, attempts: number): LlmError {
  const threshold = breaker === false ? 0 : breaker.threshold
  return new ServerError(
    `"${provider}" is resting after ${threshold} failures in a row; next try in ${Math.ceil(waitMs / 1_000)} s`,
    { status: 503, kind: 'breaker_open', attempts, provider, model },
  )
}

/** Waits for the slot of the second and for room in the minute. */
async function pace(context: TryContext): Promise<{ settle(tokens: number): void }> {
  const { rates, account, memory: known, clock, cancel, estimate } = context
  if (rates.requestsPerSecond !== undefined) {
    const slot = takeSlot(known.slots.get(account) ?? 0, rates.requestsPerSecond, clock.monotonic())
    known.slots.set(account, slot.nextAt)
    await wait(slot.waitMs, clock, cancel)
  }
  if (rates.requestsPerMinute === undefined && rates.tokensPerMinute === undefined) return { settle() {} }
  let window = known.windows.get(account)
  if (!window) known.windows.set(account, (window = emptyWindow()))
  const limits = {
    ...(rates.requestsPerMinute === undefined ? {} : { rpm: rates.requestsPerMinute }),
    ...(rates.tokensPerMinute === undefined ? {} : { tpm: rates.tokensPerMinute }),
  }
  for (;;) {
    const verdict = admit(window, limits, estimate, clock.now())
    if ('entry' in verdict) return { settle: (tokens) => settle(window, verdict.entry, tokens) }
    await wait(verdict.waitMs, clock, cancel)
  }
}
