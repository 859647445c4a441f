// Canonical request to Chat. A request that came as Chat is written back as it was spelt; one of another dialect gets
// the plainest Chat there is, because strict hosts refuse what they do not know. What is lost is noted.

import type { EncodeTarget, Encoded, Quirks } from '../../core/dialect.ts'
import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { DialectId } from '../../core/origin.ts'
import type {
  GenerationRequest,
  ReasoningControl,
  ResponseFormat,
  Tool,
  ToolChoice,
} from '../../core/request.ts'
import { asFunction } from './custom-tools.ts'
import { fit } from './fit.ts'
import { encodeMessages } from './messages-encode.ts'
import { wireName } from './names.ts'

export function encodeRequest(request: GenerationRequest, target: EncodeTarget): Encoded {
  const notes: Note[] = []
  const own = request.origin?.dialect === 'openai-chat'
  const shape = own ? (request.origin?.shape ?? {}) : {}
  const body: JsonObject = { model: target.model }
  const messages = encodeMessages(request, target, notes)
  if (!own && messages.length === 0)
    throw invalid('messages', 'the request holds no message that Chat could carry')
  body.messages = messages
  encodeTools(request, body, shape, target, notes)

  if (request.maxOutputTokens !== undefined) {
    const field = typeof shape.max === 'string' ? shape.max : defaultMaxField(target)
    body[field] = request.maxOutputTokens
    if (shape.otherMax !== undefined) body.max_tokens = shape.otherMax
  }
  const put = (name: string, value: Json | undefined): void => {
    if (value !== undefined) body[name] = value
  }
  if (!own && target.facts.sampling === false) dropSampling(request, notes)
  else {
    put('temperature', request.temperature)
    put('top_p', request.topP)
  }
  put('frequency_penalty', request.frequencyPenalty)
  put('presence_penalty', request.presencePenalty)
  put('seed', request.seed)
  put('n', request.n)
  put('logprobs', request.logprobs)
  put('top_logprobs', request.topLogprobs)
  put('logit_bias', request.logitBias ?? (request.logitBias === null ? null : undefined))
  if (request.topK !== undefined) {
    if (own) body.top_k = request.topK
    else if (request.topK !== null)
      notes.push({ field: 'top_k', action: 'dropped', why: 'Chat has no such field' })
  }
  encodeStop(request, body, shape, notes)
  if (request.responseFormat !== undefined)
    put('response_format', encodeFormat(request.responseFormat, notes))
  encodeReasoning(request.reasoning, own, target.quirks, body, notes)
  encodeUser(request, own, body, notes)
  if (request.serviceTier !== undefined) {
    if (own) body.service_tier = request.serviceTier
    else if (request.serviceTier === 'auto') body.service_tier = 'auto'
    else if (request.serviceTier === 'standard_only') body.service_tier = 'default'
    else notes.push({ field: 'service_tier', action: 'dropped', why: 'no such tier in Chat' })
  }
  if (request.cache) notes.push({ field: 'cache_control', action: 'dropped', why: 'Chat caches by itself' })
  encodeStream(request, target, own, body, shape)
  if (target.quirks.prefill !== undefined && CONTINUING.has(request.dialect)) {
    const last = messages.at(-1)
    if (last?.role === 'assistant' && last.tool_calls === undefined) body.continue_final_message = true
  }
  if (own) Object.assign(body, request.origin?.extras)
  else
    for (const name of Object.keys(request.origin?.extras ?? {}))
      notes.push({ field: name, action: 'dropped', why: 'Chat has no such field' })
  return { body: fit(body, target, notes), notes }
}

/** Dialects in which a final assistant turn is one to be continued. */
const CONTINUING: ReadonlySet<DialectId> = new Set(['anthropic-messages', 'bedrock-converse'])

/** What a model refuses by the catalogue. A caller of this dialect says it at its own risk. */
function dropSampling(request: GenerationRequest, notes: Note[]): void {
  const wished = { temperature: request.temperature, top_p: request.topP }
  for (const [field, value] of Object.entries(wished))
    if (value !== undefined && value !== null)
      notes.push({ field, action: 'dropped', why: 'this model takes none' })
}

/** Reasoning models take only max_completion_tokens; everybody else's servers know max_tokens. */
function defaultMaxField(target: EncodeTarget): string {
  return (
    target.quirks.maxTokensField ??
    (/^(o\d|gpt-5|gpt-6|codex)/.test(target.model) ? 'max_completion_tokens' : 'max_tokens')
  )
}

