// Stop reasons, both ways.

import type { Finish, FinishReason } from '../../core/response.ts'
import { type Json, type JsonObject, asString } from '../../core/json.ts'

const READ: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop_sequence',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'context_full',
  refusal: 'refusal',
  pause_turn: 'pause',
  compaction: 'compaction',
}

const WRITTEN: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  stop_sequence: 'stop_sequence',
  tool_calls: 'tool_use',
  length: 'max_tokens',
  context_full: 'model_context_window_exceeded',
  content_filter: 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  compaction: 'compaction',
  unknown: 'end_turn',
}

/** From `stop_reason`, `stop_sequence` and `stop_details`, wherever they stand (message or message_delta). */
export function decodeFinish(wire: JsonObject): Finish {
  const word = asString(wire.stop_reason)
  const finish: Finish =
    word === undefined ? { reason: 'unknown', raw: null } : { reason: READ[word] ?? 'unknown', raw: word }
  const { stop_sequence: sequence, stop_details: detail } = wire
  if (sequence === null || typeof sequence === 'string') finish.stopSequence = sequence
  if (detail !== undefined) finish.detail = detail
  return finish
}

/** @param own the answer came from this dialect: its own word goes out again, also one we do not know. */
export function encodeFinish(finish: Finish, calledTools: boolean, own: boolean): JsonObject {
  const detail: Json | undefined =
    finish.detail ?? (finish.detail === null || (!own && refused(finish.reason)) ? null : undefined)
  return {
    stop_reason: stopReason(finish, calledTools, own),
    stop_sequence: finish.stopSequence ?? null,
    ...(detail === undefined ? {} : { stop_details: detail }),
  }
}

function refused(reason: FinishReason): boolean {
  return reason === 'refusal' || reason === 'content_filter'
}

function stopReason(finish: Finish, calledTools: boolean, own: boolean): string | null {
  if (own && finish.raw !== undefined) return finish.raw
  const { reason } = finish
  // A call that says end_turn ends an agent's loop early; tool_use without a call never ends it.
  if (calledTools && (reason === 'stop' || reason === 'unknown')) return 'tool_use'
  if (!calledTools && reason === 'tool_calls') return 'end_turn'
  return WRITTEN[reason]
}
