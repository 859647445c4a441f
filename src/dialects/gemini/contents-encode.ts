// Messages of another dialect as contents. Facts of this wire: instructions stand outside; roles are user and model;
// all results of one step stand in the next user turn, in the order of their calls; `response` is an object; a signature
// stands on the very part it was issued with. Only earlier messages decide what a message becomes, so a longer
// conversation begins with the same bytes.

import type { ModelFacts } from '../../core/dialect.ts'
import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { Part, ReasoningPart, ToolCallPart, ToolResultPart } from '../../core/part.ts'
import type { Seal } from '../../core/origin.ts'
import type { GenerationRequest, Message } from '../../core/request.ts'
import { LATE_CLOSE, LATE_OPEN } from '../../core/turns.ts'
import { encodeMedia } from './media-encode.ts'
import { wireName } from './names.ts'
import { MADE_ID, argsOf, ownPart } from './parts.ts'
import { ALIAS } from './tools-encode.ts'
import { SKIP_VALIDATION, signatureIn } from './signatures.ts'

export interface Contents {
  system: JsonObject[]
  contents: JsonObject[]
}

interface Turn {
  role: 'user' | 'model'
  /** Results with the place of their call, which orders them. */
  results: { order: number; part: JsonObject; media: JsonObject[] }[]
  parts: JsonObject[]
  /** A function call stands in it: only the first must be signed. */
  called: boolean
}

interface Scope {
  facts: ModelFacts
  notes: Note[]
}

/** @throws GatewayError `invalid_request` for a result whose call is unknown, and for content with no form here. */
export function encodeContents(request: GenerationRequest, facts: ModelFacts, notes: Note[]): Contents {
  const scope: Scope = { facts, notes }
  const system: JsonObject[] = []
  const turns: Turn[] = []
  const calls = new Map<string, { name: string; order: number; made: boolean }>()
  // Not the map's size: an id may come again in a later turn.
  let order = 0

  const turn = (role: Turn['role']): Turn => {
    const last = turns.at(-1)
    if (last?.role === role) return last
    const next: Turn = { role, results: [], parts: [], called: false }
    turns.push(next)
    return next
  }

  for (const [index, message] of request.messages.entries()) {
    const at = `messages[${index}]`
    noteExtras(message, at, notes)
    if (message.name !== undefined && message.role !== 'tool')
      notes.push({ field: `${at}.name`, action: 'dropped', why: 'messages have no name here' })
    if (message.role === 'system' || message.role === 'developer') {
      const late = turns.length > 0
      const parts = instruction(message, at, late, notes)
      if (late) turn('user').parts.push(...parts)
      else system.push(...parts)
      if (late && parts.length > 0)
        notes.push({
          field: at,
          action: 'moved',
          why: 'an instruction inside the conversation is sent within the user turn beside it',
        })
    } else if (message.role === 'assistant') {
      const own = turn('model')
      const replay = signer(own, scope)
      for (const [position, part] of message.parts.entries()) {
        if (part.kind === 'tool_call')
          calls.set(part.id, {
            name: wireName(part.name),
            order: order++,
            made: part.id.startsWith(MADE_ID),
          })
        replay.part(part, `${at}.content[${position}]`)
      }
      replay.end()
    } else {
      const own = turn('user')
      for (const [position, part] of message.parts.entries()) {
        const field = `${at}.content[${position}]`
        if (part.kind !== 'tool_result') {
          own.parts.push(...userPart(part, field, scope))
          continue
        }
        const call = calls.get(part.callId)
        const name = call?.name ?? (part.name === undefined ? undefined : wireName(part.name))
        if (name === undefined)
          throw invalid(
            `${at}.tool_call_id`,
            `${at}: the tool result "${part.callId}" answers no tool call of the conversation`,
          )
        const made = call?.made ?? part.callId.startsWith(MADE_ID)
        own.results.push({ order: call?.order ?? 0, ...resultPart(part, name, made, field, scope) })
      }
    }
  }
  return withSystem(system, finish(turns), facts, notes)
}

