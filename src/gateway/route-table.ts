// From a model name to a plan. Exact public name, then alias, then `endpoint/model`, then a wildcard endpoint, else 404.
// Names are opaque and case-sensitive; nothing is guessed from a prefix.

import type { Config, RouteConfig, RouteTarget } from '../config/config.ts'
import { GatewayError } from '../core/error.ts'
import type { Abilities } from '../core/abilities.ts'
import type { Holding } from '../core/holding.ts'
import type { EndpointConfig, EndpointModel } from '../providers/endpoint.ts'
import type { RetryPolicy } from '../routing/backoff.ts'
import { compile } from '../routing/condition.ts'
import { type Fallbacks, fallbacks } from '../routing/fallback.ts'
import { type HedgeState, hedgeState } from '../routing/hedge.ts'
import { type Plan, type Target, plan } from '../routing/pick.ts'
import { BUDGET, type BudgetPolicy, type RetryBudget, retryBudget } from '../routing/retry-budget.ts'
import type { Candidate } from '../routing/strategy.ts'
import { type Vitals, vitals } from '../routing/vitals.ts'
import type { DecidedPick } from './decisions.ts'
import { type Scope, blocked, leftOf, scope } from './limits.ts'

/** One thing a call can be sent to: endpoint and upstream model. */
export interface Deployment {
  endpoint: EndpointConfig
  /** The upstream's own model name. */
  model: string
  weight: number
  /** Shared by all routes that lead to it. */
  vitals: Vitals
  breaker: { threshold: number; openMs: number }
}

export interface Route {
  name: string
  config: RouteConfig
  deployments: Deployment[]
  plan: Plan
  fallback: Fallbacks
  retry: Partial<RetryPolicy>
  budget: { policy: BudgetPolicy; state: RetryBudget }
  /** First-byte times of streamed and of whole calls. */
  hedges: { stream: HedgeState; whole: HedgeState } | undefined
  shadow: { to: Deployment; share: number } | undefined
  scope: Scope | undefined
  /** Silence after which a streamed call gets keep-alives before its first byte (ms); undefined: never. */
  keepAliveAfterMs: number | undefined
  /** Its pick never depends on the call: made once, and shared by all records. */
  fixed: DecidedPick | undefined
}

/** What a route table needs of the runtime it is built for. */
export interface Live {
  vitalsOf(key: string): Vitals
  /** Limits of an endpoint. */
  scopeOf(endpoint: string): Scope | undefined
  /** What is known of a model at an endpoint, where the operator said nothing of it. */
  abilitiesOf?(endpoint: EndpointConfig, model: string): Abilities | undefined
  costOf?(endpoint: EndpointConfig, model: string): Candidate['costUsd']
  /** The route of the same name in the runtime that is replaced. */
  before?(name: string): Route | undefined
}

/** Names that callers made up and that are remembered. */
const MOST_MADE = 1_000

/** A model that is in memory has begun long before. */
const LOADING_MS = 15_000

/** Nothing is shared and nothing limited: for a look at a configuration, and for tests. */
const APART: Live = { vitalsOf: vitals, scopeOf: () => undefined }

/** An endpoint's breaker where nothing is declared. */
export const BREAKER = { failures: 5, openMs: 60_000 }

export interface RouteTable {
  /** @throws GatewayError `model_not_found`. */
  match(model: string): Route
  /** The route declared under exactly this name. */
  known(name: string): Route | undefined
  /** Public names with the endpoints behind them, in listing order. */
  list(): { name: string; endpoint: string; fixed: boolean }[]
  /** Of names that callers made up. */
  holding(): Holding
}

