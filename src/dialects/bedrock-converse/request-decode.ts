// Converse request to canonical. Unread members are kept in `extras`, spelling in `shape`, so that encoding to the same
// wire gives the same JSON back. Model and stream stand in the path; the gateway adds them as members.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { GenerationRequest, Message, ReasoningControl, Tool } from '../../core/request.ts'
import { decodeBlocks } from './blocks.ts'
import { markOf } from './cache.ts'
import { ID, originOf } from './own.ts'

const ROOT = new Set([
  'model',
  'stream',
  'messages',
  'system',
  'inferenceConfig',
  'toolConfig',
  'outputConfig',
  'additionalModelRequestFields',
  'requestMetadata',
  'serviceTier',
])

/** @throws GatewayError `invalid_request` whose `param` names the member. */
export function decodeRequest(wire: JsonObject): GenerationRequest {
  const shape: JsonObject = {}
  const request: GenerationRequest = {
    dialect: ID,
    model: asString(wire.model) ?? '',
    messages: [...decodeSystem(wire.system), ...decodeMessages(wire.messages)],
    stream: wire.stream === true,
    includeUsage: true,
  }
  decodeInference(wire.inferenceConfig, request, shape)
  decodeTools(wire.toolConfig, request, shape)
  decodeOutput(wire.outputConfig, request, shape)
  decodeMore(wire.additionalModelRequestFields, request, shape)
  const { requestMetadata: metadata, serviceTier: tier } = wire
  if (isObject(metadata)) request.metadata = metadata
  else if (metadata !== undefined) throw invalid('requestMetadata', 'requestMetadata must be an object')
  if (isObject(tier) && typeof tier.type === 'string' && Object.keys(tier).length === 1)
    request.serviceTier = tier.type
  else if (tier !== undefined) shape.serviceTier = tier
  request.origin = { dialect: ID, ...originOf(unread(wire, ROOT), shape) }
  return request
}

function decodeSystem(wire: Json | undefined): Message[] {
  if (wire === undefined) return []
  if (!Array.isArray(wire)) throw invalid('system', 'system must be a list of blocks')
  return [
    {
      role: 'system',
      parts: decodeBlocks(wire, 'system'),
      origin: { dialect: ID, shape: { root: true } },
    },
  ]
}

function decodeMessages(wire: Json | undefined): Message[] {
  if (!Array.isArray(wire))
    throw invalid('messages', wire === undefined ? 'messages is missing' : 'messages must be a list')
  return wire.map((message, index) => {
    const at = `messages[${index}]`
    if (!isObject(message)) throw invalid(at, `${at} must be an object`)
    const { role, content } = message
    if (role !== 'user' && role !== 'assistant' && role !== 'system')
      throw invalid(`${at}.role`, `${at}.role must be one of user, assistant, system`)
    if (!Array.isArray(content)) throw invalid(`${at}.content`, `${at}.content must be a list of blocks`)
    const decoded: Message = { role, parts: decodeBlocks(content, `${at}.content`) }
    const origin = originOf(unread(message, new Set(['role', 'content'])))
    if (origin) decoded.origin = origin
    return decoded
  })
}

function decodeInference(wire: Json | undefined, request: GenerationRequest, shape: JsonObject): void {
  if (wire === undefined) return
  if (!isObject(wire)) throw invalid('inferenceConfig', 'inferenceConfig must be an object')
  const known = new Set<string>()
  const number = (name: string): number | undefined => {
    const value = wire[name]
    if (value === undefined) return undefined
    if (asNumber(value) === undefined)
      throw invalid(`inferenceConfig.${name}`, `inferenceConfig.${name} must be a number`)
    known.add(name)
    return asNumber(value)
  }
  const max = number('maxTokens')
  const temperature = number('temperature')
  const topP = number('topP')
  if (max !== undefined) request.maxOutputTokens = max
  if (temperature !== undefined) request.temperature = temperature
  if (topP !== undefined) request.topP = topP
  const { stopSequences: stop } = wire
  if (stop !== undefined) {
    if (!Array.isArray(stop) || !stop.every((entry) => typeof entry === 'string'))
      throw invalid(
        'inferenceConfig.stopSequences',
        'inferenceConfig.stopSequences must be a list of strings',
      )
    request.stop = stop
    known.add('stopSequences')
  }
  shape.inferenceConfig = unread(wire, known)
}

