// Canonical messages and parts to items, for requests and for answers.

import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { Part, ReasoningPart, ToolCallPart, ToolResultPart } from '../../core/part.ts'
import type { GenerationRequest, Message } from '../../core/request.ts'
import { encodePart } from './content.ts'
import { ownShape } from './members.ts'
import { type Spelling, wireName } from './names.ts'
import { encodeReasoning, isPacked } from './reasoning.ts'

/** What an answer's items have that a request's need not. */
export interface AnswerItems {
  /** A fresh item id: `msg`, `rs`, `fc`, `ctc`. */
  id(prefix: string): string
  status: 'completed' | 'incomplete'
  spelling: ReadonlyMap<string, Spelling>
  /** Readable reasoning without a seal gets a stand-in for one. */
  readable: boolean
}

export interface ItemScope {
  /** The conversation came on this wire. */
  own: boolean
  notes: Note[]
  answer?: AnswerItems
  /** Names of calls that were free text, by call id: their results have an item type of their own. */
  customs?: ReadonlySet<string>
}

export function encodeMessages(
  request: GenerationRequest,
  quirks: { instructionRole?: 'system' | 'developer' },
  notes: Note[],
): JsonObject[] {
  const customs = new Set<string>()
  for (const message of request.messages)
    for (const part of message.parts)
      if (part.kind === 'tool_call' && part.custom === true) customs.add(part.id)
  const scope: ItemScope = { own: request.dialect === 'openai-responses', notes, customs }
  return request.messages.flatMap((message, index) => {
    const at = `messages[${index}]`
    if (ownShape(message.origin).root === true) return []
    if (!scope.own) noteExtras(message, at, notes)
    switch (message.role) {
      case 'assistant':
        return encodeParts(message.parts, at, scope)
      case 'tool':
      case 'user':
        return userItems(message, at, scope)
      default:
        return plainItem({ ...message, role: quirks.instructionRole ?? message.role }, at, scope)
    }
  })
}

function noteExtras(node: { origin?: Message['origin'] }, at: string, notes: Note[]): void {
  for (const name of Object.keys(node.origin?.extras ?? {}))
    notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Responses has no such field' })
}

/** Results stand before what the user says next. */
function userItems(message: Message, at: string, scope: ItemScope): JsonObject[] {
  const results = message.parts.filter((part) => part.kind === 'tool_result')
  if (results.length === 0) return plainItem(message, at, scope)
  const others = message.parts.filter((part) => part.kind !== 'tool_result')
  return [
    ...results.map((part, index) => resultItem(part, `${at}.content[${index}]`, scope)),
    ...(others.length > 0 ? plainItem({ ...message, role: 'user', parts: others }, at, scope) : []),
  ]
}

function plainItem(message: Message, at: string, scope: ItemScope): JsonObject[] {
  const shape = ownShape(message.origin)
  // An item that only said how to go on (tools among the items).
  if (isObject(shape.item)) return [shape.item]
  const wire: JsonObject = { role: message.role }
  const kept = scope.own ? message.parts : message.parts.filter((part) => !isBilling(part))
  if (kept.length < message.parts.length)
    scope.notes.push({ field: at, action: 'dropped', why: 'billing text for Anthropic alone' })
  if (kept.length === 0 && message.parts.length > 0) return []
  if (message.name !== undefined)
    scope.notes.push({ field: `${at}.name`, action: 'dropped', why: 'messages have no name in Responses' })
  const content = contentOf(kept, shape, at, scope)
  if (content !== undefined) wire.content = content
  return [Object.assign(wire, isObject(shape.members) ? shape.members : {})]
}

/** Claude Code's billing block varies per request and would break every cache. */
function isBilling(part: Part): boolean {
  return part.kind === 'text' && part.text.startsWith('x-anthropic-billing-header:')
}

function contentOf(
  parts: readonly Part[],
  shape: JsonObject,
  at: string,
  scope: ItemScope,
): Json | undefined {
  const [only] = parts
  const plain = parts.length === 1 && only?.kind === 'text' && !only.cache
  if (shape.content === 'null') return null
  if (shape.content === 'string' || (!scope.own && plain && !only.citations)) return plain ? only.text : ''
  if (scope.own && shape.content === undefined) return undefined
  return parts.flatMap((part, index) => {
    const wire = encodePart(part, 'input_text', `${at}.content[${index}]`, scope.notes)
    return wire ? [wire] : []
  })
}

function resultItem(part: ToolResultPart, at: string, scope: ItemScope): JsonObject {
  const shape = ownShape(part.origin)
  const type =
    typeof shape.type === 'string'
      ? shape.type
      : scope.customs?.has(part.callId) === true && !scope.own
        ? 'custom_tool_call_output'
        : 'function_call_output'
  if (part.cache)
    scope.notes.push({ field: `${at}.cache_control`, action: 'dropped', why: 'Responses caches by itself' })
  if (part.isError === true)
    scope.notes.push({ field: `${at}.is_error`, action: 'dropped', why: 'results have no such field' })
  const output = contentOf(part.content, shape, at, scope) ?? ''
  const wire: JsonObject = { type, call_id: part.callId, output }
  return Object.assign(wire, isObject(shape.item) ? shape.item : {})
}

// --- the assistant's parts ---------------------------------------------------------------------------------------

