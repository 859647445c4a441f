// Reasoning items, both ways. An item holds readable pieces (of a summary, of the thought itself) and the encrypted whole
// that lets it be replayed; here it is one part, its pieces joined by a blank line.

import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Seal } from '../../core/origin.ts'
import type { ReasoningPart } from '../../core/part.ts'
import { carrySeal, readSeal } from '../../core/seal.ts'
import { originOf, ownShape, rest } from './members.ts'

/** Between the pieces of one item's text. */
export const JOINT = '\n\n'

/** Stands for "there is no seal": clients that keep no state drop reasoning items without an encrypted content. */
const READABLE: Seal = { dialect: 'openai-chat', kind: 'reference', value: 'readable' }

const LISTS = { summary: 'summary_text', content: 'reasoning_text' } as const
type ListName = keyof typeof LISTS

/** Undefined for an item whose pieces are of a kind not known: it is kept whole. */
export function decodeReasoning(wire: JsonObject): ReasoningPart | undefined {
  const pieces: Json[] = []
  const texts: string[] = []
  const shape: JsonObject = {}
  const lists: ListName[] = []
  for (const name of ['summary', 'content'] as const) {
    const list = wire[name]
    if (!Array.isArray(list)) continue
    for (const piece of list) {
      if (!isObject(piece) || piece.type !== LISTS[name] || typeof piece.text !== 'string') return undefined
      if (Object.keys(piece).length !== 2) return undefined
      pieces.push([name, piece.text.length])
      texts.push(piece.text)
    }
    lists.push(name)
  }
  const part: ReasoningPart = { kind: 'reasoning', text: texts.join(JOINT) }
  const known = ['type', ...lists]
  if (typeof wire.encrypted_content === 'string') {
    known.push('encrypted_content')
    const sealed = readSeal(wire.encrypted_content, 'openai-responses', 'encrypted')
    if (sealed.kind === READABLE.kind && sealed.value === READABLE.value) shape.packed = true
    else part.sealed = sealed
    // Not this vendor's: the item was made by us, and no server of this wire knows it.
    if (sealed.dialect !== 'openai-responses') shape.packed = true
    // What is nowhere to be read is redacted where it came from.
    if (sealed.kind === 'redacted') part.redacted = true
  }
  const item = rest(wire, new Set(known))
  if (Object.keys(item).length > 0) shape.item = item
  if (lists.length !== 1 || lists[0] !== 'summary') shape.lists = lists
  if (pieces.length > 1 || (pieces.length === 1 && (pieces[0] as Json[])[0] !== 'summary'))
    shape.pieces = pieces
  else if (pieces.length === 1 && part.text === '') shape.pieces = pieces
  const origin = originOf({}, shape)
  if (origin) part.origin = origin
  return part
}

/** An item of our own making, from another vendor's reasoning. */
export function isPacked(part: ReasoningPart): boolean {
  return ownShape(part.origin).packed === true
}

/** @param readable whether an item without a seal gets a stand-in for it. */
export function encodeReasoning(part: ReasoningPart, readable: boolean): JsonObject {
  const shape = ownShape(part.origin)
  const lists = Array.isArray(shape.lists) ? (shape.lists as ListName[]) : (['summary'] as const)
  const wire: JsonObject = { type: 'reasoning' }
  for (const name of lists) wire[name] = []
  for (const [name, text] of piecesOf(part, shape)) {
    const list = wire[name]
    const piece = { type: LISTS[name], text }
    if (Array.isArray(list)) list.push(piece)
    else wire[name] = [piece]
  }
  const sealed = part.sealed ?? (readable ? READABLE : undefined)
  if (sealed) wire.encrypted_content = carrySeal(sealed, 'openai-responses')
  return Object.assign(wire, isObject(shape.item) ? shape.item : {})
}

function piecesOf(part: ReasoningPart, shape: JsonObject): [ListName, string][] {
  const lengths = shape.pieces as [ListName, number][] | undefined
  if (!lengths) return part.text === '' ? [] : [['summary', part.text]]
  const found: [ListName, string][] = []
  let at = 0
  for (const [name, length] of lengths) {
    found.push([name, part.text.slice(at, at + length)])
    at += length + JOINT.length
  }
  // A text that was edited since has lost its joints.
  return at - JOINT.length === part.text.length ? found : [[lengths[0]?.[0] ?? 'summary', part.text]]
}
