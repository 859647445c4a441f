// Looks at answers without building them: the usage in `metadata`, the stop reason, an exception.

import type { Meter, Metered, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, isObject } from '../../core/json.ts'
import { ERROR_EVENT } from '../../wire/aws-event-stream.ts'
import { exceptionOf } from './error.ts'
import { messageOf } from './response.ts'
import { decodeUsage } from './usage.ts'

export function meter(_quirks: Quirks): Meter {
  const result: Metered = { finish: [], terminal: false }
  return {
    result,
    worth: /messageStop|metadata|xception|error/g,
    frame({ event, data }) {
      const failed = event.endsWith('Exception') || event === ERROR_EVENT
      if (!failed && event !== 'messageStop' && event !== 'metadata') return
      let wire: Json
      try {
        wire = JSON.parse(data) as Json
      } catch {
        wire = data
      }
      if (failed) result.error = exceptionOf(event, wire)
      else if (!isObject(wire)) return
      else if (event === 'metadata') {
        const usage = decodeUsage(wire.usage)
        if (usage) result.usage = usage
      } else {
        result.terminal = true
        result.finish = [typeof wire.stopReason === 'string' ? wire.stopReason : null]
      }
    },
  }
}

export function inspect(wire: Json, _quirks: Quirks): Metered {
  const result: Metered = { finish: [], terminal: true }
  const message = messageOf(wire)
  if (message instanceof GatewayError) return { ...result, error: message }
  if (!isObject(wire)) return result
  const usage = decodeUsage(wire.usage)
  if (usage) result.usage = usage
  result.finish = [typeof wire.stopReason === 'string' ? wire.stopReason : null]
  return result
}
