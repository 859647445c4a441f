// Messages as this wire has them: system, user, assistant and tool, close to Chat's. Facts: results are messages of
// their own, right behind the assistant's; a plan for tools stands beside the calls.

import { invalid } from '../../core/error.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { Part, ToolResultPart } from '../../core/part.ts'
import type { GenerationRequest, Message } from '../../core/request.ts'
import { encodeCall, encodeContent, encodePiece } from './content.ts'
import { wireName } from './names.ts'
import { ID, isPlan, ownExtras, ownShape } from './own.ts'

/** A conversation of this dialect, as it was spelt. */
export function ownMessages(request: GenerationRequest): JsonObject[] {
  return request.messages.map((message) => {
    const shape = ownShape(message.origin)
    const [first] = message.parts
    if (first?.kind === 'tool_result')
      return {
        role: 'tool',
        tool_call_id: first.callId,
        ...withContent(encodeContent(first.content, shape)),
        ...ownExtras(message.origin),
      }
    const plan = message.parts.find(isPlan)
    const calls = message.parts.flatMap((part) => encodeCall(part, (name) => name))
    const parts = message.parts.filter((part) => part.kind !== 'opaque' || part.type !== 'tool_call')
    return {
      role: message.role,
      ...withContent(encodeContent(parts, shape)),
      ...(plan?.kind === 'reasoning' ? { tool_plan: plan.text } : {}),
      ...(calls.length > 0 || shape.noCalls === true ? { tool_calls: calls } : {}),
      ...ownExtras(message.origin),
    }
  })
}

const withContent = (content: Json | undefined): JsonObject => (content === undefined ? {} : { content })

/** @throws GatewayError `invalid_request` for content that has no form here. */
export function encodeMessages(request: GenerationRequest, notes: Note[]): JsonObject[] {
  return request.messages.flatMap((message, index) => {
    const at = `messages[${index}]`
    noteMessage(message, at, notes)
    if (message.role === 'assistant') return assistantMessage(message, at, notes)
    const results = message.parts.flatMap((part, position) =>
      part.kind === 'tool_result' ? [toolMessage(part, `${at}.content[${position}]`, notes)] : [],
    )
    const pieces = message.parts.flatMap((part, position): JsonObject[] =>
      part.kind === 'tool_result' ? [] : userPiece(part, `${at}.content[${position}]`, message, notes),
    )
    if (pieces.length === 0) return results
    const role = message.role === 'developer' ? 'system' : message.role === 'tool' ? 'user' : message.role
    return [...results, { role, content: plain(pieces) }]
  })
}

/** One bare text goes as a string, as everybody writes it. */
function plain(pieces: JsonObject[]): Json {
  const [only] = pieces
  return pieces.length === 1 && only?.type === 'text' ? (only.text as string) : pieces
}

function noteMessage(message: Message, at: string, notes: Note[]): void {
  for (const [name, value] of Object.entries(message.origin?.extras ?? {}))
    if (value !== null)
      notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Cohere has no such field' })
  if (message.name !== undefined && message.role !== 'tool')
    notes.push({ field: `${at}.name`, action: 'dropped', why: 'messages have no name here' })
}

function notePart(part: Part, at: string, notes: Note[]): void {
  for (const [name, value] of Object.entries(part.origin?.extras ?? {}))
    if (value !== null)
      notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Cohere has no such field' })
  if (part.cache)
    notes.push({ field: `${at}.cache_control`, action: 'dropped', why: 'Cohere caches by itself' })
}

