// Canonical messages to Chat ones. Tool results become `tool` messages of their own, contiguous, before what the user
// says next; Chat's tool messages hold text only, so images of a result move into a user message behind them.

import type { EncodeTarget } from '../../core/dialect.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type {
  MediaPart,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../core/part.ts'
import type { GenerationRequest, Message } from '../../core/request.ts'
import { urlOf } from '../../core/data-url.ts'
import { functionCall } from './custom-tools.ts'
import { wireName } from './names.ts'
import { detailsOfSeals } from './reasoning-details.ts'
import { extraContent } from './thought-signature.ts'
import { thinkingBlock } from './thinking-blocks.ts'

/** What stands in a tool message for an image that follows in the next user message. Constant: prefixes stay stable. */
const MOVED = '[the image of this tool result follows]'

interface Scope {
  own: boolean
  target: EncodeTarget
  notes: Note[]
}

export function encodeMessages(
  request: GenerationRequest,
  target: EncodeTarget,
  notes: Note[],
): JsonObject[] {
  const scope: Scope = { own: request.dialect === 'openai-chat', target, notes }
  return request.messages.flatMap((message, index) => encodeMessage(message, `messages[${index}]`, scope))
}

function encodeMessage(message: Message, at: string, scope: Scope): JsonObject[] {
  if (scope.own) return [ownMessage(message, at, scope)]
  foreignExtras(message, at, scope)
  switch (message.role) {
    case 'system':
    case 'developer':
      return instruction(message, at, scope)
    case 'assistant':
      return assistant(message, at, scope)
    default:
      return user(message, at, scope)
  }
}

// --- a message that came as Chat -------------------------------------------------------------------------------

function ownMessage(message: Message, at: string, scope: Scope): JsonObject {
  const shape = message.origin?.shape ?? {}
  const wire: JsonObject = { role: typeof shape.role === 'string' ? shape.role : roleOf(message, scope) }
  if (message.name !== undefined) wire.name = message.name
  const result = message.parts.find((part) => part.kind === 'tool_result')
  if (result) {
    if (shape.role !== 'function') wire.tool_call_id = result.callId
    if (result.isError !== undefined) wire.is_error = result.isError
    writeContent(wire, result.content, shape, at, scope)
    return Object.assign(wire, message.origin?.extras)
  }
  const reasoning = message.parts.filter((part) => part.kind === 'reasoning')
  const calls = message.parts.filter((part) => part.kind === 'tool_call')
  const content = message.parts.filter((part) => part.kind !== 'reasoning' && part.kind !== 'tool_call')
  // A message-level refusal is the refusal part that did not come from the content list.
  const last = content.at(-1)
  if (last?.kind === 'refusal' && shape.content !== 'list') {
    wire.refusal = last.text
    content.pop()
  }
  writeContent(wire, content, shape, at, scope)
  if (typeof shape.thinkingBlocks === 'number') wire.thinking_blocks = reasoning.map(thinkingBlock)
  else if (typeof shape.reasoning === 'string')
    wire[shape.reasoning] = reasoning.map((part) => part.text).join('')
  if (shape.functionCall === true) {
    const [call] = calls
    if (call) wire.function_call = { name: call.name, arguments: call.arguments }
  } else if (calls.length > 0 || shape.toolCalls === 'list') wire.tool_calls = calls.map(toolCall)
  if (shape.extraContent !== undefined) wire.extra_content = shape.extraContent
  return Object.assign(wire, message.origin?.extras)
}

function writeContent(wire: JsonObject, parts: Part[], shape: JsonObject, at: string, scope: Scope): void {
  if (shape.content === 'null') wire.content = null
  else if (shape.content === 'string') {
    const [part] = parts
    wire.content = part?.kind === 'text' ? part.text : ''
    if (part?.cache) wire.cache_control = part.cache.raw
  } else if (shape.content === 'list')
    wire.content = parts.flatMap((part, index) => contentPart(part, `${at}.content[${index}]`, scope))
}

// --- a message of another dialect ------------------------------------------------------------------------------

function foreignExtras(node: { origin?: Message['origin'] }, at: string, { notes }: Scope): void {
  for (const name of Object.keys(node.origin?.extras ?? {}))
    notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Chat has no such field' })
}

function roleOf(message: Message, scope: Scope): string {
  const { instructionRole } = scope.target.quirks
  return instructionRole !== undefined && (message.role === 'system' || message.role === 'developer')
    ? instructionRole
    : message.role
}

