// A finished answer. It is by definition the fold of its events: see collect.ts.

import type { Json } from './json.ts'
import type { Origin } from './origin.ts'
import type { Part } from './part.ts'
import type { Usage } from './usage.ts'

/**
 * `stop` ended by itself; `stop_sequence` hit one of the caller's; `refusal` and `content_filter` are the model's and
 * the platform's; `pause` and `compaction` are Anthropic's server-side loops; `unknown` keeps only `raw`.
 */
export type FinishReason =
  | 'stop'
  | 'stop_sequence'
  | 'tool_calls'
  | 'length'
  | 'context_full'
  | 'content_filter'
  | 'refusal'
  | 'pause'
  | 'compaction'
  | 'unknown'

export interface Finish {
  reason: FinishReason
  /** The wire's own word; null where the wire sent null. */
  raw?: string | null
  /** Which of the caller's stop sequences was hit. */
  stopSequence?: string | null
  /** Whatever else the wire says about the end (Anthropic stop_details). */
  detail?: Json
}

export interface Choice {
  index: number
  parts: Part[]
  finish: Finish
  /** `{content: [...], refusal: [...]}` as OpenAI defines it. */
  logprobs?: Json
  origin?: Origin
}

export interface GenerationResponse {
  id: string
  model: string
  /** Unix seconds; 0 where the wire has no such field. */
  created: number
  choices: Choice[]
  usage?: Usage
  origin?: Origin
}
