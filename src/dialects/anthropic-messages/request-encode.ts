// Canonical request to Messages: root members and policy. What this wire has no word for is noted when it only tunes,
// and refused when it changes the shape of the answer.

import type { EncodeTarget, Encoded } from '../../core/dialect.ts'
import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import { applyQuirks } from '../../core/quirks.ts'
import type { GenerationRequest } from '../../core/request.ts'
import { keepFourMarks } from './cache-marks.ts'
import { encodeMessages } from './messages-encode.ts'
import { ownBody } from './request-own.ts'
import { CLOSED, strictly } from '../../core/closed-schema.ts'
import { encodeThinking } from '../../core/claude-thinking.ts'
import { encodeTools } from './tools-encode.ts'

const VERSION = '2023-06-01'
/** Since this version temperature, top_p and top_k are refused, whatever the model. */
const NO_SAMPLING_VERSION = '2026-10-21'
/** Where nobody says how long the answer may be; the wire demands a number. */
const DEFAULT_MAX_TOKENS = 4_096

/** Root members of this API that callers of other dialects use as extensions: passed as they are. */
const EXTENSIONS = [
  'thinking',
  'output_config',
  'context_management',
  'container',
  'mcp_servers',
  'compaction',
  'fallbacks',
  'diagnostics',
  'safeguards',
  'inference_geo',
  'speed',
  'cache_control',
] as const

const JSON_ONLY = 'Answer with one valid JSON object and nothing else: no prose, no code fence.'

export function encodeRequest(request: GenerationRequest, target: EncodeTarget): Encoded {
  const notes: Note[] = []
  const own = request.dialect === 'anthropic-messages'
  const body = own ? ownBody(request, target.model) : foreignBody(request, target, notes)
  applyQuirks(body, target.quirks, notes)
  return { body, notes, headers: { 'anthropic-version': target.quirks.anthropicVersion ?? VERSION } }
}

function foreignBody(request: GenerationRequest, target: EncodeTarget, notes: Note[]): JsonObject {
  const extras = request.origin?.extras ?? {}
  refuseOtherShapes(request, extras)
  const { facts } = target
  const body: JsonObject = { model: target.model, max_tokens: maxTokens(request, target, notes) }
  const { system, messages } = encodeMessages(request, facts, notes)
  body.messages = messages
  encodeTools(request, facts, body, notes)
  encodeThinking(request.reasoning, facts, body, notes)
  encodeFormat(request, body, system, notes)
  if (system.length > 0) body.system = system
  encodeStop(request, body, notes)
  encodeUser(request, extras, body, notes)
  encodeTier(request.serviceTier, body, notes)
  if (request.cache) body.cache_control = request.cache.raw
  for (const name of EXTENSIONS) {
    const value = extras[name]
    if (value === undefined || value === null) continue
    // Z.ai's `thinking` has members of its own; without a type it is not this API's.
    if (name === 'thinking' && (!isObject(value) || typeof value.type !== 'string')) {
      notes.push({ field: name, action: 'dropped', why: 'it names no type of thinking' })
      continue
    }
    body[name] = isObject(value) && isObject(body[name]) ? { ...body[name], ...value } : value
  }
  encodeSampling(request, target, body, notes)
  dropTuning(request, extras, notes)
  if (request.stream) body.stream = true
  keepFourMarks(body, notes)
  return body
}

function refuseOtherShapes(request: GenerationRequest, extras: JsonObject): void {
  const { n, logprobs } = request
  if (n !== undefined && n !== null && n > 1)
    throw invalid('n', 'n above 1 is unsupported: this model gives one answer a request')
  if (logprobs === true) throw invalid('logprobs', 'logprobs is unsupported by this model')
  const { modalities, audio } = extras
  if ((Array.isArray(modalities) && modalities.includes('audio')) || isObject(audio))
    throw invalid(isObject(audio) ? 'audio' : 'modalities', 'audio output is unsupported by this model')
}

function maxTokens(request: GenerationRequest, { facts }: EncodeTarget, notes: Note[]): number {
  const wanted = request.maxOutputTokens ?? facts.defaultMaxOutputTokens ?? DEFAULT_MAX_TOKENS
  const { maxOutputTokens: most } = facts
  if (most === undefined || wanted <= most) return wanted
  notes.push({ field: 'max_tokens', action: 'approximated', why: `this model writes at most ${most} tokens` })
  return most
}

