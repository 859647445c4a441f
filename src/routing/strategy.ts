// The contract of a strategy: given the candidates that may be tried now, in which order. Pure but for the route's own
// memory (turns, credits); the clock and chance come in as values.

import type { Random } from '../core/clock.ts'
import type { Vitals } from './vitals.ts'

export type StrategyName =
  | 'priority'
  | 'round_robin'
  | 'weighted'
  | 'least_busy'
  | 'fastest'
  | 'cheapest'
  | 'headroom'

/** One deployment of a route, as a strategy sees it. */
export interface Candidate {
  weight: number
  vitals: Vitals
  /**
   * US dollars for so many tokens, from the catalogue; undefined: the price is not known, which is not the same as free.
   * @param cachedShare share of the input that its prompt cache will serve.
   */
  costUsd?: (inputTokens: number, outputTokens: number, cachedShare: number) => number | undefined
  /** Share left of our own limits for it, 0 to 1. */
  shareLeft?: (now: number) => number | undefined
}

/** What a strategy may know of the call. */
export interface Demand {
  inputTokens: number
  outputTokens: number
}

/** What a strategy remembers between the picks of one route. */
export interface Memory {
  /** Whose turn it is. */
  turn: number
  /** Running credit per candidate. */
  credits: number[]
  /** The candidate picked last, -1 before the first pick. */
  last: number
}

export function memory(): Memory {
  return { turn: 0, credits: [], last: -1 }
}

export interface Ranking {
  candidates: readonly Candidate[]
  /** Indexes that may be tried now, in declared order. To be put in the order to try. */
  order: number[]
  /** By index; a strategy that has a number for a candidate writes it here, lower is better. */
  scores: number[]
  memory: Memory
  demand: Demand
  now: number
  random: Random
}

/** Sorts `order` in place, the pick first. */
export type Strategy = (ranking: Ranking) => void

/** Stable, in place, by score; short lists make insertion sort the fast one. */
export function byScore(order: number[], scores: readonly number[], from = 0): void {
  for (let i = from + 1; i < order.length; i++) {
    const index = order[i] as number
    const score = scores[index] as number
    let at = i - 1
    while (at >= from && (scores[order[at] as number] as number) > score) {
      order[at + 1] = order[at] as number
      at--
    }
    order[at + 1] = index
  }
}

/** Turns the list so that equals do not always meet in the same order. */
export function rotate(order: number[], by: number): void {
  const { length } = order
  if (length < 2) return
  const shift = by % length
  if (shift === 0) return
  order.push(...order.splice(0, shift))
}

/** Moves the entry at `at` to the front. */
export function promote(order: number[], at: number): void {
  if (at <= 0) return
  const [index] = order.splice(at, 1)
  order.unshift(index as number)
}
