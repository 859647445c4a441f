// Looks at relayed answers: the answer's id in the first event, usage and status in the last. All other frames are
// forwarded unparsed.

import type { Frame, Meter, Metered, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, isObject } from '../../core/json.ts'
import { errorInside, errorSaid } from './error.ts'
import { decodeUsage } from './usage.ts'

const FIRST: ReadonlySet<unknown> = new Set(['response.created', 'response.queued'])
const LAST: ReadonlySet<unknown> = new Set(['response.completed', 'response.incomplete', 'response.failed'])
/** For hosts that send no `event:` line; the words may stand in a text, so `type` is looked at after parsing. */
const WORTH = /response\.(?:created|queued|completed|incomplete|failed)|"type"\s*:\s*"error"|"error"\s*:\s*\{/
const WORTH_LOOK = new RegExp(`${WORTH.source}|event: ?error`, 'g')

export function meter(quirks: Quirks): Meter {
  const result: Metered = { finish: [], terminal: false }
  return {
    result,
    worth: WORTH_LOOK,
    frame({ event, data }: Frame) {
      if (result.terminal || (event !== 'error' && !WORTH.test(data))) return
      let wire: Json
      try {
        wire = JSON.parse(data) as Json
      } catch {
        return
      }
      if (!isObject(wire)) return
      const { type, response } = wire
      if (FIRST.has(type) && isObject(response)) takeId(response, result)
      else if (LAST.has(type) && isObject(response)) {
        takeId(response, result)
        const usage = decodeUsage(response.usage, quirks)
        if (usage) result.usage = usage
        result.terminal = true
        result.answer = response
        if (type === 'response.failed') result.error = errorSaid(response)
        else result.finish = [typeof response.status === 'string' ? response.status : null]
      } else if (type === 'error' || event === 'error' || (type === undefined && isObject(wire.error)))
        result.error = errorSaid(wire)
    },
  }
}

function takeId(response: { id?: Json | undefined }, result: Metered): void {
  if (typeof response.id === 'string' && response.id !== '') result.id = response.id
}

export function inspect(wire: Json, quirks: Quirks): Metered {
  const result: Metered = { finish: [], terminal: true }
  if (!isObject(wire)) {
    result.error = new GatewayError('bad_upstream_response', 'the upstream answered 200 with no JSON object')
    return result
  }
  const error = errorInside(wire)
  if (error) result.error = error
  else if (!Array.isArray(wire.output))
    result.error = new GatewayError('bad_upstream_response', 'the upstream answered 200 without output')
  takeId(wire, result)
  result.answer = wire
  const usage = decodeUsage(wire.usage, quirks)
  if (usage) result.usage = usage
  if (typeof wire.status === 'string') result.finish = [wire.status]
  return result
}
