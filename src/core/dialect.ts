// The contract every wire format fills, in both directions. Codecs are pure and synchronous: no network, clock,
// randomness or configuration. They read narrowly, never trust truthiness of wire values, and throw only GatewayError.

import type { GatewayError } from './error.ts'
import type { EventSink, StreamEvent } from './event.ts'
import type { Json, JsonObject } from './json.ts'
import type { Note } from './note.ts'
import type { DialectId } from './origin.ts'
import type { GenerationRequest } from './request.ts'
import type { GenerationResponse } from './response.ts'
import type { Usage } from './usage.ts'

/**
 * How a provider deviates from its dialect: a closed vocabulary that the dialect interprets. A deny-list, never a
 * whitelist; every drop or clamp leaves a note.
 */
export interface Quirks {
  /** Request members to leave out. */
  drop?: readonly string[]
  /** Request members to rename, wire name to wire name. */
  rename?: Readonly<Record<string, string>>
  /** Request members to set whatever the caller said. */
  force?: Readonly<Record<string, Json>>
  /** Numeric request members to keep within bounds. */
  clamp?: Readonly<Record<string, { min?: number; max?: number }>>
  /** Which role instructions take upstream. Default: as the caller wrote them. */
  instructionRole?: 'system' | 'developer'
  maxTokensField?: 'max_tokens' | 'max_completion_tokens'
  /** `never`: the host refuses `stream_options`. Default: it understands include_usage. */
  streamUsage?: 'ok' | 'never'
  /** The host takes signed `thinking_blocks` back (LiteLLM and other gateways). Default: they are left out. */
  thinkingBlocks?: boolean
  /**
   * Where an assistant message takes its reasoning back: a text field, OpenRouter's list of typed pieces, Mistral's
   * `thinking` content parts, or `<think>` tags before the text. `none`: it must not be sent. Default: left as it came,
   * and not written for callers of another dialect.
   */
  reasoningField?:
    | 'reasoning_content'
    | 'reasoning'
    | 'reasoning_details'
    | 'thinking_parts'
    | 'think_tags'
    | 'none'
  /** Every assistant turn must carry the reasoning field while thinking is on; "" where it is unknown (DeepSeek). */
  reasoningAlways?: boolean
  /** Members that switch thinking off on this host, merged into the body where the caller wants none. */
  reasoningOff?: JsonObject
  /** Effort words this host spells otherwise; `""`: leave the member out. */
  efforts?: Readonly<Record<string, string>>
  /** Text may begin with `<think>`...`</think>`: it is reasoning. */
  thinkTags?: boolean
  /**
   * Where completion tokens exclude reasoning tokens: always (xAI), only when reasoning is the larger count, or told by
   * a total larger than the sum (Google's compatible endpoint).
   */
  outputExcludesReasoning?: boolean | 'if_larger' | 'from_total'
  /**
   * What `tool_choice` may be: a word or one name but no list of allowed ones (`named`), a word only (`string`), only `auto`, anything but an explicit `auto`, anything but a
   * forced call while the model thinks, or nothing at all. Default: everything OpenAI knows.
   */
  toolChoice?: 'named' | 'string' | 'auto_only' | 'omit_auto' | 'auto_while_thinking' | 'none'
  /** What `response_format` may be: no json_schema, no json_object, or neither. Default: all of them. */
  jsonFormat?: 'object' | 'schema_only' | 'text'
  /** JSON output and tools exclude each other; the schema goes into the instructions. */
  jsonOrTools?: boolean
  /**
   * Tool call ids must be nine letters or digits (Mistral); or the ids handed out are the same in every turn, or empty
   * (Moonshot, Google's compatible endpoint): the caller gets ones of its own, and the host its own back.
   */
  toolCallIds?: 'nine' | 'repeated'
  /** A whole answer is refused while the model thinks: it is asked for as a stream and put together here (Qwen). */
  wholeAnswers?: 'unless_thinking'
  /** `[1]` in a text points into the sources that the answer lists in its root (Perplexity). */
  citations?: 'numbered'
  /** The host mixes frames of its own with those of the dialect (`response` and bare `tool_calls` of Workers AI). */
  frames?: 'cloudflare'
  /**
   * How a final assistant turn is continued: by `prefix` on it, the answer repeating it (Mistral); by `partial` on it
   * (Moonshot); by `continue_final_message` (vLLM, SGLang); or always, asked or not, and with thinking off only
   * (llama.cpp). Default: not known, the turn is passed as it came.
   */
  prefill?: 'prefix_echoed' | 'partial' | 'continue_final_message' | 'implicit'
  /** A completion's text stands where Chat has it (Mistral's fill-in-the-middle). */
  textIn?: 'message'
  /** The model may write its calls into the text, in tags; what names an offered tool is read as a call. */
  writtenCalls?: boolean
  /** Free-text tools are taken as they are. Default: callers of another dialect get them as functions of one string. */
  customTools?: 'ok'
  /** A list of allowed tools in `tool_choice` is taken. Default: as for `customTools`, the other tools are left out. */
  allowedTools?: 'ok'
  /** `function.parameters` may not be missing, or not lack `properties`. */
  toolParameters?: 'required' | 'properties'
  /** Message content must be a string where it holds text only. */
  content?: 'string'
  /** User and assistant must take turns: neighbours of one role are merged. */
  alternateRoles?: boolean
  /** null members are refused. */
  nulls?: 'refused'
  /** Members that mean nothing alone are refused: an empty `tools`, `tool_choice` without tools, `stream_options` whole. */
  orphans?: 'refused'
  /** `stop` must be a list. */
  stop?: 'list'
  /** `logprobs` is a number (of alternatives), not a switch. */
  logprobs?: 'number'
  /** `name` on a message is refused. */
  messageName?: 'refused'
  /** `anthropic-version` sent on translated requests. Default 2023-06-01. */
  anthropicVersion?: string
}

