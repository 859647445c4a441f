// Canonical request to Responses. One that came on this wire is written back as it was spelt; one of another dialect is
// stateless here: nothing is stored, and its reasoning comes back sealed so that the caller can carry it.

import type { EncodeTarget, Encoded } from '../../core/dialect.ts'
import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import { applyQuirks } from '../../core/quirks.ts'
import type { GenerationRequest, ResponseFormat } from '../../core/request.ts'
import { encodeMessages } from './items-encode.ts'
import { ownExtras, ownShape } from './members.ts'
import { completed, encodeChoice, encodeTools } from './tools.ts'

/** Fewer are refused. */
const LEAST_OUTPUT = 16
/** Root members of Chat that mean the same here. */
const SHARED: ReadonlySet<string> = new Set([
  'store',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'moderation',
])

export function encodeRequest(request: GenerationRequest, target: EncodeTarget): Encoded {
  const notes: Note[] = []
  const own = request.dialect === 'openai-responses'
  const body = own ? ownBody(request, target, notes) : foreignBody(request, target, notes)
  applyQuirks(body, target.quirks, notes)
  return { body, notes }
}

function ownBody(request: GenerationRequest, target: EncodeTarget, notes: Note[]): JsonObject {
  const shape = ownShape(request.origin)
  // A stored prompt names its model itself.
  const body: JsonObject = shape.model === 'absent' ? {} : { model: target.model }
  if (shape.instructions === 'null') body.instructions = null
  for (const message of request.messages) {
    const [part] = message.parts
    if (ownShape(message.origin).root === true && part?.kind === 'text') body.instructions = part.text
  }
  const items = encodeMessages(request, {}, notes)
  if (shape.input === 'null') body.input = null
  else if (shape.input === 'string') body.input = items[0]?.content
  else if (shape.input !== 'absent') body.input = items
  encodeShared(request, body, notes)
  if (shape.tools === 'null') body.tools = null
  else if (shape.tools !== 'absent' && request.tools !== undefined)
    body.tools = request.tools === null ? null : encodeTools(request.tools, notes)
  if (request.toolChoice !== undefined) body.tool_choice = encodeChoice(request.toolChoice, true, notes)
  if (request.parallelToolCalls !== undefined) body.parallel_tool_calls = request.parallelToolCalls
  if (isObject(shape.reasoning)) body.reasoning = { ...request.reasoning, ...shape.reasoning }
  const { verbosity, ...extras } = ownExtras(request.origin) ?? {}
  if (isObject(shape.text))
    body.text = {
      ...(request.responseFormat === undefined
        ? {}
        : { format: encodeFormat(request.responseFormat, true, notes) }),
      ...(verbosity === undefined ? {} : { verbosity }),
      ...shape.text,
    }
  if (shape.stream === 'null') body.stream = null
  else if (request.stream || shape.stream !== 'absent') body.stream = request.stream
  return Object.assign(body, extras, shape.handled)
}

/** Members that mean the same wherever the request came from. */
function encodeShared(request: GenerationRequest, body: JsonObject, _notes: Note[]): void {
  const put = (name: string, value: Json | undefined): void => {
    if (value !== undefined) body[name] = value
  }
  put('max_output_tokens', request.maxOutputTokens)
  put('temperature', request.temperature)
  put('top_p', request.topP)
  put('top_logprobs', request.topLogprobs)
  put('metadata', request.metadata)
  put(ownShape(request.origin).user === 'safety_identifier' ? 'safety_identifier' : 'user', request.user)
  put('service_tier', request.serviceTier)
}

function foreignBody(request: GenerationRequest, target: EncodeTarget, notes: Note[]): JsonObject {
  const extras = request.origin?.extras ?? {}
  refuseOtherShapes(request, extras)
  const body: JsonObject = { model: target.model }
  body.input = encodeMessages(request, target.quirks, notes)
  encodeShared(request, body, notes)
  for (const name of Object.keys(body)) if (body[name] === null) delete body[name]
  const { max_output_tokens: most } = body
  if (typeof most === 'number' && most < LEAST_OUTPUT) {
    body.max_output_tokens = LEAST_OUTPUT
    notes.push({ field: 'max_tokens', action: 'approximated', why: `at least ${LEAST_OUTPUT} in Responses` })
  }
  encodeForeignTools(request, extras, body, notes)
  encodeForeignReasoning(request, body, notes)
  const format = request.responseFormat ? encodeFormat(request.responseFormat, false, notes) : undefined
  const { verbosity } = extras
  if (format !== undefined || typeof verbosity === 'string')
    body.text = {
      ...(format === undefined ? {} : { format }),
      ...(typeof verbosity === 'string' ? { verbosity } : {}),
    }
  encodeForeignTier(request, body, notes)
  const include = ['reasoning.encrypted_content']
  if (request.logprobs === true) include.push('message.output_text.logprobs')
  else delete body.top_logprobs
  for (const name of SHARED)
    if (extras[name] !== undefined && extras[name] !== null) body[name] = extras[name]
  body.store ??= false
  body.include = include
  if (request.stream) body.stream = true
  dropTuning(request, extras, notes)
  return body
}

function refuseOtherShapes(request: GenerationRequest, extras: JsonObject): void {
  const { n } = request
  if (n !== undefined && n !== null && n > 1)
    throw invalid('n', 'n above 1 is unsupported: a response is one answer')
  const { modalities, audio } = extras
  if ((Array.isArray(modalities) && modalities.includes('audio')) || isObject(audio))
    throw invalid(isObject(audio) ? 'audio' : 'modalities', 'audio output is unsupported by Responses')
}

