// A local engine may load its model for minutes before it says a word, and somewhere on the way a proxy or a client
// gives up on a silent connection. After a declared while a streamed call is therefore answered with its head and a
// keep-alive now and then; what comes of it follows on the same stream, a failure as the dialect's in-band error.

import { GatewayError } from '../core/error.ts'
import type { Timer } from '../core/clock.ts'
import { STREAM_TYPE } from '../wire/frames.ts'
import type { Call, Reply, Sink } from './call.ts'
import type { CallRecord } from './record.ts'
import type { Runtime } from './runtime.ts'

const BEAT_MS = 10_000

/** The reply itself when it is there within `afterMs`, else the beginning of one. */
export function earlyReply(
  reply: Promise<Reply>,
  afterMs: number,
  call: Call,
  record: CallRecord,
  { clock }: Pick<Runtime, 'clock'>,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const timer = clock.timer(afterMs, () =>
      resolve({
        status: 200,
        headers: {
          'content-type': STREAM_TYPE[call.dialect.framing],
          'cache-control': 'no-cache',
          'x-accel-buffering': 'no',
          'x-request-id': call.id,
        },
        stream: (sink) => follow(sink),
      }),
    )
    reply.then(
      (found) => {
        timer.cancel()
        resolve(found)
      },
      (thrown: unknown) => {
        timer.cancel()
        reject(thrown instanceof Error ? thrown : new Error(String(thrown)))
      },
    )
  })

  function follow(sink: Sink): void {
    let beat: Timer | undefined
    const wait = (): void => {
      if (call.cancel.raised) return
      sink.write(call.dialect.stream.keepAlive)
      beat = clock.timer(BEAT_MS, wait)
    }
    wait()
    const gone = call.cancel.onRaise(() => beat?.cancel())
    const over = (): void => {
      beat?.cancel()
      gone()
    }
    reply.then(
      (found) => {
        over()
        if ('stream' in found) return found.stream(sink)
        if (call.cancel.raised) return undefined
        const error =
          record.error ?? new GatewayError('internal', 'the answer to a streamed call is no stream')
        sink.write(call.dialect.stream.failure(error, call.id))
        return sink.end()
      },
      () => {
        over()
        sink.end()
      },
    )
  }
}
