// Usage, both ways. This wire counts additively: `input_tokens` is only what no cache had a part in. Canonical input
// is inclusive, as OpenAI counts.

import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'

/** Undefined when nothing readable was reported. */
export function decodeUsage(wire: Json | undefined): Usage | undefined {
  if (!isObject(wire)) return undefined
  const fresh = asNumber(wire.input_tokens)
  const read = asNumber(wire.cache_read_input_tokens)
  const written = asNumber(wire.cache_creation_input_tokens)
  const output = asNumber(wire.output_tokens)
  const creation = isObject(wire.cache_creation) ? wire.cache_creation : {}
  const details = isObject(wire.output_tokens_details) ? wire.output_tokens_details : {}
  const hour = asNumber(creation.ephemeral_1h_input_tokens)
  const thinking = asNumber(details.thinking_tokens)
  return {
    ...(fresh === undefined ? {} : { input: fresh + (read ?? 0) + (written ?? 0) }),
    ...(output === undefined ? {} : { output }),
    ...(read === undefined ? {} : { cacheRead: read }),
    ...(written === undefined ? {} : { cacheWrite: written }),
    ...(hour === undefined ? {} : { cacheWrite1h: hour }),
    ...(thinking === undefined ? {} : { reasoning: thinking }),
    raw: { dialect: 'anthropic-messages', value: wire },
  }
}

/** A later report of the same stream over an earlier one: cumulative, so it replaces, but null says nothing. */
export function mergeUsage(before: JsonObject | undefined, later: Json | undefined): JsonObject | undefined {
  if (!isObject(later)) return before
  const merged: JsonObject = { ...before }
  for (const [key, value] of Object.entries(later))
    if (value !== null || merged[key] === undefined) merged[key] = value
  return merged
}

/**
 * Of a whole message. Always an object with all four counters: official clients read it unguarded. Unknown counts are 0;
 * the other members that the vendor's description requires are null.
 */
export function messageUsage(usage: Usage | undefined): JsonObject {
  if (usage?.raw?.dialect === 'anthropic-messages') return usage.raw.value
  return { ...counters(usage), cache_creation: creation(usage), service_tier: null }
}

/** Of message_delta, which tells less than message_start. */
export function deltaUsage(usage: Usage | undefined): JsonObject {
  if (usage?.raw?.dialect === 'anthropic-messages') return usage.raw.value
  const split = creation(usage)
  return { ...counters(usage), ...(split ? { cache_creation: split } : {}) }
}

function counters(usage: Usage | undefined): JsonObject {
  const read = usage?.cacheRead ?? 0
  const written = writtenOf(usage)
  return {
    input_tokens: Math.max(0, (usage?.input ?? 0) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: usage?.output ?? 0,
    ...(usage?.reasoning === undefined
      ? {}
      : { output_tokens_details: { thinking_tokens: usage.reasoning } }),
    server_tool_use: null,
  }
}

function creation(usage: Usage | undefined): JsonObject | null {
  const hour = usage?.cacheWrite1h
  return hour === undefined
    ? null
    : {
        ephemeral_5m_input_tokens: Math.max(0, writtenOf(usage) - hour),
        ephemeral_1h_input_tokens: hour,
      }
}

/** Some hosts count more written than there was input: the sum of the three must stay the input. */
function writtenOf(usage: Usage | undefined): number {
  return Math.min(usage?.cacheWrite ?? 0, Math.max(0, (usage?.input ?? 0) - (usage?.cacheRead ?? 0)))
}
