// Messages as a host's record says it takes them: roles, plain strings, tool call ids, and where reasoning goes back.

import type { Quirks } from '../../core/dialect.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import { nineOf } from './nine.ts'

/** Texts under which clients bring reasoning back. */
const TEXTS = ['reasoning_content', 'reasoning'] as const

export function fitMessages(body: JsonObject, quirks: Quirks, notes: Note[]): void {
  if (!Array.isArray(body.messages)) return
  const thinking = !(isObject(body.thinking) && body.thinking.type === 'disabled')
  const given = body.messages
  let messages = given.map((message, index) =>
    isObject(message) ? fitMessage(message, `messages[${index}]`, quirks, thinking, notes) : message,
  )
  if (quirks.alternateRoles === true) messages = alternate(messages, notes)
  if (!alike(messages, given)) body.messages = messages
}

/** What needs no change stays the same object: a relay then passes the caller's own bytes. */
function alike(after: Json[] | JsonObject, before: Json[] | JsonObject): boolean {
  const left = Object.entries(after)
  return (
    left.length === Object.keys(before).length &&
    left.every(([key, value]) => value === (before as Record<string, Json | undefined>)[key])
  )
}

function fitMessage(
  given: JsonObject,
  at: string,
  quirks: Quirks,
  thinking: boolean,
  notes: Note[],
): JsonObject {
  const message = { ...given }
  if (quirks.instructionRole !== undefined && (message.role === 'system' || message.role === 'developer'))
    message.role = quirks.instructionRole
  if (quirks.messageName === 'refused' && message.name !== undefined) {
    delete message.name
    notes.push({ field: `${at}.name`, action: 'dropped', why: 'the host refuses it' })
  }
  if (quirks.content === 'string') plainContent(message)
  if (quirks.toolCallIds === 'nine') nineIds(message)
  if (message.role === 'assistant' && quirks.reasoningField !== undefined)
    moveReasoning(message, at, quirks, thinking, notes)
  return alike(message, given) ? given : message
}

/** `[{type: text}]` and the string mean the same; many chat templates know only the string. */
function plainContent(message: JsonObject): void {
  if (!Array.isArray(message.content)) return
  const texts = message.content.map((part) =>
    isObject(part) && part.type === 'text' && typeof part.text === 'string' ? part.text : undefined,
  )
  if (texts.every((text) => text !== undefined)) message.content = texts.join('\n')
}

function nineIds(message: JsonObject): void {
  if (typeof message.tool_call_id === 'string') message.tool_call_id = nineOf(message.tool_call_id)
  if (!Array.isArray(message.tool_calls)) return
  const calls = message.tool_calls.map((call) => {
    if (!isObject(call) || typeof call.id !== 'string') return call
    const id = nineOf(call.id)
    return id === call.id ? call : { ...call, id }
  })
  if (!alike(calls, message.tool_calls)) message.tool_calls = calls
}

function moveReasoning(
  message: JsonObject,
  at: string,
  { reasoningField, reasoningAlways }: Quirks,
  thinking: boolean,
  notes: Note[],
): void {
  const details = message.reasoning_details
  const text = TEXTS.map((name) => message[name]).find((value) => typeof value === 'string')
  const clear = (): void => {
    for (const name of TEXTS) delete message[name]
  }
  switch (reasoningField) {
    case 'reasoning_content':
    case 'reasoning':
      clear()
      if (!thinking && reasoningAlways === true) return
      if (text !== undefined) message[reasoningField] = text
      else if (reasoningAlways === true) message[reasoningField] = ''
      return
    case 'reasoning_details':
      // The list is what counts and goes back unchanged; a bare text beside it stays.
      if (details === undefined && text !== undefined && text !== '') {
        clear()
        message.reasoning = text
      }
      return
    case 'thinking_parts':
      clear()
      if (text === undefined || text === '') return
      message.content = [
        { type: 'thinking', thinking: [{ type: 'text', text }] },
        ...(Array.isArray(message.content)
          ? message.content
          : typeof message.content === 'string' && message.content !== ''
            ? [{ type: 'text', text: message.content }]
            : []),
      ]
      return
    case 'think_tags':
      clear()
      if (text === undefined || text === '' || details !== undefined) return
      message.content = `<think>\n${text}\n</think>\n\n${typeof message.content === 'string' ? message.content : ''}`
      return
    case 'none':
      clear()
      delete message.reasoning_details
      if (text !== undefined && text !== '')
        notes.push({ field: `${at}.reasoning`, action: 'dropped', why: 'the host takes no reasoning back' })
      return
    case undefined:
      return
    default:
      reasoningField satisfies never
  }
}

/** Neighbours of one role become one message; only text can be merged, anything else stays apart. */
function alternate(messages: readonly Json[], notes: Note[]): Json[] {
  const out: Json[] = []
  for (const [index, message] of messages.entries()) {
    const before = out.at(-1)
    const mergeable =
      isObject(message) &&
      isObject(before) &&
      before.role === message.role &&
      (message.role === 'user' || message.role === 'assistant') &&
      typeof before.content === 'string' &&
      typeof message.content === 'string' &&
      message.tool_calls === undefined &&
      before.tool_calls === undefined
    if (!mergeable) {
      out.push(message)
      continue
    }
    out[out.length - 1] = {
      ...before,
      content: `${before.content as string}\n\n${message.content as string}`,
    }
    notes.push({
      field: `messages[${index}]`,
      action: 'moved',
      why: 'merged with its neighbour: roles must alternate',
    })
  }
  return out
}
