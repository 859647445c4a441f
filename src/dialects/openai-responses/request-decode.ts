// Responses request to canonical. Everything unread is kept in `extras`, and how read members were spelt in `shape`, so
// that encoding to the same dialect gives the same JSON back.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Origin } from '../../core/origin.ts'
import type { GenerationRequest, Message, ResponseFormat } from '../../core/request.ts'
import { decodeItems } from './items-decode.ts'
import { bool, number, object, rest, string } from './members.ts'
import { decodeChoice, decodeTools } from './tools.ts'

const ROOT: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'temperature',
  'top_p',
  'top_logprobs',
  'metadata',
  'user',
  'service_tier',
  'reasoning',
  'text',
  'stream',
])

/** Members that speak to whoever keeps the conversation, not to the model: no other wire loses anything by them. */
const HANDLED: ReadonlySet<string> = new Set([
  'store',
  'previous_response_id',
  'conversation',
  'background',
  'include',
  'stream_options',
  'client_metadata',
])

/** @throws GatewayError `invalid_request` whose `param` names the member. */
export function decodeRequest(wire: JsonObject): GenerationRequest {
  const shape: JsonObject = {}
  const extras: JsonObject = {}
  const handled: JsonObject = {}
  for (const [name, value] of Object.entries(rest(wire, ROOT)))
    if (HANDLED.has(name)) handled[name] = value
    else extras[name] = value
  if (Object.keys(handled).length > 0) shape.handled = handled
  const { model } = wire
  if (model !== undefined && typeof model !== 'string') throw invalid('model', 'model must be a string')
  if (model === undefined) shape.model = 'absent'
  const { messages, tools } = decodeInput(wire, shape)
  const request: GenerationRequest = {
    dialect: 'openai-responses',
    model: model ?? '',
    messages,
    stream: wire.stream === true,
    includeUsage: true,
  }
  if (wire.stream === undefined || wire.stream === null)
    shape.stream = wire.stream === null ? 'null' : 'absent'
  else if (typeof wire.stream !== 'boolean') throw invalid('stream', 'stream must be true or false')

  if (wire.tools === null) request.tools = null
  else if (wire.tools !== undefined) {
    if (!Array.isArray(wire.tools)) throw invalid('tools', 'tools must be a list')
    request.tools = decodeTools(wire.tools, 'tools')
  }
  if (tools.length > 0) {
    if (!request.tools) shape.tools = request.tools === null ? 'null' : 'absent'
    const hoisted = new Set(tools.map((tool) => tool.name))
    // The last definition of a name is the one in force.
    const kept = tools.filter(
      (tool, index) => tools.findLastIndex((other) => other.name === tool.name) === index,
    )
    const declared = request.tools ?? []
    for (const tool of declared) hoisted.delete(tool.name)
    request.tools = [...declared, ...kept.filter((tool) => hoisted.has(tool.name))]
  }
  if (wire.tool_choice !== undefined) request.toolChoice = decodeChoice(wire.tool_choice)
  if (wire.parallel_tool_calls !== undefined) request.parallelToolCalls = bool(wire, 'parallel_tool_calls')
  if (wire.max_output_tokens !== undefined) request.maxOutputTokens = number(wire, 'max_output_tokens')
  if (wire.temperature !== undefined) request.temperature = number(wire, 'temperature')
  if (wire.top_p !== undefined) request.topP = number(wire, 'top_p')
  if (wire.top_logprobs !== undefined) request.topLogprobs = number(wire, 'top_logprobs')
  if (wire.metadata !== undefined) request.metadata = object(wire, 'metadata')
  if (wire.user !== undefined) request.user = string(wire, 'user')
  else if (typeof extras.safety_identifier === 'string') {
    // The newer name of the same thing.
    request.user = extras.safety_identifier
    shape.user = 'safety_identifier'
    delete extras.safety_identifier
  }
  if (wire.service_tier !== undefined) request.serviceTier = string(wire, 'service_tier')
  if (wants(request, handled, 'message.output_text.logprobs')) request.logprobs = true
  decodeReasoning(wire, request, shape, extras)
  decodeText(wire, request, shape, extras)
  const origin: Origin = { dialect: 'openai-responses' }
  if (Object.keys(extras).length > 0) origin.extras = extras
  if (Object.keys(shape).length > 0) origin.shape = shape
  request.origin = origin
  return request
}