/** Instruction blocks become one message; Claude Code's billing block varies per request and would break every cache. */
function instruction(message: Message, at: string, scope: Scope): JsonObject[] {
  const texts = message.parts.flatMap((part, index) => {
    if (part.kind !== 'text') {
      scope.notes.push({ field: `${at}[${index}]`, action: 'dropped', why: 'instructions are text in Chat' })
      return []
    }
    if (part.text.startsWith('x-anthropic-billing-header:')) {
      scope.notes.push({
        field: `${at}[${index}]`,
        action: 'dropped',
        why: 'billing text for Anthropic alone',
      })
      return []
    }
    cacheNote(part, at, scope)
    return [part.text]
  })
  if (texts.length === 0) return []
  const [only] = texts
  const content = texts.length === 1 ? (only as string) : texts.map((text) => ({ type: 'text', text }))
  return [{ role: roleOf(message, scope), content }]
}

function user(message: Message, at: string, scope: Scope): JsonObject[] {
  const out: JsonObject[] = []
  const moved: JsonObject[] = []
  const rest: JsonObject[] = []
  for (const [index, part] of message.parts.entries()) {
    const field = `${at}.content[${index}]`
    if (part.kind === 'tool_result') out.push(toolMessage(part, field, moved, scope))
    else rest.push(...contentPart(part, field, scope))
  }
  const content = [...moved, ...rest]
  if (content.length > 0) {
    const [only] = content
    const plain = content.length === 1 && only?.type === 'text' && Object.keys(only).length === 2
    out.push({
      role: 'user',
      content: plain ? only.text : content,
      ...(message.name === undefined ? {} : { name: message.name }),
    })
  } else if (out.length === 0) out.push({ role: 'user', content: '' })
  return out
}

function toolMessage(part: ToolResultPart, at: string, moved: JsonObject[], scope: Scope): JsonObject {
  cacheNote(part, at, scope)
  const texts = part.content.map((inner, index) => {
    const field = `${at}.content[${index}]`
    if (inner.kind === 'text') {
      cacheNote(inner, field, scope)
      return inner.text
    }
    if (inner.kind === 'media') {
      const wires = contentPart(inner, field, scope)
      moved.push(...wires)
      if (wires.length > 0)
        scope.notes.push({ field, action: 'moved', why: 'tool messages hold text only in Chat' })
      return wires.length > 0 ? MOVED : ''
    }
    contentPart(inner, field, scope)
    return ''
  })
  return {
    role: 'tool',
    tool_call_id: part.callId,
    content: texts.filter((text) => text !== '').join('\n'),
    ...(part.isError === true ? { is_error: true } : {}),
  }
}

function assistant(message: Message, at: string, scope: Scope): JsonObject[] {
  const calls: JsonObject[] = []
  const texts: string[] = []
  let refusal: string | undefined
  const reasoning: ReasoningPart[] = []
  for (const [index, part] of message.parts.entries()) {
    const field = `${at}.content[${index}]`
    if (part.kind === 'tool_call') {
      cacheNote(part, field, scope)
      foreignExtras(part, field, scope)
      sealNote(part, field, scope)
      calls.push(toolCall(foreignCall(part, scope)))
    } else if (part.kind === 'text') {
      cacheNote(part, field, scope)
      if (part.citations && part.citations.length > 0)
        scope.notes.push({
          field: `${field}.citations`,
          action: 'dropped',
          why: 'Chat takes no citations back',
        })
      sealNote(part, field, scope)
      if (calls.length > 0 && part.text !== '')
        scope.notes.push({
          field,
          action: 'moved',
          why: 'the text of a turn stands before its calls in Chat',
        })
      texts.push(part.text)
    } else if (part.kind === 'refusal') refusal = part.text
    else if (part.kind === 'reasoning') reasoning.push(part)
    else
      scope.notes.push({
        field,
        action: 'dropped',
        why: `an assistant message of Chat holds no ${part.kind === 'opaque' ? part.type : part.kind}`,
      })
  }
  const spoken = texts.length + calls.length + reasoning.length + (refusal === undefined ? 0 : 1)
  // A turn of nothing but what this wire has no word for.
  if (spoken === 0 && message.parts.length > 0) return []
  const wire: JsonObject = { role: 'assistant' }
  const text = texts.join('')
  wire.content = text === '' && (calls.length > 0 || refusal !== undefined) ? null : text
  const { reasoningField, thinkingBlocks } = scope.target.quirks
  const readable = reasoning.map((part) => part.text).join('')
  const takes = reasoningField !== undefined && reasoningField !== 'none'
  // Written in the plainest field; fit.ts moves it to where the host wants it.
  if (takes && readable !== '') wire.reasoning_content = readable
  const details = takes ? detailsOfSeals(reasoning) : undefined
  if (details) wire.reasoning_details = details
  const signed = thinkingBlocks === true ? reasoning.filter((part) => part.sealed !== undefined) : []
  if (signed.length > 0) wire.thinking_blocks = signed.map(thinkingBlock)
  const silent = !details && signed.length === 0
  if (reasoning.length > 0 && silent && (!takes || reasoning.some((part) => part.sealed !== undefined)))
    scope.notes.push({
      field: `${at}.thinking`,
      action: 'dropped',
      why: !takes ? 'this upstream takes no reasoning back' : 'its signature means nothing here',
    })
  if (refusal !== undefined) wire.refusal = refusal
  if (calls.length > 0) wire.tool_calls = calls
  if (message.name !== undefined) wire.name = message.name
  return [wire]
}

