// Tools and tool choice of another dialect. Facts of this wire: there is no choice of none; a history with calls demands
// that tools are declared; descriptions are never empty.

import { CLOSED, objectSchema, strictly } from '../../core/closed-schema.ts'
import type { ModelFacts } from '../../core/dialect.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { GenerationRequest, Tool } from '../../core/request.ts'
import { cachePoint } from './cache.ts'
import type { Family } from './family.ts'
import { wireName } from './names.ts'
import { ID } from './own.ts'

export interface EncodedTools {
  toolConfig?: JsonObject
  /** Anthropic's own tools, which go beside: `additionalModelRequestFields.tools`. */
  vendorTools: JsonObject[]
}

export function encodeTools(
  request: GenerationRequest,
  family: Family,
  facts: ModelFacts,
  notes: Note[],
): EncodedTools {
  const vendorTools: JsonObject[] = []
  const tools = (request.tools ?? []).flatMap((tool, index): JsonObject[] => {
    const field = `tools[${index}]`
    if (tool.type === 'native') {
      if (tool.dialect === ID) return [tool.value]
      if (tool.dialect === 'anthropic-messages' && family.name === 'anthropic') vendorTools.push(tool.value)
      else
        notes.push({ field, action: 'dropped', why: `the ${tool.name} tool exists only at its own vendor` })
      return []
    }
    const entry = { toolSpec: toolSpec(tool, field, family, notes) }
    return tool.type === 'function' && tool.cache ? [entry, cachePoint(tool.cache)] : [entry]
  })
  const called = namesCalled(request)
  const { toolChoice: choice } = request
  if (choice?.type === 'none' && called.length === 0) {
    if (tools.length > 0)
      notes.push({
        field: 'tool_choice',
        action: 'approximated',
        why: 'there is no choice of none here: the tools are left out',
      })
    return { vendorTools: [] }
  }
  const declared = new Set(tools.flatMap((tool) => nameOf(tool) ?? []))
  const missing = called.filter((name) => !declared.has(wireName(name)))
  // The history names tools that this request does not offer: without a declaration it is refused.
  if (tools.length === 0 && missing.length > 0) {
    tools.push(...missing.map(seenTool))
    notes.push({
      field: 'tools',
      action: 'approximated',
      why: 'the conversation holds tool calls: their tools are declared again, with an open schema',
    })
  }
  if (tools.length === 0) {
    if (choice && choice.type !== 'auto' && choice.type !== 'none' && vendorTools.length === 0)
      notes.push({ field: 'tool_choice', action: 'dropped', why: 'there are no tools' })
    return { vendorTools }
  }
  const wireChoice = encodeChoice(request, family, facts, notes)
  if (request.parallelToolCalls === false)
    notes.push({
      field: 'parallel_tool_calls',
      action: 'dropped',
      why: 'Amazon Bedrock Converse has no such switch',
    })
  return { toolConfig: { tools, ...(wireChoice ? { toolChoice: wireChoice } : {}) }, vendorTools }
}

function nameOf(entry: JsonObject): string | undefined {
  const { toolSpec: spec } = entry
  return typeof spec === 'object' && spec !== null && 'name' in spec && typeof spec.name === 'string'
    ? spec.name
    : undefined
}

/** Names of the tools that the messages call, in order of first use: a longer conversation only adds to them. */
function namesCalled(request: GenerationRequest): string[] {
  const names = new Set<string>()
  for (const message of request.messages)
    for (const part of message.parts) if (part.kind === 'tool_call') names.add(part.name)
  return [...names]
}

function seenTool(name: string): JsonObject {
  return {
    toolSpec: {
      name: wireName(name),
      description: 'Used earlier in this conversation.',
      inputSchema: { json: { type: 'object' } },
    },
  }
}

function toolSpec(
  tool: Exclude<Tool, { type: 'native' }>,
  field: string,
  family: Family,
  notes: Note[],
): JsonObject {
  for (const name of Object.keys(tool.origin?.extras ?? {}))
    notes.push({
      field: `${field}.${name}`,
      action: 'dropped',
      why: 'Amazon Bedrock Converse has no such field',
    })
  const spec: JsonObject = { name: wireName(tool.name) }
  if (tool.description !== undefined && tool.description !== '') spec.description = tool.description
  if (tool.type === 'custom') {
    notes.push({ field, action: 'approximated', why: 'a free-text tool is sent as a function of one string' })
    const json = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }
    return { ...spec, inputSchema: { json } }
  }
  const schema = objectSchema(tool.parameters)
  if (tool.strict !== true || family.strict !== true) {
    if (tool.strict === true)
      notes.push({
        field: `${field}.strict`,
        action: 'dropped',
        why: 'models of this vendor take no strict tools',
      })
    return { ...spec, inputSchema: { json: schema } }
  }
  const closed = strictly(schema)
  if (closed.changed)
    notes.push({ field: `${field}.function.parameters`, action: 'approximated', why: CLOSED })
  return { ...spec, inputSchema: { json: closed.schema }, strict: true }
}

function encodeChoice(
  request: GenerationRequest,
  family: Family,
  facts: ModelFacts,
  notes: Note[],
): JsonObject | undefined {
  const { toolChoice: choice } = request
  if (choice === undefined || choice === null) return undefined
  const approximated = (why: string): void => {
    notes.push({ field: 'tool_choice', action: 'approximated', why })
  }
  if (choice.type === 'required' || choice.type === 'tool') {
    if (facts.forcedToolChoice === false || family.forced === 'none') {
      approximated('this model refuses a forced tool choice: sent as auto')
      return family.forced === 'none' ? undefined : { auto: {} }
    }
    if (choice.type === 'required') return { any: {} }
    if (family.forced === 'all') return { tool: { name: wireName(choice.name) } }
    approximated('this model takes no single tool as a choice: sent as any tool')
    return { any: {} }
  }
  switch (choice.type) {
    case 'auto':
      return family.forced === 'none' ? undefined : { auto: {} }
    case 'none':
      approximated(
        'there is no choice of none here: the tools stay declared, because the conversation used them',
      )
      return undefined
    case 'allowed':
      // Leaving tools out would break the prompt cache and thinking that is bound to the tools.
      approximated('a list of allowed tools is sent as auto')
      return { auto: {} }
    case 'opaque':
      if (choice.dialect === ID && typeof choice.value === 'object') return choice.value as JsonObject
      notes.push({
        field: 'tool_choice',
        action: 'dropped',
        why: 'no such choice in Amazon Bedrock Converse',
      })
      return undefined
    default:
      return choice satisfies never
  }
}
