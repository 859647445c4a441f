// Finish reasons, both ways.

import type { Finish, FinishReason } from '../../core/response.ts'

const READ: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  // Together; Mistral; Z.ai; DeepSeek (its machines gave out in mid-answer).
  eos: 'stop',
  model_length: 'length',
  sensitive: 'content_filter',
  model_context_window_exceeded: 'context_full',
  insufficient_system_resource: 'length',
}

const WRITTEN: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  stop_sequence: 'stop',
  tool_calls: 'tool_calls',
  length: 'length',
  context_full: 'length',
  content_filter: 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
  compaction: 'stop',
  unknown: 'stop',
}

export function decodeFinish(word: unknown): Finish {
  if (typeof word !== 'string' || word === '') return { reason: 'unknown', raw: null }
  return { reason: READ[word] ?? 'unknown', raw: word }
}

export function encodeFinish({ reason }: Finish, calledTools: boolean): string {
  // A call that says "stop" would end an agent's loop early.
  return calledTools && (reason === 'stop' || reason === 'unknown') ? 'tool_calls' : WRITTEN[reason]
}