/** Gemma has no slot for instructions: they go in front of the first user text. */
function withSystem(
  system: JsonObject[],
  contents: JsonObject[],
  facts: ModelFacts,
  notes: Note[],
): Contents {
  const [first] = contents
  if (facts.instructions !== false || system.length === 0 || first?.role !== 'user')
    return { system, contents }
  notes.push({ field: 'messages[0]', action: 'moved', why: 'this model has no slot for instructions' })
  return {
    system: [],
    contents: [{ ...first, parts: [...system, ...(first.parts as Json[])] }, ...contents.slice(1)],
  }
}

function finish(turns: readonly Turn[]): JsonObject[] {
  const contents: { role: string; parts: JsonObject[] }[] = []
  for (const { role, results, parts } of turns) {
    const ordered = results.toSorted((a, b) => a.order - b.order)
    const all = [...ordered.map((one) => one.part), ...ordered.flatMap((one) => one.media), ...parts]
    if (all.length === 0) continue
    const last = contents.at(-1)
    if (last?.role === role) last.parts.push(...all)
    else contents.push({ role, parts: all })
  }
  if (contents.length === 0)
    throw invalid('messages', 'messages holds nothing but instructions; this model needs a user message')
  return contents
}

function noteExtras(node: { origin?: Message['origin'] }, at: string, notes: Note[]): void {
  for (const [name, value] of Object.entries(node.origin?.extras ?? {}))
    if (value !== null)
      notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Gemini has no such field' })
}

function cacheNote(part: Part, at: string, notes: Note[]): void {
  if (part.cache)
    notes.push({ field: `${at}.cache_control`, action: 'dropped', why: 'Gemini caches by itself' })
}

function instruction(message: Message, at: string, late: boolean, notes: Note[]): JsonObject[] {
  return message.parts.flatMap((part, position): JsonObject[] => {
    const field = `${at}.content[${position}]`
    if (part.kind !== 'text') {
      notes.push({ field, action: 'dropped', why: 'instructions are text in Gemini' })
      return []
    }
    // Claude Code's billing block varies per request and would break every cache.
    if (part.text.startsWith('x-anthropic-billing-header:')) {
      notes.push({ field, action: 'dropped', why: 'billing text for Anthropic alone' })
      return []
    }
    cacheNote(part, field, notes)
    noteExtras(part, field, notes)
    if (part.text.trim() === '') return []
    return [{ text: late ? `${LATE_OPEN}${part.text}${LATE_CLOSE}` : part.text }]
  })
}

function userPart(part: Part, at: string, { notes }: Scope): JsonObject[] {
  noteExtras(part, at, notes)
  cacheNote(part, at, notes)
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ text: part.text }]
    case 'media':
      return encodeMedia(part, at, notes)
    case 'opaque':
      if (part.dialect === 'gemini') return ownPart(part)
      throw invalid(at, `${at}: Gemini has no ${part.type} part`)
    default:
      notes.push({ field: at, action: 'dropped', why: `a user turn holds no ${part.kind} here` })
      return []
  }
}

