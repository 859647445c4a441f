// A `rate_limit:` or `limits:` block, wherever it stands.

import type { RateLimit } from '../../providers/endpoint.ts'
import type { RateLimitEntry } from '../schema.ts'

const MOST_ADAPTIVE = 200

/** Only what is given: an absent limit is no limit. */
export function limitsOf(entry: RateLimitEntry): RateLimit {
  const { adaptive } = entry
  const all = {
    rpm: entry.rpm,
    tpm: entry.tpm,
    requestsPerSecond: entry.requests_per_second,
    maxPaceMs: entry.max_pace_ms,
    concurrency: entry.concurrency,
    adaptive: adaptive && { min: adaptive.min ?? 1, max: adaptive.max ?? MOST_ADAPTIVE },
    maxQueue: entry.max_queue,
    queueWaitMs: entry.queue_wait_ms,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}
