// Chat v2 request to canonical. Unread members are kept in `extras`, spelling in `shape`.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { Part } from '../../core/part.ts'
import type { GenerationRequest, Message, Tool } from '../../core/request.ts'
import { decodeCall, decodeContent } from './content.ts'
import { ID, PLAN, originOf } from './own.ts'

const ROOT = new Set([
  'model',
  'messages',
  'stream',
  'tools',
  'tool_choice',
  'response_format',
  'thinking',
  'max_tokens',
  'temperature',
  'p',
  'k',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'stop_sequences',
  'logprobs',
])

/** @throws GatewayError `invalid_request` whose `param` names the member. */
export function decodeRequest(wire: JsonObject): GenerationRequest {
  const shape: JsonObject = {}
  const { messages } = wire
  if (!Array.isArray(messages)) throw invalid('messages', 'messages must be a list')
  const request: GenerationRequest = {
    dialect: ID,
    model: asString(wire.model) ?? '',
    messages: messages.map(decodeMessage),
    stream: wire.stream === true,
    includeUsage: true,
  }
  if (wire.stream === undefined) shape.stream = 'absent'
  const kept: JsonObject = unread(wire, ROOT)
  const number = (name: string, set: (value: number) => void): void => {
    const value = wire[name]
    if (value === undefined) return
    if (asNumber(value) === undefined) kept[name] = value
    else set(value as number)
  }
  number('max_tokens', (value) => (request.maxOutputTokens = value))
  number('temperature', (value) => (request.temperature = value))
  number('p', (value) => (request.topP = value))
  number('k', (value) => (request.topK = value))
  number('seed', (value) => (request.seed = value))
  number('frequency_penalty', (value) => (request.frequencyPenalty = value))
  number('presence_penalty', (value) => (request.presencePenalty = value))
  const {
    stop_sequences: stop,
    logprobs,
    thinking,
    tool_choice: choice,
    response_format: format,
    tools,
  } = wire
  if (Array.isArray(stop) && stop.every((entry) => typeof entry === 'string')) request.stop = stop
  else if (stop !== undefined) kept.stop_sequences = stop
  if (typeof logprobs === 'boolean') request.logprobs = logprobs
  else if (logprobs !== undefined) kept.logprobs = logprobs
  if (Array.isArray(tools)) request.tools = tools.map(decodeTool)
  else if (tools !== undefined) kept.tools = tools
  if (choice === 'REQUIRED') request.toolChoice = { type: 'required' }
  else if (choice === 'NONE') request.toolChoice = { type: 'none' }
  else if (choice !== undefined) request.toolChoice = { type: 'opaque', dialect: ID, value: choice }
  if (isObject(format)) request.responseFormat = decodeFormat(format)
  else if (format !== undefined) kept.response_format = format
  if (isObject(thinking) && typeof thinking.type === 'string') {
    const budget = asNumber(thinking.token_budget)
    request.reasoning = { mode: thinking.type, ...(budget === undefined ? {} : { budgetTokens: budget }) }
    const rest = unread(thinking, new Set(budget === undefined ? ['type'] : ['type', 'token_budget']))
    if (Object.keys(rest).length > 0) shape.thinking = rest
  } else if (thinking !== undefined) kept.thinking = thinking
  request.origin = { dialect: ID, ...originOf(kept, shape) }
  return request
}

function decodeFormat(wire: JsonObject): GenerationRequest['responseFormat'] {
  const keys = Object.keys(wire).toSorted().join()
  if (wire.type === 'text' && keys === 'type') return { type: 'text' }
  if (wire.type === 'json_object' && keys === 'type') return { type: 'json' }
  if (wire.type === 'json_object' && keys === 'json_schema,type')
    return { type: 'json_schema', schema: wire.json_schema as Json }
  return { type: 'opaque', dialect: ID, value: wire }
}

function decodeMessage(wire: Json, index: number): Message {
  const at = `messages[${index}]`
  if (!isObject(wire)) throw invalid(at, `${at} must be an object`)
  const { role } = wire
  if (role !== 'system' && role !== 'user' && role !== 'assistant' && role !== 'tool' && role !== 'developer')
    throw invalid(`${at}.role`, `${at}.role must be one of system, user, assistant, tool`)
  const shape: JsonObject = {}
  const content = decodeContent(wire.content, `${at}.content`, shape)
  const known = new Set(['role', 'content'])
  let parts: Part[] = content
  if (role === 'assistant') {
    if (typeof wire.tool_plan === 'string') {
      parts.push({ kind: 'reasoning', text: wire.tool_plan, origin: PLAN })
      known.add('tool_plan')
    }
    if (Array.isArray(wire.tool_calls)) {
      parts.push(...wire.tool_calls.map(decodeCall))
      known.add('tool_calls')
      if (wire.tool_calls.length === 0) shape.noCalls = true
    }
  } else if (role === 'tool') {
    if (typeof wire.tool_call_id !== 'string')
      throw invalid(`${at}.tool_call_id`, `${at}.tool_call_id must be a string`)
    parts = [{ kind: 'tool_result', callId: wire.tool_call_id, content }]
    known.add('tool_call_id')
  }
  const message: Message = { role, parts }
  const origin = originOf(unread(wire, known), shape)
  if (origin) message.origin = origin
  return message
}

function decodeTool(wire: Json, index: number): Tool {
  const at = `tools[${index}]`
  const inner = isObject(wire) && isObject(wire.function) ? wire.function : undefined
  if (!isObject(wire) || wire.type !== 'function' || !inner)
    return { type: 'native', dialect: ID, name: '', value: isObject(wire) ? wire : {} }
  if (typeof inner.name !== 'string')
    throw invalid(`${at}.function.name`, `${at}.function.name must be a string`)
  const tool: Tool = { type: 'function', name: inner.name }
  const known = new Set(['name'])
  if (typeof inner.description === 'string') {
    tool.description = inner.description
    known.add('description')
  }
  if (isObject(inner.parameters)) {
    tool.parameters = inner.parameters
    known.add('parameters')
  }
  const rest = unread(wire, new Set(['type', 'function']))
  const origin = originOf(unread(inner, known), Object.keys(rest).length > 0 ? { beside: rest } : {})
  if (origin) tool.origin = origin
  return tool
}
