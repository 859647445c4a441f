// What a request asks for, read plainly from either wire and independent of the codecs: the conversation as a list of
// atoms, and every other member by name. A round trip through the other dialect keeps an atom or a note names its loss.

import { type Json, type JsonObject, asString, isObject } from '../../src/core/json.ts'
import type { Note } from '../../src/core/note.ts'
import { canonical, shown } from './facts.ts'
import type { Asks } from './wires/wire.ts'

/** What two requests of one wire differ in, as far as no note tells of it. */
export function unreported(
  asks: Asks,
  before: JsonObject,
  after: JsonObject,
  notes: readonly Note[],
): string[] {
  const lost: string[] = []
  const wanted = asks.flat?.(before) ?? before
  const got = asks.flat?.(after) ?? after
  for (const name of Object.keys(wanted)) {
    if (asks.conversation.includes(name)) continue
    const twins = asks.twins[name] ?? [name]
    const now = twins.map((twin) => got[twin]).find((value) => value !== undefined)
    if (asks.same(name, wanted[name], now) || noted(notes, twins)) continue
    lost.push(`${name}: ${shown(wanted[name])} became ${shown(now)} without a note`)
  }
  const kept = asks.atoms(after)
  for (const atom of asks.atoms(before)) {
    // An instruction may have grown: what was said before is still said.
    const exact = kept.indexOf(atom)
    const at =
      exact >= 0 ? exact : kept.findIndex((now) => atom.startsWith('system text') && now.startsWith(atom))
    if (at >= 0) kept.splice(at, 1)
    else if (!noted(notes, CONVERSATION))
      lost.push(`conversation: ${atom.slice(0, 200)} is gone without a note`)
  }
  return lost
}

/** Where a note may say that a piece of the conversation is lost. */
const CONVERSATION = ['messages', 'system', 'input', 'instructions', 'contents', 'systemInstruction']

/** Members of Chat and Messages that say the same thing under several names. */
export const TWINS: Readonly<Record<string, readonly string[]>> = {
  max_tokens: ['max_tokens', 'max_completion_tokens'],
  max_completion_tokens: ['max_completion_tokens', 'max_tokens'],
  reasoning_effort: ['reasoning_effort', 'reasoning', 'thinking', 'output_config'],
  thinking: ['thinking', 'reasoning', 'reasoning_effort'],
  output_config: ['output_config', 'output_format', 'reasoning', 'response_format', 'reasoning_effort'],
  output_format: ['output_format', 'output_config', 'response_format'],
  user: ['user', 'metadata'],
  metadata: ['metadata', 'user'],
  parallel_tool_calls: ['parallel_tool_calls', 'tool_choice'],
  functions: ['functions', 'tools'],
  function_call: ['function_call', 'tool_choice'],
}

function noted(notes: readonly Note[], names: readonly string[]): boolean {
  return notes.some((note) => names.some((name) => note.field === name || note.field.startsWith(name)))
}

/** null, absent, the default and an empty list of tools ask for the same thing. */
export function sameAsked(name: string, before: Json | undefined, after: Json | undefined): boolean {
  if (canonical(before) === canonical(after)) return true
  if (before === null || (Array.isArray(before) && before.length === 0))
    return after === undefined || after === null
  if (name === 'n' && before === 1) return true
  if (name === 'store' && before === false) return after === undefined
  if (name === 'modalities') return canonical(before) === '["text"]' && after === undefined
  if (name === 'response_format') return canonical(formatFacts(before)) === canonical(formatFacts(after))
  // Left out, auto is what it means.
  if (name === 'tool_choice' && before === 'auto' && after === undefined) return true
  if (name === 'tool_choice') return canonical(choiceFacts(before)) === canonical(choiceFacts(after))
  if (name === 'stream') return before === false && after === undefined
  if (name === 'stop') return canonical([before].flat()) === canonical([after].flat())
  if (name === 'tools' || name === 'functions')
    return canonical(toolFacts(before)) === canonical(toolFacts(after))
  return false
}

/** The name of a schema is a label, and `strict` is what the other wire's formats always are. */
function formatFacts(format: Json | undefined): Json {
  if (!isObject(format) || !isObject(format.json_schema)) return format ?? null
  return {
    type: format.type ?? null,
    schema: format.json_schema.schema ?? null,
    description: format.json_schema.description ?? null,
  }
}

/** Parallel calls are allowed unless said otherwise. */
function choiceFacts(choice: Json | undefined): Json {
  if (!isObject(choice) || choice.disable_parallel_tool_use !== false) return choice ?? null
  const { disable_parallel_tool_use: _, ...others } = choice
  return others
}

