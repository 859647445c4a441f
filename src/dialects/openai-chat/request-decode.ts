// Chat request to canonical. Everything unread is kept in `extras`, and how read members were spelt in `shape`, so that
// encoding to the same dialect gives the same JSON back.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Origin } from '../../core/origin.ts'
import type { GenerationRequest, ResponseFormat, Tool, ToolChoice } from '../../core/request.ts'
import { bool, number, object, string } from '../openai-family/members.ts'
import { cacheMark, originOf, rest } from './members.ts'
import { decodeMessages } from './messages-decode.ts'

const ROOT = new Set([
  'model',
  'messages',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'stop',
  'n',
  'logprobs',
  'top_logprobs',
  'logit_bias',
  'response_format',
  'reasoning_effort',
  'user',
  'service_tier',
  'metadata',
  'stream',
  'stream_options',
  'functions',
  'function_call',
])

/** @throws GatewayError `invalid_request` whose `param` names the member. */
export function decodeRequest(wire: JsonObject): GenerationRequest {
  const shape: JsonObject = {}
  const extras = rest(wire, ROOT)
  const { model } = wire
  if (model !== undefined && typeof model !== 'string') throw invalid('model', 'model must be a string')
  const request: GenerationRequest = {
    dialect: 'openai-chat',
    model: model ?? '',
    messages: decodeMessages(wire.messages),
    stream: wire.stream === true,
  }
  if (wire.stream === undefined || wire.stream === null)
    shape.stream = wire.stream === null ? 'null' : 'absent'
  else if (typeof wire.stream !== 'boolean') throw invalid('stream', 'stream must be true or false')

  if (wire.max_completion_tokens !== undefined) {
    request.maxOutputTokens = number(wire, 'max_completion_tokens')
    shape.max = 'max_completion_tokens'
    if (wire.max_tokens !== undefined) shape.otherMax = number(wire, 'max_tokens')
  } else if (wire.max_tokens !== undefined) {
    request.maxOutputTokens = number(wire, 'max_tokens')
    shape.max = 'max_tokens'
  }
  const set = <K extends keyof GenerationRequest>(key: K, value: GenerationRequest[K]): void => {
    request[key] = value
  }
  if (wire.temperature !== undefined) set('temperature', number(wire, 'temperature'))
  if (wire.top_p !== undefined) set('topP', number(wire, 'top_p'))
  if (wire.top_k !== undefined) set('topK', number(wire, 'top_k'))
  if (wire.frequency_penalty !== undefined) set('frequencyPenalty', number(wire, 'frequency_penalty'))
  if (wire.presence_penalty !== undefined) set('presencePenalty', number(wire, 'presence_penalty'))
  if (wire.seed !== undefined) set('seed', number(wire, 'seed'))
  if (wire.n !== undefined) set('n', number(wire, 'n'))
  if (wire.top_logprobs !== undefined) set('topLogprobs', number(wire, 'top_logprobs'))
  if (wire.logprobs !== undefined) set('logprobs', bool(wire, 'logprobs'))
  if (wire.parallel_tool_calls !== undefined) set('parallelToolCalls', bool(wire, 'parallel_tool_calls'))
  if (wire.logit_bias !== undefined) set('logitBias', object(wire, 'logit_bias'))
  if (wire.metadata !== undefined) set('metadata', object(wire, 'metadata'))
  if (wire.user !== undefined) set('user', string(wire, 'user'))
  if (wire.service_tier !== undefined) set('serviceTier', string(wire, 'service_tier'))
  if (wire.reasoning_effort !== undefined) set('reasoning', { effort: string(wire, 'reasoning_effort') })
  if (wire.stop !== undefined) {
    if (typeof wire.stop === 'string') {
      request.stop = [wire.stop]
      shape.stop = 'string'
    } else if (wire.stop === null) request.stop = null
    else if (Array.isArray(wire.stop) && wire.stop.every((entry) => typeof entry === 'string'))
      request.stop = wire.stop
    else throw invalid('stop', 'stop must be a string or a list of strings')
  }
  if (wire.response_format !== undefined) request.responseFormat = responseFormat(wire.response_format)
  if (wire.stream_options !== undefined) {
    shape.streamOptions = wire.stream_options
    if (isObject(wire.stream_options) && typeof wire.stream_options.include_usage === 'boolean')
      request.includeUsage = wire.stream_options.include_usage
  }
  decodeTools(wire, request, shape, extras)
  const origin: Origin = { dialect: 'openai-chat' }
  if (Object.keys(extras).length > 0) origin.extras = extras
  if (Object.keys(shape).length > 0) origin.shape = shape
  request.origin = origin
  return request
}

