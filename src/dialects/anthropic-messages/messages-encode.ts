// Messages of another dialect as turns of this one (core/turns.ts). Facts of this wire: empty text blocks are refused,
// thinking goes back only signed, documents stand in user turns alone.

import { invalid } from '../../core/error.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { CacheMark, Part, ReasoningPart, ToolCallPart, ToolResultPart } from '../../core/part.ts'
import type { GenerationRequest, Message } from '../../core/request.ts'
import { RAW_ARGUMENTS, parseInput } from '../../core/tool-input.ts'
import { LATE_CLOSE, LATE_OPEN, type TurnWriter, settleLastTurn, turnsOf } from '../../core/turns.ts'
import { ownBlock, ownCitations } from './blocks.ts'
import { encodeMedia } from './media-encode.ts'
import { ownExtras } from './members.ts'
import { wireId, wireName } from './names.ts'

export interface Conversation {
  system: JsonObject[]
  messages: JsonObject[]
}

/** @throws GatewayError `invalid_request` for a tool result without its call, and for content with no form here. */
export function encodeMessages(
  request: GenerationRequest,
  facts: { prefill?: boolean },
  notes: Note[],
): Conversation {
  for (const [index, message] of request.messages.entries()) {
    const at = `messages[${index}]`
    noteExtras(message, at, notes)
    if (message.name !== undefined && message.role !== 'tool')
      notes.push({ field: `${at}.name`, action: 'dropped', why: 'messages have no name here' })
  }
  const writer: TurnWriter = {
    instruction: (message, at, late) => instruction(message, at, late, notes),
    assistant: (part, at) => assistantBlock(part, at, notes),
    call: (part, id, at) => [toolUse(part, id, at, notes)],
    user: (part, at) => userBlock(part, at, notes),
    result: (part, id, at) => [toolResult(part, id, at, notes)],
    id: wireId,
    behind(blocks, message) {
      markLast(blocks, message)
      return []
    },
  }
  const { system, turns } = turnsOf(request, writer, notes)
  settleLastTurn(turns, facts.prefill, trimEnd)
  return { system, messages: turns.map(({ role, content }) => ({ role, content: plain(content) })) }
}

/** A prefill must not end in white space. */
function trimEnd(content: JsonObject[]): void {
  const block = content.at(-1)
  if (block?.type !== 'text' || typeof block.text !== 'string') return
  block.text = block.text.trimEnd()
  if (block.text === '') content.pop()
}

/** One bare text goes as a string, as everybody writes it. */
function plain(content: JsonObject[]): Json {
  const [only] = content
  return content.length === 1 && only?.type === 'text' && Object.keys(only).length === 2
    ? (only.text as string)
    : content
}

/** `cache_control` on a whole message (an extension of Chat) marks its last block that may carry one. */
function markLast(blocks: readonly JsonObject[], message: Message): void {
  const mark = message.origin?.extras?.cache_control
  const block = blocks.at(-1)
  if (isObject(mark) && block && cacheable(block)) block.cache_control ??= mark
}

function cacheable(block: JsonObject): boolean {
  return block.type !== 'thinking' && block.type !== 'redacted_thinking'
}

function noteExtras(node: { origin?: Message['origin'] }, at: string, notes: Note[]): void {
  // Of a turn that this vendor said and the gateway put back.
  if (node.origin?.dialect === 'anthropic-messages') return
  for (const [name, value] of Object.entries(node.origin?.extras ?? {}))
    if (name !== 'cache_control' && value !== null)
      notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Anthropic Messages has no such field' })
}

function instruction(message: Message, at: string, late: boolean, notes: Note[]): JsonObject[] {
  const blocks = message.parts.flatMap((part, position) => {
    if (part.kind !== 'text') {
      notes.push({
        field: `${at}.content[${position}]`,
        action: 'dropped',
        why: 'instructions are text in Anthropic Messages',
      })
      return []
    }
    if (part.text.trim() === '') return []
    return [textBlock(late ? `${LATE_OPEN}${part.text}${LATE_CLOSE}` : part.text, part.cache)]
  })
  markLast(blocks, message)
  return blocks
}

