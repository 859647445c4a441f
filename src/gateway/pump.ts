// One streamed answer on its way from an upstream's bytes to the caller's: relayed (bytes pass, a meter looks on) or
// translated (decoder, events, encoder). Both keep the commit point: until the first good frame a failure is thrown
// and may move on; after it, a failure becomes the caller's dialect's in-band error and the stream ends.

import type { Clock } from '../core/clock.ts'
import type { AnswerContext, GenerationDialect, Metered, Quirks } from '../core/dialect.ts'
import { GatewayError, normalise } from '../core/error.ts'
import type { EventSink, StreamEvent } from '../core/event.ts'
import type { Usage } from '../core/usage.ts'
import type { Exchange } from '../upstream/send.ts'
import { splice } from '../wire/json-splice.ts'
import { frameReader, frameSplitter } from '../wire/frames.ts'
import { sseFrame } from '../wire/sse.ts'
import { sift } from '../wire/sse-split.ts'
import type { Sink } from './call.ts'
import { type Outlet, outlet } from './outlet.ts'

/** How a stream ended, told exactly once. */
export interface StreamEnd {
  usage?: Usage
  /** Absent: it ended as it should. */
  error?: GatewayError
  endedBy: 'caller' | 'gateway' | 'upstream'
}

export interface LiveStream {
  attach(sink: Sink): void
  /** Each listener is called once when everything is sent or given up; at once where that is past. */
  onEnd(fn: (end: StreamEnd) => void): void
}

/** What a pump does with the upstream's bytes. Throwing or `fail` ends the stream. */
interface Valve {
  chunk(bytes: Buffer): void
  /** The upstream's bytes ended; returns the failure when they ended too early. */
  finish(): GatewayError | undefined
  usage(): Usage | undefined
  /** The failure that the upstream itself told inside the stream and that was passed on word for word. */
  told?(): GatewayError | undefined
  /** Says the failure in-band, where the stream is written here; otherwise the dialect's own frame is sent. */
  say?(error: GatewayError): void
}

interface Gate {
  out: Outlet
  /** The first good frame was seen. */
  good(): void
  fail(error: GatewayError): void
}

interface PumpOptions {
  exchange: Exchange
  clock: Clock
  dialect: GenerationDialect
  requestId: string
  makeValve(gate: Gate): Valve
}

/** Resolves at the commit point; rejects with the failure that came before it. */
function pump({ exchange, clock, dialect, requestId, makeValve }: PumpOptions): Promise<LiveStream> {
  return new Promise((resolve, reject) => {
    const out = outlet(clock, dialect.stream.keepAlive, exchange)
    let committed = false
    let over = false
    let end: StreamEnd | undefined
    const listeners: ((end: StreamEnd) => void)[] = []

    const settle = (how: StreamEnd): void => {
      const usage = valve.usage()
      end = usage ? { ...how, usage } : how
      for (const listener of listeners) listener(end)
    }
    const fail = (error: GatewayError): void => {
      if (over) return
      over = true
      exchange.abort()
      if (!committed) {
        // A broken connection that delivered nothing is no interrupted stream: the caller never saw it begin.
        reject(
          error.kind === 'stream_interrupted'
            ? new GatewayError('bad_upstream_response', error.message, {
                phase: 'firstByte',
                cause: error,
                ...(error.endpoint === undefined ? {} : { endpoint: error.endpoint }),
              })
            : error,
        )
        return
      }
      const gone = error.kind === 'caller_gone'
      if (!gone && !valve.told?.()) {
        if (valve.say) valve.say(error)
        else out.write(dialect.stream.failure(error, requestId))
      }
      out.end()
      settle({ error, endedBy: gone ? 'caller' : error.kind === 'internal' ? 'gateway' : 'upstream' })
    }
    const good = (): void => {
      if (committed || over) return
      committed = true
      resolve({
        attach: (sink) => out.attach(sink),
        onEnd(fn) {
          if (end) fn(end)
          else listeners.push(fn)
        },
      })
    }
    const valve = makeValve({ out, good, fail })

    exchange.consume({
      data(bytes) {
        if (over) return
        try {
          valve.chunk(bytes)
        } catch (thrown) {
          return fail(normalise(thrown))
        }
        if (committed && !over) out.flush()
      },
      end() {
        if (over) return
        let early: GatewayError | undefined
        try {
          early = valve.finish()
        } catch (thrown) {
          early = normalise(thrown)
        }
        if (early) return fail(early)
        if (over) return
        over = true
        if (!committed)
          return reject(new GatewayError('bad_upstream_response', 'the stream ended without an event'))
        out.end()
        const told = valve.told?.()
        settle({ endedBy: 'upstream', ...(told ? { error: told } : {}) })
      },
      failed: fail,
    })
  })
}

