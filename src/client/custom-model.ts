// A model object of one's own behind the client's methods: a local library, a test double, a wrapper with its own rules.

import type { ChatRequest } from './request.ts'

export interface CustomModelContext {
  model: string
  signal: AbortSignal
}

export interface CustomReply {
  text: string
  reasoning?: string
  toolCalls?: readonly { id: string; name: string; arguments: string }[]
}

/** At least one of the two; a missing `stream` is made of `chat`, a missing `chat` of `stream`. */
export interface CustomModel {
  chat?(
    request: ChatRequest,
    context: CustomModelContext,
  ): Promise<string | CustomReply> | string | CustomReply
  /** Pieces of text. */
  stream?(request: ChatRequest, context: CustomModelContext): AsyncIterable<string> | Iterable<string>
  embed?(input: readonly string[], context: CustomModelContext): Promise<number[][]> | number[][]
  models?: readonly string[]
}
