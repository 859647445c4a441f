// Alphabets of this wire: tool names and ids of tool_use blocks.

import { type Alphabet, aliasOf, idAlias, packId, unpackId } from '../../core/alias.ts'

const NAMES: Alphabet = { legal: /^[a-zA-Z0-9_-]{1,64}$/, refused: /[^a-zA-Z0-9_-]/g, most: 64 }
/** No length limit is documented. */
const LEGAL_ID = /^[a-zA-Z0-9_-]+$/

export const wireName = (name: string): string => aliasOf(name, NAMES)

export const wireId = (id: string): string => idAlias(id, LEGAL_ID)

/** A call's id in an answer, and back in the conversation that repeats it. */
export const answerId = (id: string): string => packId(id, LEGAL_ID)
export const repeatedId = (id: string): string => unpackId(id, LEGAL_ID)