export interface RelayOptions {
  exchange: Exchange
  clock: Clock
  dialect: GenerationDialect
  quirks: Quirks
  requestId: string
  endpoint: string
  /** We asked for usage on our own: its chunk, and the `usage: null` of the others, are held back. */
  hideUsage: boolean
  /** Told what the meter has found, once when the answer's id is known and once when it is complete. */
  told?: (found: Metered) => void
}

export function relayStream(options: RelayOptions): Promise<LiveStream> {
  const { dialect, endpoint } = options
  const meter = dialect.meter(options.quirks)
  return pump({
    ...options,
    makeValve({ out, good, fail }) {
      let seen = false
      let toldId = false
      let toldAll = false
      const tellOnce = (): void => {
        const { id, answer } = meter.result
        if ((id === undefined || toldId) && (answer === undefined || toldAll)) return
        toldId = id !== undefined
        toldAll = answer !== undefined
        options.told?.(meter.result)
      }
      const { splitter, frameOf } = frameSplitter(dialect.framing, (raw) => {
        const frame = frameOf(raw)
        if (!frame) return out.write(raw)
        const before = meter.result.error
        meter.frame(frame)
        const { error, late } = meter.result
        if (options.told) tellOnce()
        if (error && !seen) return fail(error)
        if (late === true && error !== before) return
        seen = true
        const bytes = options.hideUsage ? withoutUsage(raw, frame.data) : raw
        if (bytes) out.write(bytes)
        good()
      })
      const plain = (stretch: Buffer): void => {
        seen = true
        out.write(stretch)
        good()
      }
      const worth = options.hideUsage ? withUsage(meter.worth) : meter.worth
      return {
        chunk(bytes) {
          if (dialect.framing !== 'sse') splitter.push(bytes)
          else sift(options.hideUsage ? withoutNulls(bytes) : bytes, worth, plain, splitter)
        },
        finish() {
          const rest = splitter.rest()
          const frame = rest.length > 0 ? frameOf(rest) : undefined
          if (frame) {
            // A last event without its blank line: every client in use takes it, if it is whole.
            meter.frame(frame)
            const complete = meter.result.terminal || isJson(frame.data)
            if (complete) {
              out.write(rest)
              good()
            }
          }
          const { terminal, finish, error } = meter.result
          if (terminal || error || finish.some((word) => word !== null && word !== undefined))
            return undefined
          return new GatewayError('stream_interrupted', `endpoint "${endpoint}" ended its stream too early`, {
            endpoint,
            phase: 'stream',
          })
        },
        usage: () => meter.result.usage,
        told: () => meter.result.error,
      }
    },
  })
}

const wider = new Map<RegExp, RegExp>()

/** Any mention of usage is worth a look where it must be hidden. */
function withUsage(worth: RegExp): RegExp {
  let found = wider.get(worth)
  if (!found) wider.set(worth, (found = new RegExp(`"usage"|${worth.source}`, 'g')))
  return found
}

const NULL_AT_END = ',"usage":null}\n'

