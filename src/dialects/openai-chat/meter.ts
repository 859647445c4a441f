// Looks at relayed Chat answers: usage (the last wins), finish reasons, an error inside, the terminal frame.

import type { Frame, Meter, Metered, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, asNumber, isObject } from '../../core/json.ts'
import { errorInside } from './error.ts'
import { decodeUsage } from '../openai-family/usage.ts'

/** Only frames that can hold something of interest are parsed: one substring search each for the rest. */
const WORTH = /"usage"\s*:\s*\{|"finish_reason"\s*:\s*"|"error"/
/** The same over a whole read, framing included: the terminal frame and named events too. */
const WORTH_LOOK = new RegExp(`${WORTH.source}|\\[DONE\\]|event:`, 'g')

export function meter(quirks: Quirks): Meter {
  const result: Metered = { finish: [], terminal: false }
  return {
    result,
    worth: WORTH_LOOK,
    frame({ data, event }: Frame) {
      if (data === '[DONE]') {
        result.terminal = true
        return
      }
      if (event !== 'error' && !WORTH.test(data)) return
      let wire: Json
      try {
        wire = JSON.parse(data) as Json
      } catch {
        return
      }
      take(wire, quirks, result)
      if (event === 'error' && !result.error)
        result.error = new GatewayError('bad_upstream_response', JSON.stringify(wire).slice(0, 300))
    },
  }
}

export function inspect(wire: Json, quirks: Quirks): Metered {
  const result: Metered = { finish: [], terminal: true }
  take(wire, quirks, result)
  if (!result.error && isObject(wire) && (!Array.isArray(wire.choices) || wire.choices.length === 0))
    result.error = new GatewayError('bad_upstream_response', 'the upstream answered 200 without choices')
  return result
}

function take(wire: Json, quirks: Quirks, result: Metered): void {
  if (!isObject(wire)) {
    result.error ??= new GatewayError(
      'bad_upstream_response',
      'the upstream answered 200 with no JSON object',
    )
    return
  }
  const error = errorInside(wire)
  if (error) {
    // OpenRouter tells what became of its upstream after all was said (recorded: "Token limit reached" after `length`).
    const words = Array.from(result.finish)
    if (!result.error && words.length > 0 && words.every((word) => typeof word === 'string'))
      result.late = true
    result.error = error
  }
  const usage = decodeUsage(usageIn(wire), quirks)
  if (usage) result.usage = usage
  if (!Array.isArray(wire.choices)) return
  for (const choice of wire.choices) {
    if (!isObject(choice)) continue
    const word = choice.finish_reason
    if (typeof word === 'string' && word !== '') result.finish[asNumber(choice.index) ?? 0] = word
  }
}

/** Usage at its usual place, under `x_groq`, or inside the first choice (Moonshot). */
export function usageIn(wire: Json): unknown {
  if (!isObject(wire)) return undefined
  if (isObject(wire.usage)) return wire.usage
  if (isObject(wire.x_groq) && isObject(wire.x_groq.usage)) return wire.x_groq.usage
  const first = Array.isArray(wire.choices) ? wire.choices[0] : undefined
  return isObject(first) ? first.usage : undefined
}
