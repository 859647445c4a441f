// Ollama requests to canonical ones. `stream` is true unless said otherwise. Sampling stands under `options`; what of it
// has no word (num_ctx, repeat_penalty ...) stays there as an unread member, and so does keep_alive.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import { originFrom, unread } from '../../core/members.ts'
import type { Part } from '../../core/part.ts'
import type { GenerationRequest, Message, ReasoningControl, Role, Tool } from '../../core/request.ts'
import { decodeCall, typeOf } from './answer-decode.ts'
import { DIALECT, type Form } from './form.ts'

const ROOT = new Set([
  'model',
  'messages',
  'prompt',
  'system',
  'images',
  'tools',
  'format',
  'options',
  'think',
  'stream',
  'logprobs',
  'top_logprobs',
])
const MESSAGE = new Set(['role', 'content', 'thinking', 'images', 'tool_calls', 'tool_name', 'tool_call_id'])
const OPTIONS = new Set([
  'num_predict',
  'temperature',
  'top_p',
  'top_k',
  'seed',
  'stop',
  'presence_penalty',
  'frequency_penalty',
])

/** @throws GatewayError `invalid_request` whose `param` names the member. */
export function decodeRequest(form: Form, wire: JsonObject): GenerationRequest {
  const dialect = DIALECT[form]
  const extras = unread(wire, ROOT)
  const shape: JsonObject = {}
  const request: GenerationRequest = {
    dialect,
    model: typeof wire.model === 'string' ? wire.model : '',
    messages: form === 'chat' ? messages(wire.messages) : promptOf(wire, shape),
    stream: wire.stream !== false,
    includeUsage: true,
  }
  if (wire.stream !== undefined) shape.stream = wire.stream
  if (Array.isArray(wire.tools)) request.tools = wire.tools.map((tool, index) => decodeTool(tool, index))
  else if (wire.tools !== undefined) extras.tools = wire.tools
  const options = isObject(wire.options) ? wire.options : {}
  if (wire.options !== undefined && !isObject(wire.options))
    throw invalid('options', 'options must be an object')
  decodeOptions(options, request, shape)
  if (wire.options !== undefined && Object.keys(options).length === 0) shape.options = 'empty'
  const others = unread(options, OPTIONS)
  if (Object.keys(others).length > 0) extras.options = others
  const reasoning = thinkOf(wire.think, shape)
  if (reasoning) request.reasoning = reasoning
  decodeFormat(wire.format, request, shape)
  if (typeof wire.logprobs === 'boolean') request.logprobs = wire.logprobs
  const top = asNumber(wire.top_logprobs)
  if (top !== undefined) request.topLogprobs = top
  const origin = originFrom(dialect, extras, shape)
  if (origin) request.origin = origin
  return request
}

function messages(wire: Json | undefined): Message[] {
  if (!Array.isArray(wire))
    throw invalid('messages', wire === undefined ? 'messages is missing' : 'messages must be a list')
  if (wire.length === 0) throw invalid('messages', 'messages must not be empty')
  return wire.map((message, index) => decodeMessage(message, `messages[${index}]`))
}

const ROLES = new Set(['system', 'user', 'assistant', 'tool'])

function decodeMessage(wire: Json, at: string): Message {
  if (!isObject(wire)) throw invalid(at, `${at} must be an object`)
  const { role, content } = wire
  if (typeof role !== 'string' || !ROLES.has(role))
    throw invalid(`${at}.role`, `${at}.role must be one of ${[...ROLES].join(', ')}`)
  if (content !== undefined && content !== null && typeof content !== 'string')
    throw invalid(`${at}.content`, `${at}.content must be a string`)
  const shape: JsonObject = {}
  if (typeof content !== 'string') shape.content = content === null ? 'null' : 'absent'
  const words: Part[] =
    typeof content === 'string' && (content !== '' || role !== 'assistant')
      ? [{ kind: 'text', text: content }]
      : []
  const images = imageParts(wire.images, at)
  const message: Message = { role: role as Role, parts: [] }
  if (role === 'tool') {
    const name = typeof wire.tool_name === 'string' ? wire.tool_name : undefined
    if (typeof wire.tool_call_id !== 'string') shape.callId = 'absent'
    message.parts.push({
      kind: 'tool_result',
      // Without an id the name is all that tells the call.
      callId: typeof wire.tool_call_id === 'string' ? wire.tool_call_id : `name_${name ?? ''}`,
      ...(name === undefined ? {} : { name }),
      content: [...words, ...images],
    })
  } else {
    if (typeof wire.thinking === 'string' && wire.thinking !== '')
      message.parts.push({ kind: 'reasoning', text: wire.thinking })
    message.parts.push(...words, ...images)
    if (Array.isArray(wire.tool_calls))
      for (const [index, call] of wire.tool_calls.entries()) {
        const [part] = decodeCall(call, index)
        if (part?.kind !== 'tool_call')
          throw invalid(`${at}.tool_calls[${index}]`, `${at}.tool_calls[${index}] has no function name`)
        // Clients of older servers echo no id: result and call meet by the name.
        const named = isObject(call) && typeof call.id === 'string' && call.id !== ''
        const place = isObject(call) && isObject(call.function) ? call.function.index : undefined
        const spelt: JsonObject = {
          ...(named ? {} : { id: 'absent' }),
          ...(place === undefined ? {} : { index: place }),
        }
        const spelling = originFrom('ollama', part.origin?.extras ?? {}, spelt)
        message.parts.push({
          ...part,
          ...(named ? {} : { id: `name_${part.name}` }),
          ...(spelling ? { origin: spelling } : {}),
        })
      }
  }
  const origin = originFrom('ollama', unread(wire, MESSAGE), shape)
  if (origin) message.origin = origin
  return message
}

