// A request that came in this dialect, written back as it was spelt. No policy here: what the caller said in this
// dialect is the caller's business. Only state that another vendor issued is taken out.

import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { Part } from '../../core/part.ts'
import type { GenerationRequest, Message, Tool } from '../../core/request.ts'
import { ownExtras, ownShape } from './members.ts'
import { ownPart } from './parts.ts'
import { signatureIn } from './signatures.ts'
import { respelt, snakeOf } from './spelling.ts'

export function ownBody(request: GenerationRequest, model: string, notes: Note[]): JsonObject {
  const shape = ownShape(request.origin)
  const body: JsonObject = {}
  if (shape.model === true) body.model = model.startsWith('models/') ? model : `models/${model}`
  const contents: JsonObject[] = []
  for (const [index, message] of request.messages.entries()) {
    const spelt = ownShape(message.origin)
    const content = ownContent(message, `contents[${index}]`, notes)
    if (spelt.root !== true) contents.push(content)
    else body.systemInstruction = spelt.content === 'string' ? textOf(message) : content
  }
  body.contents = contents
  const extras = { ...ownExtras(request.origin) }
  if (request.tools !== undefined) body.tools = request.tools === null ? null : ownTools(request.tools, shape)
  const config = ownConfig(request, shape, extras)
  if (config) body.generationConfig = config
  const toolConfig = ownToolConfig(shape, extras)
  if (toolConfig) body.toolConfig = toolConfig
  if (request.serviceTier !== undefined) body.serviceTier = request.serviceTier
  return respelt(Object.assign(body, extras), snakeOf(shape))
}

function textOf(message: Message): string {
  return message.parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')
}

function ownContent(message: Message, at: string, notes: Note[]): JsonObject {
  const shape = ownShape(message.origin)
  const role =
    shape.role === 'absent'
      ? undefined
      : typeof shape.role === 'string'
        ? shape.role
        : message.role === 'assistant'
          ? 'model'
          : 'user'
  const parts = message.parts.flatMap((part) => ownPart(replayable(part, at, notes)))
  const [only] = parts
  return {
    ...(role === undefined ? {} : { role }),
    ...(shape.parts === 'absent' ? {} : { parts: shape.parts === 'object' && only ? only : parts }),
    ...ownExtras(message.origin),
  }
}

/** The part without a seal that another vendor issued. */
function replayable(part: Part, at: string, notes: Note[]): Part {
  if (!('sealed' in part) || !part.sealed || signatureIn(part.sealed) !== undefined) return part
  notes.push({ field: `${at}.thoughtSignature`, action: 'dropped', why: 'issued by another vendor' })
  const { sealed: _sealed, ...bare } = part
  return bare
}

function ownTools(tools: readonly Tool[], shape: JsonObject): Json {
  const groups = Array.isArray(shape.groups) ? shape.groups.filter(isObject) : []
  const queue = [...tools]
  const entries: JsonObject[] = []
  for (const group of groups) {
    const entry: JsonObject = {}
    if (typeof group.functions === 'number') {
      const declared = queue.splice(0, group.functions).flatMap(ownDeclaration)
      entry.functionDeclarations = group.object === true ? declared[0] : declared
    }
    const native = group.native === true ? queue.shift() : undefined
    if (native?.type === 'native') Object.assign(entry, native.value)
    entries.push(respelt(entry, snakeOf(group)))
  }
  return shape.tools === 'object' ? (entries[0] ?? {}) : entries
}

function ownDeclaration(tool: Tool): JsonObject[] {
  if (tool.type !== 'function') return []
  const shape = ownShape(tool.origin)
  const wire: JsonObject = {
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    ...(isObject(shape.schema) ? shape.schema : {}),
    ...ownExtras(tool.origin),
  }
  return [respelt(wire, snakeOf(shape))]
}

function ownToolConfig(shape: JsonObject, extras: JsonObject): JsonObject | undefined {
  const config = shape.toolConfig
  if (!isObject(config)) return undefined
  const wire: JsonObject = {}
  const more = extras['toolConfig.functionCallingConfig']
  delete extras['toolConfig.functionCallingConfig']
  const snake = snakeOf(config)
  if (isObject(config.calling))
    wire.functionCallingConfig = respelt(
      { ...config.calling, ...(isObject(more) ? more : {}) },
      snake,
      'functionCallingConfig.',
    )
  if (isObject(extras.toolConfig)) Object.assign(wire, extras.toolConfig)
  delete extras.toolConfig
  return respelt(wire, snake)
}

function ownConfig(
  request: GenerationRequest,
  shape: JsonObject,
  extras: JsonObject,
): JsonObject | undefined {
  const kept = shape.config
  if (!isObject(kept)) return undefined
  const format = request.responseFormat
  const snake = snakeOf(kept)
  const thinking = isObject(kept.thinking)
    ? respelt({ ...kept.thinking }, snake, 'thinkingConfig.')
    : kept.thinking
  const all: Record<string, Json | undefined> = {
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    maxOutputTokens: request.maxOutputTokens,
    stopSequences: request.stop,
    seed: request.seed,
    candidateCount: request.n,
    presencePenalty: request.presencePenalty,
    frequencyPenalty: request.frequencyPenalty,
    responseLogprobs: request.logprobs,
    logprobs: request.topLogprobs,
    responseMimeType: kept.mimeType,
    ...(isObject(kept.format) ? kept.format : {}),
    ...(format?.type === 'opaque' && isObject(format.value) ? format.value : {}),
    thinkingConfig: thinking,
    responseModalities: kept.responseModalities,
    ...(isObject(extras.generationConfig) ? extras.generationConfig : {}),
  }
  delete extras.generationConfig
  const wire: JsonObject = {}
  for (const [name, value] of Object.entries(all)) if (value !== undefined) wire[name] = value
  return respelt(wire, snake)
}
