// A request that came as Converse, written back as it was spelt. No policy here: what the caller said in this dialect is
// the caller's business.

import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { GenerationRequest, ToolChoice } from '../../core/request.ts'
import { ownBlocks } from './blocks.ts'
import { cachePoint } from './cache.ts'
import { ID, ownExtras, ownShape } from './own.ts'

export function ownBody(request: GenerationRequest): JsonObject {
  const shape = ownShape(request.origin)
  const body: JsonObject = {}
  const messages: JsonObject[] = []
  for (const message of request.messages) {
    const content = ownBlocks(message.parts)
    if (ownShape(message.origin).root === true) body.system = content
    else messages.push({ role: message.role, content, ...ownExtras(message.origin) })
  }
  body.messages = messages
  const inference: JsonObject = {
    ...(request.maxOutputTokens === undefined ? {} : { maxTokens: request.maxOutputTokens }),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.topP === undefined ? {} : { topP: request.topP }),
    ...(request.stop === undefined ? {} : { stopSequences: request.stop }),
  }
  if (isObject(shape.inferenceConfig)) body.inferenceConfig = { ...inference, ...shape.inferenceConfig }
  if (isObject(shape.toolConfig))
    body.toolConfig = {
      ...(request.tools === undefined ? {} : { tools: ownTools(request) }),
      ...(request.toolChoice ? { toolChoice: ownChoice(request.toolChoice) } : {}),
      ...shape.toolConfig,
    }
  ownOutput(request, shape, body)
  ownMore(request, shape, body)
  if (request.metadata) body.requestMetadata = request.metadata
  if (shape.serviceTier !== undefined) body.serviceTier = shape.serviceTier
  else if (typeof request.serviceTier === 'string') body.serviceTier = { type: request.serviceTier }
  return Object.assign(body, ownExtras(request.origin))
}

function ownTools(request: GenerationRequest): JsonObject[] {
  return (request.tools ?? []).flatMap((tool): JsonObject[] => {
    const marked = (entry: JsonObject): JsonObject[] =>
      tool.type !== 'custom' && tool.cache ? [entry, cachePoint(tool.cache, true)] : [entry]
    if (tool.type === 'native') return tool.dialect === ID ? marked(tool.value) : []
    if (tool.type === 'custom') return []
    return marked({
      toolSpec: {
        name: tool.name,
        ...(tool.description === undefined ? {} : { description: tool.description }),
        ...(tool.parameters === undefined ? {} : { inputSchema: { json: tool.parameters } }),
        ...(tool.strict === undefined ? {} : { strict: tool.strict }),
        ...ownExtras(tool.origin),
      },
    })
  })
}

function ownChoice(choice: ToolChoice): Json {
  switch (choice.type) {
    case 'required':
      return { any: {} }
    case 'tool':
      return { tool: { name: choice.name } }
    case 'opaque':
      return choice.value
    default:
      return { auto: {} }
  }
}

function ownOutput(request: GenerationRequest, shape: JsonObject, body: JsonObject): void {
  const { outputConfig: rest } = shape
  if (rest === undefined) return
  if (!isObject(rest)) {
    body.outputConfig = rest
    return
  }
  const format = request.responseFormat
  body.outputConfig = {
    ...(shape.effortIn === 'outputConfig' ? { effort: request.reasoning?.effort } : {}),
    ...(format?.type === 'json_schema'
      ? {
          textFormat: {
            type: 'json_schema',
            structure: {
              jsonSchema: {
                ...(format.name === undefined ? {} : { name: format.name }),
                ...(format.description === undefined ? {} : { description: format.description }),
                schema: shape.schemaText ?? JSON.stringify(format.schema),
              },
            },
          },
        }
      : format?.type === 'opaque'
        ? { textFormat: format.value }
        : {}),
    ...rest,
  }
}

function ownMore(request: GenerationRequest, shape: JsonObject, body: JsonObject): void {
  const { more } = shape
  if (more === undefined) return
  if (!isObject(more)) {
    body.additionalModelRequestFields = more
    return
  }
  const { mode, budgetTokens, display, effort } = request.reasoning ?? {}
  const { effortIn } = shape
  body.additionalModelRequestFields = {
    ...(isObject(shape.thinking)
      ? {
          thinking: {
            type: mode,
            ...(budgetTokens === undefined ? {} : { budget_tokens: budgetTokens }),
            ...(display === undefined ? {} : { display }),
            ...shape.thinking,
          },
        }
      : {}),
    ...(effortIn === 'output_config'
      ? { output_config: { effort, ...(isObject(shape.effortBeside) ? shape.effortBeside : {}) } }
      : {}),
    ...(effortIn === 'reasoning_effort' ? { reasoning_effort: effort } : {}),
    ...(effortIn === 'reasoning_config' ? { reasoning_config: effort } : {}),
    ...(request.topK === undefined ? {} : { top_k: request.topK }),
    ...more,
  }
}
