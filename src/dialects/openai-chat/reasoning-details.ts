// OpenRouter's `reasoning_details` (also Vercel's gateway, Snowflake, MiniMax): typed pieces of reasoning with signatures
// and encrypted data that must go back unchanged and in order. Here they are one seal of the answer's reasoning.

import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { Seal } from '../../core/origin.ts'
import type { ReasoningPart } from '../../core/part.ts'

/** Members of a piece that arrive in fragments; of all others the last value counts. */
const GROWING = new Set(['text', 'summary'])

/** Streamed pieces joined by their index: text and summary grow, signature and data are the last said. */
export function joinDetails(pieces: JsonObject[], fresh: readonly Json[]): void {
  for (const piece of fresh) {
    if (!isObject(piece)) continue
    const index = asNumber(piece.index)
    const known =
      index === undefined
        ? undefined
        : pieces.find((row) => row.index === index && (row.type === piece.type || piece.type === undefined))
    if (!known) {
      pieces.push({ ...piece })
      continue
    }
    for (const [key, value] of Object.entries(piece)) {
      if (value === undefined || value === null) continue
      const before = known[key]
      known[key] =
        GROWING.has(key) && typeof before === 'string' && typeof value === 'string' ? before + value : value
    }
  }
}

/** The readable text of pieces. */
export function textOfDetails(pieces: readonly Json[]): string {
  return pieces
    .map((piece) => {
      if (!isObject(piece)) return ''
      if (typeof piece.text === 'string') return piece.text
      return typeof piece.summary === 'string' ? piece.summary : ''
    })
    .join('')
}

export function sealOfDetails(pieces: readonly Json[]): Seal {
  return { dialect: 'openai-chat', kind: 'reference', value: JSON.stringify(pieces) }
}

/** The pieces that a turn's reasoning carries, or undefined when it carries none of this kind. */
export function detailsOfSeals(reasoning: readonly ReasoningPart[]): Json[] | undefined {
  const sealed = reasoning.flatMap(({ sealed: seal }) => {
    if (seal?.dialect !== 'openai-chat' || seal.kind !== 'reference') return []
    return piecesIn(seal.value)
  })
  return sealed.length > 0 ? sealed : undefined
}

/** A seal comes back through the caller's hands: what cannot be read is no seal. */
function piecesIn(value: string): Json[] {
  try {
    const pieces: unknown = JSON.parse(value)
    return Array.isArray(pieces) ? (pieces as Json[]) : []
  } catch {
    return []
  }
}
