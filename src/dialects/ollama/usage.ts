// Counts and durations of an Ollama answer, both ways. `prompt_eval_count` is absent when the whole prompt was cached:
// then the input is unknown. Durations are nanoseconds and stay in the raw usage.

import { type JsonObject, asNumber } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'

export const COUNTERS = [
  'total_duration',
  'load_duration',
  'prompt_eval_count',
  'prompt_eval_duration',
  'eval_count',
  'eval_duration',
] as const

/** Undefined when the answer counts nothing. */
export function decodeUsage(wire: JsonObject): Usage | undefined {
  const value: JsonObject = {}
  for (const name of COUNTERS) if (wire[name] !== undefined) value[name] = wire[name]
  const input = asNumber(wire.prompt_eval_count)
  const output = asNumber(wire.eval_count)
  if (Object.keys(value).length === 0 || (input === undefined && output === undefined)) return undefined
  const usage: Usage = { raw: { dialect: 'ollama', value } }
  if (input !== undefined) usage.input = input
  if (output !== undefined) usage.output = output
  if (input !== undefined && output !== undefined) usage.total = input + output
  return usage
}

/** Counts as Ollama names them; durations only where Ollama measured them. */
export function encodeUsage(usage: Usage | undefined): JsonObject {
  if (!usage) return {}
  if (usage.raw?.dialect === 'ollama') return usage.raw.value
  return {
    ...(usage.input === undefined ? {} : { prompt_eval_count: usage.input }),
    ...(usage.output === undefined ? {} : { eval_count: usage.output }),
  }
}
