// What a request needs of a model against what is known of it. Only what is known to be missing counts: an unknown
// ability is no reason to refuse.

import type { Abilities } from '../core/abilities.ts'

/** What a request asks for. Absent: does not need it. */
export interface Needs {
  tools?: boolean
  vision?: boolean
  audio?: boolean
  /** Answers that keep to a JSON schema. */
  jsonSchema?: boolean
  reasoning?: boolean
  /** Input and output together. */
  contextTokens?: number
}

const NAMES = {
  tools: 'tools',
  vision: 'images',
  audio: 'audio',
  jsonSchema: 'JSON schemas',
  reasoning: 'reasoning',
} as const

/** What is missing, in words for the decision record; undefined: nothing that we know of. */
export function lacking(needs: Needs, abilities: Abilities): string | undefined {
  for (const name of Object.keys(NAMES) as (keyof typeof NAMES)[])
    if (needs[name] === true && abilities[name] === false) return `no ${NAMES[name]}`
  const { contextTokens } = abilities
  if (contextTokens !== undefined && needs.contextTokens !== undefined && needs.contextTokens > contextTokens)
    return `context of ${contextTokens} tokens, needs ${needs.contextTokens}`
  return undefined
}
