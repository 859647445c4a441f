// One turn over a WebSocket: a `response.create` frame as the call it would be over HTTP, its answer as frames. The whole
// pipeline is that of a call. Wire facts: what Codex CLI was seen to send and to take.

import { normalise } from '../core/error.ts'
import { type Json, type JsonObject, isObject } from '../core/json.ts'
import { openaiResponses } from '../dialects/openai-responses/index.ts'
import { frameReader } from '../wire/frames.ts'
import type { Call, Reply } from './call.ts'
import type { Session } from './session.ts'

/** The caller's side of a socket. */
export interface SocketOut {
  /** false: full; wait for drain before sending more. */
  send(text: string): boolean
  onDrain(fn: () => void): void
}

export interface Turn {
  /** The frame, parsed. */
  frame: JsonObject
  id: string
  headers: Call['headers']
  cancel: Call['cancel']
  session: Session
  out: SocketOut
  handle(call: Call): Promise<Reply>
}

/** Members of the frame that are the socket's, not the request's. */
const OWN = { type: undefined, generate: undefined, stream_id: undefined }

/** Resolves when the turn is over; never rejects: what goes wrong is said as an `error` frame. */
export async function turn({ frame, id, headers, cancel, session, out, handle }: Turn): Promise<void> {
  const lane = typeof frame.stream_id === 'string' ? frame.stream_id : undefined
  const say = (text: string): boolean => out.send(inLane(text, lane))
  const { prompt_cache_options: cache } = frame
  const warmUp = frame.generate === false || (isObject(cache) && cache.prewarm === true)
  try {
    const reply = await handle({
      id,
      operation: 'chat',
      dialect: openaiResponses,
      headers: withoutSocketBeta(headers),
      body: Buffer.from(JSON.stringify({ ...frame, ...OWN, stream: true })),
      cancel,
      socket: { session, warmUp },
    })
    if ('body' in reply) {
      say(errorFrame(reply.status, reply.body.toString(), reply.headers))
      return
    }
    await new Promise<void>((resolve, reject) => {
      let room = true
      let broken = false
      // An event past the reader's cap ends the turn, not the process.
      const safely = (read: () => void): void => {
        if (broken) return
        try {
          read()
        } catch (thrown) {
          broken = true
          reject(normalise(thrown))
        }
      }
      const reader = frameReader('sse', {
        frame({ data }) {
          room = say(data)
        },
      })
      reply.stream({
        write(bytes) {
          room = true
          safely(() => reader.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes))
          return room
        },
        end() {
          safely(() => reader.end())
          resolve()
        },
        onDrain: (fn) => out.onDrain(fn),
      })
    })
  } catch (thrown) {
    say(failureFrame(thrown, id))
  }
}

/** A failure that is no turn's answer, or came before one. */
export function failureFrame(thrown: unknown, id: string): string {
  const { status, body, headers } = openaiResponses.error.encode(normalise(thrown), id)
  return errorFrame(status, JSON.stringify(body), headers)
}

function errorFrame(status: number, body: string, headers: Readonly<Record<string, string>>): string {
  const { 'content-type': _, ...shown } = headers
  const wire = JSON.parse(body) as Json
  const error = isObject(wire) && isObject(wire.error) ? wire.error : { message: body }
  return JSON.stringify({ type: 'error', status, error: { ...error, headers: shown } })
}

/** With lanes, every event names its own. The text is one JSON object. */
function inLane(text: string, lane: string | undefined): string {
  return lane === undefined
    ? text
    : `{"stream_id":${JSON.stringify(lane)},${text.slice(text.indexOf('{') + 1)}`
}

/** The upstream is asked over HTTP: it must not be told of a socket. */
function withoutSocketBeta(headers: Call['headers']): Call['headers'] {
  const { 'openai-beta': given, ...others } = headers
  if (given === undefined) return headers
  const kept = String(given)
    .split(',')
    .map((name) => name.trim())
    .filter((name) => !name.startsWith('responses_websockets'))
  return kept.length > 0 ? { ...others, 'openai-beta': kept.join(',') } : others
}
