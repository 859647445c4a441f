// What a decoder met but the vocabulary has no word for. It rides along with the node it was found on and is
// written back when the conversation returns to a wire of the same family; any other encoder notes the loss.

import type { JsonObject } from './json.ts'

export type DialectId =
  | 'openai-chat'
  | 'openai-responses'
  | 'openai-completions'
  | 'anthropic-messages'
  | 'gemini'
  | 'bedrock-converse'
  | 'cohere'
  | 'ollama'
  | 'ollama-generate'

export interface Origin {
  dialect: DialectId
  /** Members that were not read, with their names and values as they came. */
  extras?: JsonObject
  /** How read members were spelt (e.g. `content: "string"`), so that the same wire gets the same spelling back. */
  shape?: JsonObject
}

/**
 * Provider-private state (a signature, encrypted reasoning, a response id). It goes back only to the origin that
 * issued it: converting one vendor's signature into another's field is refused by every vendor.
 */
export interface Seal {
  dialect: DialectId
  /** The upstream model that issued it; undefined when the wire does not say. */
  model?: string
  /** The account (endpoint id) that issued it; set by the gateway, never by a dialect. */
  account?: string
  kind: 'signature' | 'redacted' | 'encrypted' | 'reference'
  value: string
}