function foreignCall(part: ToolCallPart, scope: Scope): ToolCallPart {
  const { sealed: _sealed, ...bare } = part
  const named: ToolCallPart = { ...bare, origin: undefined, name: wireName(part.name) }
  return part.custom === true && scope.target.quirks.customTools !== 'ok' ? functionCall(named) : named
}

// --- parts -----------------------------------------------------------------------------------------------------

function cacheNote(part: Part, at: string, scope: Scope): void {
  if (part.cache)
    scope.notes.push({ field: `${at}.cache_control`, action: 'dropped', why: 'Chat caches by itself' })
}

function sealNote(part: ToolCallPart | TextPart, at: string, scope: Scope): void {
  if (part.sealed)
    scope.notes.push({
      field: `${at}.signature`,
      action: 'dropped',
      why: 'it means nothing to another vendor',
    })
}

function contentPart(part: Part, at: string, scope: Scope): JsonObject[] {
  const { own, notes } = scope
  if (part.kind === 'opaque') {
    if (part.dialect === 'openai-chat') return [part.value as JsonObject]
    notes.push({ field: at, action: 'dropped', why: `Chat has no ${part.type} part` })
    return []
  }
  const wire = knownPart(part, at, scope)
  if (!wire) {
    notes.push({ field: at, action: 'dropped', why: `no place for a ${part.kind} part there in Chat` })
    return []
  }
  if (own) {
    if (part.cache) wire.cache_control = part.cache.raw
    return [Object.assign(wire, part.origin?.extras)]
  }
  cacheNote(part, at, scope)
  foreignExtras(part, at, scope)
  return [wire]
}

function knownPart(part: Part, at: string, scope: Scope): JsonObject | undefined {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'refusal':
      return { type: 'refusal', refusal: part.text }
    case 'media':
      return mediaPart(part, at, scope)
    default:
      return undefined
  }
}

function mediaPart(part: MediaPart, at: string, { notes, own }: Scope): JsonObject | undefined {
  const { source } = part
  if (!own)
    for (const name of ['context', 'citable'] as const)
      if (part[name] !== undefined)
        notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Chat has no such field' })
  if (source.type === 'text') {
    const title = part.title === undefined ? '' : `${part.title}\n`
    if (!own) notes.push({ field: at, action: 'approximated', why: 'a text document is sent as text' })
    return { type: 'text', text: title + source.text }
  }
  if (source.type === 'parts') {
    const text = source.parts.map((inner) => (inner.kind === 'text' ? inner.text : '')).join('\n')
    notes.push({ field: at, action: 'approximated', why: 'a document of blocks is sent as its text' })
    return { type: 'text', text }
  }
  if (part.media === 'image') {
    if (source.type === 'file') return undefined
    const detail = part.detail === undefined ? {} : { detail: part.detail }
    return { type: 'image_url', image_url: { url: urlOf(source), ...detail } }
  }
  if (part.media === 'audio' && source.type === 'base64')
    return {
      type: 'input_audio',
      input_audio: { data: source.data, format: source.mediaType.replace(/^audio\//, '') },
    }
  if (part.media !== 'document') return undefined
  if (source.type === 'file') return { type: 'file', file: { file_id: source.id } }
  const title = part.title ?? (own ? undefined : 'document.pdf')
  return {
    type: 'file',
    file: { file_data: urlOf(source), ...(title === undefined ? {} : { filename: title }) },
  }
}

export function toolCall(part: ToolCallPart): JsonObject {
  const shape = part.origin?.dialect === 'openai-chat' ? (part.origin.shape ?? {}) : {}
  const inner: JsonObject = { name: part.name }
  const key = part.custom === true ? 'input' : 'arguments'
  if (shape.arguments === 'json') inner[key] = JSON.parse(part.arguments) as Json
  else if (shape.arguments !== 'absent') inner[key] = part.arguments
  const wire: JsonObject = {}
  if (shape.id === 'null') wire.id = null
  else if (shape.id !== 'absent') wire.id = part.id
  if (shape.type !== 'absent') wire.type = part.custom === true ? 'custom' : 'function'
  wire[part.custom === true ? 'custom' : 'function'] = {
    ...inner,
    ...(shape.inner as JsonObject | undefined),
  }
  if (part.cache) wire.cache_control = part.cache.raw
  const extra = shape.signedMessage === true ? undefined : extraContent(part.sealed)
  if (extra) wire.extra_content = extra
  return part.origin?.dialect === 'openai-chat' ? Object.assign(wire, part.origin.extras) : wire
}