function decodeTools(
  wire: JsonObject,
  request: GenerationRequest,
  shape: JsonObject,
  extras: JsonObject,
): void {
  if (wire.tools !== undefined) {
    if (wire.tools === null) request.tools = null
    else if (Array.isArray(wire.tools))
      request.tools = wire.tools.map((tool, index) => decodeTool(tool, index))
    else throw invalid('tools', 'tools must be a list')
  }
  if (wire.tool_choice !== undefined) request.toolChoice = toolChoice(wire.tool_choice)
  // The form before tools (2023): functions and function_call.
  if (wire.functions !== undefined) {
    if (wire.tools !== undefined || !Array.isArray(wire.functions)) extras.functions = wire.functions
    else {
      shape.functions = true
      request.tools = wire.functions.map((entry, index) =>
        decodeTool({ type: 'function', function: entry }, index),
      )
    }
  }
  if (wire.function_call !== undefined) {
    const choice = wire.function_call
    if (shape.functions !== true || request.toolChoice !== undefined) extras.function_call = choice
    else if (choice === 'none' || choice === 'auto') {
      request.toolChoice = { type: choice }
      shape.functionCall = true
    } else if (isObject(choice) && typeof choice.name === 'string' && Object.keys(choice).length === 1) {
      request.toolChoice = { type: 'tool', name: choice.name }
      shape.functionCall = true
    } else extras.function_call = choice
  }
}

function decodeTool(wire: Json, index: number): Tool {
  const at = `tools[${index}]`
  if (!isObject(wire)) throw invalid(at, `${at} must be an object`)
  const cache = cacheMark(wire)
  if (wire.type === 'function' && isObject(wire.function)) {
    const { function: inner } = wire
    const { name, description, parameters, strict } = inner
    if (typeof name !== 'string') throw invalid(`${at}.function.name`, `${at}.function.name must be a string`)
    const tool: Tool = { type: 'function', name }
    const unread = rest(inner, new Set(['name', 'description', 'parameters', 'strict']))
    if (typeof description === 'string') tool.description = description
    else if (description !== undefined) unread.description = description
    if (isObject(parameters)) tool.parameters = parameters
    else if (parameters !== undefined) unread.parameters = parameters
    if (typeof strict === 'boolean' || strict === null) tool.strict = strict
    else if (strict !== undefined) unread.strict = strict
    if (cache) tool.cache = cache
    const origin = originOf(
      rest(wire, new Set(['type', 'function', 'cache_control'])),
      Object.keys(unread).length > 0 ? { inner: unread } : {},
    )
    if (origin) tool.origin = origin
    return tool
  }
  if (wire.type === 'custom' && isObject(wire.custom) && typeof wire.custom.name === 'string') {
    const { name, description, format } = wire.custom
    const tool: Tool = { type: 'custom', name }
    if (typeof description === 'string') tool.description = description
    if (format !== undefined) tool.format = format
    const inner = rest(wire.custom, new Set(['name', 'description', 'format']))
    const origin = originOf(
      rest(wire, new Set(['type', 'custom'])),
      Object.keys(inner).length > 0 ? { inner } : {},
    )
    if (origin) tool.origin = origin
    return tool
  }
  if (wire.type === 'function')
    throw invalid(`${at}.function`, `${at}.function must be an object with a name`)
  return {
    type: 'native',
    dialect: 'openai-chat',
    name: typeof wire.type === 'string' ? wire.type : '',
    value: wire,
  }
}

function toolChoice(wire: Json): ToolChoice | null {
  if (wire === null) return null
  if (wire === 'auto' || wire === 'none' || wire === 'required') return { type: wire }
  if (isObject(wire)) {
    const keys = Object.keys(wire).length
    if (wire.type === 'function' && keys === 2 && isObject(wire.function) && only(wire.function, 'name'))
      return { type: 'tool', name: wire.function.name as string }
    if (wire.type === 'custom' && keys === 2 && isObject(wire.custom) && only(wire.custom, 'name'))
      return { type: 'tool', name: wire.custom.name as string, custom: true }
    if (wire.type === 'allowed_tools' && keys === 2 && isObject(wire.allowed_tools)) {
      const { mode, tools } = wire.allowed_tools
      if (
        (mode === 'auto' || mode === 'required') &&
        Array.isArray(tools) &&
        Object.keys(wire.allowed_tools).length === 2
      )
        return { type: 'allowed', mode, tools }
    }
  } else if (typeof wire !== 'string')
    throw invalid('tool_choice', 'tool_choice must be a string or an object')
  return { type: 'opaque', dialect: 'openai-chat', value: wire }
}

function only(wire: JsonObject, name: string): boolean {
  return typeof wire[name] === 'string' && Object.keys(wire).length === 1
}

function responseFormat(wire: Json): ResponseFormat | null {
  if (wire === null) return null
  if (isObject(wire)) {
    const keys = Object.keys(wire).length
    if (wire.type === 'text' && keys === 1) return { type: 'text' }
    if (wire.type === 'json_object' && keys === 1) return { type: 'json' }
    if (wire.type === 'json_schema' && keys === 2 && isObject(wire.json_schema)) {
      const { name, description, schema, strict } = wire.json_schema
      const unread = rest(wire.json_schema, new Set(['name', 'description', 'schema', 'strict']))
      const typed =
        (name === undefined || typeof name === 'string') &&
        (description === undefined || typeof description === 'string') &&
        (strict === undefined || strict === null || typeof strict === 'boolean')
      if (typed && Object.keys(unread).length === 0)
        return {
          type: 'json_schema',
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(schema === undefined ? {} : { schema }),
          ...(strict === undefined ? {} : { strict }),
        }
    }
    return { type: 'opaque', dialect: 'openai-chat', value: wire }
  }
  throw invalid('response_format', 'response_format must be an object')
}
