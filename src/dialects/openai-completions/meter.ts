// Looks at relayed completions: usage, finish reasons, an error inside, the terminal frame.

import type { Frame, Meter, Metered, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, asNumber, isObject } from '../../core/json.ts'
import { errorInside } from '../openai-family/error.ts'
import { decodeUsage } from '../openai-family/usage.ts'

const WORTH = /"usage"\s*:\s*\{|"finish_reason"\s*:\s*"|"error"/
const WORTH_LOOK = new RegExp(`${WORTH.source}|\\[DONE\\]`, 'g')

export function meter(quirks: Quirks): Meter {
  const result: Metered = { finish: [], terminal: false }
  return {
    result,
    worth: WORTH_LOOK,
    frame({ data }: Frame) {
      if (data === '[DONE]') result.terminal = true
      else if (WORTH.test(data))
        try {
          take(JSON.parse(data) as Json, quirks, result)
        } catch {
          // No JSON, no news: the caller's own parser will tell it.
        }
    },
  }
}

export function inspect(wire: Json, quirks: Quirks): Metered {
  const result: Metered = { finish: [], terminal: true }
  take(wire, quirks, result)
  if (!result.error && (!isObject(wire) || !Array.isArray(wire.choices)))
    result.error = new GatewayError('bad_upstream_response', 'the upstream answered 200 without choices')
  return result
}

function take(wire: Json, quirks: Quirks, result: Metered): void {
  if (!isObject(wire)) return
  const error = errorInside(wire)
  if (error) result.error = error
  const usage = decodeUsage(wire.usage, quirks)
  if (usage) result.usage = usage
  for (const choice of Array.isArray(wire.choices) ? wire.choices : [])
    if (isObject(choice) && typeof choice.finish_reason === 'string' && choice.finish_reason !== '')
      result.finish[asNumber(choice.index) ?? 0] = choice.finish_reason
}
