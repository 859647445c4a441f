// The anomaly loop: one stream of an upstream's dialect, for a caller of a dialect, cut in two at every byte (same output),
// cut off at every byte (a valid prefix, then the dialect's own error) and stalled at every byte (the same, naming the
// limit). On the pump itself: no sockets, no clock.

import { expect, test } from 'vitest'
import { collector } from '../../src/core/collect.ts'
import type { Clock } from '../../src/core/clock.ts'
import type { AnswerContext, GenerationDialect, Quirks } from '../../src/core/dialect.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { StreamEvent } from '../../src/core/event.ts'
import { checkGrammar } from '../../src/core/grammar.ts'
import { type LiveStream, type StreamEnd, relayStream, translateStream } from '../../src/gateway/pump.ts'
import type { Consumer, Exchange } from '../../src/upstream/send.ts'
import { frameReader } from '../../src/wire/frames.ts'

export interface Pair {
  from: GenerationDialect
  to: GenerationDialect
  /** The upstream's. */
  quirks: Quirks
}

export const CONTEXT: AnswerContext = { model: 'm', id: 'req_1', created: 1_700_000_000, includeUsage: true }
/** No timer ever fires: what a limit does is told to the pump by hand. */
const still: Clock = {
  now: () => 1_700_000_000_000,
  monotonic: () => 0,
  timer: () => ({ cancel() {}, refresh() {} }),
}

interface Outcome {
  output: Buffer
  end: StreamEnd | undefined
  /** It failed before the first byte: the caller gets a whole error, or another deployment. */
  refused: GatewayError | undefined
}

interface How {
  writes: readonly Buffer[]
  /** How it breaks after them; absent: it ends. */
  error?: GatewayError
}

async function run({ from, to, quirks }: Pair, how: How): Promise<Outcome> {
  let consumer: Consumer | undefined
  let aborted = 0
  const exchange: Exchange = {
    status: 200,
    headers: {},
    consume: (taker) => {
      consumer = taker
    },
    pause() {},
    resume() {},
    abort: () => {
      aborted++
    },
  }
  const base = { exchange, clock: still, dialect: to, quirks, requestId: 'req_1' }
  const pending: Promise<LiveStream> =
    from === to
      ? relayStream({ ...base, endpoint: 'e', hideUsage: false })
      : translateStream({ ...base, from, context: CONTEXT })
  const chunks: Buffer[] = []
  let ends = 0
  let end: StreamEnd | undefined
  let refused: GatewayError | undefined
  const attached = pending.then(
    (live) => {
      live.onEnd((how) => {
        ends++
        end = how
      })
      live.attach({
        write: (bytes) => chunks.push(Buffer.from(bytes)) > 0,
        end() {},
        onDrain() {},
      })
    },
    (thrown: unknown) => {
      refused = thrown as GatewayError
    },
  )
  for (const bytes of how.writes) consumer?.data(bytes)
  if (how.error) consumer?.failed(how.error)
  else consumer?.end()
  await attached
  expect(ends + (refused ? 1 : 0), 'told its end exactly once').toBe(1)
  if (end?.error) expect(aborted, 'the upstream connection was closed').toBeGreaterThan(0)
  return { output: Buffer.concat(chunks), end, refused }
}

/** What a caller of the dialect makes of the bytes: the text and arguments it got, and how the stream ended. */
function understood(dialect: GenerationDialect, bytes: Buffer): { said: string; failed: boolean } {
  const events: StreamEvent[] = []
  const decoder = dialect.stream.decoder({}, (event) => events.push(event))
  const reader = frameReader(dialect.framing, { frame: (frame) => decoder.frame(frame) })
  reader.push(bytes)
  reader.end()
  decoder.end()
  expect(checkGrammar(events)).toBeUndefined()
  const fold = collector()
  let said = ''
  for (const event of events) {
    fold.event(event)
    if (event.type === 'delta') said += event.text
  }
  return { said, failed: events.at(-1)?.type === 'failure' }
}

/** The three tests of one pair. */
export function anomalies(pair: Pair, bytes: Buffer): void {
  const { to } = pair
  test('cut in two at every byte: the same output', async () => {
    const whole = await run(pair, { writes: [bytes] })
    expect(whole.end?.error).toBeUndefined()
    const want = whole.output.toString('utf8')
    for (let at = 0; at <= bytes.length; at++) {
      const { output } = await run(pair, {
        writes: [bytes.subarray(0, at), bytes.subarray(at)],
      })
      if (output.toString('utf8') !== want)
        expect({ at, output: output.toString('utf8') }).toEqual({ at, output: want })
    }
  })

  const stopped = (error: GatewayError) => async (): Promise<void> => {
    const whole = await run(pair, { writes: [bytes] })
    const all = understood(to, whole.output).said
    for (let at = 0; at < bytes.length; at++) {
      const got = await run(pair, { writes: [bytes.subarray(0, at)], error })
      if (got.refused) {
        expect(got.output.length, `byte ${at}`).toBe(0)
        continue
      }
      const { said, failed } = understood(to, got.output)
      expect(all.startsWith(said), `byte ${at}: ${said}`).toBe(true)
      // Once the terminal event has passed, the answer is whole, whatever happens to the connection.
      expect(failed || got.output.equals(whole.output), `byte ${at}`).toBe(true)
      if (failed) expect(got.output.toString('utf8'), `byte ${at}`).toContain(error.message)
    }
  }
  test(
    "cut off at every byte: a valid prefix, then an error in the caller's dialect",
    stopped(
      new GatewayError('stream_interrupted', 'the endpoint broke off its answer', {
        endpoint: 'e',
        phase: 'stream',
      }),
    ),
  )
  test(
    'stalled at every byte: a valid prefix, then the limit is named',
    stopped(
      new GatewayError('upstream_timeout', 'it took longer than its idle limit of 5 ms', {
        endpoint: 'e',
        phase: 'stream',
      }),
    ),
  )
}