function encodeFormat(
  request: GenerationRequest,
  body: JsonObject,
  system: JsonObject[],
  notes: Note[],
): void {
  const format = request.responseFormat
  if (format === undefined || format === null || format.type === 'text') return
  if (request.messages.some((message) => message.parts.some((part) => part.kind === 'media' && part.citable)))
    throw invalid('response_format', 'structured output and citations of documents exclude each other')
  if (format.type === 'json_schema' && isObject(format.schema)) {
    const config = isObject(body.output_config) ? body.output_config : {}
    const { schema, changed } = strictly(format.schema)
    body.output_config = { ...config, format: { type: 'json_schema', schema } }
    if (changed)
      notes.push({ field: 'response_format.json_schema.schema', action: 'approximated', why: CLOSED })
    if (format.description !== undefined)
      notes.push({
        field: 'response_format.json_schema.description',
        action: 'dropped',
        why: 'a format holds only its schema here',
      })
    return
  }
  if (format.type === 'opaque') {
    notes.push({ field: 'response_format', action: 'dropped', why: 'no such format in Anthropic Messages' })
    return
  }
  system.push({ type: 'text', text: JSON_ONLY })
  notes.push({
    field: 'response_format',
    action: 'approximated',
    why: 'JSON without a schema is asked for by an instruction',
  })
}

/** Entries without a visible character are refused here. */
function encodeStop(request: GenerationRequest, body: JsonObject, notes: Note[]): void {
  const stop = request.stop ?? []
  const kept = stop.filter((entry) => entry.trim() !== '')
  if (kept.length > 0) body.stop_sequences = kept
  if (kept.length < stop.length)
    notes.push({ field: 'stop', action: 'dropped', why: 'a stop sequence must hold a visible character' })
}

function encodeUser(request: GenerationRequest, extras: JsonObject, body: JsonObject, notes: Note[]): void {
  const user = request.user ?? extras.safety_identifier
  if (typeof user === 'string') body.metadata = { user_id: user }
  if (request.metadata !== undefined && request.metadata !== null)
    notes.push({ field: 'metadata', action: 'dropped', why: 'metadata holds only a user id here' })
}

function encodeTier(tier: string | null | undefined, body: JsonObject, notes: Note[]): void {
  if (tier === undefined || tier === null) return
  if (tier === 'auto' || tier === 'standard_only') body.service_tier = tier
  else if (tier === 'default') body.service_tier = 'standard_only'
  else notes.push({ field: 'service_tier', action: 'dropped', why: 'no such tier here' })
}

function encodeSampling(
  request: GenerationRequest,
  { facts, quirks }: EncodeTarget,
  body: JsonObject,
  notes: Note[],
): void {
  const { temperature, topP, topK } = request
  const drop = (field: string, why: string): void => {
    notes.push({ field, action: 'dropped', why })
  }
  const present = (value: number | null | undefined): value is number => value !== undefined && value !== null
  if (facts.sampling === false || quirks.anthropicVersion === NO_SAMPLING_VERSION) {
    const why =
      facts.sampling === false ? 'this model refuses sampling parameters' : 'this API version refuses it'
    if (present(temperature)) drop('temperature', why)
    if (present(topP)) drop('top_p', why)
    if (present(topK)) drop('top_k', why)
    return
  }
  const thinks =
    isObject(body.thinking) && (body.thinking.type === 'enabled' || body.thinking.type === 'adaptive')
  if (present(temperature)) {
    if (thinks && temperature !== 1) drop('temperature', 'thinking excludes it')
    else {
      body.temperature = Math.min(1, temperature)
      if (temperature > 1) notes.push({ field: 'temperature', action: 'approximated', why: 'at most 1 here' })
    }
  }
  if (present(topP)) {
    if (body.temperature !== undefined) drop('top_p', 'models take either temperature or top_p')
    else if (thinks && topP < 0.95) drop('top_p', 'thinking excludes values below 0.95')
    else body.top_p = topP
  }
  if (present(topK)) {
    if (thinks) drop('top_k', 'thinking excludes it')
    else body.top_k = topK
  }
}

/** Fields that only tune. */
function dropTuning(request: GenerationRequest, extras: JsonObject, notes: Note[]): void {
  const lost: Record<string, Json | undefined> = {
    seed: request.seed,
    logit_bias: request.logitBias,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    top_logprobs: request.topLogprobs,
    ...extras,
  }
  const known: ReadonlySet<string> = new Set([...EXTENSIONS, 'safety_identifier', 'modalities'])
  for (const [field, value] of Object.entries(lost))
    if (value !== undefined && value !== null && !known.has(field))
      notes.push({ field, action: 'dropped', why: 'Anthropic Messages has no such field' })
}
