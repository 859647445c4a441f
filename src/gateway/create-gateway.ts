// The composition root: builds a runtime from a configuration, serves from it, and swaps it whole. The server is one
// caller of it, an embedder another. Importing it does nothing.

import { modelFacts } from '../catalog/index.ts'
import type { Abilities } from '../core/abilities.ts'
import type { Logger } from 'pino'
import { catalog } from '../catalog/index.ts'
import type { Config } from '../config/config.ts'
import type { Clock, Random } from '../core/clock.ts'
import type { ResponseStore } from '../core/ports.ts'
import { dialects } from '../dialects/index.ts'
import { memoryResponses } from '../stores/memory-responses.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { telemetry } from '../telemetry/telemetry.ts'
import { type Pools, pools } from '../upstream/pools.ts'
import { type AskDeps, type ProbeResult, answers, listModels, probeEndpoint } from '../upstream/ask.ts'
import type { Call, Reply, WholeReply } from './call.ts'
import { background } from './background.ts'
import { costUsd } from '../governance/cost.ts'
import { decisions } from './decisions.ts'
import { declaredModels } from './declared-models.ts'
import { learned } from './learned.ts'
import type { Hooks } from './hooks.ts'
import type { SharedLimits } from './limits.ts'
import { type PinnedCall, handlePinned } from './pinned.ts'
import { handle, open } from './pipeline.ts'
import { probes } from './probes.ts'
import { BREAKER, costAt, routeTable } from './route-table.ts'
import type { Vitals } from '../routing/vitals.ts'
import { type Runtime, endpointState, vitalsOf } from './runtime.ts'
import { seals } from './seals.ts'
import type { RealtimeCall, RealtimeReply } from './realtime-session.ts'
import { engineState, tellsState } from '../upstream/engine-state.ts'
import { watch } from './watch.ts'
import { systemClock } from '../upstream/system-clock.ts'

export interface GatewayOptions {
  /** Where responses are kept that later requests may name; closed by who made it. Default: in memory, bounded. */
  responses?: ResponseStore
  log: Logger
  /** Takes the whole lines of the call log (level info), written in the logger's own form; else the logger does. */
  writeLine?: (line: string) => void
  /** Limits kept for several processes; absent: they are this one's own. */
  limits?: SharedLimits
  clock?: Clock
  random?: Random
  /** Observers of calls; see hooks.ts. */
  hooks?: Hooks
  /** false: no start-up probes (tests, dry runs). */
  probe?: boolean
}

export interface Gateway {
  /** The runtime in force. */
  readonly runtime: Runtime
  handle(call: Call): Promise<Reply>
  /** A call about something that lives at one endpoint (files, batches). */
  pinned(call: PinnedCall): Promise<Reply>
  /** A realtime session, opened upstream; whoever bridges it says when it is over. */
  open(call: RealtimeCall): Promise<RealtimeReply | WholeReply>
  /** Builds a complete new runtime and swaps it; calls under way finish on the old one. Throws and keeps the old one. */
  reload(config: Config): void
  /** Connections to upstreams by origin, those of configurations that were replaced included. */
  connections(): Map<string, { open: number; busy: number; waiting: number }>
  /** Stops probes and closes idle connections; calls under way are given up to `drainMs`. */
  close(drainMs?: number): Promise<void>
  /** What the gateway needs to ask endpoints on its own. */
  readonly deps: AskDeps
}