/** OpenAI ends each event with `"usage":null` once usage is asked for: cut from a whole read, in one pass. */
function withoutNulls(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1')
  return text.includes(NULL_AT_END) ? Buffer.from(text.replaceAll(NULL_AT_END, '}\n'), 'latin1') : bytes
}

/** The event without what the caller did not ask for; undefined when nothing is left of it. */
function withoutUsage(raw: Buffer, data: string): Buffer | string | undefined {
  if (!data.includes('"usage"')) return raw
  if (/"choices"\s*:\s*\[\s*\]/.test(data)) return undefined
  if (!/"usage"\s*:\s*null/.test(data)) return raw
  return sseFrame('', splice(Buffer.from(data), { usage: undefined }).toString('utf8'))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

export interface TranslateOptions {
  exchange: Exchange
  clock: Clock
  /** The upstream's dialect. */
  from: GenerationDialect
  /** The caller's dialect. */
  dialect: GenerationDialect
  quirks: Quirks
  context: AnswerContext
  requestId: string
  /** Ahead of all else: passes on what becomes of the event (an echoed prefix, calls written into the text). */
  filter?: (event: StreamEvent, next: EventSink) => void
  /** Applied to each event on its way (tool names back to the caller's). */
  rewrite?: (event: StreamEvent) => StreamEvent
  /** After that: passes on what becomes of the event (free-text calls out of their wrapper). */
  unwrap?: (event: StreamEvent, next: EventSink) => void
}

export function translateStream(options: TranslateOptions): Promise<LiveStream> {
  const { from, dialect, filter, rewrite, unwrap } = options
  return pump({
    ...options,
    makeValve({ out, good, fail }) {
      const encoder = dialect.stream.encoder(options.context, (text) => out.write(text))
      const encode: EventSink = (event) => encoder.event(event)
      let usage: Usage | undefined
      let failure: GatewayError | undefined
      let ending = false
      const sink: EventSink = (event) => {
        if (failure) return
        if (event.type === 'failure') {
          // A last event that cannot be read is one that was cut off.
          failure =
            ending && event.error.kind === 'bad_upstream_response' && !event.error.upstreamStatus
              ? new GatewayError(
                  'stream_interrupted',
                  `the upstream ended its stream too early: ${event.error.message}`,
                  {
                    phase: 'stream',
                    cause: event.error,
                  },
                )
              : event.error
          return fail(failure)
        }
        if (event.type === 'usage') usage = event.usage
        const told = rewrite ? rewrite(event) : event
        if (unwrap) unwrap(told, encode)
        else encode(told)
        good()
      }
      const decoder = from.stream.decoder(options.quirks, filter ? (event) => filter(event, sink) : sink)
      const reader = frameReader(from.framing, {
        frame: (frame) => decoder.frame(frame),
        // An upstream that says "still here" lets us say so too, in the caller's own form.
        comment: () => out.write(dialect.stream.keepAlive),
      })
      return {
        chunk: (bytes) => reader.push(bytes),
        finish() {
          ending = true
          reader.end()
          decoder.end()
          return undefined
        },
        usage: () => usage,
        say: (error) => encode({ type: 'failure', error }),
      }
    },
  })
}

/** A stream whose events are already here: a whole answer replayed, or the demo model. */
export function eventStream(
  events: readonly StreamEvent[],
  options: { clock: Clock; dialect: GenerationDialect; context: AnswerContext; usage: Usage | undefined },
): LiveStream {
  const out = outlet(options.clock, options.dialect.stream.keepAlive, { pause() {}, resume() {} })
  const encoder = options.dialect.stream.encoder(options.context, (text) => out.write(text))
  for (const event of events) encoder.event(event)
  const end: StreamEnd = options.usage
    ? { endedBy: 'upstream', usage: options.usage }
    : { endedBy: 'upstream' }
  return {
    attach(sink) {
      out.attach(sink)
      out.end()
    },
    onEnd: (fn) => fn(end),
  }
}
