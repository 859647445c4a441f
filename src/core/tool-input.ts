// Arguments of a tool call on wires that hold them as an object: the text the model wrote, parsed or enveloped.

import { type Json, type JsonObject, isObject } from './json.ts'

/** What stands for arguments that are not a JSON object. Constant, so that the next turn says the same. */
export const RAW_ARGUMENTS = '_raw_arguments'

/** JSON text to an object, undefined when it is not one. Nothing at all, and "null", mean no arguments. */
export function parseInput(text: string): JsonObject | undefined {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === 'null') return {}
  try {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The arguments of any call as an object: free text is the one string of one, what is no object is enveloped. */
export function callInput(call: { arguments: string; custom?: boolean }): JsonObject {
  if (call.custom === true) return { input: call.arguments }
  return parseInput(call.arguments) ?? { [RAW_ARGUMENTS]: call.arguments }
}
