// Chat usage, both ways. Canonical counts follow OpenAI: prompt includes cached tokens, completion includes reasoning.

import type { Quirks } from '../../core/dialect.ts'
import { type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'

/** Undefined when the host reported nothing readable. */
export function decodeUsage(wire: unknown, quirks: Quirks): Usage | undefined {
  if (!isObject(wire)) return undefined
  const input = asNumber(wire.prompt_tokens)
  let output = asNumber(wire.completion_tokens)
  const total = asNumber(wire.total_tokens)
  const inputDetails = isObject(wire.prompt_tokens_details) ? wire.prompt_tokens_details : {}
  const outputDetails = isObject(wire.completion_tokens_details) ? wire.completion_tokens_details : {}
  let reasoning = asNumber(outputDetails.reasoning_tokens) ?? asNumber(wire.reasoning_tokens)
  const sum = (input ?? 0) + (output ?? 0)
  if (output !== undefined && reasoning !== undefined) {
    // xAI counts reasoning beside completion: its total says so.
    const beside =
      quirks.outputExcludesReasoning === true ||
      (reasoning > 0 && input !== undefined && total === sum + reasoning) ||
      (quirks.outputExcludesReasoning === 'if_larger' && reasoning > output)
    if (beside) output += reasoning
  } else if (quirks.outputExcludesReasoning === 'from_total' && total !== undefined && total > sum) {
    // Google's compatible endpoint tells hidden thinking by the total alone.
    if (output !== undefined && input !== undefined) {
      reasoning = total - sum
      output += reasoning
    }
  }
  const usage: Usage = { raw: { dialect: 'openai-chat', value: wire } }
  const set = (key: Exclude<keyof Usage, 'raw'>, value: number | undefined): void => {
    if (value !== undefined) usage[key] = value
  }
  set('input', input)
  set('output', output)
  set('total', total)
  set('reasoning', reasoning)
  // Where the count of cached tokens stands: OpenAI and most; DeepSeek; Moonshot and Together.
  set(
    'cacheRead',
    asNumber(inputDetails.cached_tokens) ??
      asNumber(wire.prompt_cache_hit_tokens) ??
      asNumber(wire.cached_tokens) ??
      asNumber(wire.num_cached_tokens),
  )
  set(
    'cacheWrite',
    asNumber(inputDetails.cache_write_tokens) ??
      asNumber(inputDetails.cache_creation_input_tokens) ??
      asNumber(wire.cache_creation_input_tokens),
  )
  set('audioInput', asNumber(inputDetails.audio_tokens))
  set('audioOutput', asNumber(outputDetails.audio_tokens))
  set('acceptedPrediction', asNumber(outputDetails.accepted_prediction_tokens))
  set('rejectedPrediction', asNumber(outputDetails.rejected_prediction_tokens))
  return usage
}

/** Some hosts have details as null, which the vendor's description and its typed clients do not take. */
function withoutNulls(wire: JsonObject): JsonObject {
  if (wire.prompt_tokens_details !== null && wire.completion_tokens_details !== null) return wire
  const { prompt_tokens_details: input, completion_tokens_details: output, ...rest } = wire
  return {
    ...rest,
    ...(input == null ? {} : { prompt_tokens_details: input }),
    ...(output == null ? {} : { completion_tokens_details: output }),
  }
}

export function encodeUsage(usage: Usage): JsonObject {
  if (usage.raw?.dialect === 'openai-chat') {
    const raw = withoutNulls(usage.raw.value)
    if (usage.output === undefined || usage.output === raw.completion_tokens) return raw
    // A host that counts reasoning elsewhere is put right.
    return { ...raw, completion_tokens: usage.output, total_tokens: (usage.input ?? 0) + usage.output }
  }
  const input = usage.input ?? 0
  const output = usage.output ?? 0
  const wire: JsonObject = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead ?? 0,
      ...(usage.cacheWrite === undefined ? {} : { cache_write_tokens: usage.cacheWrite }),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
  }
  // Anthropic's own counters ride along under their own names, as the widespread gateways have it.
  if (usage.raw?.dialect === 'anthropic-messages')
    for (const name of [
      'cache_creation_input_tokens',
      'cache_read_input_tokens',
      'cache_creation',
      'server_tool_use',
      'iterations',
      'service_tier',
    ])
      if (usage.raw.value[name] !== undefined) wire[name] = usage.raw.value[name]
  return wire
}
