// Looks at answers without building them: usage, finish reason and failure stand in the last event.

import type { Meter, Metered, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { failureOf } from './finish.ts'
import { messageOf } from './response.ts'
import { decodeUsage } from './usage.ts'

function take(result: Metered, wire: JsonObject): void {
  const usage = decodeUsage(wire.usage)
  if (usage) result.usage = usage
  result.finish = [typeof wire.finish_reason === 'string' ? wire.finish_reason : null]
  const failed = failureOf(wire.finish_reason, wire.error)
  if (failed) result.error = failed
}

export function meter(_quirks: Quirks): Meter {
  const result: Metered = { finish: [], terminal: false }
  return {
    result,
    worth: /message-end/g,
    frame({ data }) {
      if (!data.includes('"message-end"')) return
      let wire: Json
      try {
        wire = JSON.parse(data) as Json
      } catch {
        return
      }
      if (!isObject(wire) || wire.type !== 'message-end') return
      result.terminal = true
      if (isObject(wire.delta)) take(result, wire.delta)
    },
  }
}

export function inspect(wire: Json, _quirks: Quirks): Metered {
  const result: Metered = { finish: [], terminal: true }
  const message = messageOf(wire)
  if (message instanceof GatewayError) return { ...result, error: message }
  if (isObject(wire)) take(result, wire)
  return result
}
