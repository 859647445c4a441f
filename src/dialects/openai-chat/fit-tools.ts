// Tools and the choice among them, as a host's record says it takes them.

import type { Quirks } from '../../core/dialect.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'

export function fitTools(body: JsonObject, quirks: Quirks, notes: Note[]): void {
  if (quirks.toolParameters !== undefined && Array.isArray(body.tools)) {
    const given = body.tools
    const tools = given.map((tool) => withParameters(tool, quirks))
    if (tools.some((tool, index) => tool !== given[index])) body.tools = tools
  }
  if (quirks.toolChoice !== undefined && body.tool_choice !== undefined) fitChoice(body, quirks, notes)
}

function withParameters(tool: Json, { toolParameters }: Quirks): Json {
  if (!isObject(tool) || !isObject(tool.function)) return tool
  const { parameters } = tool.function
  const empty: JsonObject = { type: 'object', properties: {} }
  if (parameters === undefined || parameters === null)
    return { ...tool, function: { ...tool.function, parameters: empty } }
  if (toolParameters !== 'properties' || !isObject(parameters) || parameters.properties !== undefined)
    return tool
  return { ...tool, function: { ...tool.function, parameters: { ...parameters, properties: {} } } }
}

const FORCED = 'a forced tool choice is refused by the host'

function fitChoice(body: JsonObject, quirks: Quirks, notes: Note[]): void {
  const choice = body.tool_choice
  const forced = choice === 'required' || isObject(choice)
  const approximate = (why: string): void => {
    notes.push({ field: 'tool_choice', action: 'approximated', why })
  }
  switch (quirks.toolChoice) {
    case 'named':
    case 'string':
      if (!isObject(choice) || (quirks.toolChoice === 'named' && !isObject(choice.allowed_tools))) return
      // A named choice is the one tool, required; a list of allowed ones is that list and its mode.
      only(body, choice)
      body.tool_choice = modeOf(choice)
      return approximate('sent as the tools it leaves and a word')
    case 'auto_only':
      if (choice === 'auto') return
      if (choice === 'none') {
        delete body.tools
        delete body.tool_choice
        return approximate('without tools, as the host knows no "none"')
      }
      if (isObject(choice)) only(body, choice)
      body.tool_choice = 'auto'
      return approximate(FORCED)
    case 'omit_auto':
      // Some servers answer 400 to an explicit auto; leaving it out means the same.
      if (choice === 'auto') delete body.tool_choice
      return
    case 'auto_while_thinking':
      if (!forced || thinkingIsOff(body)) return
      if (isObject(choice)) only(body, choice)
      body.tool_choice = 'auto'
      return approximate('a forced tool choice is refused while the model thinks')
    case 'none':
      if (choice === 'none') delete body.tools
      else if (isObject(choice)) only(body, choice)
      delete body.tool_choice
      if (choice !== 'auto') approximate('the host has no tool choice: only the tools offered are changed')
      return
    case undefined:
      return
    default:
      quirks.toolChoice satisfies never
  }
}

/** Whether the request switches thinking off, in any of the words hosts have for it. */
export function thinkingIsOff(body: { readonly [name: string]: Json | undefined }): boolean {
  return (
    body.enable_thinking === false ||
    body.reasoning_effort === 'none' ||
    (isObject(body.thinking) && body.thinking.type === 'disabled')
  )
}

function modeOf(choice: JsonObject): string {
  const allowed = choice.allowed_tools
  return isObject(allowed) && allowed.mode === 'auto' ? 'auto' : 'required'
}

/** Leaves only the tools a choice names. */
function only(body: JsonObject, choice: JsonObject): void {
  if (!Array.isArray(body.tools)) return
  const names = namesIn(choice)
  if (names.size === 0) return
  const kept = body.tools.filter((tool) => [...namesIn(tool)].every((name) => names.has(name)))
  if (kept.length > 0) body.tools = kept
}

function namesIn(wire: Json): Set<string> {
  if (!isObject(wire)) return new Set()
  const list = isObject(wire.allowed_tools) ? wire.allowed_tools.tools : [wire]
  const names = (Array.isArray(list) ? list : []).flatMap((row) => {
    if (!isObject(row)) return []
    const inner = isObject(row.function) ? row.function : isObject(row.custom) ? row.custom : row
    return typeof inner.name === 'string' ? [inner.name] : []
  })
  return new Set(names)
}
