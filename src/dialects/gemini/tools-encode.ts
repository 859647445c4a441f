// Tools and tool choice of another dialect. The JSON Schema form is used throughout; what it does not read moves into
// descriptions.

import type { ModelFacts } from '../../core/dialect.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { GenerationRequest, Tool, ToolChoice } from '../../core/request.ts'
import { wireName } from './names.ts'
import { adaptSchema } from './schema.ts'

/** Answers get the caller's own name back. */
export const ALIAS = 'no name that Gemini takes: it goes under another one'

export function encodeTools(
  request: GenerationRequest,
  facts: ModelFacts,
  body: JsonObject,
  notes: Note[],
): void {
  const functions: JsonObject[] = []
  const entries: JsonObject[] = []
  let strict = false
  for (const [index, tool] of (request.tools ?? []).entries()) {
    const field = `tools[${index}]`
    if (tool.type === 'native') {
      if (tool.dialect === 'gemini') entries.push(tool.value)
      else
        notes.push({ field, action: 'dropped', why: `the ${tool.name} tool exists only at its own vendor` })
      continue
    }
    strict ||= tool.type === 'function' && tool.strict === true
    functions.push(declaration(tool, field, notes))
  }
  if (functions.length > 0) entries.unshift({ functionDeclarations: functions })
  const search = request.origin?.extras?.web_search_options
  if (isObject(search)) webSearch(entries, functions.length > 0, facts, notes)
  const choice = request.toolChoice
  if (entries.length === 0) {
    if (choice) notes.push({ field: 'tool_choice', action: 'dropped', why: 'there are no tools' })
    return
  }
  body.tools = entries
  if (functions.length > 0) encodeChoice(choice, strict, body, notes)
  if (request.parallelToolCalls === false)
    notes.push({
      field: 'parallel_tool_calls',
      action: 'dropped',
      why: 'Gemini cannot be told to call one at a time',
    })
}

function declaration(tool: Exclude<Tool, { type: 'native' }>, field: string, notes: Note[]): JsonObject {
  for (const name of Object.keys(tool.origin?.extras ?? {}))
    notes.push({ field: `${field}.${name}`, action: 'dropped', why: 'Gemini has no such field' })
  const wire: JsonObject = { name: wireName(tool.name) }
  if (wire.name !== tool.name) notes.push({ field: `${field}.name`, action: 'approximated', why: ALIAS })
  if (tool.description !== undefined) wire.description = tool.description
  if (tool.type === 'custom') {
    notes.push({ field, action: 'approximated', why: 'a free-text tool is sent as a function of one string' })
    wire.parametersJsonSchema = {
      type: 'object',
      properties: { input: { type: 'string' } },
      required: ['input'],
    }
    return wire
  }
  if (tool.cache)
    notes.push({ field: `${field}.cache_control`, action: 'dropped', why: 'Gemini caches by itself' })
  if (tool.parameters === undefined || Object.keys(tool.parameters).length === 0) return wire
  const { schema, changed } = adaptSchema(tool.parameters)
  wire.parametersJsonSchema = schema.type === undefined ? { type: 'object', ...schema } : schema
  if (changed.length > 0)
    notes.push({
      field: `${field}.function.parameters`,
      action: 'approximated',
      why: `Gemini does not read ${changed.join(', ')}`,
    })
  return wire
}

/** Google Search beside functions needs a model that mixes them, and a flag (Gemini 3 and later). */
function webSearch(entries: JsonObject[], mixed: boolean, facts: ModelFacts, notes: Note[]): void {
  if (mixed && facts.resultMedia === false) {
    notes.push({
      field: 'web_search_options',
      action: 'dropped',
      why: 'this model does not mix search with functions',
    })
    return
  }
  entries.push({ googleSearch: {} })
  notes.push({ field: 'web_search_options', action: 'approximated', why: 'sent as the googleSearch tool' })
}

function encodeChoice(
  choice: ToolChoice | null | undefined,
  strict: boolean,
  body: JsonObject,
  notes: Note[],
): void {
  const put = (mode: string, names?: readonly string[]): void => {
    body.toolConfig = {
      functionCallingConfig: { mode, ...(names === undefined ? {} : { allowedFunctionNames: [...names] }) },
    }
  }
  // Calls that keep to their schema are a mode of the choice here.
  const auto = strict ? 'VALIDATED' : 'AUTO'
  switch (choice?.type) {
    case undefined:
      if (strict) put(auto)
      return
    case 'auto':
      return put(auto)
    case 'none':
      return put('NONE')
    case 'required':
      return put('ANY')
    case 'tool':
      return put('ANY', [wireName(choice.name)])
    case 'allowed':
      return put(choice.mode === 'required' ? 'ANY' : 'VALIDATED', choice.tools.flatMap(nameOf).map(wireName))
    case 'opaque':
      notes.push({ field: 'tool_choice', action: 'dropped', why: 'no such choice in Gemini' })
      if (strict) put(auto)
      return
    default:
      choice satisfies never
  }
}

/** A tool reference as Chat (`function.name`) or Responses (`name`) writes it. */
function nameOf(tool: Json): string[] {
  if (!isObject(tool)) return []
  const name = asString(tool.name) ?? (isObject(tool.function) ? asString(tool.function.name) : undefined)
  return name === undefined ? [] : [name]
}
