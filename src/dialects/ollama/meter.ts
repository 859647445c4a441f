// Looks at relayed Ollama answers: counts, the done reason, an error line, the last line.

import type { Frame, Meter, Metered } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, asString, isObject } from '../../core/json.ts'
import { errorInside } from './error.ts'
import { decodeUsage } from './usage.ts'

const WORTH = /"done"\s*:\s*true|"error"/

export function meter(): Meter {
  const result: Metered = { finish: [], terminal: false }
  return {
    result,
    worth: new RegExp(WORTH.source, 'g'),
    frame({ data }: Frame) {
      if (!WORTH.test(data)) return
      try {
        take(JSON.parse(data) as Json, result)
      } catch {
        // A line that is no JSON tells nothing; the stream's missing end will.
      }
    },
  }
}

export function inspect(wire: Json): Metered {
  const result: Metered = { finish: [], terminal: false }
  take(wire, result)
  if (!result.error && !result.terminal)
    result.error = new GatewayError('bad_upstream_response', 'the upstream answered 200 without being done')
  return result
}

function take(wire: Json, result: Metered): void {
  if (!isObject(wire)) return
  const error = errorInside(wire)
  if (error) result.error = error
  if (wire.done !== true) return
  result.terminal = true
  result.finish[0] = asString(wire.done_reason) ?? 'stop'
  const usage = decodeUsage(wire)
  if (usage) result.usage = usage
}