function encodeTools(
  request: GenerationRequest,
  body: JsonObject,
  shape: JsonObject,
  target: EncodeTarget,
  notes: Note[],
): void {
  const legacy = shape.functions === true
  if (request.tools !== undefined) {
    if (request.tools === null) body.tools = null
    else {
      const tools = request.tools.flatMap((tool, index) => encodeTool(tool, index, request, target, notes))
      // vLLM and OpenAI answer 400 to an empty list, and to a choice without tools.
      if (tools.length === 0 && request.tools.length === 0 && request.dialect === 'openai-chat')
        body.tools = []
      else if (tools.length === 0) {
        if (request.tools.length === 0)
          notes.push({ field: 'tools', action: 'dropped', why: 'an empty list is refused' })
        if (request.toolChoice !== undefined)
          notes.push({ field: 'tool_choice', action: 'dropped', why: 'there are no tools' })
        return
      }
      body[legacy ? 'functions' : 'tools'] = legacy ? tools.map((tool) => tool.function as Json) : tools
    }
  }
  if (request.toolChoice !== undefined) {
    const choice = request.toolChoice
    if (shape.functionCall === true)
      body.function_call = choice?.type === 'tool' ? { name: choice.name } : (choice?.type ?? null)
    else {
      const encoded = encodeChoice(choice, request, target, notes)
      if (encoded !== undefined) body.tool_choice = encoded
      if (choice?.type === 'allowed' && typeof encoded === 'string') keepAllowed(body, choice.tools, notes)
    }
  }
  if (request.parallelToolCalls !== undefined) body.parallel_tool_calls = request.parallelToolCalls
}

function encodeTool(
  tool: Tool,
  index: number,
  request: GenerationRequest,
  { quirks }: EncodeTarget,
  notes: Note[],
): JsonObject[] {
  const field = `tools[${index}]`
  if (tool.type === 'native') {
    if (tool.dialect === 'openai-chat') return [tool.value]
    notes.push({ field, action: 'dropped', why: `the ${tool.name} tool exists only at its own vendor` })
    return []
  }
  const own = tool.origin?.dialect === 'openai-chat'
  const inner = own && tool.origin?.shape?.inner !== undefined ? (tool.origin.shape.inner as JsonObject) : {}
  if (!own)
    for (const name of Object.keys(tool.origin?.extras ?? {}))
      notes.push({ field: `${field}.${name}`, action: 'dropped', why: 'Chat has no such field' })
  const extras = own ? tool.origin?.extras : {}
  const name = request.dialect === 'openai-chat' ? tool.name : wireName(tool.name)
  if (tool.type === 'custom') {
    if (request.dialect !== 'openai-chat' && quirks.customTools !== 'ok') {
      notes.push({
        field,
        action: 'approximated',
        why: 'a free-text tool is sent as a function of one string',
      })
      return [{ type: 'function', function: asFunction({ ...tool, name }) }]
    }
    const custom: JsonObject = { name }
    if (tool.description !== undefined) custom.description = tool.description
    if (tool.format !== undefined) custom.format = tool.format
    return [{ type: 'custom', custom: { ...custom, ...inner }, ...extras }]
  }
  const fn: JsonObject = { name }
  if (tool.description !== undefined) fn.description = tool.description
  if (tool.parameters !== undefined) fn.parameters = tool.parameters
  if (tool.strict !== undefined) fn.strict = tool.strict
  const wire: JsonObject = { type: 'function', function: { ...fn, ...inner }, ...extras }
  if (tool.cache) {
    if (request.dialect === 'openai-chat') wire.cache_control = tool.cache.raw
    else notes.push({ field: `${field}.cache_control`, action: 'dropped', why: 'Chat caches by itself' })
  }
  return [wire]
}

/** Where the host knows no list of allowed tools, the others are not there. */
function keepAllowed(body: JsonObject, allowed: readonly Json[], notes: Note[]): void {
  const names = new Set(allowed.map(nameOf).map((name) => (name === undefined ? name : wireName(name))))
  if (!Array.isArray(body.tools)) return
  const kept = body.tools.filter((tool) => names.has(nameOf(tool)))
  if (kept.length < body.tools.length)
    notes.push({ field: 'tools', action: 'dropped', why: 'those that the caller does not allow' })
  body.tools = kept
}

function nameOf(tool: Json): string | undefined {
  if (!isObject(tool)) return undefined
  const inner = isObject(tool.function) ? tool.function : isObject(tool.custom) ? tool.custom : tool
  return typeof inner.name === 'string' ? inner.name : undefined
}

function encodeChoice(
  choice: ToolChoice | null,
  request: GenerationRequest,
  { quirks }: EncodeTarget,
  notes: Note[],
): Json | undefined {
  const own = request.dialect === 'openai-chat'
  if (choice === null) return null
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'required':
      return choice.type
    case 'tool':
      if (own) return named(choice.custom === true ? 'custom' : 'function', choice.name)
      return named(
        choice.custom === true && quirks.customTools === 'ok' ? 'custom' : 'function',
        wireName(choice.name),
      )
    case 'allowed':
      if (!own && quirks.allowedTools !== 'ok') {
        notes.push({ field: 'tool_choice', action: 'approximated', why: 'only the allowed tools are sent' })
        return choice.mode
      }
      return { type: 'allowed_tools', allowed_tools: { mode: choice.mode, tools: choice.tools } }
    case 'opaque':
      if (choice.dialect === 'openai-chat') return choice.value
      notes.push({ field: 'tool_choice', action: 'dropped', why: 'Chat has no such choice' })
      return undefined
    default:
      return choice satisfies never
  }
}

