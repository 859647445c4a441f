// A conversation as alternating turns, for the wires that demand it (Anthropic Messages, Converse): instructions stand
// outside, all results of one assistant turn stand in the next user turn before anything else, ids are unique. Only
// earlier messages decide what a message becomes, so a longer conversation begins with the same bytes.

import { invalid } from './error.ts'
import type { JsonObject } from './json.ts'
import type { Note } from './note.ts'
import type { Part, ToolCallPart, ToolResultPart } from './part.ts'
import type { GenerationRequest, Message } from './request.ts'

/** Around an instruction that came in the middle of the conversation. Constant: prefixes stay stable. */
export const LATE_OPEN = '<system-instruction>\n'
export const LATE_CLOSE = '\n</system-instruction>'

/** How one wire writes what stands in a turn. `at` names the place in the caller's request. */
export interface TurnWriter {
  /** An instruction; `late` ones go into the user turn beside them, wrapped in LATE_OPEN and LATE_CLOSE. */
  instruction(message: Message, at: string, late: boolean): JsonObject[]
  /** Any part of an assistant message but a call. */
  assistant(part: Part, at: string): JsonObject[]
  call(part: ToolCallPart, id: string, at: string): JsonObject[]
  /** Any part of a user message but a result. */
  user(part: Part, at: string): JsonObject[]
  result(part: ToolResultPart, id: string, at: string): JsonObject[]
  /** The id as this wire's alphabet has it; a pure function. */
  id(id: string): string
  /** What comes behind the blocks that one message became, for marks on the message as a whole. */
  behind(blocks: readonly JsonObject[], message: Message): JsonObject[]
}

export interface Turn {
  role: 'user' | 'assistant'
  content: JsonObject[]
}

interface OpenTurn {
  role: Turn['role']
  /** Blocks of tool results with the place of their call, which orders them. */
  results: { order: number; blocks: JsonObject[] }[]
  blocks: JsonObject[]
}

/** Calls of the last assistant turn that wait for a result, by the id the caller uses. */
type Waiting = Map<string, { id: string; order: number }[]>

/** @throws GatewayError `invalid_request` for a tool result without its call. */
export function turnsOf(
  request: GenerationRequest,
  writer: TurnWriter,
  notes: Note[],
): { system: JsonObject[]; turns: Turn[] } {
  const system: JsonObject[] = []
  const turns: OpenTurn[] = []
  const used = new Set<string>()
  let waiting: Waiting = new Map()
  let calls = 0

  const turn = (role: Turn['role']): OpenTurn => {
    const last = turns.at(-1)
    if (last?.role === role) return last
    const next: OpenTurn = { role, results: [], blocks: [] }
    turns.push(next)
    return next
  }

  for (const [index, message] of request.messages.entries()) {
    const at = `messages[${index}]`
    if (message.role === 'system' || message.role === 'developer') {
      const late = turns.length > 0
      const blocks = writer.instruction(message, at, late)
      if (late) turn('user').blocks.push(...blocks)
      else system.push(...blocks)
      if (late && blocks.length > 0)
        notes.push({
          field: at,
          action: 'moved',
          why: 'an instruction inside the conversation is sent within the user message beside it',
        })
      continue
    }
    if (message.role === 'assistant') {
      const blocks = message.parts.flatMap((part, position) => {
        if (part.kind !== 'tool_call') return writer.assistant(part, `${at}.content[${position}]`)
        if (turns.at(-1)?.role !== 'assistant') {
          waiting = new Map()
          turn('assistant')
        }
        const id = freeId(writer.id(part.id), used)
        const same = waiting.get(part.id)
        if (same) same.push({ id, order: calls++ })
        else waiting.set(part.id, [{ id, order: calls++ }])
        return writer.call(part, id, `${at}.tool_calls[${position}]`)
      })
      if (blocks.length === 0) continue
      turn('assistant').blocks.push(...blocks, ...writer.behind(blocks, message))
      continue
    }
    const own = turn('user')
    const before = own.blocks.length
    let last: JsonObject[] = []
    for (const [position, part] of message.parts.entries()) {
      const field = `${at}.content[${position}]`
      if (part.kind === 'tool_result') {
        const call = waiting.get(part.callId)?.shift()
        if (!call)
          throw invalid(
            `${at}.tool_call_id`,
            `${at}: the tool result "${part.callId}" answers no tool call of the assistant message before it`,
          )
        last = writer.result(part, call.id, field)
        own.results.push({ order: call.order, blocks: last })
      } else own.blocks.push(...writer.user(part, field))
    }
    const fresh = own.blocks.slice(before)
    if (fresh.length > 0) own.blocks.push(...writer.behind(fresh, message))
    else last.push(...writer.behind(last, message))
  }
  return { system, turns: joined(turns) }
}

/** Ids must be unique in a conversation; a legacy function call has only its name for an id. */
function freeId(id: string, used: Set<string>): string {
  let free = id
  for (let count = 2; used.has(free); count++) free = `${id}_${count}`
  used.add(free)
  return free
}

/** Results in the order of their calls and first; neighbours of one role joined over turns that became empty. */
function joined(open: readonly OpenTurn[]): Turn[] {
  const turns: Turn[] = []
  for (const { role, results, blocks } of open) {
    const ordered = results.toSorted((a, b) => a.order - b.order).flatMap((result) => result.blocks)
    const content = [...ordered, ...blocks]
    if (content.length === 0) continue
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...content)
    else turns.push({ role, content })
  }
  return turns
}

/**
 * What the last turn must be: a conversation of instructions alone is refused, and so is a prefill (a trailing assistant
 * turn) where the model takes none. @param trim takes white space off the end of a prefill, which upstreams refuse.
 */
export function settleLastTurn(
  turns: Turn[],
  prefill: boolean | undefined,
  trim: (content: JsonObject[]) => void,
): void {
  const last = turns.at(-1)
  if (!last)
    throw invalid('messages', 'messages holds nothing but instructions; this model needs a user message')
  if (last.role !== 'assistant') return
  if (prefill === false)
    throw invalid(
      'messages',
      'the last message is from the assistant: this model does not support assistant message prefill',
    )
  trim(last.content)
  if (last.content.length === 0) turns.pop()
}
