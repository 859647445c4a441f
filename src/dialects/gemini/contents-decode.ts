// Contents to messages. Calls often come without an id: one is made from their place, which is the same in every later
// turn; a result without an id answers the oldest unanswered call of its name.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { Part } from '../../core/part.ts'
import type { Message, Role } from '../../core/request.ts'
import { originOf } from './members.ts'
import { type CallIds, MADE_ID, decodePart } from './parts.ts'

const CONTENT = new Set(['role', 'parts'])
const ROLE: Readonly<Record<string, Role>> = { user: 'user', model: 'assistant', function: 'tool' }

export function decodeContents(wire: Json | undefined): Message[] {
  if (!Array.isArray(wire))
    throw invalid('contents', wire === undefined ? 'contents is missing' : 'contents must be a list')
  if (wire.length === 0) throw invalid('contents', 'contents must not be empty')
  const ids = pairing()
  return wire.map((content, index) => decodeContent(content, `contents[${index}]`, ids))
}

/** `systemInstruction`: a content, whose role means nothing. */
export function decodeInstruction(wire: Json, spelling: JsonObject): Message {
  const message = decodeContent(
    typeof wire === 'string' ? { parts: [{ text: wire }] } : wire,
    'systemInstruction',
    pairing(),
    'system',
  )
  const shape = { ...message.origin?.shape, ...spelling, root: true }
  if (typeof wire === 'string') Object.assign(shape, { content: 'string' })
  message.origin = { ...message.origin, dialect: 'gemini', shape }
  return message
}

function decodeContent(wire: Json, at: string, ids: CallIds, as?: Role): Message {
  if (!isObject(wire)) throw invalid(at, `${at} must be an object`)
  const { role, parts: given } = wire
  const shape: JsonObject = {}
  // Older clients leave the role of a single turn out.
  if (role === undefined) shape.role = 'absent'
  else if (as !== undefined || role === 'function') shape.role = role
  const known = role === undefined ? 'user' : typeof role === 'string' ? ROLE[role] : undefined
  if (known === undefined && as === undefined) throw invalid(`${at}.role`, `${at}.role must be user or model`)
  const list = Array.isArray(given) ? given : given === undefined ? [] : [given]
  if (given === undefined) shape.parts = 'absent'
  else if (!Array.isArray(given)) shape.parts = 'object'
  const parts: Part[] = []
  for (const [index, inner] of list.entries()) {
    const read = decodePart(inner, ids, `${at}.parts[${index}]`)
    if (read.early.length > 0) parts.splice(textRun(parts), 0, ...read.early)
    parts.push(...read.before, read.part)
  }
  const message: Message = { role: as ?? known ?? 'user', parts }
  const origin = originOf(unread(wire, CONTENT), shape)
  if (origin) message.origin = origin
  return message
}

/** Where the text at the end begins; clients return one text as one part or as many. */
function textRun(parts: readonly Part[]): number {
  return parts.findLastIndex(({ kind }) => kind !== 'text') + 1
}

function pairing(): CallIds {
  let calls = 0
  let results = 0
  const waiting: { id: string; name: string }[] = []
  const answered = (id: string): void => {
    const at = waiting.findIndex((call) => call.id === id)
    if (at >= 0) waiting.splice(at, 1)
  }
  return {
    call(given, name) {
      const id = given ?? `${MADE_ID}${calls}`
      calls++
      waiting.push({ id, name })
      return id
    },
    result(given, name) {
      results++
      const id = given ?? waiting.find((call) => call.name === name)?.id ?? `${MADE_ID}orphan_${results}`
      answered(id)
      return id
    },
  }
}