/** What is known about the upstream model. Everything is optional: unknown is unknown. */
export interface ModelFacts {
  contextTokens?: number
  maxOutputTokens?: number
  /** Output limit sent where the wire demands one and the caller gave none. */
  defaultMaxOutputTokens?: number
  /** false: temperature, top_p, top_k are refused. */
  sampling?: boolean
  /** false: a forced tool choice is refused. */
  forcedToolChoice?: boolean
  /** Accepted Anthropic thinking types. */
  thinkingModes?: readonly string[]
  /** Accepted effort words. */
  efforts?: readonly string[]
  /** Thinking is set by a token budget (Gemini 2.5); `off`: 0 switches it off. */
  thinkingBudget?: { min: number; max: number; off: boolean }
  /** A replayed tool call must carry its thought signature (Gemini 3 and later). */
  signedCalls?: boolean
  /** false: no slot for instructions; they go in front of the first user text (Gemma). */
  instructions?: boolean
  /** Media may stand inside a tool result (Gemini 3 and later). */
  resultMedia?: boolean
  /** Wire members this model refuses. */
  refuses?: readonly string[]
  /** false: a trailing assistant message is refused. */
  prefill?: boolean
}

/** Everything about the receiving side that an encoder may look at. */
export interface EncodeTarget {
  /** The upstream's own model name, written into the body. */
  model: string
  quirks: Quirks
  facts: ModelFacts
}

export interface Encoded {
  body: JsonObject
  notes: Note[]
  /** Request headers that belong to the body (e.g. anthropic-version), lower-case names. */
  headers?: Record<string, string>
}

/** How a stream is cut into frames. */
export type Framing = 'sse' | 'ndjson' | 'aws-event-stream'

/**
 * One framed unit of a stream: an SSE event (`event` is "" when the wire named none), an NDJSON line (`event` is ""), or
 * an AWS event-stream message (`event` is its `:event-type` or `:exception-type`, `data` its payload).
 */
export interface Frame {
  event: string
  data: string
}

export interface StreamDecoder {
  /** Feed one frame; events go to the sink given at construction. Never throws: a bad frame is a `failure` event. */
  frame(frame: Frame): void
  /** The bytes ended. Emits `failure` unless a terminal event was seen. */
  end(): void
}

export interface StreamEncoder {
  /** Feed one canonical event; framed text goes to the writer given at construction. */
  event(event: StreamEvent): void
}

/** What an answer encoder needs to know of the call. */
export interface AnswerContext {
  /** Model name shown to the caller. */
  model: string
  /** Fallback answer id and creation time where the upstream gives none (id stable within one call). */
  id: string
  /** Unix seconds. */
  created: number
  /** Whether the caller asked for usage in the stream. */
  includeUsage: boolean
  /** The decoded request, when it was decoded; lets an encoder answer in the form asked for (legacy functions). */
  request?: GenerationRequest
  /** Told the finished answer as the caller saw it, where later requests can refer to it (Responses). */
  keep?(answer: JsonObject): void
}