function wants(_request: GenerationRequest, handled: JsonObject, what: string): boolean {
  return Array.isArray(handled.include) && handled.include.includes(what)
}

/** Whether the caller asked for reasoning that it can send back without our keeping it. */
export function wantsSealed(request: GenerationRequest | undefined): boolean {
  const handled = request?.origin?.dialect === 'openai-responses' ? request.origin.shape?.handled : undefined
  return isObject(handled) && wants(request as GenerationRequest, handled, 'reasoning.encrypted_content')
}

function decodeInput(wire: JsonObject, shape: JsonObject): ReturnType<typeof decodeItems> {
  const { input, instructions } = wire
  const messages: Message[] = []
  if (typeof instructions === 'string')
    messages.push({
      role: 'system',
      parts: [{ kind: 'text', text: instructions }],
      origin: { dialect: 'openai-responses', shape: { root: true } },
    })
  else if (instructions === null) shape.instructions = 'null'
  else if (instructions !== undefined) throw invalid('instructions', 'instructions must be a string')
  if (typeof input === 'string') {
    shape.input = 'string'
    messages.push({
      role: 'user',
      parts: [{ kind: 'text', text: input }],
      origin: { dialect: 'openai-responses', shape: { content: 'string' } },
    })
    return { messages, tools: [] }
  }
  if (input === undefined || input === null) {
    shape.input = input === null ? 'null' : 'absent'
    return { messages, tools: [] }
  }
  if (!Array.isArray(input)) throw invalid('input', 'input must be a string or a list of items')
  const decoded = decodeItems(input)
  return { messages: [...messages, ...decoded.messages], tools: decoded.tools }
}

/** `effort` is everybody's; the other members tune how this vendor thinks and shows it. */
function decodeReasoning(
  wire: JsonObject,
  request: GenerationRequest,
  shape: JsonObject,
  extras: JsonObject,
): void {
  const { reasoning } = wire
  if (reasoning === undefined) return
  if (!isObject(reasoning)) {
    if (reasoning !== null) throw invalid('reasoning', 'reasoning must be an object')
    extras.reasoning = null
    return
  }
  const { effort, ...others } = reasoning
  if (effort === undefined || effort === null || typeof effort === 'string')
    request.reasoning = effort === undefined ? {} : { effort }
  else others.effort = effort
  shape.reasoning = others
}

function decodeText(
  wire: JsonObject,
  request: GenerationRequest,
  shape: JsonObject,
  extras: JsonObject,
): void {
  const { text } = wire
  if (text === undefined) return
  if (!isObject(text)) {
    if (text !== null) throw invalid('text', 'text must be an object')
    extras.text = null
    return
  }
  const { format, verbosity, ...others } = text
  shape.text = others
  if (format !== undefined) request.responseFormat = decodeFormat(format)
  if (verbosity !== undefined) extras.verbosity = verbosity
}

function decodeFormat(wire: Json): ResponseFormat | null {
  if (wire === null) return null
  if (!isObject(wire)) throw invalid('text.format', 'text.format must be an object')
  const { type, name, schema, strict, description } = wire
  const keys = Object.keys(wire).length
  if (type === 'text' && keys === 1) return { type: 'text' }
  if (type === 'json_object' && keys === 1) return { type: 'json' }
  if (type === 'json_schema') {
    const unread = rest(wire, new Set(['type', 'name', 'schema', 'strict', 'description']))
    const typed =
      (name === undefined || typeof name === 'string') &&
      (description === undefined || typeof description === 'string') &&
      (strict === undefined || strict === null || typeof strict === 'boolean')
    if (typed && Object.keys(unread).length === 0)
      return {
        type,
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(schema === undefined ? {} : { schema }),
        ...(strict === undefined ? {} : { strict }),
      }
  }
  return { type: 'opaque', dialect: 'openai-responses', value: wire }
}
