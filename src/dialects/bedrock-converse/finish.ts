// Stop reasons, both ways.

import { type JsonObject, asString, isObject } from '../../core/json.ts'
import type { Finish, FinishReason } from '../../core/response.ts'

const READ: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop_sequence',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'context_full',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
}

const WRITTEN: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  stop_sequence: 'stop_sequence',
  tool_calls: 'tool_use',
  length: 'max_tokens',
  context_full: 'model_context_window_exceeded',
  content_filter: 'content_filtered',
  refusal: 'content_filtered',
  pause: 'end_turn',
  compaction: 'end_turn',
  unknown: 'end_turn',
}

/** From `stopReason`, and the stop sequence where the caller asked for that response field. */
export function decodeFinish(wire: JsonObject): Finish {
  const word = asString(wire.stopReason)
  const finish: Finish =
    word === undefined ? { reason: 'unknown', raw: null } : { reason: READ[word] ?? 'unknown', raw: word }
  const more = wire.additionalModelResponseFields
  const sequence = isObject(more) ? more.stop_sequence : undefined
  if (sequence === null || typeof sequence === 'string') finish.stopSequence = sequence
  return finish
}

/** @param own the answer came from this dialect: its own word goes out again. */
export function stopReason(finish: Finish, calledTools: boolean, own: boolean): string {
  if (own && typeof finish.raw === 'string') return finish.raw
  const { reason } = finish
  if (calledTools && (reason === 'stop' || reason === 'unknown')) return 'tool_use'
  return !calledTools && reason === 'tool_calls' ? 'end_turn' : WRITTEN[reason]
}
