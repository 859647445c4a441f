// Whole answers, both ways.

import type { AnswerContext, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { Note } from '../../core/note.ts'
import type { Part } from '../../core/part.ts'
import type { GenerationResponse } from '../../core/response.ts'
import { citedPart, decodeCall, decodeCitation, decodePiece, encodeCall, encodePiece } from './content.ts'
import { decodeFinish, failureOf, finishWord } from './finish.ts'
import { ID, PLAN, isPlan, originOf, ownExtras } from './own.ts'
import { decodeUsage, encodeUsage } from './usage.ts'

const ROOT = new Set(['id', 'finish_reason', 'message', 'usage'])
const MESSAGE = new Set(['role', 'content', 'tool_plan', 'tool_calls', 'citations'])

/** @throws GatewayError `bad_upstream_response` for what is no message, or says that it failed. */
export function decodeResponse(wire: Json, _quirks: Quirks): GenerationResponse {
  const found = messageOf(wire)
  if (found instanceof GatewayError) throw found
  const root = wire as JsonObject
  const { content, tool_plan: plan, tool_calls: calls, citations } = found
  const parts: Part[] = Array.isArray(content) ? content.map(decodePiece) : []
  if (typeof content === 'string') parts.push({ kind: 'text', text: content })
  const written = [...parts]
  if (typeof plan === 'string' && plan !== '') parts.push({ kind: 'reasoning', text: plan, origin: PLAN })
  if (Array.isArray(calls)) parts.push(...calls.map(decodeCall))
  for (const citation of Array.isArray(citations) ? citations : []) {
    const part = written[citedPart(written, citation)]
    if (part?.kind === 'text') part.citations = [...(part.citations ?? []), decodeCitation(citation)]
  }
  const usage = decodeUsage(root.usage)
  return {
    id: asString(root.id) ?? '',
    model: '',
    created: 0,
    choices: [{ index: 0, parts, finish: decodeFinish(root.finish_reason) }],
    ...(usage ? { usage } : {}),
    origin: { dialect: ID, ...originOf({ ...unread(root, ROOT), ...unread(found, MESSAGE) }) },
  }
}

/** The message of an answer, or why there is none. */
export function messageOf(wire: Json): JsonObject | GatewayError {
  if (!isObject(wire))
    return new GatewayError('bad_upstream_response', 'the upstream answered 200 with no JSON object')
  const failed = failureOf(wire.finish_reason, wire.error)
  if (failed) return failed
  if (isObject(wire.message)) return wire.message
  const said = asString(wire.message) ?? JSON.stringify(wire).slice(0, 300)
  return new GatewayError('bad_upstream_response', `the upstream answered 200 without a message: ${said}`)
}

export function encodeResponse(
  response: GenerationResponse,
  context: AnswerContext,
): { body: JsonObject; notes: Note[] } {
  const notes: Note[] = []
  const own = response.origin?.dialect === ID
  const [choice, ...others] = response.choices
  if (others.length > 0)
    notes.push({
      field: 'choices',
      action: 'dropped',
      why: 'an answer is one message here: the first is sent',
    })
  const parts = choice?.parts ?? []
  const plan = parts.find(isPlan)
  const calls = parts.flatMap((part) => encodeCall(part, (name) => name))
  const written = parts.filter((part) => !isPlan(part) && part.kind !== 'tool_call')
  const content = written.flatMap((part): JsonObject[] => {
    const piece = encodePiece(part)
    return piece ? [piece] : []
  })
  const citations = parts.flatMap((part) =>
    part.kind === 'text'
      ? (part.citations ?? []).filter((one) => one.dialect === ID).map((one) => one.raw)
      : [],
  )
  const body: JsonObject = {
    id: response.id === '' ? context.id : response.id,
    finish_reason: finishWord(choice?.finish ?? { reason: 'unknown' }, calls.length > 0, own),
    message: {
      role: 'assistant',
      ...(plan?.kind === 'reasoning' ? { tool_plan: plan.text } : {}),
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
      ...(content.length > 0 ? { content } : {}),
      ...(citations.length > 0 ? { citations } : {}),
    },
    usage: encodeUsage(response.usage),
  }
  return { body: Object.assign(body, ownExtras(response.origin)), notes }
}
