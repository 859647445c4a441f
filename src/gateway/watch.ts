// Looks after endpoints beside the traffic: asks what is down whether it is back, and local engines what they have in
// memory. Costs no tokens, never blocks a call, and is silent while nobody calls.

import type { Clock, Timer } from '../core/clock.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import type { Vitals } from '../routing/vitals.ts'
import { type EngineState, isWarm } from '../upstream/engine-state.ts'

export interface Watch {
  /** A deployment's breaker opened because its endpoint cannot be reached. */
  down(endpoint: EndpointConfig): void
  /** A call is about to choose among deployments of these endpoints. */
  noticed(endpoint: EndpointConfig): void
  stop(): void
}

export interface WatchOptions {
  clock: Clock
  vitals: ReadonlyMap<string, Vitals>
  /** Whether it answers at all, without spending tokens. */
  reachable(endpoint: EndpointConfig): Promise<boolean>
  /** undefined: this kind says nothing of itself. */
  state(endpoint: EndpointConfig): Promise<EngineState | undefined>
  tells(endpoint: EndpointConfig): boolean
  /** false: nobody is asked anything. */
  asks: boolean
  /** How long a breaker stays open (ms). */
  openMs(endpoint: EndpointConfig): number
}

const AGAIN_MS = [1_000, 2_000, 5_000]
/** How fresh an engine's word must be for a choice. */
const STATE_MS = 5_000
/** One that does not answer is left in peace for longer. */
const SILENT_MS = 60_000

export function watch({ clock, vitals, reachable, state, tells, asks, openMs }: WatchOptions): Watch {
  const asking = new Map<string, Timer | undefined>()
  const nextState = new Map<string, number>()
  let stopped = false

  const of = (endpoint: EndpointConfig): Vitals[] =>
    [...vitals].flatMap(([key, row]) => (key.startsWith(`${endpoint.id}/`) ? [row] : []))

  const look = async (endpoint: EndpointConfig, times: number): Promise<void> => {
    if (stopped) return
    const open = of(endpoint).filter(({ breaker }) => breaker.openedAt !== undefined)
    if (open.length === 0) return void asking.delete(endpoint.id)
    if (await reachable(endpoint)) {
      // It answers again: the next call may be the trial. Not closed, for answering a list is not serving a call.
      for (const row of open)
        if (row.breaker.openedAt !== undefined && !row.breaker.trial)
          row.breaker = { ...row.breaker, openedAt: clock.now() - openMs(endpoint) }
      return void asking.delete(endpoint.id)
    }
    later(endpoint, times + 1)
  }

  const later = (endpoint: EndpointConfig, times: number): void => {
    if (stopped) return
    const ms = Math.min(AGAIN_MS[Math.min(times, AGAIN_MS.length - 1)] as number, openMs(endpoint))
    asking.set(
      endpoint.id,
      clock.timer(ms, () => void look(endpoint, times)),
    )
  }

  const learn = async (endpoint: EndpointConfig): Promise<void> => {
    const said = await state(endpoint)
    const now = clock.now()
    nextState.set(endpoint.id, now + (said ? STATE_MS : SILENT_MS))
    for (const row of of(endpoint)) {
      row.slots = said?.slots && { ...said.slots, at: now }
      row.warm = said?.warm && isWarm(said.warm, row.key.slice(endpoint.id.length + 1))
    }
  }

  return {
    down(endpoint) {
      if (stopped || !asks || asking.has(endpoint.id)) return
      later(endpoint, 0)
    },
    noticed(endpoint) {
      if (stopped || !tells(endpoint)) return
      const now = clock.now()
      if ((nextState.get(endpoint.id) ?? 0) > now) return
      // Set before asking: calls that come meanwhile do not ask as well.
      nextState.set(endpoint.id, now + SILENT_MS)
      void learn(endpoint)
    },
    stop() {
      stopped = true
      for (const timer of asking.values()) timer?.cancel()
    },
  }
}
