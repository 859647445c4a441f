// Everything one configuration needs to serve: built complete, swapped whole, drained when replaced. The composition
// root (create-gateway.ts) makes it; nothing here reads the environment.

import type { Config } from '../config/config.ts'
import type { Clock, Random } from '../core/clock.ts'
import type { GenerationDialect } from '../core/dialect.ts'
import type { DialectId } from '../core/origin.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { type BreakerState, closed } from '../routing/breaker.ts'
import { type Window, emptyWindow } from '../governance/limiter.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { type Sign, endpointHeaders } from '../upstream/headers.ts'
import type { Pools } from '../upstream/pools.ts'
import type { Decisions } from './decisions.ts'
import type { Probes } from './probes.ts'
import type { RouteTable } from './route-table.ts'
import type { Seals } from './seals.ts'

export interface EndpointState {
  config: EndpointConfig
  window: Window
  /** Headers of every request to it, credential included; never logged. */
  headers: Record<string, string>
  /** Headers that depend on the request itself or on a token that expires (SigV4, OAuth); undefined: none. */
  sign?: Sign
}

export interface Runtime {
  config: Config
  routes: RouteTable
  endpoints: ReadonlyMap<string, EndpointState>
  /** Breaker per deployment, by `endpoint/model`. */
  breakers: Map<string, BreakerState>
  dialects: ReadonlyMap<DialectId, GenerationDialect>
  pools: Pools
  probes: Probes
  telemetry: Telemetry
  /** Private state of answers, across reloads. */
  seals: Seals
  /** What was decided for the latest calls; outlives a reload. */
  decisions: Decisions
  clock: Clock
  random: Random
}

export function breakerOf(runtime: Runtime, key: string): BreakerState {
  return runtime.breakers.get(key) ?? closed
}

export function endpointState(config: EndpointConfig): EndpointState {
  return { config, window: emptyWindow(), headers: endpointHeaders(config) }
}
