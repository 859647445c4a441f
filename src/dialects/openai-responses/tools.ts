// Tools and tool choice, both ways. A namespace becomes its tools under flat names, and is put together again for this
// wire; a custom tool's grammar stands flat here and one level deeper in Chat, whose form the vocabulary keeps.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { Tool, ToolChoice } from '../../core/request.ts'
import { originOf, ownExtras, ownShape, rest } from './members.ts'
import { flatName, wireName } from './names.ts'

/** @param hoisted they came among the items, which keep them for this wire. */
export function decodeTools(wire: readonly Json[], at: string, hoisted = false): Tool[] {
  return wire.flatMap((tool, index) => {
    const place = `${at}[${index}]`
    if (!isObject(tool)) throw invalid(place, `${place} must be an object`)
    const marks: JsonObject = hoisted ? { hoisted: true } : {}
    if (tool.type !== 'namespace') return [decodeTool(tool, place, marks)]
    const { tools: inner, name } = tool
    const plain =
      Array.isArray(inner) &&
      inner.length > 0 &&
      typeof name === 'string' &&
      inner.every((one) => isObject(one) && (one.type === 'function' || one.type === 'custom'))
    if (!plain) return [decodeTool(tool, place, marks)]
    const members = rest(tool, new Set(['type', 'name', 'tools']))
    return inner.map((one, position) =>
      decodeTool(one as JsonObject, `${place}.tools[${position}]`, {
        ...marks,
        namespace: name,
        // Which tools stand together, should two namespaces share a name.
        group: `${at}[${index}]`,
        members,
      }),
    )
  })
}

function decodeTool(wire: JsonObject, at: string, marks: JsonObject): Tool {
  const { type, name } = wire
  if (type !== 'function' && type !== 'custom') {
    const origin = originOf({}, marks)
    const word = typeof type === 'string' ? type : ''
    return {
      type: 'native',
      dialect: 'openai-responses',
      name: word,
      value: wire,
      ...(origin ? { origin } : {}),
    }
  }
  if (typeof name !== 'string') throw invalid(`${at}.name`, `${at}.name must be a string`)
  const flat = flatName(marks.namespace, name)
  const known = ['type', 'name']
  const take = <T>(member: string, fits: (value: unknown) => value is T): T | undefined => {
    const value = wire[member]
    if (!fits(value)) return undefined
    known.push(member)
    return value
  }
  const isString = (value: unknown): value is string => typeof value === 'string'
  const description = take('description', isString)
  const described = description === undefined ? {} : { description }
  const shape = { ...marks, ...(flat === name ? {} : { name }) }
  if (type === 'custom') {
    const format = take('format', (value): value is Json => value !== undefined)
    const origin = originOf(rest(wire, new Set(known)), shape)
    return {
      type,
      name: flat,
      ...described,
      ...(format === undefined ? {} : { format: nested(format) }),
      ...(origin ? { origin } : {}),
    }
  }
  const parameters = take('parameters', isObject)
  const strict = take(
    'strict',
    (value): value is boolean | null => value === null || typeof value === 'boolean',
  )
  const origin = originOf(rest(wire, new Set(known)), shape)
  return {
    type,
    name: flat,
    ...described,
    ...(parameters === undefined ? {} : { parameters }),
    ...(strict === undefined ? {} : { strict }),
    ...(origin ? { origin } : {}),
  }
}

/** `{type: grammar, syntax, definition}` as Chat has it, and back; any other format is the same on both. */
function nested(format: Json): Json {
  if (!isObject(format) || format.type !== 'grammar' || format.grammar !== undefined) return format
  const { type, ...grammar } = format
  return { type, grammar }
}
function flat(format: Json): Json {
  return isObject(format) &&
    format.type === 'grammar' &&
    isObject(format.grammar) &&
    Object.keys(format).length === 2
    ? { type: 'grammar', ...format.grammar }
    : format
}

/** Tools of the root list; those that came among the items go back with them. */
export function encodeTools(tools: readonly Tool[], notes: Note[]): JsonObject[] {
  const out: JsonObject[] = []
  const groups = new Map<string, JsonObject[]>()
  for (const [index, tool] of tools.entries()) {
    const shape = ownShape(tool.origin)
    if (shape.hoisted === true) continue
    const wire = encodeTool(tool, `tools[${index}]`, shape, notes)
    if (!wire) continue
    const { namespace, group } = shape
    if (typeof namespace !== 'string' || typeof group !== 'string') {
      out.push(wire)
      continue
    }
    const together = groups.get(group)
    if (together) together.push(wire)
    else {
      const list = [wire]
      groups.set(group, list)
      out.push({ type: 'namespace', name: namespace, tools: list, ...(shape.members as JsonObject) })
    }
  }
  return out
}

