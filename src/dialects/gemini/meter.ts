// Looks at relayed answers: usage (the last value of each count), the finish word, an error event. The end of a stream
// has no marker of its own; it is complete once a finish word was said, or the prompt was refused.

import type { Frame, Meter, Metered, Quirks } from '../../core/dialect.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { errorInside, notAnAnswer } from './error.ts'
import { finishWord } from './finish.ts'
import { decodeUsage, mergeUsage } from './usage.ts'

const WORTH = /usageMetadata|finishReason|promptFeedback|"error"/g

export function meter(_quirks: Quirks): Meter {
  const result: Metered = { finish: [], terminal: false }
  let counts: JsonObject | undefined
  return {
    result,
    worth: WORTH,
    frame({ data }: Frame) {
      WORTH.lastIndex = 0
      if (!WORTH.test(data)) return
      let wire: Json
      try {
        wire = JSON.parse(data) as Json
      } catch {
        return
      }
      const error = errorInside(wire)
      if (error) result.error = error
      if (!isObject(wire)) return
      counts = look(wire, counts, result)
    },
  }
}

export function inspect(wire: Json, _quirks: Quirks): Metered {
  const result: Metered = { finish: [], terminal: true }
  const chunks = Array.isArray(wire) ? wire : [wire]
  let counts: JsonObject | undefined
  for (const chunk of chunks) {
    if (
      isObject(chunk) &&
      chunk.error === undefined &&
      (chunk.candidates ?? chunk.promptFeedback) !== undefined
    )
      counts = look(chunk, counts, result)
    else result.error = notAnAnswer(chunk)
  }
  return result
}

/** Notes what one chunk says; returns the counts so far. */
function look(wire: JsonObject, before: JsonObject | undefined, result: Metered): JsonObject | undefined {
  for (const [position, candidate] of (Array.isArray(wire.candidates) ? wire.candidates : []).entries()) {
    if (!isObject(candidate)) continue
    const word = finishWord(candidate.finishReason)
    if (word === undefined) continue
    result.finish[typeof candidate.index === 'number' ? candidate.index : position] = word
    result.terminal = true
  }
  if (isObject(wire.promptFeedback) && typeof wire.promptFeedback.blockReason === 'string') {
    result.finish[0] = wire.promptFeedback.blockReason
    result.terminal = true
  }
  const counts = mergeUsage(before, wire.usageMetadata)
  const usage = decodeUsage(counts)
  if (usage) result.usage = usage
  return counts
}
