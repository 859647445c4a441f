// Canonical request to Converse: root members and policy. What this wire has no word for is noted when it only tunes, and
// refused when it changes the shape of the answer. A model's own controls stand in `additionalModelRequestFields`.

import { encodeThinking } from '../../core/claude-thinking.ts'
import { CLOSED, strictly } from '../../core/closed-schema.ts'
import type { EncodeTarget, Encoded } from '../../core/dialect.ts'
import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import { applyQuirks } from '../../core/quirks.ts'
import type { GenerationRequest } from '../../core/request.ts'
import { type Family, familyOf } from './family.ts'
import { encodeMessages } from './messages-encode.ts'
import { ID } from './own.ts'
import { ownBody } from './request-own.ts'
import { encodeTools } from './tools-encode.ts'

/** Root members of this API that callers of other dialects use as extensions: passed as they are. */
const EXTENSIONS = [
  'guardrailConfig',
  'performanceConfig',
  'additionalModelRequestFields',
  'additionalModelResponseFieldPaths',
  'promptVariables',
  'outputConfig',
] as const

/** Root members of Messages that Claude takes on this wire too, beside its own. */
const CLAUDE_EXTENSIONS = ['thinking', 'output_config', 'context_management', 'anthropic_beta'] as const

const JSON_ONLY = 'Answer with one valid JSON object and nothing else: no prose, no code fence.'
const TIERS = new Set(['priority', 'default', 'flex', 'reserved'])
/** What a value of `requestMetadata` may hold. */
const METADATA = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/
const MOST_METADATA = 16

export function encodeRequest(request: GenerationRequest, target: EncodeTarget): Encoded {
  const notes: Note[] = []
  const body = request.dialect === ID ? ownBody(request) : foreignBody(request, target, notes)
  applyQuirks(body, target.quirks, notes)
  return { body, notes }
}

function foreignBody(request: GenerationRequest, target: EncodeTarget, notes: Note[]): JsonObject {
  const extras = request.origin?.extras ?? {}
  refuseOtherShapes(request, extras)
  const { facts } = target
  const family = familyOf(target.model)
  const { system, messages } = encodeMessages(
    request,
    { prefill: facts.prefill, nineIds: family.nineIds === true },
    notes,
  )
  const body: JsonObject = { messages }
  const more: JsonObject = {}
  const { toolConfig, vendorTools } = encodeTools(request, family, facts, notes)
  if (vendorTools.length > 0) more.tools = vendorTools
  const inference = inferenceConfig(request, target, family, more, toolConfig, notes)
  encodeFormat(request, body, system, family, notes)
  if (system.length > 0) body.system = system
  if (Object.keys(inference).length > 0) body.inferenceConfig = inference
  if (toolConfig) body.toolConfig = toolConfig
  encodeMetadata(request, extras, body, notes)
  encodeTier(request.serviceTier, body, notes)
  for (const name of CLAUDE_EXTENSIONS) {
    const value = extras[name]
    if (family.name === 'anthropic' && value !== undefined && value !== null)
      more[name] = joined(more[name], value)
  }
  if (Object.keys(more).length > 0) body.additionalModelRequestFields = more
  for (const name of EXTENSIONS) {
    const value = extras[name]
    if (value !== undefined && value !== null) body[name] = joined(body[name], value)
  }
  dropTuning(request, extras, family, notes)
  return body
}

