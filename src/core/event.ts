// One canonical stream step. The grammar (grammar.ts): `start`, then parts in brackets open / delta* / close, several
// may be open at once, addressed by choice and part; `finish` once per choice after its parts are closed; `usage` any
// time after start, cumulative, the last wins; exactly one terminal `end` or `failure`.

import type { GatewayError } from './error.ts'
import type { Json, JsonObject } from './json.ts'
import type { DialectId, Origin, Seal } from './origin.ts'
import type { Citation, Part } from './part.ts'
import type { Finish } from './response.ts'

import type { Usage } from './usage.ts'

/** What is known of a part when it opens. Media and opaque parts come whole; the others grow by deltas. */
export type OpenPart =
  | { kind: 'text' }
  | { kind: 'refusal' }
  | { kind: 'reasoning'; redacted?: boolean }
  // `sealed`: known at once where the wire sends it with the name (Gemini); it comes again at the close.
  | { kind: 'tool_call'; id: string; name: string; custom?: boolean; sealed?: Seal }
  | { kind: 'whole'; value: Part }

export interface StartEvent {
  type: 'start'
  id: string
  model: string
  /** Unix seconds; 0 where the wire has no such field. */
  created: number
  origin?: Origin
}
export interface OpenEvent {
  type: 'open'
  choice: number
  part: number
  open: OpenPart
}
/** A fragment of text, refusal, reasoning or arguments. */
export interface DeltaEvent {
  type: 'delta'
  choice: number
  part: number
  text: string
}
export interface CitationEvent {
  type: 'citation'
  choice: number
  part: number
  citation: Citation
}
export interface CloseEvent {
  type: 'close'
  choice: number
  part: number
  /** Signature or other private state, known only at the end of the part. */
  sealed?: Seal
  /** Unread members of the part. */
  origin?: Origin
}
export interface FinishEvent {
  type: 'finish'
  choice: number
  finish: Finish
}
export interface UsageEvent {
  type: 'usage'
  usage: Usage
}
/** Token log-probabilities of a choice, appended in order. */
export interface LogprobsEvent {
  type: 'logprobs'
  choice: number
  content?: Json[]
  refusal?: Json[]
}
/** Members of the answer (no choice) or of one choice that no event models; shallow-merged, later wins. */
export interface ExtrasEvent {
  type: 'extras'
  dialect: DialectId
  choice?: number
  members: JsonObject
}
/** An event of the wire that the decoder has no word for, whole; written again on the same wire, noted elsewhere. */
export interface UnreadEvent {
  type: 'unread'
  dialect: DialectId
  /** The wire's name of it. */
  name: string
  value: JsonObject
}
export interface FailureEvent {
  type: 'failure'
  error: GatewayError
}
export interface EndEvent {
  type: 'end'
}

export type StreamEvent =
  | StartEvent
  | OpenEvent
  | DeltaEvent
  | CitationEvent
  | CloseEvent
  | FinishEvent
  | UsageEvent
  | LogprobsEvent
  | ExtrasEvent
  | UnreadEvent
  | FailureEvent
  | EndEvent

export type EventSink = (event: StreamEvent) => void