export function routeTable(config: Config, live: Live = APART): RouteTable {
  const endpoints = new Map(config.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  const routes = new Map<string, Route>()
  for (const route of config.routes) routes.set(route.name, build(route, endpoints, live))
  const wildcards = config.endpoints
    .filter((endpoint) => endpoint.wildcard)
    .sort((a, b) => b.priority - a.priority)
  // Routes made on the fly for `endpoint/model` and wildcard names; bounded, for a caller can invent names.
  const made = new Map<string, Route>()

  const single = (name: string, endpoint: EndpointConfig, model: string): Route => {
    let route = made.get(name)
    if (!route) {
      if (made.size >= MOST_MADE) made.clear()
      const targets = [{ endpoint: endpoint.id, model, weight: 1 }]
      route = build({ name, strategy: 'priority', targets, fallback: [] }, endpoints, live)
      made.set(name, route)
    }
    return route
  }

  return {
    match(model) {
      // Ollama's clients add a tag to every name that has none.
      const exact =
        routes.get(model) ??
        routes.get(config.aliases[model] ?? '') ??
        (model.endsWith(':latest') ? routes.get(model.slice(0, -':latest'.length)) : undefined)
      if (exact) return exact
      const slash = model.indexOf('/')
      const endpoint = slash > 0 ? endpoints.get(model.slice(0, slash)) : undefined
      if (endpoint) {
        const rest = model.slice(slash + 1)
        const declared = endpoint.models.find((entry) => entry.name === rest || entry.upstream === rest)
        if (declared) return single(model, endpoint, declared.upstream)
        if (endpoint.wildcard && rest !== '') return single(model, endpoint, rest)
      }
      const wildcard = wildcards[0]
      if (wildcard && model !== '') return single(model, wildcard, model)
      throw new GatewayError('model_not_found', notFound(model, [...routes.keys()]), { param: 'model' })
    },
    known: (name) => routes.get(name),
    holding: () => ({ entries: made.size, mostEntries: MOST_MADE }),
    list() {
      const rows = [...routes.values()].map((route) => ({
        name: route.name,
        endpoint: route.deployments[0]?.endpoint.id ?? '',
        fixed: true,
      }))
      for (const name of Object.keys(config.aliases))
        if (!routes.has(name)) rows.push({ name, endpoint: 'alias', fixed: true })
      return rows
    },
  }
}

function build(config: RouteConfig, endpoints: ReadonlyMap<string, EndpointConfig>, live: Live): Route {
  const { name, shadow } = config
  const before = live.before?.(name)
  const deployment = ({
    endpoint: id,
    model,
    weight,
  }: Pick<RouteTarget, 'endpoint' | 'model' | 'weight'>) => {
    const endpoint = endpoints.get(id)
    if (!endpoint) return undefined
    const { failures, openMs } = endpoint.breaker ?? BREAKER
    return {
      endpoint,
      model,
      weight,
      vitals: live.vitalsOf(`${id}/${model}`),
      breaker: { threshold: failures, openMs },
    }
  }
  const made = config.targets.flatMap((target) => {
    const found = deployment(target)
    return found ? [{ target, deployment: found }] : []
  })
  const deployments = made.map((row) => row.deployment)
  const targets = made.map((row) => targetOf(row.target, row.deployment, live))
  const shadowed = shadow && deployment({ ...shadow, weight: 1 })
  const policy = { ...BUDGET, ...(config.retryBudget === undefined ? {} : { share: config.retryBudget }) }
  const [only] = deployments
  return {
    name,
    config,
    deployments,
    plan: plan(config.strategy, targets, config.byAbility === true),
    fallback: fallbacks(config.fallback),
    retry: config.retry ?? {},
    budget: { policy, state: before?.budget.state ?? retryBudget(policy) },
    hedges: config.hedge ? (before?.hedges ?? { stream: hedgeState(), whole: hedgeState() }) : undefined,
    shadow: shadow && shadowed ? { to: shadowed, share: shadow.share } : undefined,
    scope: scope(`route "${name}"`, config.limits, before?.scope),
    keepAliveAfterMs: config.keepAliveAfterMs ?? (isLocal(deployments) ? LOADING_MS : undefined),
    fixed:
      deployments.length === 1 && only && config.targets[0]?.when === undefined
        ? {
            route: name,
            strategy: config.strategy,
            candidates: [{ endpoint: only.endpoint.id, model: only.model }],
            order: [0],
          }
        : undefined,
  }
}

/** Engines on this box or the next load a model when it is asked for. */
function isLocal(deployments: readonly Deployment[]): boolean {
  return deployments.length > 0 && deployments.every(({ endpoint }) => endpoint.provider.local === true)
}

function targetOf({ tier, canary, when }: RouteTarget, of: Deployment, live: Live): Target {
  const { endpoint, model, weight, vitals: state, breaker } = of
  const limits = live.scopeOf(endpoint.id)
  const declared = endpoint.models.find((row) => row.upstream === model)
  const abilities = declared?.abilities ?? live.abilitiesOf?.(endpoint, model)
  const costUsd = declared?.declaredPrice ? costAt(declared.declaredPrice) : live.costOf?.(endpoint, model)
  return {
    weight,
    tier: tier ?? 0,
    vitals: state,
    restMs: breaker.openMs,
    ...(canary === undefined ? {} : { canary }),
    ...(when === undefined ? {} : { when: compile(when) }),
    ...(abilities === undefined ? {} : { abilities }),
    ...(costUsd === undefined ? {} : { costUsd }),
    ...(limits === undefined
      ? {}
      : {
          blocked: (now: number) => blocked(limits, now),
          shareLeft: (now: number) => leftOf(limits, now),
        }),
  }
}

/** The price of so many tokens; cached input without a price of its own costs as much as any. */
export function costAt({ input, output, cachedInput = input }: NonNullable<EndpointModel['declaredPrice']>) {
  return (inputTokens: number, outputTokens: number, cachedShare: number): number =>
    (inputTokens * (input * (1 - cachedShare) + cachedInput * cachedShare) + outputTokens * output) / 1e6
}

function notFound(model: string, known: string[]): string {
  if (model === '') return 'no model was named; GET /v1/models lists what there is'
  const wanted = model.toLowerCase()
  const near = known
    .filter((name) => {
      const other = name.toLowerCase()
      return other.includes(wanted) || wanted.includes(other) || other.slice(0, 4) === wanted.slice(0, 4)
    })
    .slice(0, 3)
  const hint = near.length > 0 ? ` (did you mean ${near.map((name) => `"${name}"`).join(', ')}?)` : ''
  return `the model "${model}" is not served here${hint}; GET /v1/models lists what is`
}
