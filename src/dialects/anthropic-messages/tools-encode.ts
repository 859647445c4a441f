// Tools and tool choice of another dialect.

import type { ModelFacts } from '../../core/dialect.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { GenerationRequest, Tool } from '../../core/request.ts'
import { wireName } from './names.ts'
import { CLOSED, objectSchema, strictly } from '../../core/closed-schema.ts'

/** More strict tools than this in one request are refused. */
const STRICT_TOOLS = 20

export function encodeTools(
  request: GenerationRequest,
  facts: ModelFacts,
  body: JsonObject,
  notes: Note[],
): void {
  let strict = 0
  const tools = (request.tools ?? []).flatMap((tool, index) => {
    const field = `tools[${index}]`
    const wire = encodeTool(tool, field, strict < STRICT_TOOLS, notes)
    if (wire?.strict === true) strict++
    return wire ? [wire] : []
  })
  if (tools.length === 0) {
    // A choice without tools is refused.
    if (request.toolChoice && request.toolChoice.type !== 'auto' && request.toolChoice.type !== 'none')
      notes.push({ field: 'tool_choice', action: 'dropped', why: 'there are no tools' })
    return
  }
  body.tools = tools
  const choice = encodeChoice(request, facts, notes)
  // Parallel calls are switched off inside the choice, so there must be one.
  const single = request.parallelToolCalls === false
  if (choice && choice.type !== 'none' && single)
    body.tool_choice = { ...choice, disable_parallel_tool_use: true }
  else if (choice) body.tool_choice = choice
  else if (single) body.tool_choice = { type: 'auto', disable_parallel_tool_use: true }
}

function encodeTool(tool: Tool, field: string, mayBeStrict: boolean, notes: Note[]): JsonObject | undefined {
  if (tool.type === 'native') {
    if (tool.dialect === 'anthropic-messages') return tool.value
    notes.push({ field, action: 'dropped', why: `the ${tool.name} tool exists only at its own vendor` })
    return undefined
  }
  for (const name of Object.keys(tool.origin?.extras ?? {}))
    notes.push({ field: `${field}.${name}`, action: 'dropped', why: 'Anthropic Messages has no such field' })
  const wire: JsonObject = { name: wireName(tool.name) }
  if (tool.description !== undefined) wire.description = tool.description
  if (tool.type === 'custom') {
    notes.push({ field, action: 'approximated', why: 'a free-text tool is sent as a function of one string' })
    wire.input_schema = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }
    return wire
  }
  const schema = objectSchema(tool.parameters)
  if (tool.strict === true && !mayBeStrict)
    notes.push({
      field: `${field}.strict`,
      action: 'dropped',
      why: `at most ${STRICT_TOOLS} tools may be strict`,
    })
  const strict = tool.strict === true && mayBeStrict
  if (strict) wire.strict = true
  const closed = strict ? strictly(schema) : { schema, changed: false }
  wire.input_schema = closed.schema
  if (closed.changed)
    notes.push({ field: `${field}.function.parameters`, action: 'approximated', why: CLOSED })
  if (tool.cache) wire.cache_control = tool.cache.raw
  return wire
}

function encodeChoice(request: GenerationRequest, facts: ModelFacts, notes: Note[]): JsonObject | undefined {
  const choice = request.toolChoice
  if (choice === undefined || choice === null) return undefined
  const forced = (wire: JsonObject): JsonObject => {
    if (facts.forcedToolChoice !== false) return wire
    notes.push({
      field: 'tool_choice',
      action: 'approximated',
      why: 'this model refuses a forced tool choice: sent as auto',
    })
    return { type: 'auto' }
  }
  switch (choice.type) {
    case 'auto':
    case 'none':
      return { type: choice.type }
    case 'required':
      return forced({ type: 'any' })
    case 'tool':
      return forced({ type: 'tool', name: wireName(choice.name) })
    case 'allowed':
      // Leaving tools out would break the prompt cache and thinking that is bound to the tools.
      notes.push({
        field: 'tool_choice',
        action: 'approximated',
        why: 'a list of allowed tools is sent as auto',
      })
      return { type: 'auto' }
    case 'opaque':
      if (choice.dialect === 'anthropic-messages' && typeof choice.value === 'object')
        return choice.value as JsonObject
      notes.push({ field: 'tool_choice', action: 'dropped', why: 'no such choice in Anthropic Messages' })
      return undefined
    default:
      return choice satisfies never
  }
}
