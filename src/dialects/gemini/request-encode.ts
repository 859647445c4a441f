// Canonical request to generateContent: root members and policy. The model and the wish for a stream stand in the path.

import type { EncodeTarget, Encoded } from '../../core/dialect.ts'
import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { GenerationRequest } from '../../core/request.ts'
import { encodeContents } from './contents-encode.ts'
import { ownBody } from './request-own.ts'
import { adaptSchema } from './schema.ts'
import { encodeReasoning } from './thinking-encode.ts'
import { encodeTools } from './tools-encode.ts'

/** Root members of this API that callers of other dialects use as extensions, in both spellings. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  safetySettings: 'safetySettings',
  safety_settings: 'safetySettings',
  cachedContent: 'cachedContent',
  cached_content: 'cachedContent',
  labels: 'labels',
}
/** Read elsewhere, or nothing to lose. */
const SILENT: ReadonlySet<string> = new Set([
  'web_search_options',
  'modalities',
  'audio',
  'google',
  'extra_body',
])
const MOST_STOPS = 5

export function encodeRequest(request: GenerationRequest, target: EncodeTarget): Encoded {
  const notes: Note[] = []
  const { quirks } = target
  const body =
    request.dialect === 'gemini' ? ownBody(request, target.model, notes) : foreignBody(request, target, notes)
  for (const name of quirks.drop ?? []) dropMember(body, name, notes)
  Object.assign(body, quirks.force)
  return { body, notes }
}

/** A member of the root or, with a dot, of a member of it (`generationConfig.seed`). */
function dropMember(body: JsonObject, name: string, notes: Note[]): void {
  const dot = name.indexOf('.')
  const owner = dot < 0 ? body : body[name.slice(0, dot)]
  const key = name.slice(dot + 1)
  if (!isObject(owner) || owner[key] === undefined) return
  delete owner[key]
  notes.push({ field: name, action: 'dropped', why: 'the provider refuses it' })
}

function foreignBody(request: GenerationRequest, target: EncodeTarget, notes: Note[]): JsonObject {
  const extras = request.origin?.extras ?? {}
  const { facts } = target
  const { system, contents } = encodeContents(request, facts, notes)
  const body: JsonObject = { contents }
  if (system.length > 0) body.systemInstruction = { parts: system }
  encodeTools(request, facts, body, notes)
  const config = generationConfig(request, extras, facts, notes)
  if (Object.keys(config).length > 0) body.generationConfig = config
  encodeTier(request.serviceTier, body, notes)
  for (const [field, value] of [
    ['user', request.user],
    ['metadata', request.metadata],
    ['logit_bias', request.logitBias],
    ['cache_control', request.cache?.raw],
  ] as const)
    if (value !== undefined && value !== null)
      notes.push({ field, action: 'dropped', why: 'Gemini has no such field' })
  encodeExtras(extras, body, notes)
  return body
}

function encodeExtras(extras: JsonObject, body: JsonObject, notes: Note[]): void {
  for (const [field, value] of Object.entries(extras)) {
    if (value === undefined || value === null) continue
    const own = EXTENSIONS[field]
    if (own !== undefined) body[own] = value
    else if (!SILENT.has(field)) notes.push({ field, action: 'dropped', why: 'Gemini has no such field' })
  }
  // What callers of Google's OpenAI-compatible endpoint put into `extra_body.google`.
  const wrapper = isObject(extras.extra_body) ? extras.extra_body : {}
  const google = isObject(extras.google)
    ? extras.google
    : isObject(wrapper.google)
      ? wrapper.google
      : undefined
  if (!google) return
  for (const [field, value] of Object.entries(google)) {
    if (value === undefined) continue
    const own = EXTENSIONS[field]
    if (own !== undefined) body[own] = value
    else if ((field === 'thinking_config' || field === 'thinkingConfig') && isObject(value))
      body.generationConfig = {
        ...(isObject(body.generationConfig) ? body.generationConfig : {}),
        thinkingConfig: value,
      }
    else notes.push({ field: `google.${field}`, action: 'dropped', why: 'Gemini has no such field' })
  }
}

