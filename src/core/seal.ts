// How private state travels through a dialect that is not its own: packed into one opaque text that the caller's wire
// lets pass unread (Messages `signature`, Responses `encrypted_content`, Gemini `thoughtSignature`). The pack names its
// origin, so that on the way back it returns only to the vendor, model and account that issued it.

import { type Json, type JsonObject, isObject } from './json.ts'
import type { DialectId, Seal } from './origin.ts'
import type { ReasoningPart } from './part.ts'

/** Standard base64, because one of the slots demands it. The version stands first, so every pack begins alike. */
const MARK = 'eyJ0bCI6M'

/** A request that holds a pack, as it stands in JSON: it cannot be passed on word for word. */
export const PACKED = `"${MARK}`

const KINDS: ReadonlySet<string> = new Set<Seal['kind']>(['signature', 'redacted', 'encrypted', 'reference'])

/** What a wire of `slot` carries for the seal: the value itself where it is at home, a pack elsewhere. */
export function carrySeal(seal: Seal, slot: DialectId): string {
  if (seal.dialect === slot) return seal.value
  return packed({ tl: 1, ...short(seal) })
}

const short = (seal: Seal): JsonObject => ({
  d: seal.dialect,
  m: seal.model,
  a: seal.account,
  k: seal.kind,
  v: seal.value,
})

function packed(value: JsonObject): string {
  // Escaped to ASCII, for btoa takes nothing else.
  return btoa(
    JSON.stringify(value).replace(
      /[\u0080-\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  )
}

/** Reasoning that travels on a later part of its turn. */
export interface Travelling {
  part: ReasoningPart
  /** Text of the turn stands between it and what carries it. */
  early: boolean
}

/** A turn's whole reasoning in one slot, for wires whose clients send no reasoning back but its signature (Gemini). */
export function carryReasoning(travelling: readonly Travelling[]): string {
  return packed({
    tl: 1,
    r: travelling.map(({ part, early }) => ({
      t: part.text,
      ...(part.redacted === true ? { x: true } : {}),
      ...(part.sealed ? { s: short(part.sealed) } : {}),
      ...(early ? { e: true } : {}),
    })),
  })
}

/** The reasoning inside a carried text; undefined where it carries none. Never throws. */
export function readReasoning(text: string): Travelling[] | undefined {
  const pack = text.startsWith(MARK) ? opened(text) : undefined
  if (!pack || !Array.isArray(pack.r)) return undefined
  return pack.r.filter(isObject).map((given) => {
    const sealed = isObject(given.s) ? sealIn(given.s) : undefined
    return {
      part: {
        kind: 'reasoning',
        text: typeof given.t === 'string' ? given.t : '',
        ...(given.x === true ? { redacted: true } : {}),
        ...(sealed ? { sealed } : {}),
      },
      early: given.e === true,
    }
  })
}

/** The summary that stands for a conversation, in the slot of a vendor's own compaction. */
export function carrySummary(text: string): string {
  return packed({ tl: 1, c: text })
}

/** The summary inside a carried text; undefined where it is none of ours. Never throws. */
export function readSummary(text: string): string | undefined {
  const pack = text.startsWith(MARK) ? opened(text) : undefined
  return typeof pack?.c === 'string' ? pack.c : undefined
}

/** The seal inside a carried text: unpacked, or the slot's own value under `kind`. Never throws. */
export function readSeal(text: string, slot: DialectId, kind: Seal['kind']): Seal {
  return (text.startsWith(MARK) ? unpack(text) : undefined) ?? { dialect: slot, kind, value: text }
}

function unpack(text: string): Seal | undefined {
  const pack = opened(text)
  return pack && sealIn(pack)
}

/** Undefined for another's value that happens to begin like ours. */
function opened(text: string): JsonObject | undefined {
  let pack: Json
  try {
    pack = JSON.parse(atob(text)) as Json
  } catch {
    return undefined
  }
  return isObject(pack) && pack.tl === 1 ? pack : undefined
}

function sealIn({ d, m, a, k, v }: JsonObject): Seal | undefined {
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
