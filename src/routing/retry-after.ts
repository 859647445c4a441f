// How long an upstream asks us to wait, in all the forms met: `retry-after-ms`, `Retry-After` (seconds, fractional,
// HTTP date), and the reset of whichever rate limit is used up.

import { waitOf } from './duration.ts'
import { type Headroom, headroomOf } from './rate-headers.ts'

type Headers = Readonly<Record<string, string>>

/** A wait beyond a day is an account that is closed, not a pause. */
const CAP_MS = 86_400_000

/**
 * Ms to wait, or undefined when the answer says nothing of it. Header names are lower-case.
 * `Retry-After` wins over the resets, for it is about this call; a reset counts only where nothing is left.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const exact = headers['retry-after-ms']
  if (exact !== undefined && /^\d+(\.\d+)?$/.test(exact.trim())) return Math.min(CAP_MS, Number(exact))
  const plain = headers['retry-after']
  if (plain !== undefined) {
    const ms = waitOf(plain, now)
    if (ms !== undefined) return Math.min(CAP_MS, ms)
  }
  return resetMs(headroomOf(headers, now) ?? {}, now)
}

/** The longest reset among the dimensions with nothing left. */
function resetMs(headroom: Headroom, now: number): number | undefined {
  let longest: number | undefined
  for (const row of Object.values(headroom)) {
    if (row.resetAt === undefined || row.remaining === undefined || row.remaining > 0) continue
    const ms = Math.max(0, row.resetAt - now)
    if (longest === undefined || ms > longest) longest = ms
  }
  return longest === undefined ? undefined : Math.min(CAP_MS, longest)
}
