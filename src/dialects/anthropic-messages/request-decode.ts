// Messages request to canonical. Everything unread is kept in `extras`, and how read members were spelt in `shape`, so
// that encoding to the same dialect gives the same JSON back.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type {
  GenerationRequest,
  Message,
  ReasoningControl,
  Role,
  Tool,
  ToolChoice,
} from '../../core/request.ts'
import { decodeBlock, decodeContent } from './blocks.ts'
import { cacheMark, number, originOf, rest, string, typeError } from './members.ts'

const ROOT = new Set([
  'model',
  'messages',
  'system',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'stream',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
  'service_tier',
])
const MESSAGE = new Set(['role', 'content'])
const ROLES = new Set(['user', 'assistant', 'system'])

/**
 * `max_tokens` may be missing: token counting sends the same body without it, and a translated request gets the
 * model's default.
 * @throws GatewayError `invalid_request` whose `param` names the member.
 */
export function decodeRequest(wire: JsonObject): GenerationRequest {
  const shape: JsonObject = {}
  const extras = rest(wire, ROOT)
  const { model } = wire
  if (model !== undefined && typeof model !== 'string') throw typeError('model', 'a string', model)
  const request: GenerationRequest = {
    dialect: 'anthropic-messages',
    model: model ?? '',
    messages: [...decodeSystem(wire.system, extras), ...decodeMessages(wire.messages)],
    stream: wire.stream === true,
    includeUsage: true,
  }
  if (wire.stream === undefined || wire.stream === null)
    shape.stream = wire.stream === null ? 'null' : 'absent'
  else if (typeof wire.stream !== 'boolean') throw typeError('stream', 'true or false', wire.stream)

  if (wire.max_tokens !== undefined) {
    const max = number(wire, 'max_tokens')
    if (max !== null && (!Number.isInteger(max) || max < 0))
      throw invalid('max_tokens', 'max_tokens must be a whole number, 0 or more')
    request.maxOutputTokens = max
  }
  if (wire.temperature !== undefined) request.temperature = number(wire, 'temperature')
  if (wire.top_p !== undefined) request.topP = number(wire, 'top_p')
  if (wire.top_k !== undefined) request.topK = number(wire, 'top_k')
  if (wire.service_tier !== undefined) request.serviceTier = string(wire, 'service_tier')
  if (wire.stop_sequences !== undefined) {
    const stop = wire.stop_sequences
    if (stop === null) request.stop = null
    else if (Array.isArray(stop) && stop.every((entry) => typeof entry === 'string')) request.stop = stop
    else throw typeError('stop_sequences', 'a list of strings', stop)
  }
  decodeMetadata(wire, request, shape, extras)
  decodeThinking(wire, request, shape, extras)
  decodeTools(wire, request)
  if (wire.tool_choice !== undefined) decodeChoice(wire.tool_choice, request)
  const cache = cacheMark(wire)
  if (cache) {
    request.cache = cache
    delete extras.cache_control
  }
  request.origin = { dialect: 'anthropic-messages', ...originOf(extras, shape) }
  return request
}

/** The top-level instructions become one leading system message, marked so that they go back to where they were. */
function decodeSystem(wire: Json | undefined, extras: JsonObject): Message[] {
  if (wire === undefined) return []
  if (wire === null) {
    extras.system = null
    return []
  }
  const shape: JsonObject = { root: true }
  if (typeof wire === 'string') {
    shape.content = 'string'
    return [
      {
        role: 'system',
        parts: [{ kind: 'text', text: wire }],
        origin: { dialect: 'anthropic-messages', shape },
      },
    ]
  }
  if (!Array.isArray(wire)) throw typeError('system', 'a string or a list of text blocks', wire)
  const parts = wire.map((block, index) => decodeBlock(block, `system[${index}]`))
  return [{ role: 'system', parts, origin: { dialect: 'anthropic-messages', shape } }]
}

function decodeMessages(wire: Json | undefined): Message[] {
  if (!Array.isArray(wire))
    throw invalid('messages', wire === undefined ? 'messages is missing' : 'messages must be a list')
  if (wire.length === 0) throw invalid('messages', 'messages must not be empty')
  return wire.map((message, index) => {
    const at = `messages[${index}]`
    if (!isObject(message)) throw invalid(at, `${at} must be an object`)
    const { role } = message
    if (typeof role !== 'string' || !ROLES.has(role))
      throw invalid(`${at}.role`, `${at}.role must be one of ${[...ROLES].join(', ')}`)
    const shape: JsonObject = {}
    // Only a system message may say something else than content (an effort, say).
    if (message.content === undefined && role !== 'system')
      throw invalid(`${at}.content`, `${at}.content is missing`)
    const parts = decodeContent(message.content, at, shape)
    if (!parts || message.content === null)
      throw invalid(`${at}.content`, `${at}.content must be a string or a list of blocks`)
    const decoded: Message = { role: role as Role, parts }
    const origin = originOf(rest(message, MESSAGE), shape)
    if (origin) decoded.origin = origin
    return decoded
  })
}

