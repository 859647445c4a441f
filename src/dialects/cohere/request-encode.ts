// Canonical request to Chat v2. A request of this dialect is written back as it was spelt; for any other, what the wire
// has no word for is noted when it only tunes, and refused when it changes the shape of the answer.

import type { EncodeTarget, Encoded } from '../../core/dialect.ts'
import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import { applyQuirks } from '../../core/quirks.ts'
import type { GenerationRequest, Tool } from '../../core/request.ts'
import { encodeMessages, ownMessages } from './messages-encode.ts'
import { wireName } from './names.ts'
import { ID, ownExtras, ownShape } from './own.ts'

/** Root members of this API that callers of other dialects use as extensions: passed as they are. */
const EXTENSIONS = [
  'documents',
  'citation_options',
  'safety_mode',
  'priority',
  'strict_tools',
  'thinking',
] as const

/** Tokens of thinking by effort; above `high` the model's own limit holds. */
const BUDGET: Readonly<Record<string, number>> = { minimal: 512, low: 1_024, medium: 4_096, high: 16_384 }
const MOST_STOPS = 5

export function encodeRequest(request: GenerationRequest, target: EncodeTarget): Encoded {
  const notes: Note[] = []
  const body = request.dialect === ID ? ownBody(request, target.model) : foreignBody(request, target, notes)
  applyQuirks(body, target.quirks, notes)
  return { body, notes }
}

function ownBody(request: GenerationRequest, model: string): JsonObject {
  const shape = ownShape(request.origin)
  const body: JsonObject = { model, messages: ownMessages(request) }
  const put = (name: string, value: Json | undefined | null): void => {
    if (value !== undefined && value !== null) body[name] = value
  }
  if (request.tools) body.tools = request.tools.flatMap(ownTool)
  const { toolChoice: choice, responseFormat: format } = request
  if (choice?.type === 'required') body.tool_choice = 'REQUIRED'
  else if (choice?.type === 'none') body.tool_choice = 'NONE'
  else if (choice?.type === 'opaque') body.tool_choice = choice.value
  if (format?.type === 'text') body.response_format = { type: 'text' }
  else if (format?.type === 'json') body.response_format = { type: 'json_object' }
  else if (format?.type === 'json_schema')
    body.response_format = { type: 'json_object', json_schema: format.schema ?? {} }
  else if (format?.type === 'opaque') body.response_format = format.value
  const { mode, budgetTokens } = request.reasoning ?? {}
  if (mode !== undefined)
    body.thinking = {
      type: mode,
      ...(budgetTokens === undefined ? {} : { token_budget: budgetTokens }),
      ...(isObject(shape.thinking) ? shape.thinking : {}),
    }
  put('max_tokens', request.maxOutputTokens)
  put('temperature', request.temperature)
  put('p', request.topP)
  put('k', request.topK)
  put('seed', request.seed)
  put('frequency_penalty', request.frequencyPenalty)
  put('presence_penalty', request.presencePenalty)
  put('stop_sequences', request.stop)
  put('logprobs', request.logprobs)
  if (request.stream || shape.stream !== 'absent') body.stream = request.stream
  return Object.assign(body, ownExtras(request.origin))
}

function ownTool(tool: Tool): JsonObject[] {
  if (tool.type === 'native') return tool.dialect === ID ? [tool.value] : []
  if (tool.type === 'custom') return []
  const { beside } = ownShape(tool.origin)
  return [
    {
      type: 'function',
      function: {
        name: tool.name,
        ...(tool.description === undefined ? {} : { description: tool.description }),
        ...(tool.parameters === undefined ? {} : { parameters: tool.parameters }),
        ...ownExtras(tool.origin),
      },
      ...(isObject(beside) ? beside : {}),
    },
  ]
}

function foreignBody(request: GenerationRequest, target: EncodeTarget, notes: Note[]): JsonObject {
  const extras = request.origin?.extras ?? {}
  const { n } = request
  if (n !== undefined && n !== null && n > 1)
    throw invalid('n', 'n above 1 is unsupported: this model gives one answer a request')
  const body: JsonObject = { model: target.model, messages: encodeMessages(request, notes) }
  encodeTools(request, body, notes)
  encodeFormat(request, body, notes)
  encodeTuning(request, target, body, notes)
  encodeThinking(request, body, notes)
  for (const name of EXTENSIONS) {
    const value = extras[name]
    if (value !== undefined && value !== null) body[name] = value
  }
  if (request.stream) body.stream = true
  dropTuning(request, extras, notes)
  return body
}

