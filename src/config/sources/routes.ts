// The `routes:` block of trunkline.yaml.

import type { EndpointConfig } from '../../providers/endpoint.ts'
import { type Condition, compile } from '../../routing/condition.ts'
import type { ConfigProblem, RouteConfig, RouteTarget } from '../config.ts'
import { nearest } from '../nearest.ts'
import type { RouteEntry } from '../schema.ts'
import type { Path, ReadFile } from '../yaml-file.ts'
import { limitsOf } from './limits.ts'

type TargetEntry = RouteEntry['targets'][number]
type WhenEntry = NonNullable<Exclude<TargetEntry, string>['when']>

/** The `routes:` block, and what places its problems; the registry's routes have the same shape. */
export interface RouteEntries extends Pick<ReadFile, 'endpointIds' | 'place'> {
  value: Pick<ReadFile['value'], 'routes'>
}

/** What one route's entry is read with. */
interface Reading {
  name: string
  file: RouteEntries
  endpoints: readonly EndpointConfig[]
  problem(severity: 'error' | 'warning', what: string, path: Path): void
}

export function routesOf(
  file: RouteEntries,
  endpoints: readonly EndpointConfig[],
  problems: ConfigProblem[],
): RouteConfig[] {
  return Object.entries(file.value.routes ?? {}).map(([name, entry]) =>
    routeOf(entry, {
      name,
      file,
      endpoints,
      problem: (severity, what, path) =>
        problems.push({
          severity,
          message: `route "${name}": ${what}`,
          ...file.place(['routes', name, ...path]),
        }),
    }),
  )
}

function routeOf(entry: RouteEntry, reading: Reading): RouteConfig {
  const { shadow, retry, hedge } = entry
  const shadowed = shadow && deploymentOf(shadow.to, 'its shadow', ['shadow'], reading)
  if (entry.hedge && entry.targets.length < 2)
    reading.problem('warning', 'hedge needs a second deployment and does nothing', ['hedge'])
  const route: RouteConfig = {
    name: reading.name,
    // Weights mean nothing in the plain strategies.
    strategy: entry.strategy ?? (entry.targets.some(hasWeight) ? 'weighted' : 'priority'),
    fallback: fallbackOf(entry.fallback),
    targets: entry.targets.flatMap((target, index) => targetOf(target, index, reading)),
  }
  if (entry.by_ability !== undefined) route.byAbility = entry.by_ability
  if (entry.sticky !== undefined) route.sticky = entry.sticky
  if (shadowed) route.shadow = { ...shadowed, share: shadow?.share ?? 1 }
  if (retry) {
    const { max, base_ms: baseMs, cap_ms: capMs, jitter, budget } = retry
    route.retry = given({ max, baseMs, capMs, jitter })
    if (budget !== undefined) route.retryBudget = budget
  }
  if (entry.deadline_ms !== undefined) route.deadlineMs = entry.deadline_ms
  if (hedge) route.hedge = { share: hedge.share ?? 0.05, minDelayMs: hedge.min_delay_ms ?? 50 }
  if (entry.min_tokens_per_second !== undefined) route.minTokensPerSecond = entry.min_tokens_per_second
  if (entry.keep_alive_after_ms !== undefined) route.keepAliveAfterMs = entry.keep_alive_after_ms
  if (entry.limits) route.limits = limitsOf(entry.limits)
  if (entry.priority !== undefined) route.priority = entry.priority
  return route
}

function targetOf(target: TargetEntry, index: number, reading: Reading): RouteTarget[] {
  const path = ['targets', index]
  const to = typeof target === 'string' ? target : target.to
  const deployment = deploymentOf(to, `deployment ${index + 1}`, path, reading)
  if (!deployment) return []
  if (typeof target === 'string') return [{ ...deployment, weight: 1 }]
  const { weight, tier, canary } = target
  const when = target.when && conditionOf(target.when, index, reading)
  return [{ ...deployment, weight: weight ?? 1, ...given({ tier, canary, when }) }]
}

function deploymentOf(
  to: string,
  what: string,
  path: Path,
  { endpoints, file, problem }: Reading,
): Pick<RouteTarget, 'endpoint' | 'model'> | undefined {
  const slash = to.indexOf('/')
  const id = slash < 0 ? to : to.slice(0, slash)
  const endpoint = endpoints.find((row) => row.id === id)
  if (!endpoint) {
    // One that was declared and is faulty has been told already.
    if (!file.endpointIds.has(id)) {
      const known = endpoints.map((row) => row.id)
      const near = nearest(id, known)
      const hint = near === undefined ? '' : `; did you mean "${near}"?`
      problem(
        'error',
        `${what} names endpoint "${id}", which is not configured (known: ${known.join(', ') || 'none'})${hint}`,
        path,
      )
    }
    return undefined
  }
  const model = slash < 0 ? '' : to.slice(slash + 1)
  if (model === '') {
    problem('error', `${what} needs a model: write "${id}/<model>"`, path)
    return undefined
  }
  const declared = endpoint.models.find((row) => row.name === model)
  if (!declared && !endpoint.wildcard && !endpoint.models.some((row) => row.upstream === model)) {
    const names = endpoint.models.map((row) => row.name)
    problem(
      'warning',
      `${what} names "${model}", which endpoint "${id}" does not declare (known: ${names.join(', ')})`,
      path,
    )
  }
  return { endpoint: id, model: declared?.upstream ?? model }
}

function conditionOf(entry: WhenEntry, index: number, { problem }: Reading): Condition | undefined {
  const { header, metadata, model, stream, text, time } = entry
  const condition = given({
    header,
    metadata,
    model,
    stream,
    text,
    time: time && given(time),
    minBytes: entry.min_bytes,
    maxBytes: entry.max_bytes,
    minTokens: entry.min_tokens,
    maxTokens: entry.max_tokens,
  }) as Condition
  try {
    compile(condition)
  } catch (thrown) {
    problem('error', `deployment ${index + 1}: when.${(thrown as Error).message}`, ['targets', index, 'when'])
    return undefined
  }
  return condition
}

/** As the configuration has it: one list, or one per cause. */
export function fallbackOf(entry: RouteEntry['fallback']): RouteConfig['fallback'] {
  if (entry === undefined || Array.isArray(entry)) return entry ?? []
  return given(entry)
}

function hasWeight(target: TargetEntry): boolean {
  return typeof target !== 'string' && target.weight !== undefined
}

/** The members that are there. */
function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
