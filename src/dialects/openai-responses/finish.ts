// How an answer ended, both ways: a status, and for an incomplete one a reason.

import { type JsonObject, asString, isObject } from '../../core/json.ts'
import type { Finish, FinishReason } from '../../core/response.ts'

const REASONS: Readonly<Record<string, FinishReason>> = {
  max_output_tokens: 'length',
  max_messages: 'length',
  content_filter: 'content_filter',
}

const INCOMPLETE: Readonly<Partial<Record<FinishReason, string>>> = {
  length: 'max_output_tokens',
  context_full: 'max_output_tokens',
  content_filter: 'content_filter',
  refusal: 'content_filter',
}

/** @param called the caller is asked to make a call. */
export function decodeFinish(wire: JsonObject, called: boolean): Finish {
  const status = asString(wire.status)
  if (status === 'incomplete') {
    const word = isObject(wire.incomplete_details) ? asString(wire.incomplete_details.reason) : undefined
    return { reason: REASONS[word ?? ''] ?? 'unknown', raw: word ?? status }
  }
  if (status !== undefined && status !== 'completed') return { reason: 'unknown', raw: status }
  return { reason: called ? 'tool_calls' : 'stop', raw: status ?? null }
}

export interface Ending {
  status: string
  details: JsonObject | null
}

/** @param own the answer came on this wire: a status that only it knows (queued) stays. */
export function encodeFinish({ reason, raw }: Finish, own: boolean): Ending {
  const why = INCOMPLETE[reason]
  if (why !== undefined)
    return { status: 'incomplete', details: { reason: own && typeof raw === 'string' ? raw : why } }
  if (own && reason === 'unknown' && typeof raw === 'string' && raw !== 'incomplete')
    return STATUSES.has(raw)
      ? { status: raw, details: null }
      : { status: 'incomplete', details: { reason: raw } }
  return { status: 'completed', details: null }
}

const STATUSES: ReadonlySet<string> = new Set(['queued', 'in_progress', 'cancelled', 'failed'])
