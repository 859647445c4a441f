// Google's thought signatures on this wire: `extra_content.google.thought_signature` on a tool call, or on the message
// where a text is signed. Google's own compatible endpoint has the field, and clients of it echo it.

import { type JsonObject, isObject } from '../../core/json.ts'
import type { Seal } from '../../core/origin.ts'
import { carrySeal, readSeal } from '../../core/seal.ts'

/** The signature of a call or a message; undefined where there is none, or more than we read. */
export function thoughtSeal({ extra_content: extra }: JsonObject): Seal | undefined {
  const google = isObject(extra) && Object.keys(extra).length === 1 ? extra.google : undefined
  if (!isObject(google) || Object.keys(google).length !== 1) return undefined
  const { thought_signature: text } = google
  return typeof text === 'string' && text !== '' ? readSeal(text, 'gemini', 'signature') : undefined
}

/** The other way; undefined for another vendor's seal. One whose account is known travels packed, to go back only there. */
export function extraContent(sealed: Seal | undefined): JsonObject | undefined {
  if (sealed?.dialect !== 'gemini') return undefined
  const text = sealed.account === undefined ? sealed.value : carrySeal(sealed, 'openai-chat')
  return { google: { thought_signature: text } }
}
