// The caller's side of one stream: coalesces what arrives together into one write, holds writes back until the server
// attaches, passes back-pressure to the upstream, and keeps a silent connection alive.

import type { Clock, Timer } from '../core/clock.ts'
import type { Sink } from './call.ts'

const KEEP_ALIVE_MS = 15_000

export interface Outlet {
  write(bytes: Buffer | string): void
  /** Sends what `write` gathered. Call it once per upstream read. */
  flush(): void
  end(): void
  attach(sink: Sink): void
  readonly ended: boolean
}

/** @param flow called when the caller is full (pause) and when it has room again (resume). */
export function outlet(clock: Clock, keepAlive: string, flow: { pause(): void; resume(): void }): Outlet {
  let sink: Sink | undefined
  let pending: (Buffer | string)[] = []
  let ended = false
  let full = false
  let idle: Timer | undefined

  const send = (): void => {
    if (!sink || pending.length === 0) return
    const batch = pending
    pending = []
    const first = batch[0] as Buffer | string
    const bytes =
      batch.length === 1
        ? first
        : batch.every((piece) => typeof piece === 'string')
          ? batch.join('')
          : Buffer.concat(batch.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
    idle?.refresh()
    if (!sink.write(bytes) && !full && !ended) {
      full = true
      flow.pause()
      sink.onDrain(() => {
        full = false
        flow.resume()
      })
    }
  }

  const beat = (): void => {
    if (ended || !sink) return
    if (!full) sink.write(keepAlive)
    idle = clock.timer(KEEP_ALIVE_MS, beat)
  }

  return {
    get ended() {
      return ended
    },
    write(bytes) {
      if (!ended && bytes.length > 0) pending.push(bytes)
    },
    flush: send,
    end() {
      if (ended) return
      send()
      ended = true
      idle?.cancel()
      sink?.end()
    },
    attach(target) {
      sink = target
      send()
      if (ended) sink.end()
      else idle = clock.timer(KEEP_ALIVE_MS, beat)
    },
  }
}