/** The caller's own member over ours. */
function joined(ours: Json | undefined, theirs: Json): Json {
  return isObject(ours) && isObject(theirs) ? { ...ours, ...theirs } : theirs
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

function inferenceConfig(
  request: GenerationRequest,
  { facts }: EncodeTarget,
  family: Family,
  more: JsonObject,
  toolConfig: JsonObject | undefined,
  notes: Note[],
): JsonObject {
  const config: JsonObject = {}
  const { maxOutputTokens: wanted, temperature, topP, topK } = request
  const note = (field: string, action: Note['action'], why: string): void => {
    notes.push({ field, action, why })
  }
  const most = facts.maxOutputTokens
  if (typeof wanted === 'number') {
    config.maxTokens = most === undefined ? wanted : Math.min(wanted, most)
    if (most !== undefined && wanted > most)
      note('max_tokens', 'approximated', `this model writes at most ${most} tokens`)
  }
  encodeReasoning(request, family, facts, config, more, toolConfig, notes)
  const thinks = isObject(more.thinking) && more.thinking.type !== 'disabled'
  const refused = facts.sampling === false ? 'this model refuses sampling parameters' : undefined
  if (typeof temperature === 'number') {
    if (refused !== undefined) note('temperature', 'dropped', refused)
    else if (thinks && temperature !== 1) note('temperature', 'dropped', 'thinking excludes it')
    else {
      config.temperature = Math.min(1, temperature)
      if (temperature > 1) note('temperature', 'approximated', 'at most 1 here')
    }
  }
  if (typeof topP === 'number') {
    if (refused !== undefined) note('top_p', 'dropped', refused)
    else if (family.name === 'anthropic' && config.temperature !== undefined)
      note('top_p', 'dropped', 'models take either temperature or top_p')
    else if (thinks && topP < 0.95) note('top_p', 'dropped', 'thinking excludes values below 0.95')
    else config.topP = topP
  }
  if (typeof topK === 'number') {
    if (refused !== undefined || thinks) note('top_k', 'dropped', refused ?? 'thinking excludes it')
    else if (family.topK === 'plain') more.top_k = topK
    else if (family.topK === 'nova') more.inferenceConfig = { topK }
    else note('top_k', 'dropped', 'models of this vendor have no top_k')
  }
  const stop = request.stop ?? []
  const kept = stop.filter((entry) => entry.trim() !== '')
  if (kept.length > 0) config.stopSequences = kept
  if (kept.length < stop.length) note('stop', 'dropped', 'a stop sequence must hold a visible character')
  return config
}

/** How much to think, in the words of the vendor behind the model. */
function encodeReasoning(
  request: GenerationRequest,
  family: Family,
  facts: EncodeTarget['facts'],
  config: JsonObject,
  more: JsonObject,
  toolConfig: JsonObject | undefined,
  notes: Note[],
): void {
  const control = request.reasoning
  if (!control) return
  const drop = (why: string): void => {
    notes.push({ field: 'reasoning_effort', action: 'dropped', why })
  }
  const effort = control.effort ?? (control.mode === 'disabled' ? 'none' : undefined)
  if (family.thinking !== 'claude' && effort === undefined)
    return drop('models of this vendor take no thinking mode or budget here')
  switch (family.thinking) {
    case 'claude': {
      // What a caller says in Claude's own words goes on as it is, effort beside it.
      if (control.mode !== undefined) {
        const { mode, budgetTokens, display } = control
        more.thinking = {
          type: mode,
          ...(budgetTokens === undefined ? {} : { budget_tokens: budgetTokens }),
          ...(display === undefined ? {} : { display }),
        }
        if (typeof control.effort === 'string') more.output_config = { effort: control.effort }
        return
      }
      // The decision is Claude's own; here only its places differ.
      const choice = toolConfig?.toolChoice
      const forced = isObject(choice) && choice.auto === undefined
      const scratch: JsonObject = {
        max_tokens: config.maxTokens ?? facts.defaultMaxOutputTokens ?? 4_096,
        ...(forced ? { tool_choice: { type: 'any' } } : {}),
      }
      encodeThinking(control, facts, scratch, notes)
      if (scratch.thinking !== undefined) more.thinking = scratch.thinking
      if (scratch.output_config !== undefined) more.output_config = scratch.output_config
      return
    }
    case 'reasoning_effort':
      if (typeof effort === 'string' && effort !== 'none') more.reasoning_effort = effort
      else if (effort === 'none') drop('thinking cannot be switched off on this model')
      return
    case 'reasoning_config':
      if (typeof effort === 'string' && effort !== 'none') more.reasoning_config = effort
      return
    case 'nova':
      if (typeof effort === 'string' && effort !== 'none')
        more.reasoningConfig = {
          type: 'enabled',
          maxReasoningEffort:
            effort === 'minimal' ? 'low' : /^(low|medium|high)$/.test(effort) ? effort : 'high',
        }
      return
    case 'none':
      if (effort !== undefined && effort !== 'none')
        drop('models of this vendor have no thinking control here')
      return
    default:
      return family.thinking satisfies never
  }
}

function encodeFormat(
  request: GenerationRequest,
  body: JsonObject,
  system: JsonObject[],
  family: Family,
  notes: Note[],
): void {
  const format = request.responseFormat
  if (format === undefined || format === null || format.type === 'text') return
  if (format.type === 'json_schema' && isObject(format.schema)) {
    // Claude demands closed objects; the others take the schema as it is.
    const { schema, changed } =
      family.name === 'anthropic' ? strictly(format.schema) : { schema: format.schema, changed: false }
    if (changed)
      notes.push({ field: 'response_format.json_schema.schema', action: 'approximated', why: CLOSED })
    body.outputConfig = {
      textFormat: {
        type: 'json_schema',
        structure: {
          jsonSchema: {
            ...(format.name === undefined ? {} : { name: format.name }),
            ...(format.description === undefined ? {} : { description: format.description }),
            schema: JSON.stringify(schema),
          },
        },
      },
    }
    return
  }
  if (format.type === 'opaque') {
    notes.push({
      field: 'response_format',
      action: 'dropped',
      why: 'no such format in Amazon Bedrock Converse',
    })
    return
  }
  system.push({ text: JSON_ONLY })
  notes.push({
    field: 'response_format',
    action: 'approximated',
    why: 'JSON without a schema is asked for by an instruction',
  })
}

/** Metadata and the end user's id go into the invocation log; they bind nothing. */
function encodeMetadata(
  request: GenerationRequest,
  extras: JsonObject,
  body: JsonObject,
  notes: Note[],
): void {
  const taken: JsonObject = {}
  for (const [key, value] of Object.entries(request.metadata ?? {})) {
    const fits = typeof value === 'string' && METADATA.test(value) && key !== '' && METADATA.test(key)
    if (fits && Object.keys(taken).length < MOST_METADATA) taken[key] = value
    else
      notes.push({
        field: `metadata.${key}`,
        action: 'dropped',
        why: `metadata holds at most ${MOST_METADATA} short texts of a small alphabet here`,
      })
  }
  const user = request.user ?? extras.safety_identifier
  if (typeof user === 'string') {
    const fits = METADATA.test(user) && Object.keys(taken).length < MOST_METADATA && taken.user === undefined
    if (fits) taken.user = user
    notes.push({
      field: 'user',
      action: fits ? 'moved' : 'dropped',
      why: fits ? 'it is sent as requestMetadata.user' : 'its characters are refused in requestMetadata',
    })
  }
  if (Object.keys(taken).length > 0) body.requestMetadata = taken
}

function encodeTier(tier: string | null | undefined, body: JsonObject, notes: Note[]): void {
  if (tier === undefined || tier === null || tier === 'auto') return
  if (TIERS.has(tier)) body.serviceTier = { type: tier }
  else if (tier === 'standard_only') body.serviceTier = { type: 'default' }
  else notes.push({ field: 'service_tier', action: 'dropped', why: 'no such tier here' })
}

/** Fields that only tune. */
function dropTuning(request: GenerationRequest, extras: JsonObject, family: Family, notes: Note[]): void {
  const lost: Record<string, Json | undefined> = {
    seed: request.seed,
    logit_bias: request.logitBias,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    top_logprobs: request.topLogprobs,
    cache_control: request.cache?.raw,
    ...extras,
  }
  const known: ReadonlySet<string> = new Set([
    ...EXTENSIONS,
    ...(family.name === 'anthropic' ? CLAUDE_EXTENSIONS : []),
    'safety_identifier',
    'modalities',
  ])
  for (const [field, value] of Object.entries(lost))
    if (value !== undefined && value !== null && !known.has(field))
      notes.push({ field, action: 'dropped', why: 'Amazon Bedrock Converse has no such field' })
}
