// Finish reasons, both ways. ERROR and TIMEOUT come with status 200: they are failures, not endings.

import { GatewayError } from '../../core/error.ts'
import type { Json } from '../../core/json.ts'
import type { Finish, FinishReason } from '../../core/response.ts'

const READ: Readonly<Record<string, FinishReason>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop_sequence',
  TOOL_CALL: 'tool_calls',
  MAX_TOKENS: 'length',
  ERROR_TOXIC: 'content_filter',
}

const WRITTEN: Readonly<Record<FinishReason, string>> = {
  stop: 'COMPLETE',
  stop_sequence: 'STOP_SEQUENCE',
  tool_calls: 'TOOL_CALL',
  length: 'MAX_TOKENS',
  context_full: 'MAX_TOKENS',
  content_filter: 'COMPLETE',
  refusal: 'COMPLETE',
  pause: 'COMPLETE',
  compaction: 'COMPLETE',
  unknown: 'COMPLETE',
}

export function decodeFinish(word: Json | undefined): Finish {
  return typeof word === 'string'
    ? { reason: READ[word] ?? 'unknown', raw: word }
    : { reason: 'unknown', raw: null }
}

/** The failure that a finish reason tells of, with the words beside it. */
export function failureOf(word: Json | undefined, said: Json | undefined): GatewayError | undefined {
  if (word !== 'ERROR' && word !== 'TIMEOUT') return undefined
  const why = typeof said === 'string' && said !== '' ? said : `the upstream ended its answer with ${word}`
  return new GatewayError(word === 'TIMEOUT' ? 'upstream_timeout' : 'bad_upstream_response', why, {
    phase: 'stream',
  })
}

/** @param own the answer came from this dialect: its own word goes out again. */
export function finishWord(finish: Finish, called: boolean, own: boolean): string {
  if (own && typeof finish.raw === 'string') return finish.raw
  const { reason } = finish
  if (called && (reason === 'stop' || reason === 'unknown')) return 'TOOL_CALL'
  return !called && reason === 'tool_calls' ? 'COMPLETE' : WRITTEN[reason]
}
