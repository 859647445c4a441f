// A finished answer as an application reads it, over the canonical response, which stays available whole.

import type { AnswerContext, GenerationDialect } from '../core/dialect.ts'
import { type Json, isObject } from '../core/json.ts'
import type { Note } from '../core/note.ts'
import type { Citation } from '../core/part.ts'
import type { FinishReason, GenerationResponse } from '../core/response.ts'
import type { Usage } from '../core/usage.ts'
import { requestIdOf } from './errors.ts'
import { type ChatMessage, rememberParts } from './request.ts'

export interface ToolCall {
  id: string
  name: string
  /** As the model wrote them. */
  arguments: string
  /** The arguments parsed; undefined where they are not valid JSON, and `problem` says why. */
  input: Json | undefined
  problem?: string
}

export interface ChatAnswer<T = unknown> {
  id: string
  /** The model that answered, by the upstream's own word. */
  model: string
  /** Name of the provider that was asked. */
  provider: string
  text: string
  reasoning: string
  /** The model's own words when it declines; "" when it did not. */
  refusal: string
  toolCalls: ToolCall[]
  citations: Citation[]
  finishReason: FinishReason
  /** The upstream's own word for it. */
  rawFinishReason: string | null
  /** Undefined where the upstream did not report any. */
  usage: Usage | undefined
  /** The assistant's turn, to be appended to `messages`; reasoning and its signatures travel inside. */
  message: Extract<ChatMessage, { role: 'assistant' }>
  /** The parsed and checked value, where `validate` was given. */
  value: T
  /** What could not be carried to the upstream as it was. */
  notes: readonly Note[]
  requestId: string | undefined
  headers: Readonly<Record<string, string>>
  /** Tries it took. */
  attempts: number
  /** The canonical response: every choice, every part. */
  response: GenerationResponse
}

export interface AnswerFacts {
  provider: string
  model: string
  headers: Readonly<Record<string, string>>
  notes: readonly Note[]
  attempts: number
  now: number
}

export function answerOf(
  response: GenerationResponse,
  facts: AnswerFacts,
  face: GenerationDialect,
): ChatAnswer<undefined> {
  const first = response.choices[0]
  const parts = first?.parts ?? []
  const answer: ChatAnswer<undefined> = {
    id: response.id,
    model: response.model === '' ? facts.model : response.model,
    provider: facts.provider,
    text: '',
    reasoning: '',
    refusal: '',
    toolCalls: [],
    citations: [],
    finishReason: first?.finish.reason ?? 'unknown',
    rawFinishReason: first?.finish.raw ?? null,
    usage: response.usage,
    message: messageOf(response, facts, face),
    value: undefined,
    notes: facts.notes,
    requestId: requestIdOf(facts.headers),
    headers: facts.headers,
    attempts: facts.attempts,
    response,
  }
  for (const part of parts) {
    if (part.kind === 'text') {
      answer.text += part.text
      answer.citations.push(...(part.citations ?? []))
    } else if (part.kind === 'reasoning') answer.reasoning += part.text
    else if (part.kind === 'refusal') answer.refusal += part.text
    else if (part.kind === 'tool_call') answer.toolCalls.push(toolCall(part.id, part.name, part.arguments))
  }
  return answer
}

/** @param text the arguments as the model wrote them; "" means none. */
export function toolCall(id: string, name: string, text: string): ToolCall {
  try {
    return { id, name, arguments: text, input: text === '' ? {} : (JSON.parse(text) as Json) }
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    return {
      id,
      name,
      arguments: text,
      input: undefined,
      problem: `the arguments are not valid JSON: ${why}`,
    }
  }
}

function messageOf(
  response: GenerationResponse,
  facts: AnswerFacts,
  face: GenerationDialect,
): ChatAnswer['message'] {
  const context: AnswerContext = {
    model: facts.model,
    id: response.id === '' ? 'chatcmpl' : response.id,
    created: Math.floor(facts.now / 1_000),
    includeUsage: true,
  }
  const { body } = face.response.encode(response, context)
  const choice = Array.isArray(body.choices) ? body.choices[0] : undefined
  const message =
    isObject(choice) && isObject(choice.message) ? choice.message : { role: 'assistant', content: null }
  // A member that says nothing and that strict hosts do not know in a request.
  if (message.refusal === null) delete message.refusal
  rememberParts(message, response.choices[0]?.parts ?? [], facts.provider)
  return message as unknown as ChatAnswer['message']
}
