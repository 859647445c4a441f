// A request that came as Messages, written back as it was spelt. No policy here: what the caller said in this dialect is
// the caller's business, and a changed prefix would invalidate its thinking blocks.

import type { Json, JsonObject } from '../../core/json.ts'
import { isObject } from '../../core/json.ts'
import type { GenerationRequest, ResponseFormat, Tool, ToolChoice } from '../../core/request.ts'
import { encodeContent } from './blocks.ts'
import { ownExtras, ownShape } from './members.ts'

export function ownBody(request: GenerationRequest, model: string): JsonObject {
  const shape = ownShape(request.origin)
  const body: JsonObject = { model }
  const put = (name: string, value: Json | undefined): void => {
    if (value !== undefined) body[name] = value
  }
  put('max_tokens', request.maxOutputTokens)
  const messages: JsonObject[] = []
  for (const message of request.messages) {
    const spelt = ownShape(message.origin)
    const content = encodeContent(message.parts, spelt)
    if (spelt.root === true) put('system', content)
    else
      messages.push({
        role: message.role,
        ...(content === undefined ? {} : { content }),
        ...ownExtras(message.origin),
      })
  }
  body.messages = messages
  if (request.tools !== undefined) body.tools = request.tools === null ? null : request.tools.flatMap(ownTool)
  if (request.toolChoice !== undefined)
    body.tool_choice = ownChoice(request.toolChoice, request.parallelToolCalls)
  put('temperature', request.temperature)
  put('top_p', request.topP)
  put('top_k', request.topK)
  put('stop_sequences', request.stop)
  put('service_tier', request.serviceTier)
  if (request.user !== undefined || isObject(shape.metadata))
    body.metadata = {
      ...(request.user === undefined ? {} : { user_id: request.user }),
      ...(isObject(shape.metadata) ? shape.metadata : {}),
    }
  ownThinking(request, shape, body)
  if (request.cache) body.cache_control = request.cache.raw
  if (shape.stream === 'null') body.stream = null
  else if (request.stream || shape.stream !== 'absent') body.stream = request.stream
  return Object.assign(body, ownExtras(request.origin))
}

function ownThinking(request: GenerationRequest, shape: JsonObject, body: JsonObject): void {
  const { mode, budgetTokens, display, effort } = request.reasoning ?? {}
  const thinking: JsonObject = {
    ...(mode === undefined ? {} : { type: mode }),
    ...(budgetTokens === undefined ? {} : { budget_tokens: budgetTokens }),
    ...(display === undefined ? {} : { display }),
    ...(isObject(shape.thinking) ? shape.thinking : {}),
  }
  if (isObject(shape.thinking) || Object.keys(thinking).length > 0) body.thinking = thinking
  const format = ownFormat(request.responseFormat)
  const legacy = shape.outputFormat === true
  const config: JsonObject = {
    ...(effort === undefined ? {} : { effort }),
    ...(format === undefined || legacy ? {} : { format }),
    ...(isObject(shape.outputConfig) ? shape.outputConfig : {}),
  }
  if (isObject(shape.outputConfig) || Object.keys(config).length > 0) body.output_config = config
  if (legacy && format !== undefined) body.output_format = format
}

function ownFormat(format: ResponseFormat | null | undefined): Json | undefined {
  if (format?.type === 'json_schema') return { type: 'json_schema', schema: format.schema }
  return format?.type === 'opaque' && format.dialect === 'anthropic-messages' ? format.value : undefined
}

function ownTool(tool: Tool): JsonObject[] {
  if (tool.type === 'native') return tool.dialect === 'anthropic-messages' ? [tool.value] : []
  if (tool.type === 'custom') return []
  const shape = ownShape(tool.origin)
  const wire: JsonObject = {}
  if (shape.type !== undefined) wire.type = shape.type
  wire.name = tool.name
  if (tool.description !== undefined) wire.description = tool.description
  if (tool.parameters !== undefined) wire.input_schema = tool.parameters
  if (tool.strict !== undefined) wire.strict = tool.strict
  if (tool.cache) wire.cache_control = tool.cache.raw
  return [Object.assign(wire, ownExtras(tool.origin))]
}

function ownChoice(choice: ToolChoice | null, parallel: boolean | null | undefined): Json {
  if (choice === null) return null
  const flag = typeof parallel === 'boolean' ? { disable_parallel_tool_use: !parallel } : {}
  switch (choice.type) {
    case 'auto':
    case 'none':
      return { type: choice.type, ...flag }
    case 'required':
      return { type: 'any', ...flag }
    case 'tool':
      return { type: 'tool', name: choice.name, ...flag }
    case 'allowed':
      return { type: 'auto', ...flag }
    case 'opaque':
      return choice.value
    default:
      return choice satisfies never
  }
}
