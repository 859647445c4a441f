// Tools and tool choice to canonical. One entry of `tools` may hold any number of functions and one tool of Google's own
// each; how they were grouped is remembered.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { FunctionTool, GenerationRequest, Tool, ToolChoice } from '../../core/request.ts'
import { originOf, wrongType } from './members.ts'
import { jsonSchemaOf } from './schema.ts'
import { camelled } from './spelling.ts'

const ENTRY = new Set(['functionDeclarations', 'googleSearch', 'codeExecution', 'urlContext', 'fileSearch'])
const DECLARATION = new Set(['parametersJsonSchema', 'responseJsonSchema'])
const CALLING = new Set(['mode', 'allowedFunctionNames'])

export function decodeTools(wire: Json, request: GenerationRequest, shape: JsonObject): void {
  if (wire === null) {
    request.tools = null
    return
  }
  // A single entry stands for the list, as protobuf's JSON readers have it.
  const list = Array.isArray(wire) ? wire : [wire]
  if (!Array.isArray(wire)) shape.tools = 'object'
  const groups: Json[] = []
  const tools: Tool[] = []
  for (const [index, entry] of list.entries()) {
    const at = `tools[${index}]`
    if (!isObject(entry)) throw invalid(at, `${at} must be an object`)
    const snake: string[] = []
    const { functionDeclarations: functions, ...others } = camelled(entry, ENTRY, snake)
    const group: JsonObject = {}
    if (functions !== undefined) {
      const declared = Array.isArray(functions) ? functions : [functions]
      if (!Array.isArray(functions)) group.object = true
      group.functions = declared.length
      tools.push(
        ...declared.map((one, place) => decodeDeclaration(one, `${at}.functionDeclarations[${place}]`)),
      )
    }
    if (Object.keys(others).length > 0) {
      group.native = true
      tools.push({ type: 'native', dialect: 'gemini', name: Object.keys(others)[0] ?? '', value: others })
    }
    if (snake.length > 0) group.snake = snake
    groups.push(group)
  }
  request.tools = tools
  shape.groups = groups
}

function decodeDeclaration(given: Json, at: string): FunctionTool {
  if (!isObject(given)) throw invalid(at, `${at} must be an object`)
  const snake: string[] = []
  const wire = camelled(given, DECLARATION, snake)
  if (typeof wire.name !== 'string') throw invalid(`${at}.name`, `${at}.name must be a string`)
  const tool: FunctionTool = { type: 'function', name: wire.name }
  const known = ['name']
  const shape: JsonObject = {}
  if (typeof wire.description === 'string') {
    tool.description = wire.description
    known.push('description')
  }
  for (const field of ['parametersJsonSchema', 'parameters'] as const) {
    const schema = wire[field]
    if (!isObject(schema) || shape.schema !== undefined) continue
    known.push(field)
    shape.schema = { [field]: schema }
    tool.parameters = field === 'parameters' ? jsonSchemaOf(schema) : schema
  }
  if (snake.length > 0) shape.snake = snake
  const origin = originOf(unread(wire, new Set(known)), shape)
  if (origin) tool.origin = origin
  return tool
}

export function decodeToolConfig(
  given: Json,
  request: GenerationRequest,
  shape: JsonObject,
  extras: JsonObject,
): void {
  if (!isObject(given)) throw wrongType('toolConfig', 'an object', given)
  const snake: string[] = []
  const wire = camelled(given, new Set(['functionCallingConfig']), snake)
  const rest = unread(wire, new Set(['functionCallingConfig']))
  const config: JsonObject = {}
  const { functionCallingConfig: calling } = wire
  if (isObject(calling)) {
    const read = camelled(calling, CALLING, snake, 'functionCallingConfig.')
    config.calling = { ...read }
    const choice = choiceOf(read)
    if (choice) request.toolChoice = choice
    const more = unread(read, CALLING)
    // Members beside mode and names (streamed arguments) have no twin elsewhere.
    if (Object.keys(more).length > 0) {
      extras['toolConfig.functionCallingConfig'] = more
      config.calling = { mode: read.mode, allowedFunctionNames: read.allowedFunctionNames }
    }
  } else if (calling !== undefined) rest.functionCallingConfig = calling
  if (Object.keys(rest).length > 0) extras.toolConfig = rest
  if (snake.length > 0) config.snake = snake
  shape.toolConfig = config
}

function choiceOf({ mode, allowedFunctionNames: allowed }: JsonObject): ToolChoice | undefined {
  const names = Array.isArray(allowed) ? allowed.filter((name) => typeof name === 'string') : []
  const word = typeof mode === 'string' ? mode.toUpperCase() : 'AUTO'
  if (word === 'NONE') return { type: 'none' }
  const [only] = names
  if (word === 'ANY') {
    if (names.length === 1 && only !== undefined) return { type: 'tool', name: only }
    return names.length === 0
      ? { type: 'required' }
      : { type: 'allowed', mode: 'required', tools: named(names) }
  }
  // VALIDATED is AUTO whose calls keep to their schema.
  if (word === 'AUTO' || word === 'VALIDATED')
    return names.length === 0 ? { type: 'auto' } : { type: 'allowed', mode: 'auto', tools: named(names) }
  return undefined
}

function named(names: readonly string[]): Json[] {
  return names.map((name) => ({ type: 'function', function: { name } }))
}
