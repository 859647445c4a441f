// Usage, both ways. This wire counts additively, as Anthropic does: `inputTokens` is what no cache had a part in.

import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import { ID } from './own.ts'

export function decodeUsage(wire: Json | undefined): Usage | undefined {
  if (!isObject(wire)) return undefined
  const fresh = asNumber(wire.inputTokens)
  const read = asNumber(wire.cacheReadInputTokens)
  const written = asNumber(wire.cacheWriteInputTokens)
  const output = asNumber(wire.outputTokens)
  const total = asNumber(wire.totalTokens)
  const hour = hourOf(wire.cacheDetails)
  return {
    ...(fresh === undefined ? {} : { input: fresh + (read ?? 0) + (written ?? 0) }),
    ...(output === undefined ? {} : { output }),
    ...(total === undefined ? {} : { total }),
    ...(read === undefined ? {} : { cacheRead: read }),
    ...(written === undefined ? {} : { cacheWrite: written }),
    ...(hour === undefined ? {} : { cacheWrite1h: hour }),
    raw: { dialect: ID, value: wire },
  }
}

function hourOf(details: Json | undefined): number | undefined {
  const row = Array.isArray(details) ? details.find((one) => isObject(one) && one.ttl === '1h') : undefined
  return isObject(row) ? asNumber(row.inputTokens) : undefined
}

/** The three demanded counts; an unknown one is 0. */
export function encodeUsage(usage: Usage | undefined): JsonObject {
  if (usage?.raw?.dialect === ID) return usage.raw.value
  const read = usage?.cacheRead
  const written = usage?.cacheWrite
  const input = Math.max(0, (usage?.input ?? 0) - (read ?? 0) - (written ?? 0))
  const output = usage?.output ?? 0
  return {
    inputTokens: input,
    outputTokens: output,
    totalTokens: usage?.total ?? input + (read ?? 0) + (written ?? 0) + output,
    ...(read === undefined ? {} : { cacheReadInputTokens: read }),
    ...(written === undefined ? {} : { cacheWriteInputTokens: written }),
  }
}
