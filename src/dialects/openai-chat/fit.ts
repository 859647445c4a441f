// A Chat body made to fit one host: what its record declares is applied to the wire itself, so that a relayed request and
// a translated one get the same treatment. The order matters: members are judged before they are renamed. Every loss is
// noted; what no quirk names is never touched.

import type { EncodeTarget, Quirks } from '../../core/dialect.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import { applyQuirks } from '../../core/quirks.ts'
import { fitMessages } from './fit-messages.ts'
import { fitPrefill } from './fit-prefill.ts'
import { fitTools, thinkingIsOff } from './fit-tools.ts'

/** Quirks that can be applied to top-level members alone; everything else needs the body parsed. */
const SHALLOW = new Set<keyof Quirks>([
  'drop',
  'rename',
  'force',
  'clamp',
  'maxTokensField',
  'streamUsage',
  'outputExcludesReasoning',
  'thinkTags',
  'reasoningOff',
  'anthropicVersion',
  // Of the encoder alone: what a relayed body holds, the host takes.
  'customTools',
  'allowedTools',
  // Of the decoder alone.
  'citations',
  'frames',
  'textIn',
  'writtenCalls',
])

/** Whether a host wants more than single members changed. */
export function needsFit(quirks: Quirks): boolean {
  let needs = known.get(quirks)
  if (needs === undefined) {
    needs = Object.keys(quirks).some((key) => !SHALLOW.has(key as keyof Quirks))
    known.set(quirks, needs)
  }
  return needs
}

/** Asked for every call, and the same for all calls to a host. */
const known = new WeakMap<Quirks, boolean>()

/** The same body as the host takes it; members without need of change stay the same values. Nothing changes in place. */
export function fit(given: JsonObject, target: EncodeTarget, notes: Note[]): JsonObject {
  const { quirks } = target
  const body = { ...given }
  if (quirks.nulls === 'refused') stripNulls(body)
  if (quirks.orphans === 'refused') stripOrphans(body, notes)
  fitTools(body, quirks, notes)
  fitFormat(body, quirks, notes)
  fitPrefill(body, quirks, notes)
  fitMessages(body, quirks, notes)
  fitEffort(body, quirks, notes)
  if (quirks.stop === 'list' && typeof body.stop === 'string') body.stop = [body.stop]
  if (quirks.logprobs === 'number') fitLogprobs(body)
  applyQuirks(body, quirks, notes, limitName(quirks))
  if (quirks.wholeAnswers === 'unless_thinking' && body.stream !== true && !thinkingIsOff(body)) {
    // Put together again in gateway/answer.ts.
    body.stream = true
    if (quirks.streamUsage === 'ok') body.stream_options = { include_usage: true }
  }
  return body
}

function stripNulls(body: JsonObject): void {
  for (const name of Object.keys(body)) if (body[name] === null) delete body[name]
  if (!Array.isArray(body.tools)) return
  // Only the known optional members: a null inside a schema is a value.
  const nullish = (tool: Json): boolean =>
    isObject(tool) && isObject(tool.function) && Object.values(tool.function).includes(null)
  if (!body.tools.some(nullish)) return
  body.tools = body.tools.map((tool) => {
    if (!isObject(tool) || !isObject(tool.function)) return tool
    const kept = Object.entries(tool.function).filter(([, value]) => value !== null)
    return { ...tool, function: Object.fromEntries(kept) }
  })
}

function stripOrphans(body: JsonObject, notes: Note[]): void {
  const noTools = !Array.isArray(body.tools) || body.tools.length === 0
  const orphans: [name: string, alone: boolean][] = [
    ['tools', noTools],
    ['tool_choice', noTools],
    ['parallel_tool_calls', noTools],
    ['stream_options', body.stream !== true],
    ['top_logprobs', body.logprobs !== true],
  ]
  for (const [name, alone] of orphans)
    if (alone && body[name] !== undefined) {
      delete body[name]
      notes.push({ field: name, action: 'dropped', why: 'it means nothing alone, and the host refuses it' })
    }
}

/** What a JSON format asks for, said in words where the host has no such format. */
function fitFormat(body: JsonObject, quirks: Quirks, notes: Note[]): void {
  const format = body.response_format
  if (!isObject(format) || format.type === 'text') return
  const tools = Array.isArray(body.tools) && body.tools.length > 0
  const clash = quirks.jsonOrTools === true && tools
  if (clash || quirks.jsonFormat === 'text') {
    delete body.response_format
    instruct(body, format)
    notes.push({
      field: 'response_format',
      action: 'approximated',
      why: clash ? 'the host takes no JSON format beside tools: asked for in words' : 'asked for in words',
    })
  } else if (quirks.jsonFormat === 'object' && format.type === 'json_schema') {
    body.response_format = { type: 'json_object' }
    instruct(body, format)
    notes.push({
      field: 'response_format',
      action: 'approximated',
      why: 'sent as json_object, the schema in words',
    })
  } else if (quirks.jsonFormat === 'schema_only' && format.type === 'json_object') {
    body.response_format = {
      type: 'json_schema',
      json_schema: { name: 'json', schema: { type: 'object' } },
    }
    notes.push({ field: 'response_format', action: 'approximated', why: 'sent as a schema of any object' })
  }
}

/** Adds the wish for JSON to the first instruction, or as one: constant words, so that prefixes stay the same. */
function instruct(body: JsonObject, format: JsonObject): void {
  const inner = isObject(format.json_schema) ? format.json_schema.schema : undefined
  const words =
    inner === undefined
      ? 'Answer with one JSON object and nothing else.'
      : `Answer with one JSON object and nothing else. It must match this JSON Schema: ${JSON.stringify(inner)}`
  const messages: Json[] = Array.isArray(body.messages) ? [...body.messages] : []
  const [first] = messages
  if (isObject(first) && (first.role === 'system' || first.role === 'developer')) {
    const { content } = first
    messages[0] = {
      ...first,
      content: Array.isArray(content)
        ? [...content, { type: 'text', text: words }]
        : `${typeof content === 'string' ? content : ''}\n\n${words}`,
    }
  } else messages.unshift({ role: 'system', content: words })
  body.messages = messages
}

function fitEffort(body: JsonObject, { efforts }: Quirks, notes: Note[]): void {
  const effort = body.reasoning_effort
  if (!efforts || typeof effort !== 'string') return
  const word = efforts[effort]
  if (word === undefined) return
  if (word === '') delete body.reasoning_effort
  else body.reasoning_effort = word
  notes.push({
    field: 'reasoning_effort',
    action: word === '' ? 'dropped' : 'approximated',
    why: word === '' ? `the host has no "${effort}"` : `"${effort}" is sent as "${word}"`,
  })
}

/** Together wants the number of alternatives where OpenAI has a switch and a number. */
function fitLogprobs(body: JsonObject): void {
  if (typeof body.logprobs !== 'boolean') return
  const wanted = typeof body.top_logprobs === 'number' ? body.top_logprobs : 1
  if (body.logprobs) body.logprobs = Math.max(1, wanted)
  else delete body.logprobs
  delete body.top_logprobs
}

/** Hosts differ in the one name of the limit that they take. */
function limitName({ maxTokensField }: Quirks): Record<string, string> {
  if (maxTokensField === undefined) return {}
  const other = maxTokensField === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
  return { [other]: maxTokensField }
}
