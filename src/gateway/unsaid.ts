// What an upstream's answer says and the caller's dialect has no place for: members that only the upstream's own dialect
// knows, parts and marks of another vendor. Dialects write what they have a place for and pass over the rest; here the
// rest becomes notes of the call's record, each once. Costs a translated stream one comparison an event.

import type { StreamEvent } from '../core/event.ts'
import type { JsonObject } from '../core/json.ts'
import type { Note } from '../core/note.ts'
import type { DialectId, Origin } from '../core/origin.ts'
import type { Part } from '../core/part.ts'
import type { GenerationResponse } from '../core/response.ts'

export interface Unsaid {
  event(event: StreamEvent): void
  response(response: GenerationResponse): void
}

/** A host that invents members in every event is not noted for ever. */
const MOST_NOTES = 50

/** Dialects whose streams have no place for another vendor's blocks, for pictures, for citations, for log-probabilities. */
const NO_BLOCKS: ReadonlySet<DialectId> = new Set([
  'anthropic-messages',
  'gemini',
  'openai-responses',
  'openai-completions',
  'bedrock-converse',
  'cohere',
  'ollama',
  'ollama-generate',
])
const NO_CITATIONS: ReadonlySet<DialectId> = new Set([
  'anthropic-messages',
  'openai-completions',
  'ollama',
  'ollama-generate',
])
const NO_LOGPROBS: ReadonlySet<DialectId> = new Set(['anthropic-messages', 'bedrock-converse'])

/** @param to the caller's dialect */
export function unsaid(to: DialectId, note: (note: Note) => void): Unsaid {
  const noted = new Set<string>()
  const dropped = (field: string, why: string): void => {
    if (noted.has(field) || noted.size >= MOST_NOTES) return
    noted.add(field)
    note({ field, action: 'dropped', why })
  }
  const members = (from: DialectId, said: JsonObject | undefined, where: string): void => {
    if (!said || sameFamily(from, to)) return
    for (const name in said)
      if (!isEmpty(said[name])) dropped(`${where}${name}`, `only an answer of ${from} has it`)
  }
  const origin = (given: Origin | undefined, where: string): void => {
    if (given) members(given.dialect, given.extras, where)
  }
  const choiceMembers = (from: DialectId, said: JsonObject | undefined, choice: number): void => {
    // Grounding and safety ratings travel among a Chat message's provider-specific fields.
    if (!(from === 'gemini' && to === 'openai-chat')) members(from, said, `choices[${choice}].`)
  }
  const whole = (part: Part): void => {
    if (part.kind === 'opaque' && !sameFamily(part.dialect, to) && NO_BLOCKS.has(to))
      dropped(`content.${part.type}`, `a ${to} stream holds no such part`)
  }
  return {
    event(event) {
      switch (event.type) {
        case 'extras':
          if (event.choice === undefined) members(event.dialect, event.members, '')
          else choiceMembers(event.dialect, event.members, event.choice)
          return
        case 'start':
          return origin(event.origin, '')
        case 'close':
          return origin(event.origin, 'content.')
        case 'open':
          if (event.open.kind === 'whole') whole(event.open.value)
          return
        case 'citation':
          if (NO_CITATIONS.has(to) && !sameFamily(event.citation.dialect, to))
            dropped('citations', `a ${to} stream has no place for those of ${event.citation.dialect}`)
          return
        case 'logprobs':
          if (NO_LOGPROBS.has(to)) dropped('logprobs', `${to} has no such member`)
          return
        default:
      }
    },
    response(response) {
      origin(response.origin, '')
      for (const choice of response.choices) {
        if (choice.origin) choiceMembers(choice.origin.dialect, choice.origin.extras, choice.index)
        if (choice.logprobs !== undefined && NO_LOGPROBS.has(to))
          dropped('logprobs', `${to} has no such member`)
        for (const part of choice.parts) if ('origin' in part) origin(part.origin, 'content.')
      }
    },
  }
}

function sameFamily(one: DialectId, other: DialectId): boolean {
  return one === other || (one.startsWith('ollama') && other.startsWith('ollama'))
}

/** Nothing was said with it. */
function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    value === false ||
    (Array.isArray(value) && value.length === 0) ||
    (typeof value === 'object' && Object.keys(value as object).length === 0)
  )
}
