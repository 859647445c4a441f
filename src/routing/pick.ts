// From a route's deployments to the order in which one call tries them: who is out (rule, ability, tier), who is put
// last (resting, asked to wait), then sticky and canary on top of the strategy. Pure but for the route's memory.

import type { Abilities } from '../core/abilities.ts'
import type { Random } from '../core/clock.ts'
import { type Needs, lacking } from './capability.ts'
import type { CallFacts, Test } from './condition.ts'
import { STRATEGIES } from './strategies/index.ts'
import { belongsTo } from './sticky.ts'
import { type Candidate, type Demand, type Memory, type StrategyName, memory, promote } from './strategy.ts'

/** One deployment of a route with all that decides whether it is tried. */
export interface Target extends Candidate {
  /** Lower ones first; a higher tier is reached only when no one below it can be tried. */
  tier: number
  /** Share of calls (0 to 1) that go to it on trial; it takes no other calls while others are there. */
  canary?: number
  when?: Test
  abilities?: Abilities
  /** How long its breaker stays open (ms). */
  restMs: number
  /** Our own limits for it leave no room now; undefined: they do. */
  blocked?: (now: number) => { why: string; until: number } | undefined
}

export interface Plan {
  strategy: StrategyName
  targets: readonly Target[]
  /** The request's needs are held against the targets' abilities. */
  byAbility: boolean
  memory: Memory
}

export function plan(strategy: StrategyName, targets: readonly Target[], byAbility = false): Plan {
  return { strategy, targets, byAbility, memory: memory() }
}

export interface Asked {
  demand: Demand
  facts: CallFacts
  needs?: () => Needs
  /** The conversation's key, and how it was told. */
  session?: { key: number; by: string } | undefined
}

export interface Picked {
  /** Indexes of targets, the pick first. Empty: no target takes this call. */
  order: number[]
  /** By index; lower is better. */
  scores: number[]
  /** By index: why it is out or last. */
  refused: (string | undefined)[]
  because?: string
}

export function pick(
  { strategy, targets, byAbility, memory: remembered }: Plan,
  asked: Asked,
  now: number,
  random: Random,
): Picked {
  const refused: (string | undefined)[] = []
  const scores: number[] = []
  const open: number[] = []
  const last: number[] = []
  const trial: number[] = []
  let unable: number[] | undefined
  let tiers = false
  for (let index = 0; index < targets.length; index++) {
    const target = targets[index] as Target
    const failed = target.when?.(asked.facts, now)
    if (failed !== undefined) {
      refused[index] = `its rule does not hold: ${failed}`
      continue
    }
    if (byAbility && target.abilities && asked.needs) {
      const missing = lacking(asked.needs(), target.abilities)
      if (missing !== undefined) {
        refused[index] = missing
        ;(unable ??= []).push(index)
        continue
      }
    }
    const rest = resting(target, now)
    if (rest !== undefined) {
      refused[index] = rest
      last.push(index)
      continue
    }
    if (target.canary === undefined) open.push(index)
    else trial.push(index)
    if (target.tier !== (targets[0] as Target).tier) tiers = true
  }
  const ranking = {
    candidates: targets,
    order: open,
    scores,
    memory: remembered,
    demand: asked.demand,
    now,
    random,
  }
  let order: number[]
  if (tiers) order = byTier(open, targets, (tier) => STRATEGIES[strategy]({ ...ranking, order: tier }))
  else {
    STRATEGIES[strategy](ranking)
    order = open
  }
  let because = stick(order, targets, asked, now)
  if (because === undefined) because = tryOut(order, trial, targets, random)
  for (const index of trial) if (!order.includes(index)) order.push(index)
  if (last.length > 1)
    last.sort((a, b) => readyAt(targets[a] as Target, now) - readyAt(targets[b] as Target, now))
  order.push(...last)
  // Nobody is known to be able: then nobody is known to be unable either; the upstream's own answer decides.
  if (order.length === 0 && unable) order.push(...unable)
  return because === undefined ? { order, scores, refused } : { order, scores, refused, because }
}

/** Each tier in its own order, lowest first. */
function byTier(
  open: readonly number[],
  targets: readonly Target[],
  rank: (tier: number[]) => void,
): number[] {
  const tiers = [...new Set(open.map((index) => (targets[index] as Target).tier))].sort((a, b) => a - b)
  return tiers.flatMap((tier) => {
    const members = open.filter((index) => (targets[index] as Target).tier === tier)
    rank(members)
    return members
  })
}

/** The place of a conversation is its first tier's; it moves only when that one cannot be tried. */
function stick(
  order: number[],
  targets: readonly Target[],
  { session }: Asked,
  now: number,
): string | undefined {
  if (order.length === 0) return undefined
  if (!session) return undefined
  const { tier } = targets[order[0] as number] as Target
  let among = 1
  while (among < order.length && (targets[order[among] as number] as Target).tier === tier) among++
  const at = belongsTo(session.key, order, among, targets, now)
  promote(order, at)
  return `sticky by ${session.by}`
}

function tryOut(
  order: number[],
  trial: readonly number[],
  targets: readonly Target[],
  random: Random,
): string | undefined {
  if (trial.length === 0) return undefined
  let chance = random()
  for (const index of trial) {
    const share = (targets[index] as Target).canary ?? 0
    if (chance < share) {
      order.unshift(index)
      return `canary share of ${share}`
    }
    chance -= share
  }
  return undefined
}

function readyAt({ vitals, restMs, blocked }: Target, now: number): number {
  const { openedAt } = vitals.breaker
  return Math.max(
    vitals.coolUntil,
    openedAt === undefined ? 0 : openedAt + restMs,
    blocked?.(now)?.until ?? 0,
  )
}

/** Why a target is put last, by a look only: the half-open trial is claimed when the attempt is made. */
function resting({ vitals, restMs, blocked }: Target, now: number): string | undefined {
  const { breaker } = vitals
  if (breaker.openedAt !== undefined) {
    const waitMs = breaker.openedAt + restMs - now
    if (waitMs > 0) return `resting after ${breaker.failures} failures, ${waitMs} ms left`
    if (breaker.trial) return 'resting, one trial call is under way'
  }
  if (vitals.coolUntil > now) return `asked us to wait, ${vitals.coolUntil - now} ms left`
  return blocked?.(now)?.why
}