/** Writes the parts of one model step and sees to it that each signature stands where it was issued. */
function signer(turn: Turn, { facts, notes }: Scope) {
  // A signature that the caller's dialect carried in a part of its own: it belongs to the part after it.
  let waiting: string | undefined
  const signature = (part: { sealed?: Seal }, at: string): string | undefined => {
    const { sealed } = part
    if (!sealed) {
      const carried = waiting
      waiting = undefined
      return carried
    }
    const value = signatureIn(sealed)
    if (value === undefined) {
      notes.push({ field: at, action: 'dropped', why: 'its signature was issued by another vendor' })
      return undefined
    }
    waiting = undefined
    return value
  }
  const signed = (wire: JsonObject, value: string | undefined): JsonObject =>
    value === undefined ? wire : { ...wire, thoughtSignature: value }

  const reasoning = (part: ReasoningPart, at: string): void => {
    const own = signatureIn(part.sealed)
    if (own === undefined)
      notes.push({
        field: at,
        action: 'dropped',
        why: part.sealed
          ? 'reasoning sealed by another vendor'
          : 'reasoning without a signature means nothing here',
      })
    else if (part.redacted === true) signLast(own)
    else if (part.text === '') waiting = own
    else turn.parts.push({ text: part.text, thought: true, thoughtSignature: own })
  }

  /** The caller's dialect carried it behind the text it signs. */
  const signLast = (value: string): void => {
    const last = turn.parts.at(-1)
    if (typeof last?.text === 'string' && last.thoughtSignature === undefined) last.thoughtSignature = value
    else turn.parts.push({ text: '', thoughtSignature: value })
  }

  const call = (part: ToolCallPart, at: string): void => {
    const { args, raw } = argsOf(part)
    if (raw)
      notes.push({
        field: `${at}.arguments`,
        action: 'approximated',
        why: 'not a JSON object: sent under a name of its own',
      })
    let value = signature(part, at)
    if (value === undefined && !turn.called && facts.signedCalls === true) {
      value = SKIP_VALIDATION
      notes.push({
        field: `${at}.thoughtSignature`,
        action: 'approximated',
        why: 'no signature of this model: its check is asked to skip this call',
      })
    }
    turn.called = true
    const name = wireName(part.name)
    if (name !== part.name) notes.push({ field: `${at}.name`, action: 'approximated', why: ALIAS })
    const id = part.id.startsWith(MADE_ID) ? {} : { id: part.id }
    turn.parts.push(signed({ functionCall: { ...id, name, args } }, value))
  }

  return {
    part(part: Part, at: string): void {
      noteExtras(part, at, notes)
      cacheNote(part, at, notes)
      switch (part.kind) {
        case 'reasoning':
          return reasoning(part, at)
        case 'tool_call':
          return call(part, at)
        case 'text': {
          if (part.citations && part.citations.length > 0)
            notes.push({ field: `${at}.citations`, action: 'dropped', why: 'Gemini takes no citations back' })
          const value = signature(part, at)
          // An empty part is refused unless it carries a signature.
          if (part.text !== '' || value !== undefined) turn.parts.push(signed({ text: part.text }, value))
          return
        }
        case 'refusal':
          if (part.text !== '') turn.parts.push({ text: part.text })
          return
        case 'media': {
          const value = signature(part, at)
          turn.parts.push(...encodeMedia(part, at, notes).map((wire) => signed(wire, value)))
          return
        }
        case 'opaque':
          if (part.dialect === 'gemini') turn.parts.push(...ownPart(part))
          else notes.push({ field: at, action: 'dropped', why: `a model turn holds no ${part.type} here` })
          return
        default:
          notes.push({ field: at, action: 'dropped', why: `a model turn holds no ${part.kind} here` })
      }
    },
    end(): void {
      if (waiting !== undefined) turn.parts.push({ text: '', thoughtSignature: waiting })
    },
  }
}

function resultPart(
  part: ToolResultPart,
  name: string,
  made: boolean,
  at: string,
  scope: Scope,
): { part: JsonObject; media: JsonObject[] } {
  const { notes, facts } = scope
  cacheNote(part, at, notes)
  noteExtras(part, at, notes)
  const texts: string[] = []
  const media: JsonObject[] = []
  for (const [position, inner] of part.content.entries()) {
    const field = `${at}.content[${position}]`
    noteExtras(inner, field, notes)
    cacheNote(inner, field, notes)
    if (inner.kind === 'text') texts.push(inner.text)
    else if (inner.kind === 'media') media.push(...encodeMedia(inner, field, notes))
    else
      notes.push({
        field,
        action: 'dropped',
        why: `a tool result holds no ${inner.kind === 'opaque' ? inner.type : inner.kind} here`,
      })
  }
  const inside = media.length > 0 && facts.resultMedia !== false
  if (media.length > 0 && !inside)
    notes.push({ field: at, action: 'moved', why: 'media of a tool result stand beside it on this model' })
  const wire: JsonObject = {
    functionResponse: {
      ...(made ? {} : { id: part.callId }),
      name,
      response: responseOf(texts.join('\n'), part.isError === true),
      ...(inside ? { parts: media } : {}),
    },
  }
  return { part: wire, media: inside ? [] : media }
}

/** Always an object. `$ref` inside one is a reference to media here, so a result that says it is sent as text. */
function responseOf(text: string, failed: boolean): JsonObject {
  if (failed) return { error: text }
  if (text.trimStart().startsWith('{') && !text.includes('"$ref"')) {
    try {
      const value = JSON.parse(text) as Json
      if (isObject(value) && !('output' in value) && !('error' in value)) return value
    } catch {
      // Text that only looks like JSON.
    }
  }
  return { output: text }
}