function encodeForeignTools(
  request: GenerationRequest,
  extras: JsonObject,
  body: JsonObject,
  notes: Note[],
): void {
  const tools = encodeTools(request.tools ?? [], notes).map(completed)
  const search = extras.web_search_options
  if (isObject(search)) {
    const { search_context_size: size, user_location: where } = search
    const place =
      isObject(where) && isObject(where.approximate) ? { type: 'approximate', ...where.approximate } : where
    notes.push({ field: 'web_search_options', action: 'moved', why: 'sent as the web_search tool' })
    tools.push({
      type: 'web_search',
      ...(size === undefined ? {} : { search_context_size: size }),
      ...(place === undefined ? {} : { user_location: place }),
    })
  }
  if (tools.length > 0) body.tools = tools
  const choice = request.toolChoice
  if (choice !== undefined && choice !== null) {
    const encoded = tools.length > 0 ? encodeChoice(choice, false, notes) : undefined
    if (encoded !== undefined) body.tool_choice = encoded
    else if (tools.length === 0)
      notes.push({ field: 'tool_choice', action: 'dropped', why: 'there are no tools' })
  }
  if (typeof request.parallelToolCalls === 'boolean' && tools.length > 0)
    body.parallel_tool_calls = request.parallelToolCalls
}

/** An effort as it is; a token budget by its size. Summaries are asked for, because the caller's wire shows reasoning. */
function encodeForeignReasoning(request: GenerationRequest, body: JsonObject, notes: Note[]): void {
  const { effort, mode, budgetTokens } = request.reasoning ?? {}
  if (typeof effort === 'string') {
    body.reasoning = { effort, ...(effort === 'none' ? {} : { summary: 'auto' }) }
    if (mode !== undefined)
      notes.push({ field: 'thinking', action: 'approximated', why: 'sent as reasoning.effort' })
    return
  }
  if (mode === undefined && budgetTokens === undefined) {
    if (request.reasoning?.display === 'summarized') body.reasoning = { summary: 'auto' }
    return
  }
  if (mode === 'disabled') {
    notes.push({ field: 'thinking', action: 'dropped', why: 'not every model can switch reasoning off' })
    return
  }
  if (budgetTokens !== undefined) {
    const size = budgetTokens <= 2_000 ? 'low' : budgetTokens <= 10_000 ? 'medium' : 'high'
    body.reasoning = { effort: size, summary: 'auto' }
    notes.push({
      field: 'thinking',
      action: 'approximated',
      why: 'the token budget is sent as reasoning.effort',
    })
    return
  }
  body.reasoning = { summary: 'auto' }
  notes.push({ field: 'thinking', action: 'approximated', why: 'how much to think is left to the model' })
}

function encodeForeignTier(request: GenerationRequest, body: JsonObject, notes: Note[]): void {
  if (request.serviceTier === 'standard_only') body.service_tier = 'default'
  if (request.metadata !== undefined && request.metadata !== null && request.dialect !== 'openai-chat') {
    delete body.metadata
    notes.push({ field: 'metadata', action: 'dropped', why: 'metadata of another vendor' })
  }
  if (typeof body.user === 'string' && request.dialect !== 'openai-chat') {
    body.safety_identifier = body.user.slice(0, 128)
    if (body.user.length > 128)
      notes.push({ field: 'metadata.user_id', action: 'approximated', why: 'cut to 128 characters' })
    delete body.user
  }
  if (request.cache)
    notes.push({ field: 'cache_control', action: 'dropped', why: 'Responses caches by itself' })
}

function encodeFormat(format: ResponseFormat | null, own: boolean, notes: Note[]): Json | undefined {
  if (format === null) return null
  switch (format.type) {
    case 'text':
      return { type: 'text' }
    case 'json':
      return { type: 'json_object' }
    case 'json_schema':
      // Name and schema are demanded here.
      return own
        ? { ...format }
        : { ...format, name: format.name ?? 'answer', schema: format.schema ?? { type: 'object' } }
    case 'opaque':
      if (format.dialect === 'openai-responses') return format.value
      notes.push({ field: 'response_format', action: 'dropped', why: 'Responses has no such format' })
      return undefined
    default:
      return format satisfies never
  }
}

/** Fields that only tune, and have no form here. */
function dropTuning(request: GenerationRequest, extras: JsonObject, notes: Note[]): void {
  const lost: Record<string, Json | undefined> = {
    top_k: request.topK,
    stop: request.stop,
    seed: request.seed,
    logit_bias: request.logitBias,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    ...extras,
  }
  const kept: ReadonlySet<string> = new Set([...SHARED, 'verbosity', 'web_search_options', 'modalities'])
  for (const [field, value] of Object.entries(lost))
    if (
      value !== undefined &&
      value !== null &&
      !kept.has(field) &&
      !(Array.isArray(value) && value.length === 0)
    )
      notes.push({
        field: field === 'stop' && request.dialect === 'anthropic-messages' ? 'stop_sequences' : field,
        action: 'dropped',
        why: 'Responses has no such field',
      })
}

/** What an answer repeats of its request, as the caller asked for it. */
export function echoOf(request: GenerationRequest | undefined): JsonObject {
  const own = request?.dialect === 'openai-responses' ? request : undefined
  const body = own
    ? ownBody({ ...own, messages: own.messages.filter(isRoot) }, { model: '', quirks: {}, facts: {} }, [])
    : {}
  return {
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: null, summary: null, ...(isObject(body.reasoning) ? body.reasoning : {}) },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: body.service_tier ?? 'auto',
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { format: { type: 'text' }, ...(isObject(body.text) ? body.text : {}) },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? 'disabled',
    ...(body.user === undefined ? {} : { user: body.user }),
  }
}

const isRoot = (message: GenerationRequest['messages'][number]): boolean =>
  ownShape(message.origin).root === true
