// Items to canonical messages and parts. What the assistant did between two others' words (reasoning, text, calls, the
// vendor's own tool items) is one message; neighbouring tool results are one too. An item that the vocabulary has no word
// for is kept whole, in its place.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { OpaquePart, Part, ToolCallPart, ToolResultPart } from '../../core/part.ts'
import type { Message, Role, Tool } from '../../core/request.ts'
import { compactedText } from './compaction.ts'
import { type TextWord, decodeContent } from './content.ts'
import { ownShape, originOf, rest } from './members.ts'
import { flatName } from './names.ts'
import { decodeReasoning } from './reasoning.ts'
import { decodeTools } from './tools.ts'

const ROLES: ReadonlySet<string> = new Set(['system', 'developer', 'user', 'assistant'])
/** The free text of each kind of call that the caller answers. */
const CALL_TEXT = { function_call: 'arguments', custom_tool_call: 'input' } as const
const RESULTS: ReadonlySet<unknown> = new Set(['function_call_output', 'custom_tool_call_output'])
/** Items that say how to go on, not what was said: what they ask for is read where it belongs (hoisted tools). */
const SILENT: ReadonlySet<unknown> = new Set(['additional_tools', 'configuration_update'])

export interface DecodedItems {
  messages: Message[]
  /** Tools that came among the items; later definitions win. */
  tools: Tool[]
}

export function decodeItems(items: readonly Json[]): DecodedItems {
  const messages: Message[] = []
  const tools: Tool[] = []
  const turn = (role: Role): Part[] => {
    const last = messages.at(-1)
    if (last?.role === role && !ownShape(last.origin).item) return last.parts
    const next: Message = { role, parts: [] }
    messages.push(next)
    return next.parts
  }
  for (const [index, item] of items.entries()) {
    const at = `input[${index}]`
    if (!isObject(item)) throw invalid(at, `${at} must be an object`)
    if (Array.isArray(item.tools)) tools.push(...decodeTools(item.tools, `${at}.tools`, true))
    const type = kindOf(item, at)
    const summary = type === 'compaction' ? compactedText(item) : undefined
    if (summary !== undefined) messages.push(summaryMessage(summary))
    else if (SILENT.has(type)) {
      const origin = originOf({}, { item })
      messages.push({ role: 'developer', parts: [], ...(origin ? { origin } : {}) })
    } else if (type === 'message' && item.role !== 'assistant') messages.push(message(item, at))
    else {
      const result = RESULTS.has(type) ? toolResult(item, at) : undefined
      if (result) turn('tool').push(result)
      else turn('assistant').push(...assistantParts(item, at))
    }
  }
  return { messages, tools }
}

function kindOf(item: JsonObject, at: string): string {
  const type = item.type ?? (item.role === undefined ? undefined : 'message')
  if (typeof type !== 'string') throw invalid(`${at}.type`, `${at}.type must be a string`)
  if (type === 'message' && (typeof item.role !== 'string' || !ROLES.has(item.role)))
    throw invalid(`${at}.role`, `${at}.role must be one of ${[...ROLES].join(', ')}`)
  return type
}

/** Of the user's, for nobody goes on from words put into the model's mouth. */
function summaryMessage(text: string): Message {
  return {
    role: 'user',
    parts: [{ kind: 'text', text }],
    origin: { dialect: 'openai-responses', shape: { content: 'string' } },
  }
}

function message(item: JsonObject, at: string): Message {
  const shape: JsonObject = {}
  const parts = decodeContent(item.content, `${at}.content`, 'input_text', shape)
  const members = rest(item, new Set(['role', 'content']))
  if (Object.keys(members).length > 0) shape.members = members
  const origin = originOf({}, shape)
  return { role: item.role as Role, parts, ...(origin ? { origin } : {}) }
}

function toolResult(item: JsonObject, at: string): ToolResultPart | undefined {
  const { call_id: callId, output, type } = item
  if (typeof callId !== 'string' || (typeof output !== 'string' && !Array.isArray(output))) return undefined
  const shape: JsonObject = {}
  const content = decodeContent(output, `${at}.output`, 'input_text', shape)
  if (type !== 'function_call_output') shape.type = type
  const members = rest(item, new Set(['type', 'call_id', 'output']))
  if (Object.keys(members).length > 0) shape.item = members
  const origin = originOf({}, shape)
  return { kind: 'tool_result', callId, content, ...(origin ? { origin } : {}) }
}

/** The parts of one item of the assistant, in a request or in an answer. */
export function assistantParts(item: JsonObject, at: string): Part[] {
  const parts = knownParts(item, at)
  return parts && parts.length > 0 ? parts : [whole(item)]
}

function whole(item: JsonObject): OpaquePart {
  return {
    kind: 'opaque',
    dialect: 'openai-responses',
    type: typeof item.type === 'string' ? item.type : 'message',
    value: item,
  }
}

function knownParts(item: JsonObject, at: string): Part[] | undefined {
  switch (item.type ?? 'message') {
    case 'message':
      return messageParts(item, at)
    case 'function_call':
    case 'custom_tool_call': {
      const call = toolCall(item, item.type as keyof typeof CALL_TEXT)
      return call ? [call] : undefined
    }
    case 'reasoning': {
      const part = decodeReasoning(item)
      return part ? [part] : undefined
    }
    default:
      return undefined
  }
}

/** The first part carries what the item says of itself, and how many parts are its. */
function messageParts(item: JsonObject, at: string): Part[] {
  const shape: JsonObject = {}
  const word: TextWord = 'output_text'
  const parts = decodeContent(item.content, `${at}.content`, word, shape)
  const [first] = parts
  if (!first) return []
  const members = rest(item, new Set(['role', 'content']))
  first.origin = {
    ...first.origin,
    dialect: 'openai-responses',
    shape: { ...first.origin?.shape, ...shape, item: members, count: parts.length },
  }
  return parts
}

export function toolCall(item: JsonObject, type: keyof typeof CALL_TEXT): ToolCallPart | undefined {
  const { call_id: id, name, namespace } = item
  const text = item[CALL_TEXT[type]]
  if (typeof id !== 'string' || typeof name !== 'string' || typeof text !== 'string') return undefined
  const spelt = typeof namespace === 'string' ? { name, namespace } : {}
  const known = [
    'type',
    'call_id',
    'name',
    CALL_TEXT[type],
    ...(typeof namespace === 'string' ? ['namespace'] : []),
  ]
  const members = rest(item, new Set(known))
  const origin = originOf({}, { ...spelt, ...(Object.keys(members).length > 0 ? { item: members } : {}) })
  return {
    kind: 'tool_call',
    id,
    name: flatName(namespace, name),
    arguments: text,
    ...(type === 'custom_tool_call' ? { custom: true } : {}),
    ...(origin ? { origin } : {}),
  }
}
