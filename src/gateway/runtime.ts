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
import type { Pools } from '../upstream/pools.ts'
import type { Decisions } from './decisions.ts'
import type { UpstreamRequest } from '../upstream/send.ts'
import type { Probes } from './probes.ts'
import type { RouteTable } from './route-table.ts'

export interface EndpointState {
  config: EndpointConfig
  window: Window
  /** Headers of every request to it, credential included; never logged. */
  headers: Record<string, string>
  /** Headers that depend on the request itself or on a token that expires (SigV4, OAuth); undefined: none. */
  sign?: Sign
}

/** Gives the headers to add to one request; it may wait for a token, bounded by its own timeout. */
export type Sign = (request: UpstreamRequest) => Promise<Record<string, string>>

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
  /** What was decided for the latest calls; outlives a reload. */
  decisions: Decisions
  clock: Clock
  random: Random
}

export function breakerOf(runtime: Runtime, key: string): BreakerState {
  return runtime.breakers.get(key) ?? closed
}

export function endpointState(config: EndpointConfig): EndpointState {
  const headers: Record<string, string> = { ...config.provider.headers, ...config.headers }
  if (config.organization !== undefined) headers['openai-organization'] = config.organization
  Object.assign(headers, authHeaders(config))
  return { config, window: emptyWindow(), headers }
}

/** The credential's header, or none at all for an endpoint without a credential. */
export function authHeaders(config: EndpointConfig): Record<string, string> {
  const { credential, provider } = config
  if (!credential || credential.isEmpty || provider.auth.type === 'none') return {}
  return provider.auth.type === 'bearer'
    ? { authorization: `Bearer ${credential.reveal()}` }
    : { [provider.auth.name.toLowerCase()]: credential.reveal() }
}
