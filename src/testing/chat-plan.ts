// What a fake says, whatever the wire: the last words of the user again, or a call of the tool that was asked for.

import { type Json, type JsonObject, isObject } from '../core/json.ts'

export interface PlannedTool {
  name: string
  schema: Json | undefined
}

export interface PlannedCall {
  name: string
  /** JSON text. */
  arguments: string
}

/** The text of a string or of a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .filter(isObject)
    .map((part) => (typeof part.text === 'string' ? part.text : textOf(part.content)))
    .filter((text) => text !== '')
    .join('\n')
}

/**
 * @param forced a name, `true` for any tool, `false` for none, undefined for what the words say.
 * @param said the last user's text; "call NAME" asks for the tool of that name.
 */
export function plannedCalls(
  tools: readonly PlannedTool[],
  forced: string | boolean | undefined,
  said: string,
): PlannedCall[] {
  if (forced === false) return []
  const named = new Set([...said.matchAll(/\bcall\s+([\w.-]+)/g)].map((match) => match[1]))
  let wanted = tools.filter((tool) =>
    typeof forced === 'string' ? tool.name === forced : named.has(tool.name),
  )
  if (wanted.length === 0 && forced === true) wanted = tools.slice(0, 1)
  return wanted.map((tool) => ({ name: tool.name, arguments: JSON.stringify(sample(tool.schema)) }))
}

/** Words with the space before them: their concatenation is the text. */
export function words(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? []
}

/** Cuts after so many words, and says whether it had to. */
export function limited(text: string, maxTokens: unknown): { text: string; cut: boolean } {
  const all = words(text)
  if (typeof maxTokens !== 'number' || all.length <= maxTokens) return { text, cut: false }
  return { text: all.slice(0, maxTokens).join(''), cut: true }
}

/** A token is a word here: small numbers that a reader can check by hand. */
export function tokens(text: string): number {
  return words(text).length
}

/** The smallest value that a plain JSON schema allows. */
export function sample(schema: Json | undefined): Json {
  if (!isObject(schema)) return {}
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum) && schema.enum[0] !== undefined) return schema.enum[0]
  const { anyOf, oneOf } = schema
  const first = Array.isArray(anyOf) ? anyOf[0] : Array.isArray(oneOf) ? oneOf[0] : undefined
  if (first !== undefined) return sample(first)
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'string') return 'x'
  if (type === 'integer' || type === 'number') return typeof schema.minimum === 'number' ? schema.minimum : 1
  if (type === 'boolean') return true
  if (type === 'array')
    return schema.minItems === undefined || schema.minItems === 0 ? [] : [sample(schema.items)]
  if (type === 'null') return null
  const properties = isObject(schema.properties) ? schema.properties : {}
  const value: JsonObject = {}
  for (const name of Array.isArray(schema.required) ? schema.required : [])
    if (typeof name === 'string') value[name] = sample(properties[name])
  return value
}
