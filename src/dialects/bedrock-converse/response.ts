// Whole answers, both ways.

import type { AnswerContext, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { Note } from '../../core/note.ts'
import type { GenerationResponse } from '../../core/response.ts'
import { decodeBlocks, ownBlocks } from './blocks.ts'
import { decodeFinish, stopReason } from './finish.ts'
import { ID, originOf, ownExtras } from './own.ts'
import { decodeUsage, encodeUsage } from './usage.ts'

const MESSAGE = new Set(['role', 'content'])
const ROOT = new Set(['output', 'stopReason', 'usage'])

/** @throws GatewayError `bad_upstream_response` for anything that holds no message. */
export function decodeResponse(wire: Json, _quirks: Quirks): GenerationResponse {
  const message = messageOf(wire)
  if (message instanceof GatewayError) throw message
  const root = wire as JsonObject
  const usage = decodeUsage(root.usage)
  return {
    // The wire has neither id nor model; the gateway's own stand in.
    id: '',
    model: '',
    created: 0,
    choices: [
      {
        index: 0,
        parts: decodeBlocks(Array.isArray(message.content) ? message.content : []),
        finish: decodeFinish(root),
      },
    ],
    ...(usage ? { usage } : {}),
    origin: { dialect: ID, ...originOf({ ...unread(root, ROOT), ...unread(message, MESSAGE) }) },
  }
}

/** The message of an answer, or why there is none. */
export function messageOf(wire: Json): JsonObject | GatewayError {
  if (!isObject(wire))
    return new GatewayError('bad_upstream_response', 'the upstream answered 200 with no JSON object')
  const message = isObject(wire.output) ? wire.output.message : undefined
  if (isObject(message)) return message
  const said = asString(wire.message) ?? asString(wire.Message)
  return new GatewayError(
    'bad_upstream_response',
    `the upstream answered 200 without a message: ${said ?? JSON.stringify(wire).slice(0, 300)}`,
  )
}

export function encodeResponse(
  response: GenerationResponse,
  _context: AnswerContext,
): { body: JsonObject; notes: Note[] } {
  const notes: Note[] = []
  const own = response.origin?.dialect === ID
  const [choice, ...others] = response.choices
  if (others.length > 0)
    notes.push({ field: 'choices', action: 'dropped', why: 'a message is one answer: the first is sent' })
  const parts = choice?.parts ?? []
  const body: JsonObject = {
    output: { message: { role: 'assistant', content: ownBlocks(parts) } },
    stopReason: stopReason(
      choice?.finish ?? { reason: 'unknown' },
      parts.some((part) => part.kind === 'tool_call'),
      own,
    ),
    usage: encodeUsage(response.usage),
  }
  if (choice?.logprobs !== undefined && choice.logprobs !== null)
    notes.push({ field: 'logprobs', action: 'dropped', why: 'a message holds none' })
  return { body: Object.assign(body, ownExtras(response.origin)), notes }
}