/** What the meter of a relayed answer found so far. */
export interface Metered {
  usage?: Usage
  /** Finish reasons by choice in the wire's own words. */
  finish: (string | null)[]
  /** The terminal frame was seen ([DONE], message_stop). */
  terminal: boolean
  /** An error object inside the body or the stream. */
  error?: GatewayError
  /** It came when the caller had its finish word already: it is recorded, and not told. */
  late?: boolean
  /** The answer's own id, where later requests can name it (Responses), and the answer once it is complete. */
  id?: string
  answer?: JsonObject
}

/** Looks at relayed frames without building events. */
export interface Meter {
  /** Global expression over a stream's text: an event without a match need not be fed to `frame`. */
  readonly worth: RegExp
  frame(frame: Frame): void
  readonly result: Metered
}

/**
 * What only one dialect says of an answer, as far as it matters in another: `answer`, `choice` and `part` are members
 * nobody read, `usage` counts by their path (`prompt_tokens_details.x`), `finish` what was said about the end.
 */
export type SaidWhere = 'answer' | 'choice' | 'part' | 'usage' | 'finish'

/** What is known of a request before anything is parsed. */
export interface Glance {
  stream: boolean
  /** One root member as sent. */
  member(name: string): Json | undefined
  /** Whether the body holds that text. */
  holds(text: string): boolean
}

export interface GenerationDialect {
  id: DialectId
  framing: Framing
  /**
   * Where the model and the wish for a stream stand in a request: in the body, or in the path (Gemini, Bedrock). For
   * the latter the gateway hands `decode` a body with the members `model` and `stream` added; `encode` writes neither.
   */
  addressing: 'body' | 'path'
  /** A request that does not say `stream` wants one (Ollama). */
  streamsByDefault?: boolean
  /** The array member that no request may lack or leave empty; undefined: the decoder judges on its own. */
  content?: string
  /**
   * The name a tool travels under where this wire's alphabet refuses its own; a pure function. The gateway turns the
   * names of the answer's calls back. Undefined: any name passes.
   */
  toolName?(name: string): string
  /** The dialect as whose its private state is sealed, where another's holds here too. Absent: its own. */
  seals?: DialectId
  request: {
    /** Wire to canonical. Throws GatewayError `invalid_request` with `param` naming the member. */
    decode(wire: JsonObject): GenerationRequest
    encode(request: GenerationRequest, target: EncodeTarget): Encoded
    /** false: changing single members (drop, rename, force, clamp) is all a host needs, and no body is parsed for it. */
    needsFit?(quirks: Quirks): boolean
    /** A relayed body of this dialect as one host takes it. Never changes `body` in place. */
    fit?(body: JsonObject, target: EncodeTarget, notes: Note[]): JsonObject
    /**
     * Whether this host's answer to a request of this dialect is not quite of the dialect: then the call is translated,
     * not relayed, though both sides speak the same. Asked for every relayed call.
     */
    rewrites?(target: Pick<EncodeTarget, 'model' | 'quirks'>, glance: Glance): boolean
  }
  response: {
    /** Whole answer to canonical. Throws `bad_upstream_response` when it is not one (error object, no choices). */
    decode(wire: Json, quirks: Quirks): GenerationResponse
    encode(response: GenerationResponse, context: AnswerContext): { body: JsonObject; notes: Note[] }
    /**
     * Whether nothing is lost where another dialect leaves that member out: it is read after all, repeats the request,
     * frames the answer or measures how fast it was served. Everything else is noted.
     */
    tellsNothing(where: SaidWhere, name: string, value: Json): boolean
    /** What another dialect says of a choice, and of the answer before its first finish, is carried as an extension. */
    carriesUnread?(dialect: DialectId): boolean
  }
  stream: {
    decoder(quirks: Quirks, sink: EventSink): StreamDecoder
    encoder(context: AnswerContext, write: (text: string) => void): StreamEncoder
    /** Bytes that keep a waiting caller's connection alive without meaning anything. */
    keepAlive: string
    /** A failure as this dialect says it inside a stream, framed; the stream ends after it. */
    failure(error: GatewayError, requestId: string): string
  }
  error: {
    /** An upstream's non-2xx answer. `body` is parsed JSON when it was JSON, else the text. */
    decode(status: number, body: Json | string, headers: Readonly<Record<string, string>>): GatewayError
    /** Status, body and extra headers (retry-after, x-should-retry) for the caller. */
    encode(
      error: GatewayError,
      requestId: string,
    ): { status: number; body: JsonObject; headers: Record<string, string> }
  }
  /** Meter of a relayed stream. */
  meter(quirks: Quirks): Meter
  /** Usage and error of a relayed whole answer, without building a response. */
  inspect(wire: Json, quirks: Quirks): Metered
}
