// What an application hands to `chat` and `stream`: OpenAI's Chat Completions form, which every developer knows, with
// whatever other members the upstream takes. From here it becomes the canonical request that any dialect encodes.

import type { GenerationDialect } from '../core/dialect.ts'
import { invalid } from '../core/error.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Part } from '../core/part.ts'
import type { GenerationRequest } from '../core/request.ts'

export interface ToolCallWire {
  id: string
  type: 'function'
  function: { name: string; arguments: string }
}

export type ContentPart =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string; detail?: string } }
  | { type: 'input_audio'; input_audio: { data: string; format: string } }
  | { type: 'file'; file: { file_id?: string; file_data?: string; filename?: string } }

export type ChatMessage =
  | { role: 'system' | 'developer'; content: string | ContentPart[]; name?: string }
  | { role: 'user'; content: string | ContentPart[]; name?: string }
  | {
      role: 'assistant'
      content?: string | ContentPart[] | null
      tool_calls?: ToolCallWire[]
      refusal?: string | null
      name?: string
    }
  | { role: 'tool'; tool_call_id: string; content: string | ContentPart[] }

export interface ToolWire {
  type: 'function'
  function: { name: string; description?: string /** JSON Schema. */; parameters?: object; strict?: boolean }
}

export type ToolChoiceWire = 'auto' | 'required' | 'none' | { type: 'function'; function: { name: string } }

/** Members that are not listed here are passed on as they are, to upstreams that take them. */
export interface ChatRequest {
  /** Default: the option `model`. */
  model?: string
  messages: ChatMessage[]
  tools?: ToolWire[]
  tool_choice?: ToolChoiceWire
  parallel_tool_calls?: boolean
  /** Must be greater than 0. */
  max_tokens?: number
  max_completion_tokens?: number
  temperature?: number
  top_p?: number
  stop?: string | string[]
  seed?: number
  n?: number
  response_format?: object
  reasoning_effort?: string
  user?: string
  metadata?: JsonObject
  [extra: string]: unknown
}

/** Parts of answers by the message that was made of them: reasoning and its seals, which no wire form holds whole. */
const PARTS = new WeakMap<object, { parts: Part[]; account: string }>()

/**
 * The message keeps its canonical parts, so that it returns to its own upstream without loss.
 * @param account who made it: seals open only there.
 */
export function rememberParts(message: object, parts: Part[], account: string): void {
  PARTS.set(message, { parts, account })
}

export interface RequestDefaults {
  model: string
  temperature?: number
  maxTokens?: number
  /** Who is asked. */
  account: string
}

/** A prompt is a request of one user message. */
export function asRequest(input: ChatRequest | string): ChatRequest {
  return typeof input === 'string' ? { messages: [{ role: 'user', content: input }] } : input
}

/**
 * The request in canonical form, the defaults filled in where it says nothing.
 * @throws GatewayError `invalid_request` naming the member, before anything is sent.
 */
export function canonicalRequest(
  request: ChatRequest,
  defaults: RequestDefaults,
  stream: boolean,
  face: GenerationDialect,
): GenerationRequest {
  const wire: Record<string, unknown> = { ...request, model: defaults.model }
  for (const name of ['max_tokens', 'max_completion_tokens'] as const) {
    const value = request[name]
    if (value !== undefined && (!Number.isInteger(value) || value <= 0))
      throw invalid(name, `${name} must be a whole number greater than 0, not ${String(value)}`)
  }
  if (!Array.isArray(request.messages) || request.messages.length === 0)
    throw invalid('messages', 'messages must be a list with at least one message')
  if (defaults.temperature !== undefined && request.temperature === undefined)
    wire.temperature = defaults.temperature
  if (
    defaults.maxTokens !== undefined &&
    request.max_tokens === undefined &&
    request.max_completion_tokens === undefined
  )
    wire.max_tokens = defaults.maxTokens
  delete wire.stream
  delete wire.stream_options
  if (stream) Object.assign(wire, { stream: true, stream_options: { include_usage: true } })
  const decoded = face.request.decode(plainJson(wire))
  for (const [index, message] of request.messages.entries()) {
    const kept = PARTS.get(message)
    const own = decoded.messages[index]
    if (!kept || !own) continue
    const parts = kept.account === defaults.account ? kept.parts : kept.parts.flatMap(unsealed)
    decoded.messages[index] = { ...own, parts }
  }
  return decoded
}

/** A part as it may go to somebody else: private state stays behind, and with it what nobody can read. */
function unsealed(part: Part): Part[] {
  if (part.kind === 'reasoning' && part.redacted === true) return []
  if ((part.kind !== 'reasoning' && part.kind !== 'tool_call') || !part.sealed) return [part]
  const { sealed: _, ...open } = part
  return [open]
}

/** As JSON.stringify would send it: members that are undefined are absent. */
function plainJson(value: Record<string, unknown>): JsonObject {
  const out: JsonObject = {}
  for (const [name, member] of Object.entries(value)) if (member !== undefined) out[name] = member as Json
  return out
}