function encodeTools(request: GenerationRequest, body: JsonObject, notes: Note[]): void {
  const { toolChoice: choice } = request
  const note = (field: string, action: Note['action'], why: string): void => {
    notes.push({ field, action, why })
  }
  let strict = 0
  let tools = (request.tools ?? []).flatMap((tool, index): { name: string; wire: JsonObject }[] => {
    const field = `tools[${index}]`
    if (tool.type === 'native') {
      note(field, 'dropped', `the ${tool.name} tool exists only at its own vendor`)
      return []
    }
    for (const name of Object.keys(tool.origin?.extras ?? {}))
      note(`${field}.${name}`, 'dropped', 'Cohere has no such field')
    if (tool.type === 'custom')
      note(field, 'approximated', 'a free-text tool is sent as a function of one string')
    else {
      if (tool.strict === true) strict++
      if (tool.cache) note(`${field}.cache_control`, 'dropped', 'Cohere caches by itself')
    }
    const parameters =
      tool.type === 'custom'
        ? { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }
        : (tool.parameters ?? { type: 'object', properties: {} })
    const wire: JsonObject = {
      type: 'function',
      function: {
        name: wireName(tool.name),
        ...(tool.description === undefined ? {} : { description: tool.description }),
        parameters,
      },
    }
    return [{ name: tool.name, wire }]
  })
  if (tools.length === 0) {
    if (choice && choice.type !== 'auto' && choice.type !== 'none')
      note('tool_choice', 'dropped', 'there are no tools')
    return
  }
  if (strict > 0) {
    body.strict_tools = true
    if (strict < tools.length)
      note('tools', 'approximated', 'either all tools are strict here or none: all are')
  }
  switch (choice?.type) {
    case 'required':
      body.tool_choice = 'REQUIRED'
      break
    case 'none':
      body.tool_choice = 'NONE'
      break
    case 'tool': {
      const { name } = choice
      tools = tools.filter((tool) => tool.name === name)
      body.tool_choice = 'REQUIRED'
      note('tool_choice', 'approximated', 'a named tool is the only one offered, and demanded')
      break
    }
    case 'allowed': {
      const names = new Set(choice.tools.map(nameOf))
      tools = tools.filter((tool) => names.has(tool.name))
      if (choice.mode === 'required') body.tool_choice = 'REQUIRED'
      note('tool_choice', 'approximated', 'only the allowed tools are offered')
      break
    }
    case 'opaque':
      note('tool_choice', 'dropped', 'no such choice at Cohere')
      break
    case 'auto':
    case undefined:
      break
    default:
      choice satisfies never
  }
  body.tools = tools.map((tool) => tool.wire)
}

function nameOf(tool: Json): string {
  const inner = isObject(tool) && isObject(tool.function) ? tool.function : tool
  return isObject(inner) && typeof inner.name === 'string' ? inner.name : ''
}

function encodeFormat(request: GenerationRequest, body: JsonObject, notes: Note[]): void {
  const format = request.responseFormat
  if (format === undefined || format === null || format.type === 'text') return
  const drop = (why: string): void => {
    notes.push({ field: 'response_format', action: 'dropped', why })
  }
  if (body.tools !== undefined) return drop('Cohere takes no format together with tools')
  if (format.type === 'opaque') return drop('no such format at Cohere')
  body.response_format = {
    type: 'json_object',
    ...(format.type === 'json_schema' && format.schema !== undefined ? { json_schema: format.schema } : {}),
  }
  if (format.type === 'json_schema' && format.description !== undefined)
    notes.push({
      field: 'response_format.json_schema.description',
      action: 'dropped',
      why: 'a format holds only its schema here',
    })
}

function encodeTuning(
  request: GenerationRequest,
  { facts }: EncodeTarget,
  body: JsonObject,
  notes: Note[],
): void {
  const bounded = (
    field: string,
    member: string,
    value: number | null | undefined,
    least: number,
    most: number,
  ): void => {
    if (value === undefined || value === null) return
    const kept = Math.min(Math.max(value, least), most)
    body[member] = kept
    if (kept !== value) notes.push({ field, action: 'approximated', why: `Cohere takes ${least}..${most}` })
  }
  bounded('max_tokens', 'max_tokens', request.maxOutputTokens, 0, facts.maxOutputTokens ?? Infinity)
  bounded('temperature', 'temperature', request.temperature, 0, 1)
  bounded('top_p', 'p', request.topP, 0.01, 0.99)
  bounded('top_k', 'k', request.topK, 0, 500)
  bounded('frequency_penalty', 'frequency_penalty', request.frequencyPenalty, 0, 1)
  bounded('presence_penalty', 'presence_penalty', request.presencePenalty, 0, 1)
  if (typeof request.seed === 'number') body.seed = request.seed
  if (request.logprobs === true) body.logprobs = true
  const stop = request.stop ?? []
  if (stop.length > 0) body.stop_sequences = stop.slice(0, MOST_STOPS)
  if (stop.length > MOST_STOPS)
    notes.push({
      field: 'stop',
      action: 'dropped',
      why: `at most ${MOST_STOPS} stop sequences: the first are sent`,
    })
}

function encodeThinking({ reasoning }: GenerationRequest, body: JsonObject, notes: Note[]): void {
  if (!reasoning) return
  const { effort, mode, budgetTokens } = reasoning
  if (effort === 'none' || mode === 'disabled') body.thinking = { type: 'disabled' }
  else if (budgetTokens !== undefined) body.thinking = { type: 'enabled', token_budget: budgetTokens }
  else if (typeof effort === 'string') {
    const budget = BUDGET[effort]
    body.thinking = { type: 'enabled', ...(budget === undefined ? {} : { token_budget: budget }) }
    notes.push({
      field: 'reasoning_effort',
      action: 'approximated',
      why:
        budget === undefined
          ? 'Cohere has no levels: thinking is on'
          : `Cohere has no levels: sent as ${budget} tokens`,
    })
  } else if (mode !== undefined) {
    body.thinking = { type: 'enabled' }
    if (mode !== 'enabled')
      notes.push({
        field: 'thinking',
        action: 'approximated',
        why: `Cohere has no mode "${mode}": thinking is on`,
      })
  }
}

/** Fields that only tune. */
function dropTuning(request: GenerationRequest, extras: JsonObject, notes: Note[]): void {
  const lost: Record<string, Json | undefined> = {
    logit_bias: request.logitBias,
    parallel_tool_calls: request.parallelToolCalls,
    top_logprobs: request.topLogprobs,
    metadata: request.metadata,
    user: request.user,
    service_tier: request.serviceTier,
    cache_control: request.cache?.raw,
    ...extras,
  }
  const known: ReadonlySet<string> = new Set(EXTENSIONS)
  for (const [field, value] of Object.entries(lost))
    if (value !== undefined && value !== null && !known.has(field))
      notes.push({ field, action: 'dropped', why: 'Cohere has no such field' })
}
