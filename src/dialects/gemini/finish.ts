// Finish reasons, both ways. Google says STOP also where a call was made: whether the answer ends in calls is seen from
// its parts, of the whole answer and never of the chunk that says STOP.

import type { Json } from '../../core/json.ts'
import type { Finish, FinishReason } from '../../core/response.ts'

const READ: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  // More would come for a continuation token (Gemini 4); nobody asked for it.
  CONTINUATION: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  LANGUAGE: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  MODEL_ARMOR: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  NO_IMAGE: 'stop',
  IMAGE_OTHER: 'stop',
  OTHER: 'stop',
}

/** Ends that leave no usable answer: the model's own output could not be read. */
export const MALFORMED: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MALFORMED_RESPONSE',
])

/** The enum's numbers, which older clients ask for (`$alt=json;enum-encoding=int`). */
const NUMBERED = [
  'FINISH_REASON_UNSPECIFIED',
  'STOP',
  'MAX_TOKENS',
  'SAFETY',
  'RECITATION',
  'OTHER',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'MALFORMED_FUNCTION_CALL',
  'IMAGE_SAFETY',
]

const WRITTEN: Readonly<Record<FinishReason, string>> = {
  stop: 'STOP',
  stop_sequence: 'STOP',
  tool_calls: 'STOP',
  length: 'MAX_TOKENS',
  context_full: 'MAX_TOKENS',
  content_filter: 'SAFETY',
  refusal: 'SAFETY',
  pause: 'STOP',
  compaction: 'STOP',
  unknown: 'STOP',
}

/** The wire's word, or undefined where none was said yet. */
export function finishWord(wire: Json | undefined): string | undefined {
  if (typeof wire === 'number') return NUMBERED[wire] ?? `FINISH_REASON_${wire}`
  return typeof wire === 'string' && wire !== '' && wire !== 'FINISH_REASON_UNSPECIFIED' ? wire : undefined
}

export function decodeFinish(word: string | undefined, called: boolean, message: Json | undefined): Finish {
  const read = word === undefined ? 'unknown' : (READ[word] ?? 'unknown')
  const finish: Finish = { reason: called && read === 'stop' ? 'tool_calls' : read, raw: word ?? null }
  if (message !== undefined) finish.detail = message
  return finish
}

/** @param own the answer came from this dialect: its own word goes out again. */
export function encodeFinish({ reason, raw }: Finish, own: boolean): string {
  return own && typeof raw === 'string' ? raw : WRITTEN[reason]
}