function imageParts(wire: Json | undefined, at: string): Part[] {
  if (wire === undefined || wire === null) return []
  if (!Array.isArray(wire) || !wire.every((data) => typeof data === 'string'))
    throw invalid(`${at}.images`, `${at}.images must be a list of base64 texts`)
  return wire.map((data) => ({
    kind: 'media',
    media: 'image',
    source: { type: 'base64', mediaType: typeOf(data), data },
  }))
}

function promptOf(wire: JsonObject, shape: JsonObject): Message[] {
  const { prompt, system } = wire
  if (prompt !== undefined && typeof prompt !== 'string') throw invalid('prompt', 'prompt must be a string')
  if (prompt === undefined || prompt === '')
    throw invalid('prompt', 'prompt must not be empty: loading a model unasked has no meaning here')
  if (system !== undefined && typeof system !== 'string') throw invalid('system', 'system must be a string')
  if (system === '') shape.system = ''
  return [
    ...(system === undefined || system === ''
      ? []
      : [{ role: 'system' as const, parts: [{ kind: 'text' as const, text: system }] }]),
    { role: 'user', parts: [{ kind: 'text', text: prompt }, ...imageParts(wire.images, 'the request')] },
  ]
}

function decodeTool(wire: Json, index: number): Tool {
  const at = `tools[${index}]`
  if (!isObject(wire) || !isObject(wire.function)) throw invalid(at, `${at} must be {type, function}`)
  const { name, description, parameters } = wire.function
  if (typeof name !== 'string') throw invalid(`${at}.function.name`, `${at}.function.name must be a string`)
  const tool: Tool = { type: 'function', name }
  if (typeof description === 'string') tool.description = description
  if (isObject(parameters)) tool.parameters = parameters
  const origin = originFrom('ollama', {
    ...unread(wire, new Set(['type', 'function'])),
    ...unread(wire.function, new Set(['name', 'description', 'parameters'])),
  })
  if (origin) tool.origin = origin
  return tool
}

function decodeOptions(options: JsonObject, request: GenerationRequest, shape: JsonObject): void {
  const number = (name: string): number | undefined => {
    const value = options[name]
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'number') throw invalid(`options.${name}`, `options.${name} must be a number`)
    return value
  }
  const limit = number('num_predict')
  // -1 is no limit, -2 until the context is full: both say nothing to other wires.
  if (limit !== undefined && limit >= 0) request.maxOutputTokens = limit
  else if (limit !== undefined) shape.numPredict = limit
  const copy = (
    name: string,
    key: 'temperature' | 'topP' | 'topK' | 'seed' | 'presencePenalty' | 'frequencyPenalty',
  ): void => {
    const value = number(name)
    if (value !== undefined) request[key] = value
  }
  copy('temperature', 'temperature')
  copy('top_p', 'topP')
  copy('top_k', 'topK')
  copy('seed', 'seed')
  copy('presence_penalty', 'presencePenalty')
  copy('frequency_penalty', 'frequencyPenalty')
  const { stop } = options
  if (typeof stop === 'string') request.stop = [stop]
  else if (Array.isArray(stop) && stop.every((entry) => typeof entry === 'string')) request.stop = stop
  else if (stop !== undefined && stop !== null)
    throw invalid('options.stop', 'options.stop must be a list of strings')
}

/** A switch, or a level. */
function thinkOf(think: Json | undefined, shape: JsonObject): ReasoningControl | undefined {
  if (think === undefined || think === null) return undefined
  if (think === true) return { mode: 'enabled' }
  if (think === false) return { mode: 'disabled' }
  if (typeof think !== 'string') throw invalid('think', 'think must be true, false or a level')
  shape.think = think
  return { effort: think }
}

/** `"json"`, a bare schema, or "" for none. */
function decodeFormat(format: Json | undefined, request: GenerationRequest, shape: JsonObject): void {
  if (format === undefined) return
  if (format === null || format === '') shape.format = format
  else if (format === 'json') request.responseFormat = { type: 'json' }
  else if (isObject(format)) request.responseFormat = { type: 'json_schema', name: 'answer', schema: format }
  else throw invalid('format', 'format must be "json" or a JSON Schema')
}
