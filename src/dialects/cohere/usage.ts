// Usage, both ways. `tokens` counts the rendered prompt, cached tokens included; `billed_units` is what is paid for and
// stays in `raw`.

import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import { ID } from './own.ts'

export function decodeUsage(wire: Json | undefined): Usage | undefined {
  if (!isObject(wire)) return undefined
  const counted = isObject(wire.tokens) ? wire.tokens : isObject(wire.billed_units) ? wire.billed_units : {}
  const input = asNumber(counted.input_tokens)
  const output = asNumber(counted.output_tokens)
  const cached = asNumber(wire.cached_tokens)
  return {
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(cached === undefined ? {} : { cacheRead: cached }),
    raw: { dialect: ID, value: wire },
  }
}

export function encodeUsage(usage: Usage | undefined): JsonObject {
  if (usage?.raw?.dialect === ID) return usage.raw.value
  const tokens = { input_tokens: usage?.input ?? 0, output_tokens: usage?.output ?? 0 }
  return {
    billed_units: tokens,
    tokens,
    ...(usage?.cacheRead === undefined ? {} : { cached_tokens: usage.cacheRead }),
  }
}
