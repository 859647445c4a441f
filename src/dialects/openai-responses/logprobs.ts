// Log-probabilities of a token: Chat's objects, save that bytes are always a list here.

import { type Json, isObject } from '../../core/json.ts'

/** Chat has null for a token without bytes; the legacy wire tells none. */
export function encodeLogprob(row: Json): Json {
  if (!isObject(row)) return row
  const { bytes, top_logprobs: tops } = row
  return {
    ...row,
    bytes: bytes ?? [],
    top_logprobs: Array.isArray(tops)
      ? tops.map((top) => (isObject(top) ? { ...top, bytes: top.bytes ?? [] } : top))
      : [],
  }
}
