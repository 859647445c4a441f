// The four places where an embedder may look on: a call arrived, one try ended, an answer's event went by, the call is
// settled. Observers: what they throw is logged and changes nothing, and a hook that is not set costs nothing.

import { replay } from '../core/collect.ts'
import type { GatewayError } from '../core/error.ts'
import type { StreamEvent } from '../core/event.ts'
import type { Json } from '../core/json.ts'
import type { Usage } from '../core/usage.ts'
import { frameReader } from '../wire/frames.ts'
import type { Call, Reply, Sink } from './call.ts'
import type { CallRecord } from './record.ts'
import type { Runtime } from './runtime.ts'

export interface CallFacts {
  /** `x-request-id` of the answer. */
  id: string
  operation: string
  /** The caller's dialect. */
  dialect: string
  /** As the caller named it. */
  model: string | undefined
  stream: boolean
}

export interface AttemptFacts extends CallFacts {
  endpoint: string
  /** The upstream's own model name. */
  upstreamModel: string
  /** From 1. */
  attempt: number
  /** Ms until the whole answer, or until the first good event of a stream. */
  ms: number
  /** Absent: it answered. */
  error?: GatewayError
}

export interface SettledFacts extends CallFacts {
  status: number
  endpoint?: string
  attempts: number
  ms: number
  usage?: Usage
  error?: GatewayError
  endedBy: 'caller' | 'gateway' | 'upstream'
}

export interface Hooks {
  onRequest?(call: CallFacts): void
  onAttempt?(attempt: AttemptFacts): void
  /** Every event of every answer, in the caller's own order; setting it makes relayed answers be read as well. */
  onEvent?(event: StreamEvent, call: CallFacts): void
  onSettled?(call: SettledFacts): void
}

/** Runs one observer. */
export function tell(runtime: Runtime, run: (hooks: Hooks) => void): void {
  if (!runtime.hooks) return
  try {
    run(runtime.hooks)
  } catch (thrown) {
    runtime.telemetry.log.warn({ err: thrown }, 'a hook threw; the call goes on')
  }
}

export function factsOf(record: CallRecord): CallFacts {
  const { id, operation, dialect, model, stream } = record
  return { id, operation, dialect, model, stream }
}

export function settledFacts(record: CallRecord, runtime: Runtime): SettledFacts {
  return {
    ...factsOf(record),
    status: record.status ?? 0,
    attempts: record.attempts,
    ms: runtime.clock.monotonic() - record.startedAt,
    endedBy: record.endedBy,
    ...(record.endpoint === undefined ? {} : { endpoint: record.endpoint }),
    ...(record.usage ? { usage: record.usage } : {}),
    ...(record.error ? { error: record.error } : {}),
  }
}

/** The reply with its events shown to `onEvent` on their way; the same reply where nobody looks. */
export function observed(reply: Reply, call: Call, record: CallRecord, runtime: Runtime): Reply {
  const { hooks } = runtime
  if (!hooks?.onEvent || call.operation !== 'chat' || reply.status !== 200) return reply
  const facts = factsOf(record)
  const show = (event: StreamEvent): void => tell(runtime, () => hooks.onEvent?.(event, facts))
  if ('body' in reply) {
    tell(runtime, () => {
      const wire = JSON.parse(reply.body.toString()) as Json
      replay(call.dialect.response.decode(wire, {}), show)
    })
    return reply
  }
  const decoder = call.dialect.stream.decoder({}, show)
  const reader = frameReader(call.dialect.framing, { frame: (frame) => decoder.frame(frame) })
  return {
    ...reply,
    stream(sink: Sink) {
      reply.stream({
        write(bytes) {
          tell(runtime, () => reader.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes))
          return sink.write(bytes)
        },
        end() {
          tell(runtime, () => {
            reader.end()
            decoder.end()
          })
          sink.end()
        },
        onDrain: (fn) => sink.onDrain(fn),
      })
    },
  }
}
