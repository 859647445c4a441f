// What a host's record says must be taken out of, or read out of, the text of its answers before anybody sees it.

import { collector, replay } from '../core/collect.ts'
import type { Quirks } from '../core/dialect.ts'
import type { EventSink, StreamEvent } from '../core/event.ts'
import type { GenerationRequest } from '../core/request.ts'
import type { GenerationResponse } from '../core/response.ts'
import { echoedPrefix } from './echoed-prefix.ts'
import { writtenCalls } from './written-calls.ts'

/** Passes the event on, or what becomes of it. */
export type AnswerFilter = (event: StreamEvent, next: EventSink) => void

/** Undefined for nearly every call. One filter an answer. */
export function answerFilter(
  request: GenerationRequest | undefined,
  quirks: Quirks,
): AnswerFilter | undefined {
  if (!request) return undefined
  const prefix = quirks.prefill === 'prefix_echoed' ? echoedPrefix(request) : undefined
  const written = quirks.writtenCalls === true ? writtenCalls(request) : undefined
  if (!prefix || !written) return prefix ?? written
  return (event, next) => prefix(event, (step) => written(step, next))
}

/** The same for an answer that is here whole. */
export function filtered(response: GenerationResponse, filter: AnswerFilter): GenerationResponse {
  const fold = collector()
  replay(response, (event) => filter(event, fold.event))
  return fold.response()
}
