// The alphabet of function names.

import { type Alphabet, aliasOf } from '../../core/alias.ts'

const NAMES: Alphabet = {
  legal: /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/,
  refused: /^(?![A-Za-z_])|[^A-Za-z0-9_.:-]/g,
  most: 64,
}

export const wireName = (name: string): string => aliasOf(name, NAMES)
