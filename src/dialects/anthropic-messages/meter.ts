// Looks at relayed answers: usage (message_start and every message_delta, non-null later counts win), the stop reason,
// an error event, the terminal message_stop. All other frames are forwarded unparsed.

import type { Frame, Meter, Metered, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { errorInside } from './error.ts'
import { decodeUsage, mergeUsage } from './usage.ts'

const WORTH: ReadonlySet<string> = new Set(['message_start', 'message_delta', 'message_stop', 'error'])
/** For hosts that send no `event:` line; the name may stand in a text, so `type` is looked at after parsing. */
const WORTH_DATA = /"(?:message_start|message_delta|message_stop|error)"/
/** The same over a whole read. A text that holds one of the words only costs a second look. */
const WORTH_LOOK = /message_st|message_delta|error/g

export function meter(_quirks: Quirks): Meter {
  const result: Metered = { finish: [], terminal: false }
  let raw: JsonObject | undefined
  const take = (usage: Json | undefined): void => {
    raw = mergeUsage(raw, usage)
    const read = decodeUsage(raw)
    if (read) result.usage = read
  }
  return {
    result,
    worth: WORTH_LOOK,
    frame({ event, data }: Frame) {
      // What follows the end is no part of this answer.
      if (result.terminal) return
      if (event === 'message_stop') result.terminal = true
      if (event === 'message_stop' || (event === '' ? !WORTH_DATA.test(data) : !WORTH.has(event))) return
      let wire: Json
      try {
        wire = JSON.parse(data) as Json
      } catch {
        return
      }
      if (!isObject(wire)) return
      const type = event === '' ? wire.type : event
      if (type === 'message_stop') result.terminal = true
      else if (type === 'message_start' && isObject(wire.message)) take(wire.message.usage)
      else if (type === 'message_delta') {
        take(wire.usage)
        if (isObject(wire.delta) && typeof wire.delta.stop_reason === 'string')
          result.finish = [wire.delta.stop_reason]
      } else if (type === 'error')
        result.error =
          errorInside(wire) ?? new GatewayError('bad_upstream_response', JSON.stringify(wire).slice(0, 300))
    },
  }
}

export function inspect(wire: Json, _quirks: Quirks): Metered {
  const result: Metered = { finish: [], terminal: true }
  if (!isObject(wire)) {
    result.error = new GatewayError('bad_upstream_response', 'the upstream answered 200 with no JSON object')
    return result
  }
  const usage = decodeUsage(wire.usage)
  if (usage) result.usage = usage
  if (wire.type !== 'message') result.error = notAMessage(wire)
  else result.finish = [typeof wire.stop_reason === 'string' ? wire.stop_reason : null]
  return result
}

/** A 200 that holds no message: an error object, or something else altogether. */
export function notAMessage(wire: JsonObject): GatewayError {
  const inside = errorInside(wire)
  return new GatewayError(
    'bad_upstream_response',
    inside ? inside.message : 'the upstream answered 200 without a message',
    { phase: 'firstByte' },
  )
}
