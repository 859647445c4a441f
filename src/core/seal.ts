// How private state travels through a dialect that is not its own: packed into one opaque text that the caller's wire
// lets pass unread (Messages `signature`, Responses `encrypted_content`, Gemini `thoughtSignature`). The pack names its
// origin, so that on the way back it returns only to the vendor, model and account that issued it.

import { isObject } from './json.ts'
import type { DialectId, Seal } from './origin.ts'

/** Standard base64, because one of the slots demands it. The version stands first, so every pack begins alike. */
const MARK = 'eyJ0bCI6M'

const KINDS: ReadonlySet<string> = new Set<Seal['kind']>(['signature', 'redacted', 'encrypted', 'reference'])

/** What a wire of `slot` carries for the seal: the value itself where it is at home, a pack elsewhere. */
export function carrySeal(seal: Seal, slot: DialectId): string {
  if (seal.dialect === slot) return seal.value
  const pack = { tl: 1, d: seal.dialect, m: seal.model, a: seal.account, k: seal.kind, v: seal.value }
  // Escaped to ASCII, for btoa takes nothing else.
  const text = JSON.stringify(pack).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return btoa(text)
}

/** The seal inside a carried text: unpacked, or the slot's own value under `kind`. Never throws. */
export function readSeal(text: string, slot: DialectId, kind: Seal['kind']): Seal {
  return (text.startsWith(MARK) ? unpack(text) : undefined) ?? { dialect: slot, kind, value: text }
}

function unpack(text: string): Seal | undefined {
  let pack: unknown
  try {
    pack = JSON.parse(atob(text))
  } catch {
    // Another's value that happens to begin like ours.
    return undefined
  }
  if (!isObject(pack) || pack.tl !== 1) return undefined
  const { d, m, a, k, v } = pack
  if (typeof d !== 'string' || typeof k !== 'string' || typeof v !== 'string' || !KINDS.has(k))
    return undefined
  return {
    dialect: d as DialectId,
    ...(typeof m === 'string' ? { model: m } : {}),
    ...(typeof a === 'string' ? { account: a } : {}),
    kind: k as Seal['kind'],
    value: v,
  }
}