/** Items of an assistant's turn or of an answer. Texts and refusals that follow each other are one message. */
export function encodeParts(parts: readonly Part[], at: string, scope: ItemScope): JsonObject[] {
  const items: JsonObject[] = []
  for (let index = 0; index < parts.length; ) {
    const part = parts[index] as Part
    const field = `${at}.content[${index}]`
    if (isContent(part)) {
      const count = runOf(parts, index)
      const item = messageItem(parts.slice(index, index + count), field, scope)
      if (item) items.push(item)
      index += count
      continue
    }
    const item = otherItem(part, field, scope)
    if (item) items.push(item)
    index++
  }
  return items
}

export function isContent(part: Part): boolean {
  if (part.kind === 'opaque') return ownShape(part.origin).inContent === true
  return part.kind === 'text' || part.kind === 'refusal' || part.kind === 'media'
}

/** How many parts from here are one message: as many as its first part says, else all that follow each other. */
function runOf(parts: readonly Part[], from: number): number {
  const { count } = ownShape(parts[from]?.origin)
  let run = 1
  for (; from + run < parts.length; run++) {
    const next = parts[from + run] as Part
    if (!isContent(next) || ownShape(next.origin).count !== undefined) break
  }
  return typeof count === 'number' ? Math.min(count, run) : run
}

function messageItem(parts: readonly Part[], at: string, scope: ItemScope): JsonObject | undefined {
  const { answer, notes } = scope
  const [first] = parts
  const shape = ownShape(first?.origin)
  const members = isObject(shape.item) ? shape.item : undefined
  if (!answer && first?.kind === 'text' && parts.length === 1 && !first.citations) {
    // A message of text alone: as everybody writes it, or as it was spelt.
    if (shape.content === 'string' || !members) {
      if (!members && first.text === '') return undefined
      if (!members && first.cache)
        notes.push({ field: `${at}.cache_control`, action: 'dropped', why: 'Responses caches by itself' })
      return { role: 'assistant', content: first.text, ...members }
    }
  }
  const content = parts.flatMap((part, index) => {
    if (part.kind === 'media' && !members) {
      notes.push({
        field: `${at}[${index}]`,
        action: 'dropped',
        why: `an assistant message holds no ${part.media} here`,
      })
      return []
    }
    const wire = encodePart(part, 'output_text', `${at}[${index}]`, notes)
    if (!wire) return []
    if (answer && !members && wire.type === 'output_text') {
      wire.annotations ??= []
      wire.logprobs ??= []
    }
    return [wire]
  })
  if (content.length === 0) return undefined
  if (!answer) return { role: 'assistant', content, ...members }
  return {
    id: answer.id('msg'),
    type: 'message',
    status: answer.status,
    role: 'assistant',
    content,
    ...members,
  }
}

function otherItem(part: Part, at: string, scope: ItemScope): JsonObject | undefined {
  const { notes } = scope
  if (part.cache)
    notes.push({ field: `${at}.cache_control`, action: 'dropped', why: 'Responses caches by itself' })
  switch (part.kind) {
    case 'reasoning':
      return reasoningItem(part, at, scope)
    case 'tool_call':
      return callItem(part, at, scope)
    case 'opaque':
      if (part.dialect === 'openai-responses' && isObject(part.value)) return part.value
      break
    default:
  }
  notes.push({
    field: at,
    action: 'dropped',
    why: `Responses has no ${part.kind === 'opaque' ? part.type : part.kind} item`,
  })
  return undefined
}

/** In a request only what this vendor sealed goes back; an answer shows every thought, its seal packed for the way back. */
function reasoningItem(part: ReasoningPart, at: string, scope: ItemScope): JsonObject | undefined {
  const { answer, own, notes } = scope
  if (answer) {
    const wire = encodeReasoning(part, answer.readable)
    return { id: answer.id('rs'), summary: [], ...wire }
  }
  if (own && !isPacked(part)) return encodeReasoning(part, false)
  if (part.sealed?.dialect === 'openai-responses') return { summary: [], ...encodeReasoning(part, false) }
  notes.push({
    field: at,
    action: 'dropped',
    why: part.sealed
      ? 'reasoning sealed by another vendor'
      : 'reasoning that was not sealed here means nothing there',
  })
  return undefined
}

function callItem(part: ToolCallPart, at: string, scope: ItemScope): JsonObject {
  const { answer, own, notes } = scope
  const shape = ownShape(part.origin)
  if (part.origin?.dialect !== 'openai-responses') noteExtras(part, at, notes)
  const given = typeof shape.name === 'string' ? { name: shape.name, namespace: shape.namespace } : undefined
  const spelt: { name: string; namespace?: Json | undefined } = given ??
    answer?.spelling.get(part.name) ?? { name: own || answer ? part.name : wireName(part.name) }
  const custom = part.custom === true
  const wire: JsonObject = {
    ...(answer ? { id: answer.id(custom ? 'ctc' : 'fc') } : {}),
    type: custom ? 'custom_tool_call' : 'function_call',
    ...(answer ? { status: answer.status } : {}),
    call_id: part.id,
    name: spelt.name,
    ...(spelt.namespace === undefined ? {} : { namespace: spelt.namespace }),
    [custom ? 'input' : 'arguments']: part.arguments,
  }
  return Object.assign(wire, isObject(shape.item) ? shape.item : {})
}
