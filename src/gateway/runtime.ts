// Everything one configuration needs to serve: built complete, swapped whole, drained when replaced. The composition
// root (create-gateway.ts) makes it; nothing here reads the environment.

import type { Config } from '../config/config.ts'
import type { Clock, Random } from '../core/clock.ts'
import type { GenerationDialect } from '../core/dialect.ts'
import type { DialectId } from '../core/origin.ts'
import type { ResponseStore } from '../core/ports.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { type Bench, bench } from '../routing/credentials.ts'
import { type Vitals, vitals } from '../routing/vitals.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { type Sign, endpointHeaders } from '../upstream/headers.ts'
import type { Pools } from '../upstream/pools.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Background } from './background.ts'
import type { Decisions } from './decisions.ts'
import type { Learned } from './learned.ts'
import type { Hooks } from './hooks.ts'
import { countsHops } from './hops.ts'
import { type Scope, scope, type SharedLimits } from './limits.ts'
import type { Probes } from './probes.ts'
import type { Watch } from './watch.ts'
import type { RouteTable } from './route-table.ts'
import type { Seals } from './seals.ts'

export interface EndpointState {
  config: EndpointConfig
  /** Its limits; undefined: none. */
  scope: Scope | undefined
  /** Headers of every request to it, credential included; never logged. */
  headers: Record<string, string>
  /** It may be another gateway: it is told how many the call came through. */
  countsHops: boolean
  /** Headers that depend on the request itself or on a token that expires (SigV4, OAuth); undefined: none. */
  sign?: Sign
  /** With several credentials: this state once per credential, and which of them rest. */
  credentials?: { states: EndpointState[]; bench: Bench }
}

export interface Runtime {
  config: Config
  routes: RouteTable
  endpoints: ReadonlyMap<string, EndpointState>
  /** Load, speed, breaker and rest of every deployment met, by `endpoint/model`; outlives a reload. */
  vitals: Map<string, Vitals>
  /** Limits of each caller met, by caller; only with `server.caller_limits`. */
  callers: Map<string, Scope>
  /** Copies of calls under way to deployments on trial. */
  shadows: { running: number }
  dialects: ReadonlyMap<DialectId, GenerationDialect>
  pools: Pools
  probes: Probes
  watch: Watch
  telemetry: Telemetry
  catalog: Catalog
  /** What hosts refused; outlives a reload. */
  learned: Learned
  /** Responses that later requests may name, across reloads. */
  responses: ResponseStore
  /** Responses that upstreams still work on, across reloads. */
  background: Background
  /** Private state of answers, across reloads. */
  seals: Seals
  /** What was decided for the latest calls; outlives a reload. */
  decisions: Decisions
  clock: Clock
  random: Random
  /** Several processes serve as one, and the limits are kept by their parent. */
  limits?: SharedLimits
  /** An embedder's observers. */
  hooks?: Hooks
}

/** A caller can invent model names of a wildcard endpoint: what is remembered of them is bounded. */
export const MOST_DEPLOYMENTS = 5_000

export function vitalsOf(known: Map<string, Vitals>, key: string): Vitals {
  let found = known.get(key)
  if (!found) {
    if (known.size >= MOST_DEPLOYMENTS)
      for (const [old, { inFlight, breaker }] of known)
        if (inFlight === 0 && breaker.openedAt === undefined) {
          known.delete(old)
          break
        }
    found = vitals(key)
    known.set(key, found)
  }
  return found
}

/** @param before the same endpoint's state in the runtime that is replaced: what counted goes on counting. */
export function endpointState(config: EndpointConfig, before?: EndpointState): EndpointState {
  const same = before?.config.baseUrl === config.baseUrl ? before : undefined
  const state: EndpointState = {
    config,
    scope: scope(`endpoint "${config.id}"`, config.rateLimit, same?.scope),
    headers: endpointHeaders(config),
    countsHops: countsHops(config.baseUrl),
  }
  const { credential, moreCredentials } = config
  if (credential && moreCredentials && moreCredentials.length > 0) {
    const all = [credential, ...moreCredentials]
    state.credentials = {
      states: all.map((one) => ({ ...state, headers: endpointHeaders({ ...config, credential: one }) })),
      bench: bench(all.length),
    }
  }
  return state
}
