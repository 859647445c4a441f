// Usage, both ways: input includes what came from a cache, output includes reasoning, as canonical counts do.

import type { Quirks } from '../../core/dialect.ts'
import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'

/** Undefined when nothing readable was reported. */
export function decodeUsage(wire: Json | undefined, _quirks: Quirks): Usage | undefined {
  if (!isObject(wire)) return undefined
  const read = isObject(wire.input_tokens_details) ? wire.input_tokens_details : {}
  const made = isObject(wire.output_tokens_details) ? wire.output_tokens_details : {}
  const usage: Usage = { raw: { dialect: 'openai-responses', value: wire } }
  const set = (key: Exclude<keyof Usage, 'raw'>, value: number | undefined): void => {
    if (value !== undefined) usage[key] = value
  }
  set('input', asNumber(wire.input_tokens))
  set('output', asNumber(wire.output_tokens))
  set('total', asNumber(wire.total_tokens))
  set('cacheRead', asNumber(read.cached_tokens))
  set('cacheWrite', asNumber(read.cache_write_tokens))
  set('reasoning', asNumber(made.reasoning_tokens))
  set('audioInput', asNumber(read.audio_tokens))
  set('audioOutput', asNumber(made.audio_tokens))
  return usage
}

/** Both detail objects and all counts: typed clients read them unguarded. Unknown counts are 0. */
export function encodeUsage(usage: Usage): JsonObject {
  if (usage.raw?.dialect === 'openai-responses') return usage.raw.value
  const input = usage.input ?? 0
  const output = usage.output ?? 0
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: usage.cacheRead ?? 0,
      cache_write_tokens: usage.cacheWrite ?? 0,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: input + output,
  }
}
