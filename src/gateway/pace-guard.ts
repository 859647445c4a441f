// Ends a stream that drips below its route's declared rate: the exchange itself, with an eye on what passes.

import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/error.ts'
import { tempo, tooSlow } from '../routing/tempo.ts'
import type { Exchange } from '../upstream/send.ts'

export function paceGuard(
  exchange: Exchange,
  minTokensPerSecond: number,
  endpoint: string,
  clock: Clock,
): Exchange {
  const state = tempo(clock.monotonic())
  return {
    status: exchange.status,
    headers: exchange.headers,
    pause: () => exchange.pause(),
    resume: () => exchange.resume(),
    abort: () => exchange.abort(),
    consume(consumer) {
      exchange.consume({
        end: () => consumer.end(),
        failed: (error) => consumer.failed(error),
        data(chunk) {
          const seen = { events: eventsIn(chunk), bytes: chunk.length }
          if (!tooSlow(state, seen, minTokensPerSecond, clock.monotonic())) return consumer.data(chunk)
          exchange.abort()
          consumer.failed(
            new GatewayError(
              'upstream_timeout',
              `endpoint "${endpoint}" streams slower than ${minTokensPerSecond} tokens a second`,
              { endpoint, phase: 'stream' },
            ),
          )
        },
      })
    },
  }
}

/** Lines that end: an event has one to three, and the rate is only judged against a declared floor. */
function eventsIn(chunk: Buffer): number {
  let count = 0
  for (let at = chunk.indexOf('data:'); at >= 0; at = chunk.indexOf('data:', at + 5)) count++
  if (count > 0) return count
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count++
  return count
}
