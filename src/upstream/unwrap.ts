// An exchange whose body is unwrapped on its way: the consumer sees the dialect's own framing.

import { normalise } from '../core/error.ts'
import { chunksToSse } from '../wire/aws-chunks.ts'
import type { Exchange } from './send.ts'

/** A stream of Amazon's chunks as server-sent events; pausing and aborting reach the connection as before. */
export function unwrapChunks(exchange: Exchange): Exchange {
  return {
    status: exchange.status,
    headers: { ...exchange.headers, 'content-type': 'text/event-stream' },
    pause: () => exchange.pause(),
    resume: () => exchange.resume(),
    abort: () => exchange.abort(),
    consume(consumer) {
      // What one read brought travels on as one piece.
      let pieces: Buffer[] = []
      const reader = chunksToSse((bytes) => pieces.push(bytes))
      const handOver = (): void => {
        if (pieces.length === 0) return
        const whole = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
        pieces = []
        consumer.data(whole)
      }
      let over = false
      const guarded = (step: () => void): void => {
        if (over) return
        try {
          step()
        } catch (thrown) {
          over = true
          exchange.abort()
          handOver()
          consumer.failed(normalise(thrown))
        }
      }
      exchange.consume({
        data: (chunk) =>
          guarded(() => {
            reader.push(chunk)
            handOver()
          }),
        end: () =>
          guarded(() => {
            reader.end()
            over = true
            consumer.end()
          }),
        failed(error) {
          if (over) return
          over = true
          consumer.failed(error)
        },
      })
    },
  }
}