function generationConfig(
  request: GenerationRequest,
  extras: JsonObject,
  facts: EncodeTarget['facts'],
  notes: Note[],
): JsonObject {
  const config: JsonObject = {}
  const put = (name: string, value: Json | undefined): void => {
    if (value === undefined || value === null) return
    if (facts.refuses?.includes(name) === true)
      notes.push({ field: name, action: 'dropped', why: 'this model refuses it' })
    else config[name] = value
  }
  put('temperature', request.temperature)
  put('topP', request.topP)
  put('topK', request.topK)
  put('maxOutputTokens', request.maxOutputTokens)
  put('seed', request.seed)
  put('candidateCount', request.n === 1 ? undefined : request.n)
  put('presencePenalty', request.presencePenalty)
  put('frequencyPenalty', request.frequencyPenalty)
  if (request.logprobs === true) {
    config.responseLogprobs = true
    put('logprobs', request.topLogprobs)
  }
  encodeStop(request, config, notes)
  encodeFormat(request, config, notes)
  encodeModalities(extras, config, notes)
  encodeReasoning(request.reasoning, facts, config, notes)
  return config
}

function encodeStop(request: GenerationRequest, config: JsonObject, notes: Note[]): void {
  const stop = (request.stop ?? []).filter((entry) => entry !== '')
  if (stop.length === 0) return
  config.stopSequences = stop.slice(0, MOST_STOPS)
  if (stop.length > MOST_STOPS)
    notes.push({
      field: 'stop',
      action: 'approximated',
      why: `Gemini takes ${MOST_STOPS}; the first ${MOST_STOPS} are sent`,
    })
}

function encodeFormat(
  { responseFormat: format }: GenerationRequest,
  config: JsonObject,
  notes: Note[],
): void {
  if (format === undefined || format === null || format.type === 'text') return
  if (format.type === 'opaque') {
    notes.push({ field: 'response_format', action: 'dropped', why: 'no such format in Gemini' })
    return
  }
  config.responseMimeType = 'application/json'
  if (format.type === 'json') return
  if (format.description !== undefined)
    notes.push({
      field: 'response_format.json_schema.description',
      action: 'dropped',
      why: 'a format holds only its schema here',
    })
  if (!isObject(format.schema)) return
  const { schema, changed } = adaptSchema(format.schema)
  config.responseJsonSchema = schema
  if (changed.length > 0)
    notes.push({
      field: 'response_format.json_schema.schema',
      action: 'approximated',
      why: `Gemini does not read ${changed.join(', ')}`,
    })
}

/** Audio and pictures as answers, as Chat asks for them. */
function encodeModalities(extras: JsonObject, config: JsonObject, notes: Note[]): void {
  const { modalities, audio } = extras
  if (Array.isArray(modalities) && modalities.some((word) => word !== 'text')) {
    if (!modalities.every((word) => typeof word === 'string'))
      throw invalid('modalities', 'modalities must be a list of strings')
    config.responseModalities = modalities.map((word) => word.toUpperCase())
    notes.push({ field: 'modalities', action: 'approximated', why: 'sent as responseModalities' })
  }
  if (isObject(audio))
    notes.push({ field: 'audio', action: 'approximated', why: 'Gemini takes a voice and gives PCM' })
  if (isObject(audio) && typeof audio.voice === 'string')
    config.speechConfig = { voiceConfig: { prebuiltVoiceConfig: { voiceName: audio.voice } } }
}

const TIERS: Readonly<Record<string, string | undefined>> = {
  flex: 'flex',
  priority: 'priority',
  standard: 'standard',
  default: 'standard',
  standard_only: 'standard',
}

function encodeTier(tier: string | null | undefined, body: JsonObject, notes: Note[]): void {
  if (tier === undefined || tier === null || tier === 'auto') return
  const own = TIERS[tier]
  if (own !== undefined) body.serviceTier = own
  else notes.push({ field: 'service_tier', action: 'dropped', why: 'no such tier here' })
}