function userPiece(part: Part, at: string, message: Message, notes: Note[]): JsonObject[] {
  notePart(part, at, notes)
  if (part.kind === 'text' || part.kind === 'refusal')
    return part.text === '' ? [] : [{ type: 'text', text: part.text }]
  const image = part.kind === 'media' && part.media === 'image' && message.role === 'user'
  const piece = image || (part.kind === 'opaque' && part.dialect === ID) ? encodePiece(part) : undefined
  if (piece) return [piece]
  // A text document says the same as a text.
  if (part.kind === 'media' && part.media === 'document' && part.source.type === 'text') {
    notes.push({ field: at, action: 'approximated', why: 'a text document is sent as text' })
    return [
      {
        type: 'text',
        text: part.title === undefined ? part.source.text : `${part.title}\n\n${part.source.text}`,
      },
    ]
  }
  const kind = part.kind === 'media' ? part.media : part.kind === 'opaque' ? part.type : part.kind
  if (part.kind === 'reasoning' || part.kind === 'tool_call') {
    notes.push({ field: at, action: 'dropped', why: `a ${message.role} message holds no ${kind} here` })
    return []
  }
  throw invalid(at, `${at}: ${kind} input is unsupported by Cohere`)
}

function assistantMessage(message: Message, at: string, notes: Note[]): JsonObject[] {
  const calls = message.parts.flatMap((part) => encodeCall(callOf(part), wireName))
  // With calls, the last thing thought is what the model means to do with them.
  const plan = calls.length > 0 ? message.parts.findLastIndex(replayable) : -1
  const pieces = message.parts.flatMap((part, position): JsonObject[] => {
    const field = `${at}.content[${position}]`
    notePart(part, field, notes)
    if (position === plan) return []
    switch (part.kind) {
      case 'tool_call':
        return []
      case 'text':
      case 'refusal':
        if (part.kind === 'text' && part.citations && part.citations.length > 0)
          notes.push({
            field: `${field}.citations`,
            action: 'dropped',
            why: 'citations do not go back to the model',
          })
        return part.text === '' ? [] : [{ type: 'text', text: part.text }]
      case 'reasoning':
        if (replayable(part)) return [{ type: 'thinking', thinking: part.text }]
        notes.push({ field, action: 'dropped', why: 'reasoning sealed by another vendor' })
        return []
      case 'opaque':
        if (part.dialect === ID && part.type !== 'tool_call') return [part.value as JsonObject]
        break
      default:
    }
    const kind = part.kind === 'opaque' ? part.type : part.kind
    notes.push({ field, action: 'dropped', why: `an assistant message holds no ${kind} here` })
    return []
  })
  if (pieces.length === 0 && calls.length === 0) return []
  const thought = message.parts[plan]
  return [
    {
      role: 'assistant',
      ...(pieces.length === 0 ? {} : { content: plain(pieces) }),
      ...(thought?.kind === 'reasoning' ? { tool_plan: thought.text } : {}),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
  ]
}

/** Free text of a custom tool is its one argument. */
function callOf(part: Part): Part {
  return part.kind === 'tool_call' && part.custom === true
    ? { ...part, arguments: JSON.stringify({ input: part.arguments }) }
    : part
}

/** Thinking is text here; what another vendor sealed belongs to its own models. */
function replayable(part: Part): boolean {
  return (
    part.kind === 'reasoning' &&
    part.redacted !== true &&
    part.text !== '' &&
    (!part.sealed || part.sealed.dialect === ID)
  )
}

function toolMessage(part: ToolResultPart, at: string, notes: Note[]): JsonObject {
  notePart(part, at, notes)
  if (part.isError === true)
    notes.push({ field: `${at}.is_error`, action: 'dropped', why: 'a result has no error mark at Cohere' })
  const pieces = part.content.flatMap((inner, position): JsonObject[] => {
    const field = `${at}.content[${position}]`
    notePart(inner, field, notes)
    if (inner.kind === 'text') return [{ type: 'text', text: inner.text }]
    if (inner.kind === 'opaque' && inner.dialect === ID) return [inner.value as JsonObject]
    if (inner.kind === 'media' && inner.source.type === 'text')
      return [{ type: 'text', text: inner.source.text }]
    const kind = inner.kind === 'media' ? inner.media : inner.kind
    notes.push({ field, action: 'dropped', why: `a tool result holds no ${kind} at Cohere` })
    return []
  })
  return { role: 'tool', tool_call_id: part.callId, content: pieces.length === 0 ? '' : plain(pieces) }
}
