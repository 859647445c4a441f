// What an answer holds, whatever wire it is on: the common tongue of the oracles in wires/. No code here or there is
// shared with the codecs: plain JSON.parse, a split on blank lines, and tables of its own.

import { CALL_ID_MARK, upstreamCallId } from '../../src/core/call-id.ts'
import { type Json, type JsonObject, isObject } from '../../src/core/json.ts'

/** Why an answer ended, in words of no wire. `unknown`: a word that the oracle does not know. */
export type FinishFact =
  | 'stop'
  | 'stop_sequence'
  | 'tool_calls'
  | 'length'
  | 'context_full'
  | 'content_filter'
  | 'refusal'
  | 'pause'
  | 'unknown'

export interface ToolFact {
  id: string
  name: string
  /** Parsed where it parses, the raw text otherwise. */
  arguments: Json
}

export interface ChoiceFacts {
  text: string
  reasoning: string
  refusal: string
  tools: ToolFact[]
  /** URL or cited text of each citation, in order. */
  citations: string[]
  /** Neutral word, mapped by the wire's own oracle; null where the answer names none. */
  finish: FinishFact | null
  /** Answer parts with no fact of their own (images, audio, server tool blocks). */
  others: string[]
}

export interface UsageFacts {
  /** All input, cached included. */
  input: number | undefined
  output: number | undefined
  cacheRead: number
}

export interface Facts {
  choices: ChoiceFacts[]
  usage: UsageFacts | undefined
  /** The answer is an error object, or the stream says one. */
  error: string | undefined
  /** The stream's terminal marker came, or the answer was whole. */
  complete: boolean
}

/** The `data` of each event, by the plainest reading of the rules. */
export function eventPayloads(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n\r\n|\n\n|\r\r/)
    .map((block) =>
      block
        .split(/\r\n|\n|\r/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''))
        .join('\n'),
    )
    .filter((data) => data !== '')
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const text = (value: unknown): string => (typeof value === 'string' ? value : '')
export const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
export const count = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
export const empty = (): ChoiceFacts => ({
  text: '',
  reasoning: '',
  refusal: '',
  tools: [],
  citations: [],
  finish: null,
  others: [],
})

/** No arguments at all and an empty object mean the same call. */
export function argumentsOf(value: Json | undefined): Json {
  if (value === undefined) return {}
  if (typeof value !== 'string') return value
  if (value.trim() === '') return {}
  const parsed = parse(value)
  return parsed === undefined ? value : (parsed as Json)
}

/** The message of an error object in OpenAI's or Anthropic's shape. */
export function errorText(body: unknown): string | undefined {
  if (!isObject(body)) return undefined
  const { error } = body
  if (isObject(error)) return text(error.message) || JSON.stringify(error)
  return typeof error === 'string' ? error : undefined
}

/** Where two readings of one answer differ; empty when they agree. */
export function differences(got: Facts, want: Facts): string[] {
  const found: string[] = []
  const check = (what: string, a: unknown, b: unknown): void => {
    if (canonical(a) !== canonical(b)) found.push(`${what}: ${shown(a)} instead of ${shown(b)}`)
  }
  check('choices', got.choices.length, want.choices.length)
  for (const [index, wanted] of want.choices.entries()) {
    const at = got.choices[index]
    if (!at) continue
    // A call that came without an id must have got one; one with a character that other wires refuse may have got another.
    const tools = at.tools.map((tool, place) => {
      const was = wanted.tools[place]?.id
      return was === '' && tool.id !== '' ? { ...tool, id: '' } : { ...tool, id: upstreamId(tool, was) }
    })
    for (const key of ['text', 'reasoning', 'refusal', 'tools', 'citations', 'finish'] as const)
      check(`choice ${index} ${key}`, key === 'tools' ? tools : at[key], wanted[key])
  }
  if (want.usage) {
    check('usage.input', got.usage?.input, want.usage.input ?? 0)
    check('usage.output', got.usage?.output, want.usage.output ?? 0)
    check('usage.cacheRead', got.usage?.cacheRead, want.usage.cacheRead)
  }
  return found
}

/** The id that stands inside one of the gateway's, where that must be one. */
function upstreamId({ id, name }: ToolFact, was: string | undefined): string {
  if (was === undefined) return id
  // Packed by the codec, for a caller of Messages.
  const packed = /^tlid_(.+)$/.exec(was)?.[1]
  const meant = packed === undefined ? was : Buffer.from(packed, 'base64url').toString('utf8')
  if (/^[\w-]+$/.test(meant)) return id
  const found = upstreamCallId(id, name, id.slice(CALL_ID_MARK.length, CALL_ID_MARK.length + 3))
  return found === meant ? was : id
}

/** JSON text with sorted members: member order is no fact. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      isObject(inner)
        ? Object.fromEntries(Object.entries(inner).toSorted((a, b) => (a[0] < b[0] ? -1 : 1)))
        : inner,
    ) ?? 'undefined'
  )
}

export function shown(value: unknown): string {
  const line = canonical(value)
  return line.length > 160 ? `${line.slice(0, 157)}...` : line
}
