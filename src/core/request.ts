// A generation request, independent of the wire it came on.

import type { Json, JsonObject } from './json.ts'
import type { DialectId, Origin } from './origin.ts'
import type { CacheMark, Part } from './part.ts'

/**
 * `tool` is a message that carries only tool results (OpenAI). On wires that put results into the user's message
 * (Anthropic) the role is `user` and the parts say what they are.
 */
export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool'

export interface Message {
  role: Role
  parts: Part[]
  name?: string
  origin?: Origin
}

export interface FunctionTool {
  type: 'function'
  name: string
  description?: string
  /** JSON Schema of the arguments. Undefined: the tool takes none, or the wire left it out. */
  parameters?: JsonObject
  strict?: boolean | null
  cache?: CacheMark
  origin?: Origin
}

/** A free-text tool with an optional grammar (OpenAI custom tools). */
export interface CustomTool {
  type: 'custom'
  name: string
  description?: string
  format?: Json
  origin?: Origin
}

/** A tool of the vendor's own (web search, bash, computer ...), whole. */
export interface NativeTool {
  type: 'native'
  dialect: DialectId
  /** The wire's type name. */
  name: string
  value: JsonObject
  cache?: CacheMark
  origin?: Origin
}

export type Tool = FunctionTool | CustomTool | NativeTool

export type ToolChoice =
  | { type: 'auto' }
  | { type: 'none' }
  | { type: 'required' }
  | { type: 'tool'; name: string; custom?: boolean }
  | { type: 'allowed'; mode: 'auto' | 'required'; tools: Json[] }
  | { type: 'opaque'; dialect: DialectId; value: Json }

export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json' }
  | { type: 'json_schema'; name?: string; description?: string; schema?: Json; strict?: boolean | null }
  | { type: 'opaque'; dialect: DialectId; value: Json }

/** How much the model should think. */
export interface ReasoningControl {
  /** none, minimal, low, medium, high, xhigh, max; an open set. */
  effort?: string | null
  /** Thinking mode of budget or adaptive models (Anthropic `thinking.type`). */
  mode?: 'enabled' | 'disabled' | 'adaptive' | 'between_tools' | (string & {})
  budgetTokens?: number
  /** summarized, omitted, updates (Anthropic `thinking.display`). */
  display?: string
}

/**
 * Absent, null, 0 and "" are four things: an undefined member was absent, a null one was sent as null and is written
 * back as null to the same wire.
 */
export interface GenerationRequest {
  /** The dialect it was decoded from. */
  dialect: DialectId
  model: string
  messages: Message[]
  tools?: Tool[] | null
  toolChoice?: ToolChoice | null
  parallelToolCalls?: boolean | null
  maxOutputTokens?: number | null
  temperature?: number | null
  topP?: number | null
  topK?: number | null
  frequencyPenalty?: number | null
  presencePenalty?: number | null
  seed?: number | null
  stop?: string[] | null
  n?: number | null
  logprobs?: boolean | null
  topLogprobs?: number | null
  logitBias?: JsonObject | null
  responseFormat?: ResponseFormat | null
  reasoning?: ReasoningControl
  /** An opaque end-user id. */
  user?: string | null
  serviceTier?: string | null
  metadata?: JsonObject | null
  /** A root-level cache breakpoint (Anthropic automatic caching). */
  cache?: CacheMark
  stream: boolean
  /** The caller asked for usage in the stream (`stream_options.include_usage`). Wires that always send it: true. */
  includeUsage?: boolean
  origin?: Origin
}