function encodeTool(tool: Tool, field: string, shape: JsonObject, notes: Note[]): JsonObject | undefined {
  if (tool.type === 'native') {
    if (tool.dialect === 'openai-responses') return tool.value
    notes.push({ field, action: 'dropped', why: `the ${tool.name} tool exists only at its own vendor` })
    return undefined
  }
  const own = tool.origin?.dialect === 'openai-responses'
  if (!own)
    for (const name of Object.keys(tool.origin?.extras ?? {}))
      notes.push({ field: `${field}.${name}`, action: 'dropped', why: 'Responses has no such field' })
  const name = typeof shape.name === 'string' ? shape.name : own ? tool.name : wireName(tool.name)
  const wire: JsonObject = { type: tool.type, name }
  if (tool.description !== undefined) wire.description = tool.description
  if (tool.type === 'custom') {
    if (tool.format !== undefined) wire.format = flat(tool.format)
    return Object.assign(wire, ownExtras(tool.origin))
  }
  if (tool.parameters !== undefined) wire.parameters = tool.parameters
  if (tool.strict !== undefined) wire.strict = tool.strict
  if (tool.cache)
    notes.push({ field: `${field}.cache_control`, action: 'dropped', why: 'Responses caches by itself' })
  return Object.assign(wire, ownExtras(tool.origin))
}

/** For tools of another wire: both members are demanded here, and strictness is on unless it is switched off. */
export function completed(tool: JsonObject): JsonObject {
  return tool.type === 'function'
    ? { ...tool, parameters: tool.parameters ?? null, strict: tool.strict ?? false }
    : tool
}

export function decodeChoice(wire: Json): ToolChoice | null {
  if (wire === null) return null
  if (wire === 'auto' || wire === 'none' || wire === 'required') return { type: wire }
  if (isObject(wire)) {
    const { type, name, mode, tools } = wire
    const keys = Object.keys(wire).length
    if (type === 'function' && typeof name === 'string' && keys === 2) return { type: 'tool', name }
    if (type === 'custom' && typeof name === 'string' && keys === 2)
      return { type: 'tool', name, custom: true }
    if (
      type === 'allowed_tools' &&
      (mode === 'auto' || mode === 'required') &&
      Array.isArray(tools) &&
      keys === 3 &&
      tools.every(isNamed)
    )
      return { type: 'allowed', mode, tools: tools.map(deeper) }
  } else if (typeof wire !== 'string')
    throw invalid('tool_choice', 'tool_choice must be a string or an object')
  return { type: 'opaque', dialect: 'openai-responses', value: wire }
}

function isNamed(tool: Json): boolean {
  return (
    isObject(tool) &&
    (tool.type === 'function' || tool.type === 'custom') &&
    typeof tool.name === 'string' &&
    Object.keys(tool).length === 2
  )
}

/** `{type, name}` as Chat has it: the name one level deeper. */
function deeper(tool: Json): Json {
  if (!isObject(tool) || typeof tool.type !== 'string') return tool
  return { type: tool.type, [tool.type]: { name: tool.name } }
}
function shallower(tool: Json): Json {
  if (!isObject(tool) || typeof tool.type !== 'string') return tool
  const inner = tool[tool.type]
  return isObject(inner) && typeof inner.name === 'string' ? { type: tool.type, name: inner.name } : tool
}

/** Undefined (with a note) where this wire has no such choice. */
export function encodeChoice(choice: ToolChoice | null, own: boolean, notes: Note[]): Json | undefined {
  if (choice === null) return null
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'required':
      return choice.type
    case 'tool':
      return {
        type: choice.custom === true ? 'custom' : 'function',
        name: own ? choice.name : wireName(choice.name),
      }
    case 'allowed':
      return { type: 'allowed_tools', mode: choice.mode, tools: choice.tools.map(shallower) }
    case 'opaque':
      if (choice.dialect === 'openai-responses') return choice.value
      notes.push({ field: 'tool_choice', action: 'dropped', why: 'Responses has no such choice' })
      return undefined
    default:
      return choice satisfies never
  }
}
