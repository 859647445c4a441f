// A realtime session as a call: what it is opened with, and what is known of it until it ends. Frames are none of the
// gateway's business but one: the usage that each `response.done` reports is summed.

import type { GatewayError } from '../core/error.ts'
import { type Json, type JsonObject, asNumber, isObject } from '../core/json.ts'
import type { Usage } from '../core/usage.ts'
import type { UpstreamSocket } from '../upstream/realtime.ts'
import type { Call } from './call.ts'
import type { StreamEnd } from './pump.ts'

export interface RealtimeCall extends Call {
  operation: 'realtime'
  /** Of the caller's address; its `model` is in `named`. */
  query: URLSearchParams
  /** Subprotocols to offer upstream, those that carry a credential left out. */
  protocols: readonly string[]
}

export interface RealtimeReply {
  status: 101
  headers: Record<string, string>
  session: RealtimeSession
}

export function isRealtime(call: Call): call is RealtimeCall {
  return call.operation === 'realtime'
}

const DONE = Buffer.from('"response.done"')

/** An open session; whoever bridges it says when it is over. */
export class RealtimeSession {
  /** Open and paused. */
  readonly socket: UpstreamSocket
  private usage: Usage | undefined
  private end: StreamEnd | undefined
  private readonly listeners: ((end: StreamEnd) => void)[] = []

  constructor(socket: UpstreamSocket) {
    this.socket = socket
  }

  /** A text frame of the upstream goes by. */
  heard(frame: Buffer): void {
    if (!frame.includes(DONE)) return
    let event: Json
    try {
      event = JSON.parse(frame.toString('utf8')) as Json
    } catch {
      // The caller gets it as it is; usage it tells none.
      return
    }
    if (!isObject(event) || event.type !== 'response.done' || !isObject(event.response)) return
    if (isObject(event.response.usage)) this.usage = sum(this.usage, event.response.usage)
  }

  /** It is over; only the first word counts. */
  finish(endedBy: StreamEnd['endedBy'], error?: GatewayError): void {
    if (this.end) return
    this.end = { endedBy, ...(error ? { error } : {}), ...(this.usage ? { usage: this.usage } : {}) }
    for (const listener of this.listeners.splice(0)) listener(this.end)
  }

  /** Called once; at once where it is past. */
  onEnd(fn: (end: StreamEnd) => void): void {
    if (this.end) fn(this.end)
    else this.listeners.push(fn)
  }
}

type Count = 'input' | 'output' | 'total' | 'cacheRead' | 'audioInput' | 'audioOutput'

/** Counts nobody reported stay unknown. Names: OpenAI's realtime `response.done`. */
function sum(before: Usage | undefined, wire: JsonObject): Usage {
  const into = isObject(wire.input_token_details) ? wire.input_token_details : {}
  const out = isObject(wire.output_token_details) ? wire.output_token_details : {}
  const counts: Record<Count, number | undefined> = {
    input: asNumber(wire.input_tokens),
    output: asNumber(wire.output_tokens),
    total: asNumber(wire.total_tokens),
    cacheRead: asNumber(into.cached_tokens),
    audioInput: asNumber(into.audio_tokens),
    audioOutput: asNumber(out.audio_tokens),
  }
  const usage: Usage = { ...before, raw: { dialect: 'openai-chat', value: wire } }
  for (const name of Object.keys(counts) as Count[]) {
    const count = counts[name]
    if (count !== undefined) usage[name] = (before?.[name] ?? 0) + count
  }
  return usage
}
