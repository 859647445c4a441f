// Token log-probabilities: Google's two parallel lists, and OpenAI's one.

import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'

/** `content` as OpenAI defines it; undefined when there is none. */
export function decodeLogprobs(wire: Json | undefined): Json[] | undefined {
  if (!isObject(wire) || !Array.isArray(wire.chosenCandidates)) return undefined
  const tops = Array.isArray(wire.topCandidates) ? wire.topCandidates : []
  return wire.chosenCandidates.filter(isObject).map((chosen, index) => {
    const top = tops[index]
    const list = isObject(top) && Array.isArray(top.candidates) ? top.candidates : []
    return { ...entry(chosen), top_logprobs: list.filter(isObject).map(entry) }
  })
}

function entry(wire: JsonObject): JsonObject {
  const token = asString(wire.token) ?? ''
  return { token, logprob: asNumber(wire.logProbability) ?? 0, bytes: [...Buffer.from(token)] }
}

export function encodeLogprobs(logprobs: Json | undefined): JsonObject | undefined {
  if (!isObject(logprobs) || !Array.isArray(logprobs.content)) return undefined
  const rows = logprobs.content.filter(isObject)
  const back = (row: JsonObject): JsonObject => ({
    token: row.token,
    logProbability: row.logprob,
  })
  return {
    chosenCandidates: rows.map(back),
    topCandidates: rows.map((row) => ({
      candidates: (Array.isArray(row.top_logprobs) ? row.top_logprobs : []).filter(isObject).map(back),
    })),
  }
}
