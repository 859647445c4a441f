// Tool names that every host of this wire takes.

import { type Alphabet, aliasOf } from '../../core/alias.ts'

const NAMES: Alphabet = { legal: /^[a-zA-Z0-9_-]{1,64}$/, refused: /[^a-zA-Z0-9_-]/g, most: 64 }

export const wireName = (name: string): string => aliasOf(name, NAMES)