function decodeTools(wire: Json | undefined, request: GenerationRequest, shape: JsonObject): void {
  if (wire === undefined) return
  if (!isObject(wire)) throw invalid('toolConfig', 'toolConfig must be an object')
  const known = new Set<string>()
  if (Array.isArray(wire.tools)) {
    request.tools = []
    known.add('tools')
    for (const [index, entry] of wire.tools.entries()) {
      const before = request.tools.at(-1)
      const mark = markOf(entry)
      if (mark && before && before.type !== 'custom' && !before.cache) before.cache = mark
      else request.tools.push(decodeTool(entry, `toolConfig.tools[${index}]`))
    }
  }
  const { toolChoice: choice } = wire
  if (isObject(choice)) {
    known.add('toolChoice')
    const keys = Object.keys(choice)
    const bare = (value: Json | undefined): boolean => isObject(value) && Object.keys(value).length === 0
    if (keys.length === 1 && bare(choice.auto)) request.toolChoice = { type: 'auto' }
    else if (keys.length === 1 && bare(choice.any)) request.toolChoice = { type: 'required' }
    else if (keys.length === 1 && isObject(choice.tool) && typeof choice.tool.name === 'string')
      request.toolChoice = { type: 'tool', name: choice.tool.name }
    else request.toolChoice = { type: 'opaque', dialect: ID, value: choice }
  }
  shape.toolConfig = unread(wire, known)
}

function decodeTool(wire: Json, at: string): Tool {
  if (!isObject(wire)) throw invalid(at, `${at} must be an object`)
  const { toolSpec: spec } = wire
  if (!isObject(spec) || Object.keys(wire).length !== 1)
    return { type: 'native', dialect: ID, name: Object.keys(wire)[0] ?? '', value: wire }
  const { name, description, inputSchema, strict } = spec
  if (typeof name !== 'string') throw invalid(`${at}.toolSpec.name`, `${at}.toolSpec.name must be a string`)
  const tool: Tool = { type: 'function', name }
  const known = new Set(['name'])
  if (typeof description === 'string') {
    tool.description = description
    known.add('description')
  }
  if (isObject(inputSchema) && isObject(inputSchema.json) && Object.keys(inputSchema).length === 1) {
    tool.parameters = inputSchema.json
    known.add('inputSchema')
  }
  if (typeof strict === 'boolean') {
    tool.strict = strict
    known.add('strict')
  }
  const origin = originOf(unread(spec, known))
  if (origin) tool.origin = origin
  return tool
}

function decodeOutput(wire: Json | undefined, request: GenerationRequest, shape: JsonObject): void {
  if (!isObject(wire)) {
    if (wire !== undefined) shape.outputConfig = wire
    return
  }
  const known = new Set<string>()
  if (typeof wire.effort === 'string') {
    request.reasoning = { ...request.reasoning, effort: wire.effort }
    known.add('effort')
    shape.effortIn = 'outputConfig'
  }
  const { textFormat: format } = wire
  if (isObject(format)) {
    known.add('textFormat')
    const structure = isObject(format.structure) ? format.structure.jsonSchema : undefined
    const spec = isObject(structure) ? structure : {}
    const schema = parsedSchema(spec.schema)
    if (
      format.type === 'json_schema' &&
      schema !== undefined &&
      Object.keys(unread(spec, new Set(['name', 'description', 'schema']))).length === 0
    ) {
      request.responseFormat = {
        type: 'json_schema',
        ...(typeof spec.name === 'string' ? { name: spec.name } : {}),
        ...(typeof spec.description === 'string' ? { description: spec.description } : {}),
        schema,
      }
      // The schema is a text here; its own spelling goes back.
      shape.schemaText = spec.schema as string
    } else request.responseFormat = { type: 'opaque', dialect: ID, value: format }
  }
  shape.outputConfig = unread(wire, known)
}

function parsedSchema(text: Json | undefined): Json | undefined {
  if (typeof text !== 'string') return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** The vendor's own members: how to think, and top_k; the rest is kept as it came. */
function decodeMore(wire: Json | undefined, request: GenerationRequest, shape: JsonObject): void {
  if (!isObject(wire)) {
    if (wire !== undefined) shape.more = wire
    return
  }
  const control: ReasoningControl = { ...request.reasoning }
  const known = new Set<string>()
  const { thinking, output_config: config, reasoning_effort: effort, top_k: topK } = wire
  if (isObject(thinking) && typeof thinking.type === 'string') {
    known.add('thinking')
    const read = new Set(['type'])
    control.mode = thinking.type
    if (typeof thinking.budget_tokens === 'number') {
      control.budgetTokens = thinking.budget_tokens
      read.add('budget_tokens')
    }
    if (typeof thinking.display === 'string') {
      control.display = thinking.display
      read.add('display')
    }
    shape.thinking = unread(thinking, read)
  }
  if (isObject(config) && typeof config.effort === 'string' && control.effort === undefined) {
    known.add('output_config')
    control.effort = config.effort
    shape.effortIn = 'output_config'
    shape.effortBeside = unread(config, new Set(['effort']))
  } else if (typeof effort === 'string' && control.effort === undefined) {
    known.add('reasoning_effort')
    control.effort = effort
    shape.effortIn = 'reasoning_effort'
  } else if (typeof wire.reasoning_config === 'string' && control.effort === undefined) {
    known.add('reasoning_config')
    control.effort = wire.reasoning_config
    shape.effortIn = 'reasoning_config'
  }
  if (typeof topK === 'number') {
    request.topK = topK
    known.add('top_k')
  }
  if (Object.keys(control).length > 0) request.reasoning = control
  shape.more = unread(wire, known)
}
