// Chat messages to canonical ones.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import type { Part, ReasoningPart, ToolCallPart } from '../../core/part.ts'
import type { Message, Role } from '../../core/request.ts'
import { thoughtSeal } from './thought-signature.ts'
import { urlSource } from '../../core/data-url.ts'
import { cacheMark, originOf, rest } from './members.ts'
import { thinkingParts } from './thinking-blocks.ts'

const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function'])
const MESSAGE = new Set([
  'role',
  'content',
  'name',
  'tool_calls',
  'tool_call_id',
  'refusal',
  'reasoning_content',
  'reasoning',
  'thinking_blocks',
  'cache_control',
  'is_error',
  'function_call',
  'extra_content',
])

export function decodeMessages(wire: Json | undefined): Message[] {
  if (!Array.isArray(wire))
    throw invalid('messages', wire === undefined ? 'messages is missing' : 'messages must be a list')
  if (wire.length === 0) throw invalid('messages', 'messages must not be empty')
  return wire.map((message, index) => decodeMessage(message, index))
}

function decodeMessage(wire: Json, index: number): Message {
  const at = `messages[${index}]`
  if (!isObject(wire)) throw invalid(at, `${at} must be an object`)
  const { role } = wire
  if (typeof role !== 'string' || !ROLES.has(role))
    throw invalid(`${at}.role`, `${at}.role must be one of ${[...ROLES].join(', ')}`)
  const shape: JsonObject = {}
  const extras = rest(wire, MESSAGE)
  const content = contentParts(wire.content, at, shape)
  const cache = cacheMark(wire)
  if (cache) {
    // On a string the mark belongs to its only part; on a list it stays the message's own.
    const last = content.at(-1)
    if (shape.content === 'string' && last) last.cache = cache
    else extras.cache_control = wire.cache_control
  } else if (wire.cache_control !== undefined) extras.cache_control = wire.cache_control

  const message: Message = { role: role === 'function' ? 'tool' : (role as Role), parts: [] }
  if (typeof wire.name === 'string') message.name = wire.name
  else if (wire.name !== undefined) extras.name = wire.name

  if (role === 'tool' || role === 'function') {
    if (role === 'tool' && typeof wire.tool_call_id !== 'string')
      throw invalid(`${at}.tool_call_id`, `${at}.tool_call_id must be a string`)
    if (role === 'function') shape.role = 'function'
    const result: Part = {
      kind: 'tool_result',
      callId:
        typeof wire.tool_call_id === 'string' ? wire.tool_call_id : `legacy_${asString(wire.name) ?? ''}`,
      content,
    }
    if (typeof wire.is_error === 'boolean') result.isError = wire.is_error
    else if (wire.is_error !== undefined) extras.is_error = wire.is_error
    const mark = content.at(-1)?.cache
    if (mark && shape.content === 'string') result.cache = mark
    message.parts.push(result)
  } else {
    keepUnread(wire, extras, ['is_error', 'tool_call_id'])
    message.parts.push(...reasoningParts(wire, shape, extras), ...content)
    if (typeof wire.refusal === 'string') message.parts.push({ kind: 'refusal', text: wire.refusal })
    else keepUnread(wire, extras, ['refusal'])
    message.parts.push(...toolCalls(wire, at, shape, extras))
    signText(wire, message.parts, shape, extras)
  }
  if (role === 'tool' || role === 'function')
    keepUnread(wire, extras, [
      'refusal',
      'tool_calls',
      'function_call',
      'reasoning',
      'reasoning_content',
      'thinking_blocks',
      'extra_content',
    ])
  const origin = originOf(extras, shape)
  if (origin) message.origin = origin
  return message
}

function keepUnread(wire: JsonObject, extras: JsonObject, names: readonly string[]): void {
  for (const name of names) if (wire[name] !== undefined) extras[name] = wire[name]
}

export function contentParts(content: Json | undefined, at: string, shape: JsonObject): Part[] {
  if (content === undefined) return []
  if (content === null) {
    shape.content = 'null'
    return []
  }
  if (typeof content === 'string') {
    shape.content = 'string'
    return [{ kind: 'text', text: content }]
  }
  if (!Array.isArray(content))
    throw invalid(`${at}.content`, `${at}.content must be a string, a list of parts or null`)
  shape.content = 'list'
  return content.map((part, index) => decodePart(part, `${at}.content[${index}]`))
}

function decodePart(wire: Json, at: string): Part {
  if (!isObject(wire)) throw invalid(at, `${at} must be an object`)
  const { type } = wire
  if (typeof type !== 'string') throw invalid(`${at}.type`, `${at}.type must be a string`)
  const part = knownPart(wire, type, at) ?? { kind: 'opaque', dialect: 'openai-chat', type, value: wire }
  if (part.kind === 'opaque') return part
  const cache = cacheMark(wire)
  if (cache) part.cache = cache
  const origin = originOf(rest(wire, new Set(['type', type, ...(cache ? ['cache_control'] : [])])), {})
  if (origin) part.origin = origin
  return part
}