function toolFacts(tools: Json | undefined): Json {
  return (Array.isArray(tools) ? tools : []).filter(isObject).map((tool) => {
    const inner = isObject(tool.function) ? tool.function : tool
    return {
      name: inner.name ?? tool.type ?? null,
      description: inner.description ?? null,
      // A tool without a schema takes no arguments: `{}` and an object without properties say so too.
      schema: emptySchema(inner.parameters ?? inner.input_schema)
        ? null
        : (inner.parameters ?? inner.input_schema ?? null),
    }
  })
}

function emptySchema(schema: Json | undefined): boolean {
  if (!isObject(schema)) return schema === undefined
  const { properties, type, ...others } = schema
  const none = properties === undefined || (isObject(properties) && Object.keys(properties).length === 0)
  return none && (type === undefined || type === 'object') && Object.keys(others).length === 0
}

export function chatAtoms(body: JsonObject): string[] {
  return atomsOf('chat', body)
}

export function messagesAtoms(body: JsonObject): string[] {
  return atomsOf('messages', body)
}

/** The conversation as lines `role kind payload`, in order; neighbouring texts of a role joined. */
function atomsOf(wire: 'chat' | 'messages', body: JsonObject): string[] {
  // Ids are rewritten, the same way everywhere, where the other wire refuses their characters: their order stays.
  const known: string[] = []
  const ids: Ids = (id) => {
    const name = canonical(id)
    if (!known.includes(name)) known.push(name)
    return `#${known.indexOf(name)}`
  }
  const atoms: { role: string; kind: string; value: string }[] = []
  const add = (role: string, kind: string, value: string): void => {
    const last = atoms.at(-1)
    // A blank text says nothing, and one wire refuses it.
    if (kind === 'text' && value.trim() === '') return
    if (kind === 'text' && last?.kind === 'text' && last.role === role) last.value += value
    else atoms.push({ role, kind, value })
  }
  if (wire === 'messages') addParts(add, ids, 'system', body.system)
  for (const message of Array.isArray(body.messages) ? body.messages : []) {
    if (!isObject(message)) continue
    const role = message.role === 'developer' ? 'system' : (asString(message.role) ?? '')
    if (wire === 'chat' && (role === 'tool' || role === 'function')) {
      add('tool', 'result', `${ids(message.tool_call_id)} ${flat(message.content)}`)
      continue
    }
    const reasoning = message.reasoning_content ?? message.reasoning
    if (typeof reasoning === 'string' && reasoning !== '') add(role, 'reasoning', reasoning)
    addParts(add, ids, role, message.content)
    for (const call of Array.isArray(message.tool_calls) ? message.tool_calls : [])
      if (isObject(call) && isObject(call.function))
        add(role, 'call', `${ids(call.id)} ${canonical(call.function.name)} ${args(call.function.arguments)}`)
  }
  // Texts around calls and results may join once the order of kinds is the wire's: compare per role.
  return atoms.map(({ role, kind, value }) => `${role} ${kind} ${value}`)
}

type Ids = (id: Json | undefined) => string

function addParts(
  add: (role: string, kind: string, value: string) => void,
  ids: Ids,
  role: string,
  content: Json | undefined,
): void {
  if (typeof content === 'string') return add(role, 'text', content)
  for (const part of Array.isArray(content) ? content : []) {
    if (!isObject(part)) continue
    switch (part.type) {
      case 'text':
        add(role, 'text', typeof part.text === 'string' ? part.text : '')
        break
      case 'thinking':
        add(role, 'reasoning', typeof part.thinking === 'string' ? part.thinking : '')
        break
      case 'tool_use':
        add(role, 'call', `${ids(part.id)} ${canonical(part.name)} ${canonical(part.input ?? {})}`)
        break
      case 'tool_result':
        add('tool', 'result', `${ids(part.tool_use_id)} ${flat(part.content)}`)
        break
      case 'image_url':
        add(role, 'image', isObject(part.image_url) ? canonical(part.image_url.url) : '')
        break
      case 'image':
      case 'document':
        add(role, part.type, sourceOf(part.source))
        break
      default:
        add(role, asString(part.type) ?? '', canonical(part))
    }
  }
}

function sourceOf(source: Json | undefined): string {
  if (!isObject(source)) return ''
  return source.type === 'base64'
    ? `${canonical(source.media_type)} ${canonical(source.data)}`
    : canonical(source.url ?? source)
}

function args(value: Json | undefined): string {
  try {
    return typeof value === 'string' && value.trim() !== '' ? canonical(JSON.parse(value)) : '{}'
  } catch {
    return canonical(value)
  }
}

/** The text of a tool result, whether it is a string or a list of text parts. */
function flat(content: Json | undefined): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : canonical(part)))
    .join('')
}
