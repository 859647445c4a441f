// The answer to a warm-up (`generate: false` over a WebSocket): a response of nothing, with an id to go on from.

import type { AnswerContext } from '../../core/dialect.ts'
import type { JsonObject } from '../../core/json.ts'
import { sseFrame } from '../../wire/sse.ts'
import { echoOf } from './request-encode.ts'
import { answerHead } from './response.ts'
import { encodeUsage } from './usage.ts'

/** @returns the finished response, and the stream that tells it. */
export function warmUp(context: AnswerContext): { response: JsonObject; frames: string } {
  const head = answerHead('', context.created, context)
  const echo = echoOf(context.request)
  const begun = { ...head, status: 'in_progress', incomplete_details: null, ...echo, output: [] }
  const response = {
    ...begun,
    status: 'completed',
    completed_at: context.created,
    usage: encodeUsage({ input: 0, output: 0, total: 0 }),
  }
  const event = (type: string, sequence: number, told: JsonObject): string =>
    sseFrame(type, JSON.stringify({ type, sequence_number: sequence, response: told }))
  return {
    response,
    frames: event('response.created', 0, begun) + event('response.completed', 1, response),
  }
}
