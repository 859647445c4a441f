// Rate-limit headers of every vendor met, as one shape per dimension. Their names differ in word order and unit only,
// so one reading of the name serves all: which number it is (limit, remaining, reset) and of what (requests, tokens).

import { waitOf } from './duration.ts'

export interface Allowance {
  limit?: number
  remaining?: number
  /** When the window is full again as the upstream says it, ms since the epoch. */
  resetAt?: number
  /** Until then the numbers mean something: the reset, else a window of the usual length. */
  goodUntil: number
}

/** By dimension, e.g. `requests`, `tokens`, `input-tokens`, `requests-day`. */
export type Headroom = Record<string, Allowance>

/** `x-ratelimit-remaining-tokens`, `x-ratelimit-limit-tokens-minute`, `anthropic-ratelimit-requests-reset`,
 * `x-tokenlimit-remaining`, `ratelimit-remaining` ... */
const NAME = /^(?:x-|anthropic-|azure-)?(ratelimit|tokenlimit)-(.+)$/
const WORDS: Readonly<Record<string, 'limit' | 'remaining' | 'resetAt'>> = {
  limit: 'limit',
  remaining: 'remaining',
  reset: 'resetAt',
}

/** Header names are lower-case. undefined: the answer says nothing of limits. */
export function headroomOf(headers: Readonly<Record<string, string>>, now: number): Headroom | undefined {
  let found: Headroom | undefined
  for (const name in headers) {
    // Most headers are not ours; a look at one letter spares the expression.
    if (!name.includes('limit-')) continue
    const match = NAME.exec(name)
    if (!match) continue
    const [, kind, rest] = match as unknown as [string, string, string]
    const words = rest.split('-')
    const at = words.findIndex((word) => word in WORDS)
    if (at < 0) continue
    const what = WORDS[words[at] as string] as 'limit' | 'remaining' | 'resetAt'
    words.splice(at, 1)
    if (words[0] === 'req') words[0] = 'requests'
    const dimension = words.length > 0 ? words.join('-') : kind === 'tokenlimit' ? 'tokens' : 'requests'
    const value = headers[name] as string
    const usual = dimension.endsWith('day') ? 86_400_000 : 60_000
    found ??= {}
    const row = (found[dimension] ??= { goodUntil: now + usual })
    if (what === 'resetAt') {
      const wait = waitOf(value, now)
      if (wait !== undefined) row.goodUntil = row.resetAt = now + wait
    } else {
      const number = Number.parseFloat(value)
      if (Number.isFinite(number)) row[what] = number
    }
  }
  return found
}

/**
 * The share left of the tightest dimension, 0 to 1; undefined: nothing is known, or all of it is out of date.
 * @param spent calls sent since, which the upstream has not counted yet.
 */
export function shareLeft(headroom: Headroom, spent: number, now: number): number | undefined {
  let least: number | undefined
  for (const dimension in headroom) {
    const row = headroom[dimension] as Allowance
    if (row.limit === undefined || row.remaining === undefined || row.limit <= 0) continue
    if (row.goodUntil <= now) continue
    const open = dimension.startsWith('requests') ? row.remaining - spent : row.remaining
    const share = Math.max(0, Math.min(1, open / row.limit))
    if (least === undefined || share < least) least = share
  }
  return least
}
