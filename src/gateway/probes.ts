// The start-up capability probe, its cache and its gate. It runs beside serving, never in front of it; failures are
// asked again soon, successes rarely; callers share one probe. `gate` refuses calls to a gated endpoint until it passed.

import type { Clock, Timer } from '../core/clock.ts'
import { GatewayError } from '../core/error.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import type { ProbeResult } from '../upstream/ask.ts'

export type ProbeStatus = 'ok' | 'down' | 'checking' | 'off'

export interface Probes {
  start(): void
  /**
   * Waits for a first probe that is still running; its own timeouts bound the wait.
   * @throws `endpoint_not_ready` when a gated endpoint's probe has not passed.
   */
  gate(endpoint: EndpointConfig): Promise<void>
  status(id: string): { status: ProbeStatus; result?: ProbeResult }
  stop(): void
}

export interface ProbeOptions {
  endpoints: readonly EndpointConfig[]
  clock: Clock
  /** What is known of it from before; a good result is not asked for again until it is old. */
  known?(endpoint: EndpointConfig): ProbeResult | undefined
  ask(endpoint: EndpointConfig): Promise<ProbeResult>
  /** One structured warning per new failure. */
  warn(endpoint: EndpointConfig, result: ProbeResult): void
}

/** A day, as the capability cache of document 000; refreshed a little before it would expire. */
const FRESH_MS = 23 * 3_600_000
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 20_000]

export function probes({ endpoints, clock, known, ask, warn }: ProbeOptions): Probes {
  const results = new Map<string, ProbeResult>()
  const running = new Map<string, Promise<void>>()
  const failures = new Map<string, number>()
  const timers = new Map<string, Timer>()
  let stopped = false

  const run = (endpoint: EndpointConfig): Promise<void> => {
    const before = running.get(endpoint.id)
    if (before) return before
    const now = probe(endpoint).finally(() => running.delete(endpoint.id))
    running.set(endpoint.id, now)
    return now
  }

  const probe = async (endpoint: EndpointConfig): Promise<void> => {
    if (stopped) return
    timers.get(endpoint.id)?.cancel()
    let result: ProbeResult
    try {
      result = await ask(endpoint)
    } catch (thrown) {
      result = { ok: false, failedStep: 'probe', reason: String(thrown), models: [], testedAt: clock.now() }
    }
    if (stopped) return
    const before = results.get(endpoint.id)
    results.set(endpoint.id, result)
    const failed = result.ok ? 0 : (failures.get(endpoint.id) ?? 0) + 1
    failures.set(endpoint.id, failed)
    if (!result.ok && (!before || before.ok || before.reason !== result.reason)) warn(endpoint, result)
    const wait = result.ok ? FRESH_MS : (RETRY_MS[Math.min(failed, RETRY_MS.length) - 1] as number)
    timers.set(
      endpoint.id,
      clock.timer(wait, () => void run(endpoint)),
    )
  }

  const status: Probes['status'] = (id) => {
    const result = results.get(id)
    if (!result)
      return { status: endpoints.some((row) => row.id === id && row.probe !== 'off') ? 'checking' : 'off' }
    return { status: result.ok ? 'ok' : 'down', result }
  }

  return {
    start() {
      for (const endpoint of endpoints) {
        if (endpoint.probe === 'off') continue
        const result = known?.(endpoint)
        const left = result ? result.testedAt + FRESH_MS - clock.now() : 0
        // A failure is told already and stays the answer until the next probe, which is due now.
        if (result) results.set(endpoint.id, result)
        if (result?.ok === true && left > 0)
          timers.set(
            endpoint.id,
            clock.timer(left, () => void run(endpoint)),
          )
        else void run(endpoint)
      }
    },
    async gate(endpoint) {
      if (endpoint.probe !== 'gate') return
      if (!results.has(endpoint.id)) await running.get(endpoint.id)
      const { status: now, result } = status(endpoint.id)
      if (now === 'ok' || now === 'off') return
      const why = result
        ? `its probe failed at step "${result.failedStep}": ${result.reason}`
        : 'its start-up probe has not run'
      throw new GatewayError('endpoint_not_ready', `endpoint "${endpoint.id}" is not ready: ${why}`, {
        endpoint: endpoint.id,
        phase: 'admit',
        retryAfterS: 2,
      })
    },
    status,
    stop() {
      stopped = true
      for (const timer of timers.values()) timer.cancel()
    },
  }
}