/** Undefined for what the vocabulary cannot hold whole: it is kept as an opaque part. */
function knownPart(wire: JsonObject, type: string, at: string): Part | undefined {
  if (type === 'text') {
    if (typeof wire.text !== 'string') throw invalid(`${at}.text`, `${at}.text must be a string`)
    return { kind: 'text', text: wire.text }
  }
  if (type === 'refusal' && typeof wire.refusal === 'string') return { kind: 'refusal', text: wire.refusal }
  const inner = wire[type]
  if (!isObject(inner)) {
    if (type === 'image_url') throw invalid(`${at}.image_url`, `${at}.image_url must be an object with a url`)
    return undefined
  }
  const keys = Object.keys(inner)
  if (type === 'image_url') {
    if (typeof inner.url !== 'string')
      throw invalid(`${at}.image_url.url`, `${at}.image_url.url must be a string`)
    if (keys.some((key) => key !== 'url' && key !== 'detail')) return undefined
    return {
      kind: 'media',
      media: 'image',
      source: urlSource(inner.url),
      ...(typeof inner.detail === 'string' ? { detail: inner.detail } : {}),
    }
  }
  if (
    type === 'input_audio' &&
    typeof inner.data === 'string' &&
    typeof inner.format === 'string' &&
    keys.length === 2
  )
    return {
      kind: 'media',
      media: 'audio',
      source: { type: 'base64', mediaType: `audio/${inner.format}`, data: inner.data },
    }
  if (type === 'file') {
    if (typeof inner.file_id === 'string' && keys.length === 1)
      return { kind: 'media', media: 'document', source: { type: 'file', id: inner.file_id } }
    if (
      typeof inner.file_data === 'string' &&
      keys.every((key) => key === 'file_data' || key === 'filename')
    ) {
      const title = inner.filename
      if (title !== undefined && typeof title !== 'string') return undefined
      return {
        kind: 'media',
        media: 'document',
        source: urlSource(inner.file_data),
        ...(title === undefined ? {} : { title }),
      }
    }
  }
  return undefined
}

/** Reasoning that clients echo: signed `thinking_blocks` first, else the readable text under either name. */
function reasoningParts(wire: JsonObject, shape: JsonObject, extras: JsonObject): Part[] {
  const parts: ReasoningPart[] = []
  const blocks = wire.thinking_blocks
  const signed = thinkingParts(blocks)
  if (signed) {
    shape.thinkingBlocks = signed.length
    keepUnread(wire, extras, ['reasoning_content', 'reasoning'])
    return signed
  }
  if (blocks !== undefined) extras.thinking_blocks = blocks
  for (const name of ['reasoning_content', 'reasoning'] as const) {
    const text = wire[name]
    if (text === undefined) continue
    if (typeof text === 'string' && shape.reasoning === undefined) {
      shape.reasoning = name
      parts.push({ kind: 'reasoning', text })
    } else extras[name] = text
  }
  return parts
}

/** A signature on the message belongs to its first call where no call has one, else to its text. */
function signText(wire: JsonObject, parts: Part[], shape: JsonObject, extras: JsonObject): void {
  const sealed = thoughtSeal(wire)
  const calls = parts.filter((part) => part.kind === 'tool_call')
  const [call] = calls
  const part =
    call && calls.every((one) => one.sealed === undefined)
      ? call
      : parts.findLast((one) => one.kind === 'text')
  if (!sealed || !part) {
    if (wire.extra_content !== undefined) extras.extra_content = wire.extra_content
    return
  }
  shape.extraContent = wire.extra_content
  part.sealed = sealed
  if (part.kind === 'tool_call')
    part.origin = {
      ...part.origin,
      dialect: 'openai-chat',
      shape: { ...part.origin?.shape, signedMessage: true },
    }
}

function toolCalls(wire: JsonObject, at: string, shape: JsonObject, extras: JsonObject): Part[] {
  const parts: Part[] = []
  if (Array.isArray(wire.tool_calls)) {
    shape.toolCalls = 'list'
    for (const [index, call] of wire.tool_calls.entries())
      parts.push(decodeToolCall(call, `${at}.tool_calls[${index}]`))
  } else if (wire.tool_calls !== undefined) extras.tool_calls = wire.tool_calls
  const legacy = wire.function_call
  if (
    isObject(legacy) &&
    typeof legacy.name === 'string' &&
    typeof legacy.arguments === 'string' &&
    parts.length === 0
  ) {
    shape.functionCall = true
    parts.push({
      kind: 'tool_call',
      id: `legacy_${legacy.name}`,
      name: legacy.name,
      arguments: legacy.arguments,
    })
  } else if (legacy !== undefined) extras.function_call = legacy
  return parts
}

export function decodeToolCall(wire: Json, at: string): ToolCallPart {
  if (!isObject(wire)) throw invalid(at, `${at} must be an object`)
  const shape: JsonObject = {}
  const custom = wire.type === 'custom'
  const inner = custom ? wire.custom : wire.function
  if (!isObject(inner) || typeof inner.name !== 'string')
    throw invalid(`${at}.function.name`, `${at}.function.name must be a string`)
  const given = custom ? inner.input : inner.arguments
  if (wire.type === undefined) shape.type = 'absent'
  if (typeof wire.id !== 'string') shape.id = wire.id === undefined ? 'absent' : 'null'
  if (given === undefined) shape.arguments = 'absent'
  else if (typeof given !== 'string') shape.arguments = 'json'
  const part: ToolCallPart = {
    kind: 'tool_call',
    id: typeof wire.id === 'string' ? wire.id : '',
    name: inner.name,
    arguments: typeof given === 'string' ? given : given === undefined ? '' : JSON.stringify(given),
  }
  if (custom) part.custom = true
  const unread = rest(inner, new Set(['name', custom ? 'input' : 'arguments']))
  if (Object.keys(unread).length > 0) shape.inner = unread
  const cache = cacheMark(wire)
  if (cache) part.cache = cache
  const sealed = thoughtSeal(wire)
  if (sealed) part.sealed = sealed
  const known = [
    'id',
    'type',
    custom ? 'custom' : 'function',
    ...(cache ? ['cache_control'] : []),
    ...(sealed ? ['extra_content'] : []),
  ]
  const origin = originOf(rest(wire, new Set(known)), shape)
  if (origin) part.origin = origin
  return part
}
