// Content blocks of messages and answers.

import type { Json, JsonObject } from './json.ts'
import type { DialectId, Origin, Seal } from './origin.ts'

/** A prompt-cache breakpoint. `raw` keeps keys that newer wires add (ttl, scope). */
export interface CacheMark {
  raw: JsonObject
}

/**
 * A citation of a span of text. `kind` says what is pointed at; `raw` is the wire's own object, always kept whole
 * because the variants differ in indexing and carry encrypted pointers that must return unchanged.
 */
export interface Citation {
  kind: 'url' | 'document' | 'search_result' | 'other'
  url?: string
  title?: string
  citedText?: string
  /** Span in the answer's text in UTF-16 code units, end exclusive, where the wire gives one. */
  start?: number
  end?: number
  dialect: DialectId
  raw: Json
}

export type MediaSource =
  | { type: 'base64'; mediaType: string; data: string }
  | { type: 'url'; url: string; mediaType?: string }
  | { type: 'file'; id: string }
  | { type: 'text'; mediaType: string; text: string }
  | { type: 'parts'; parts: Part[] }

interface PartBase {
  cache?: CacheMark
  origin?: Origin
}

export interface TextPart extends PartBase {
  kind: 'text'
  text: string
  citations?: Citation[]
  /** Gemini signs texts as well as calls. */
  sealed?: Seal
}

/** The model's own words when it declines (OpenAI `refusal`). */
export interface RefusalPart extends PartBase {
  kind: 'refusal'
  text: string
}

/** Readable reasoning, possibly empty, with the seal that lets it be replayed. `redacted` text is never readable. */
export interface ReasoningPart extends PartBase {
  kind: 'reasoning'
  text: string
  redacted?: boolean
  sealed?: Seal
}

export interface MediaPart extends PartBase {
  kind: 'media'
  media: 'image' | 'document' | 'audio' | 'video'
  source: MediaSource
  /** File name or document title. */
  title?: string
  /** Context of a document, not citable (Anthropic). */
  context?: string
  /** OpenAI image detail: auto, low, high ... */
  detail?: string
  /** Whether citations are switched on for this document (Anthropic). */
  citable?: boolean
  /** Gemini signs the images it makes. */
  sealed?: Seal
}

/** A call the model wants made. */
export interface ToolCallPart extends PartBase {
  kind: 'tool_call'
  id: string
  name: string
  /** JSON text as the model wrote it (key order kept; may be invalid JSON), or free text when `custom`. */
  arguments: string
  /** A free-text (grammar) tool: `arguments` is not JSON. */
  custom?: boolean
  sealed?: Seal
}

export interface ToolResultPart extends PartBase {
  kind: 'tool_result'
  callId: string
  /** Tool name where the wire says it. */
  name?: string
  content: Part[]
  isError?: boolean
}

/** A block of one dialect that the vocabulary has no word for (server tool results, compaction ...), kept whole. */
export interface OpaquePart extends PartBase {
  kind: 'opaque'
  dialect: DialectId
  /** The wire's own type name, for notes and logs. */
  type: string
  value: Json
}

export type Part =
  | TextPart
  | RefusalPart
  | ReasoningPart
  | MediaPart
  | ToolCallPart
  | ToolResultPart
  | OpaquePart
