// What a call cost, in US dollars. Pure. A count or a rate that is needed and not known makes the cost unknown, never 0.

import { asNumber, isObject } from '../core/json.ts'
import type { Price, PriceTier } from '../core/price.ts'
import type { Usage } from '../core/usage.ts'

type Rates = Omit<Price, 'asOf' | 'tiers'>

/** US dollars, exact to a millionth of a millionth; undefined: not known. */
export function costUsd(usage: Usage, price: Price): number | undefined {
  const { input, output } = usage
  if (input === undefined && output === undefined) return undefined
  const rates = ratesFor(price, input ?? 0)
  const read = usage.cacheRead ?? 0
  const write = usage.cacheWrite ?? 0
  const write1h = usage.cacheWrite1h ?? 0
  const audioIn = rates.audioInput === undefined ? 0 : (usage.audioInput ?? 0)
  const audioOut = rates.audioOutput === undefined ? 0 : (usage.audioOutput ?? 0)
  const reasoning = rates.reasoning === undefined ? 0 : (usage.reasoning ?? 0)
  const items: [tokens: number, rate: number | undefined][] = [
    [Math.max(0, (input ?? 0) - read - write - audioIn), rates.input],
    [read, rates.cacheRead],
    [Math.max(0, write - write1h), rates.cacheWrite],
    [write1h, rates.cacheWrite1h],
    [audioIn, rates.audioInput],
    [Math.max(0, (output ?? 0) - reasoning - audioOut), rates.output],
    [reasoning, rates.reasoning],
    [audioOut, rates.audioOutput],
  ]
  let total = 0
  for (const [tokens, rate] of items) {
    if (tokens === 0) continue
    if (rate === undefined) return undefined
    total += tokens * rate
  }
  // Dollars per million tokens; the rounding takes off what binary fractions added.
  return Math.round(total * 1e6) / 1e12
}

/** The highest tier that the input reaches holds for the whole request; what it does not name is as below. */
function ratesFor({ asOf: _asOf, tiers, ...base }: Price, input: number): Rates {
  let rates: Rates = base
  for (const tier of tiers ?? []) if (input > tier.above) rates = { ...base, ...named(tier) }
  return rates
}

function named({ above: _above, ...rates }: PriceTier): Rates {
  return rates
}

/**
 * What the upstream itself says a call cost, which counts before any list: OpenRouter and the like under `cost`,
 * Perplexity in an object of it, xAI in ten-billionths of a dollar.
 */
export function reportedCostUsd(usage: Usage): number | undefined {
  const raw = usage.raw?.value
  if (!raw) return undefined
  const ticks = asNumber(raw.cost_in_usd_ticks)
  if (ticks !== undefined) return ticks / 1e10
  return isObject(raw.cost) ? asNumber(raw.cost.total_cost) : asNumber(raw.cost)
}