function encodeStop(request: GenerationRequest, body: JsonObject, shape: JsonObject, notes: Note[]): void {
  const { stop } = request
  if (stop === undefined) return
  if (stop === null || shape.stop === 'string') body.stop = stop === null ? null : (stop[0] as string)
  else if (request.dialect === 'openai-chat' || stop.length <= 4) {
    if (stop.length > 0 || request.dialect === 'openai-chat') body.stop = stop
  } else {
    body.stop = stop.slice(0, 4)
    notes.push({
      field: 'stop_sequences',
      action: 'approximated',
      why: 'Chat takes four; the first four are sent',
    })
  }
}

function encodeFormat(format: ResponseFormat | null, notes: Note[]): Json | undefined {
  if (format === null) return null
  switch (format.type) {
    case 'text':
      return { type: 'text' }
    case 'json':
      return { type: 'json_object' }
    case 'json_schema': {
      const { type: _type, ...schema } = format
      return { type: 'json_schema', json_schema: schema as JsonObject }
    }
    case 'opaque':
      if (format.dialect === 'openai-chat') return format.value
      notes.push({ field: 'output_config.format', action: 'dropped', why: 'Chat has no such format' })
      return undefined
    default:
      return format satisfies never
  }
}

/** Effort as it is; a thinking budget by size; Anthropic's `max` has no twin above xhigh. */
function encodeReasoning(
  control: ReasoningControl | undefined,
  own: boolean,
  { reasoningOff }: Quirks,
  body: JsonObject,
  notes: Note[],
): void {
  if (!control) return
  if (own) {
    if (control.effort !== undefined) body.reasoning_effort = control.effort
    return
  }
  const { effort, mode, budgetTokens } = control
  if (mode === 'disabled' && reasoningOff) {
    Object.assign(body, reasoningOff)
    return
  }
  if (mode === 'disabled') {
    notes.push({ field: 'thinking', action: 'dropped', why: 'not every Chat model can switch reasoning off' })
    return
  }
  if (effort !== undefined && effort !== null) {
    body.reasoning_effort = effort === 'max' ? 'xhigh' : effort
    if (effort === 'max')
      notes.push({ field: 'output_config.effort', action: 'approximated', why: 'max is sent as xhigh' })
    if (mode !== undefined)
      notes.push({ field: 'thinking', action: 'approximated', why: 'sent as reasoning_effort' })
  } else if (budgetTokens !== undefined) {
    body.reasoning_effort = budgetTokens <= 2_000 ? 'low' : budgetTokens <= 10_000 ? 'medium' : 'high'
    notes.push({
      field: 'thinking',
      action: 'approximated',
      why: 'the token budget is sent as reasoning_effort',
    })
  } else if (mode !== undefined)
    notes.push({
      field: 'thinking',
      action: 'dropped',
      why: 'adaptive thinking without an effort has no Chat form',
    })
}

function encodeUser(request: GenerationRequest, own: boolean, body: JsonObject, notes: Note[]): void {
  if (own) {
    if (request.user !== undefined) body.user = request.user
    if (request.metadata !== undefined) body.metadata = request.metadata
    return
  }
  if (request.user !== undefined && request.user !== null) {
    body.user = request.user.length <= 64 ? request.user : `u_${hash(request.user)}`
    if (request.user.length > 64)
      notes.push({
        field: 'metadata.user_id',
        action: 'approximated',
        why: 'longer than 64 characters: a stable hash is sent',
      })
  }
  if (request.metadata !== undefined && request.metadata !== null)
    notes.push({ field: 'metadata', action: 'dropped', why: 'Chat keeps metadata only with store' })
}

/** FNV-1a over two seeds: stable in every process, no secrecy claimed. */
function hash(text: string): string {
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x85ebca6b)
  }
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0')
}

function encodeStream(
  request: GenerationRequest,
  target: EncodeTarget,
  own: boolean,
  body: JsonObject,
  shape: JsonObject,
): void {
  if (shape.stream === 'null') body.stream = null
  else if (shape.stream !== 'absent') body.stream = request.stream
  if (own) {
    const given = shape.streamOptions
    // For the meter's sake; the caller is shown usage only where it asked.
    if (request.stream && target.quirks.streamUsage === 'ok' && request.includeUsage !== true)
      body.stream_options = { ...(isObject(given) ? given : {}), include_usage: true }
    else if (given !== undefined && !(request.stream && target.quirks.streamUsage === 'never'))
      body.stream_options = given
  } else if (request.stream && target.quirks.streamUsage !== 'never')
    body.stream_options = { include_usage: true }
}

function named(type: 'custom' | 'function', name: string): Json {
  return { type, [type]: { name } }
}
