// Alphabets of this wire: tool names, ids of tool calls, names of documents. All are pure functions.

import { type Alphabet, aliasOf, hash64, idAlias } from '../../core/alias.ts'

const NAMES: Alphabet = { legal: /^[a-zA-Z0-9_-]{1,64}$/, refused: /[^a-zA-Z0-9_-]/g, most: 64 }
const LEGAL_ID = /^[a-zA-Z0-9_.:-]{1,64}$/
const NINE = /^[a-zA-Z0-9]{9}$/

export const wireName = (name: string): string => aliasOf(name, NAMES)

/** @param nine Mistral's models take ids of exactly nine letters and digits. */
export function wireId(id: string, nine: boolean): string {
  if (!nine) return idAlias(id, LEGAL_ID)
  return NINE.test(id) ? id : hash64(id).slice(0, 9)
}

/** Names of documents: letters, digits, single spaces, hyphens, parentheses and brackets; unique in a request. */
export function documentNames(): (title: string | undefined) => string {
  const used = new Set<string>()
  let count = 0
  return (title) => {
    count++
    const clean = (title ?? '')
      .replace(/\.[A-Za-z0-9]{1,5}$/, '')
      .replace(/[^A-Za-z0-9 ()[\]-]+/g, ' ')
      .replace(/ +/g, ' ')
      .trim()
      .slice(0, 180)
    const name = clean === '' ? `Document ${count}` : clean
    let free = name
    for (let again = 2; used.has(free); again++) free = `${name} (${again})`
    used.add(free)
    return free
  }
}