function decodeMetadata(
  wire: JsonObject,
  request: GenerationRequest,
  shape: JsonObject,
  extras: JsonObject,
): void {
  const { metadata } = wire
  if (metadata === undefined) return
  if (metadata === null) {
    extras.metadata = null
    return
  }
  if (!isObject(metadata)) throw typeError('metadata', 'an object', metadata)
  const { user_id: user } = metadata
  const known = user === null || typeof user === 'string'
  if (known) request.user = user
  shape.metadata = rest(metadata, new Set(known ? ['user_id'] : []))
}

/** `thinking`, `output_config` and its older alias `output_format`. */
function decodeThinking(
  wire: JsonObject,
  request: GenerationRequest,
  shape: JsonObject,
  extras: JsonObject,
): void {
  const control: ReasoningControl = {}
  const { thinking, output_config: config, output_format: format } = wire
  if (thinking === null) extras.thinking = null
  else if (thinking !== undefined) {
    if (!isObject(thinking)) throw typeError('thinking', 'an object', thinking)
    const known: string[] = []
    if (typeof thinking.type === 'string') {
      control.mode = thinking.type
      known.push('type')
    }
    if (typeof thinking.budget_tokens === 'number') {
      control.budgetTokens = thinking.budget_tokens
      known.push('budget_tokens')
    }
    if (typeof thinking.display === 'string') {
      control.display = thinking.display
      known.push('display')
    }
    shape.thinking = rest(thinking, new Set(known))
  }
  if (config === null) extras.output_config = null
  else if (config !== undefined) {
    if (!isObject(config)) throw typeError('output_config', 'an object', config)
    const known: string[] = []
    if (config.effort === null || typeof config.effort === 'string') {
      control.effort = config.effort
      known.push('effort')
    }
    if (isObject(config.format)) {
      request.responseFormat = decodeFormat(config.format)
      known.push('format')
    }
    shape.outputConfig = rest(config, new Set(known))
  }
  if (isObject(format) && request.responseFormat === undefined) {
    request.responseFormat = decodeFormat(format)
    shape.outputFormat = true
  } else if (format !== undefined) extras.output_format = format
  if (Object.keys(control).length > 0) request.reasoning = control
}

function decodeFormat(wire: JsonObject): GenerationRequest['responseFormat'] {
  if (wire.type === 'json_schema' && wire.schema !== undefined && Object.keys(wire).length === 2)
    return { type: 'json_schema', schema: wire.schema }
  return { type: 'opaque', dialect: 'anthropic-messages', value: wire }
}

function decodeTools(wire: JsonObject, request: GenerationRequest): void {
  const { tools } = wire
  if (tools === undefined) return
  if (tools === null) request.tools = null
  else if (Array.isArray(tools)) request.tools = tools.map(decodeTool)
  else throw typeError('tools', 'a list', tools)
}

function decodeTool(wire: Json, index: number): Tool {
  const at = `tools[${index}]`
  if (!isObject(wire)) throw invalid(at, `${at} must be an object`)
  const { type, name, description, input_schema: parameters, strict } = wire
  const cache = cacheMark(wire)
  if (type !== undefined && type !== null && type !== 'custom')
    return {
      type: 'native',
      dialect: 'anthropic-messages',
      name: typeof type === 'string' ? type : '',
      value: wire,
    }
  if (typeof name !== 'string') throw invalid(`${at}.name`, `${at}.name must be a string`)
  const tool: Tool = { type: 'function', name }
  const known = ['name']
  const shape: JsonObject = {}
  if (type !== undefined) {
    shape.type = type
    known.push('type')
  }
  if (typeof description === 'string') {
    tool.description = description
    known.push('description')
  }
  if (isObject(parameters)) {
    tool.parameters = parameters
    known.push('input_schema')
  } else if (parameters !== undefined && parameters !== null)
    throw invalid(`${at}.input_schema`, `${at}.input_schema must be an object`)
  if (typeof strict === 'boolean' || strict === null) {
    tool.strict = strict
    known.push('strict')
  }
  if (cache) {
    tool.cache = cache
    known.push('cache_control')
  }
  const origin = originOf(rest(wire, new Set(known)), shape)
  if (origin) tool.origin = origin
  return tool
}

function decodeChoice(wire: Json, request: GenerationRequest): void {
  if (wire === null) {
    request.toolChoice = null
    return
  }
  if (!isObject(wire)) throw typeError('tool_choice', 'an object', wire)
  const { type, name, disable_parallel_tool_use: disabled } = wire
  const choice: ToolChoice | undefined =
    type === 'auto' || type === 'none'
      ? { type }
      : type === 'any'
        ? { type: 'required' }
        : type === 'tool' && typeof name === 'string'
          ? { type: 'tool', name }
          : undefined
  const known = ['type', 'disable_parallel_tool_use', ...(type === 'tool' ? ['name'] : [])]
  const readable = disabled === undefined || typeof disabled === 'boolean'
  if (!choice || !readable || Object.keys(rest(wire, new Set(known))).length > 0) {
    request.toolChoice = { type: 'opaque', dialect: 'anthropic-messages', value: wire }
    return
  }
  request.toolChoice = choice
  if (typeof disabled === 'boolean') request.parallelToolCalls = !disabled
}
