// Which hosts' answers a Chat caller cannot be given as they are. Decided from the record and a glance at the request: what
// needs no rewriting is relayed.

import { CALL_ID_MARK } from '../../core/call-id.ts'
import type { EncodeTarget, Glance } from '../../core/dialect.ts'
import { isObject } from '../../core/json.ts'
import { continues } from './fit-prefill.ts'
import { thinkingIsOff } from './fit-tools.ts'

/** Kimi counts its calls from 0 in every turn (`functions.f:0`), on whichever host it runs. */
const KIMI = /kimi/i

export function rewrites(
  { quirks, model }: Pick<EncodeTarget, 'model' | 'quirks'>,
  { stream, member, holds }: Glance,
): boolean {
  if (quirks.citations !== undefined || quirks.frames !== undefined) return true
  const tools = (): boolean => {
    const list = member('tools')
    return Array.isArray(list) && list.length > 0
  }
  if (quirks.writtenCalls === true && tools()) return true
  if ((quirks.toolCallIds === 'repeated' || KIMI.test(model)) && (holds(`"${CALL_ID_MARK}`) || tools()))
    return true
  if (
    quirks.wholeAnswers === 'unless_thinking' &&
    !stream &&
    !thinkingIsOff({
      enable_thinking: member('enable_thinking'),
      reasoning_effort: member('reasoning_effort'),
      thinking: member('thinking'),
    })
  )
    return true
  if (quirks.prefill !== 'prefix_echoed') return false
  const messages = member('messages')
  const last = Array.isArray(messages) ? messages.at(-1) : undefined
  return isObject(last) && continues({ continue_final_message: member('continue_final_message') }, last)
}