export function createGateway(config: Config, options: GatewayOptions): Gateway {
  const clock = options.clock ?? systemClock
  const shared = telemetry(options.log, options.writeLine)
  const remembered = seals()
  const responses = options.responses ?? memoryResponses()
  const decided = decisions()
  const going = background(() => runtime)
  let connections: Pools = pools()
  const retired = new Set<Pools>()
  let closed = false
  const lessons = learned(clock)

  const build = (next: Config, before?: Runtime): Runtime => {
    const deps: AskDeps = { pools: connections, clock, dialects }
    // Limits, speeds and breakers of what stays the same go on counting: a reload is no way around a limit.
    const endpoints = new Map(
      next.endpoints.map((endpoint) => [
        endpoint.id,
        endpointState(endpoint, before?.endpoints.get(endpoint.id)),
      ]),
    )
    const known = new Map<string, Vitals>()
    const asked = probes({
      endpoints: options.probe === false ? [] : next.endpoints.filter((row) => row.provider.id !== 'demo'),
      clock,
      known: (endpoint) => unchanged(endpoint, before),
      ask: async (endpoint) =>
        endpoint.locked === undefined
          ? probeEndpoint(endpoint, deps)
          : {
              ok: false,
              failedStep: 'credential',
              reason: endpoint.locked,
              models: [],
              testedAt: clock.now(),
            },
      warn: (endpoint, result) =>
        options.log.warn(
          {
            endpoint: endpoint.id,
            step: result.failedStep,
            url: endpoint.baseUrl,
            status_code: result.modelsStatus ?? null,
            error: result.reason,
          },
          'probe failed',
        ),
    })
    const models = catalog(declaredModels(next), ({ endpoint, model }) =>
      endpoint === undefined ? undefined : asked.status(endpoint).result?.parents?.[model],
    )
    for (const [key, state] of before?.vitals ?? []) {
      const id = key.slice(0, key.indexOf('/'))
      if (endpoints.get(id)?.config.baseUrl === before?.endpoints.get(id)?.config.baseUrl)
        known.set(key, state)
    }
    return {
      config: next,
      routes: routeTable(next, {
        vitalsOf: (key) => vitalsOf(known, key),
        scopeOf: (id) => endpoints.get(id)?.scope,
        abilitiesOf(endpoint, model) {
          const listed = models.abilities({ provider: endpoint.provider.id, endpoint: endpoint.id, model })
          const family = contextOf(endpoint, model)
          return listed || family ? { ...listed, ...family } : undefined
        },
        before: (name) => before?.routes.known(name),
        costOf(endpoint, model) {
          const price = models.price({ provider: endpoint.provider.id, endpoint: endpoint.id, model })
          if (!price) return undefined
          const { input: in1, output: out1, cacheRead, tiers } = price
          // Asked for every candidate of every pick: the plain case is two multiplications.
          if (!tiers && in1 !== undefined && out1 !== undefined)
            return costAt({ input: in1, output: out1, cachedInput: cacheRead ?? in1 })
          return (input, output, cachedShare) =>
            costUsd({ input, output, cacheRead: Math.round(input * cachedShare) }, price)
        },
      }),
      endpoints,
      vitals: known,
      callers: before?.callers ?? new Map(),
      shadows: before?.shadows ?? { running: 0 },
      dialects,
      pools: connections,
      probes: asked,
      watch: watch({
        clock,
        vitals: known,
        reachable: async (endpoint) => answers(await listModels(endpoint, deps)),
        state: (endpoint) => engineState(endpoint, deps),
        tells: (endpoint) => options.probe !== false && tellsState(endpoint),
        asks: options.probe !== false,
        openMs: (endpoint) => endpoint.breaker?.openMs ?? BREAKER.openMs,
      }),
      telemetry: shared,
      catalog: models,
      learned: lessons,
      responses,
      background: going,
      seals: remembered,
      decisions: decided,
      clock,
      random: options.random ?? Math.random,
      ...(options.limits ? { limits: options.limits } : {}),
      ...(options.hooks ? { hooks: options.hooks } : {}),
    }
  }

  let runtime = build(config)
  if (options.probe !== false) runtime.probes.start()

  const swap = (next: Config): void => {
    const old = runtime
    const oldPools = connections
    connections = pools()
    try {
      runtime = build(next, old)
    } catch (thrown) {
      connections = oldPools
      throw thrown
    }
    old.probes.stop()
    old.watch.stop()
    runtime.probes.start()
    retired.add(oldPools)
    void oldPools.close().finally(() => retired.delete(oldPools))
  }

  return {
    get runtime() {
      return runtime
    },
    get deps() {
      return { pools: connections, clock, dialects }
    },
    handle: (call) => handle(call, runtime),
    pinned: (call) => handlePinned(call, runtime),
    open: (call) => open(call, runtime),
    reload: swap,
    connections() {
      const sums = new Map<string, { open: number; busy: number; waiting: number }>()
      for (const pool of [connections, ...retired])
        for (const { origin, open, busy, waiting } of pool.counts()) {
          const sum = sums.get(origin)
          sums.set(origin, {
            open: open + (sum?.open ?? 0),
            busy: busy + (sum?.busy ?? 0),
            waiting: waiting + (sum?.waiting ?? 0),
          })
        }
      return sums
    },
    async close(drainMs = 10_000) {
      if (closed) return
      closed = true
      going.close()
      runtime.probes.stop()
      runtime.watch.stop()
      const all = [connections, ...retired]
      await Promise.race([
        Promise.all(all.map((pool) => pool.close())),
        new Promise<void>((resolve) => clock.timer(drainMs, resolve)),
      ])
      await Promise.all(all.map((pool) => pool.destroy()))
    },
  }
}

/** The catalogue's word on a model's abilities. */
function contextOf({ provider }: EndpointConfig, model: string): Abilities | undefined {
  const dialect = provider.speaks[0]?.dialect
  const contextTokens = dialect && modelFacts(dialect, model).contextTokens
  return contextTokens === undefined ? undefined : { contextTokens }
}

/** What the probe of the same endpoint found before a swap; a change elsewhere is no reason to ask again. */
function unchanged(endpoint: EndpointConfig, before: Runtime | undefined): ProbeResult | undefined {
  const old = before?.endpoints.get(endpoint.id)?.config
  if (!before || !old) return undefined
  // Secrets print alike, so those that count are looked at by value; access of clouds is asked anew.
  if (old.access !== undefined || endpoint.access !== undefined) return undefined
  const facts = ({ credential, moreCredentials, provider, ...rest }: EndpointConfig): string =>
    JSON.stringify([
      provider.id,
      [credential, ...(moreCredentials ?? [])].map((secret) => secret?.reveal() ?? null),
      rest,
    ])
  return facts(old) === facts(endpoint) ? before.probes.status(endpoint.id).result : undefined
}