function textBlock(text: string, cache: CacheMark | undefined): JsonObject {
  return cache ? { type: 'text', text, cache_control: cache.raw } : { type: 'text', text }
}

/** Text, media and blocks of this dialect inside a user turn. Citations are refused there since 2026-10-21. */
function userBlock(part: Part, at: string, notes: Note[]): JsonObject[] {
  noteExtras(part, at, notes)
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return part.text.trim() === '' ? [] : [textBlock(part.text, part.cache)]
    case 'media': {
      const block = encodeMedia(part, at, notes)
      if (part.cache) block.cache_control = part.cache.raw
      return [block]
    }
    case 'opaque':
      if (part.dialect === 'anthropic-messages') return ownBlock(part)
      throw invalid(at, `${at}: Anthropic Messages has no ${part.type} part`)
    default:
      notes.push({ field: at, action: 'dropped', why: `a user message holds no ${part.kind} here` })
      return []
  }
}

function assistantBlock(part: Part, at: string, notes: Note[]): JsonObject[] {
  noteExtras(part, at, notes)
  switch (part.kind) {
    case 'text': {
      if (part.text.trim() === '') return []
      const block = textBlock(part.text, part.cache)
      const citations = ownCitations(part.citations)
      if (citations.length > 0) block.citations = citations
      if (part.citations && part.citations.length > citations.length)
        notes.push({ field: `${at}.citations`, action: 'dropped', why: 'issued by another vendor' })
      return [block]
    }
    case 'refusal':
      return part.text.trim() === '' ? [] : [textBlock(part.text, part.cache)]
    case 'reasoning':
      return reasoning(part, at, notes)
    case 'opaque':
      if (part.dialect === 'anthropic-messages') return ownBlock(part)
      break
    default:
  }
  // Documents directly in an assistant message are refused since 2026-10-21, images always were.
  notes.push({
    field: at,
    action: 'dropped',
    why: `an assistant message holds no ${part.kind === 'opaque' ? part.type : part.kind} here`,
  })
  return []
}

/** Thinking goes back only under the signature that this vendor gave it; unsigned or foreign thinking is refused. */
function reasoning(part: ReasoningPart, at: string, notes: Note[]): JsonObject[] {
  const { sealed } = part
  if (sealed?.dialect === 'anthropic-messages' && sealed.value !== '') {
    if (sealed.kind === 'redacted') return [{ type: 'redacted_thinking', data: sealed.value }]
    if (sealed.kind === 'signature')
      return [{ type: 'thinking', thinking: part.text, signature: sealed.value }]
  }
  notes.push({
    field: at,
    action: 'dropped',
    why: sealed ? 'reasoning sealed by another vendor' : 'reasoning without a signature is refused',
  })
  return []
}

function toolUse(part: ToolCallPart, id: string, at: string, notes: Note[]): JsonObject {
  noteExtras(part, at, notes)
  let input = part.custom === true ? { input: part.arguments } : parseInput(part.arguments)
  if (!input) {
    input = { [RAW_ARGUMENTS]: part.arguments }
    notes.push({
      field: `${at}.function.arguments`,
      action: 'approximated',
      why: `not a JSON object: sent under ${RAW_ARGUMENTS}`,
    })
  }
  const block: JsonObject = {
    type: 'tool_use',
    id,
    name: wireName(part.name),
    input,
    ...ownExtras(part.origin),
  }
  if (part.cache) block.cache_control = part.cache.raw
  return block
}

function toolResult(part: ToolResultPart, id: string, at: string, notes: Note[]): JsonObject {
  const block: JsonObject = { type: 'tool_result', tool_use_id: id }
  const [only] = part.content
  if (part.content.length === 1 && only?.kind === 'text' && (!only.cache || part.cache)) {
    noteExtras(only, at, notes)
    block.content = only.text
  } else
    block.content = part.content.flatMap((inner, position) =>
      userBlock(part.cache ? unmarked(inner) : inner, `${at}.content[${position}]`, notes),
    )
  if (part.isError === true) block.is_error = true
  if (part.cache) block.cache_control = part.cache.raw
  return block
}

/** One breakpoint a result is enough: the result's own. */
function unmarked(part: Part): Part {
  const { cache: _cache, ...bare } = part
  return bare
}
