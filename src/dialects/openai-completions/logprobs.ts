// Log-probabilities: four parallel lists here, a list of objects in Chat.

import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'

/** The objects of Chat; undefined when the wire has none. */
export function decodeLogprobs(wire: Json | undefined): Json[] | undefined {
  if (!isObject(wire) || !Array.isArray(wire.tokens)) return undefined
  const { tokens } = wire
  const values = Array.isArray(wire.token_logprobs) ? wire.token_logprobs : []
  const tops = Array.isArray(wire.top_logprobs) ? wire.top_logprobs : []
  return tokens.map((token, index) => {
    const top = tops[index]
    return {
      token,
      logprob: values[index] ?? null,
      bytes: null,
      top_logprobs: isObject(top)
        ? Object.entries(top).map(([text, logprob]) => ({
            token: text,
            logprob: logprob ?? null,
            bytes: null,
          }))
        : [],
    }
  })
}

/** @param offset characters of the answer before these tokens. */
export function encodeLogprobs(content: readonly Json[], offset: number): JsonObject {
  let at = offset
  const rows = content.filter(isObject)
  return {
    tokens: rows.map((row) => asString(row.token) ?? ''),
    token_logprobs: rows.map((row) => asNumber(row.logprob) ?? null),
    top_logprobs: rows.map((row) =>
      Object.fromEntries(
        (Array.isArray(row.top_logprobs) ? row.top_logprobs : [])
          .filter(isObject)
          .map((top) => [asString(top.token) ?? '', asNumber(top.logprob) ?? null]),
      ),
    ),
    text_offset: rows.map((row) => {
      const here = at
      at += (asString(row.token) ?? '').length
      return here
    }),
  }
}
