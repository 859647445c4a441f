// Whole answers, both ways.

import type { AnswerContext, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { Part } from '../../core/part.ts'
import type { Choice, GenerationResponse } from '../../core/response.ts'
import { answerId, errorInside } from './error.ts'
import { decodeFinish, encodeFinish } from './finish.ts'
import { assistantParts } from './items-decode.ts'
import { type AnswerItems, encodeParts } from './items-encode.ts'
import { encodeLogprob } from './logprobs.ts'
import { ownExtras, rest } from './members.ts'
import { spellings } from './names.ts'
import { wantsSealed } from './request-decode.ts'
import { echoOf } from './request-encode.ts'
import { decodeUsage, encodeUsage } from './usage.ts'

const ROOT: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created_at',
  'model',
  'output',
  'usage',
  'status',
  'incomplete_details',
  'error',
])

/** @throws GatewayError `bad_upstream_response` for what is no response; its own error where it failed. */
export function decodeResponse(wire: Json, quirks: Quirks): GenerationResponse {
  if (!isObject(wire))
    throw new GatewayError('bad_upstream_response', 'the upstream answered 200 with no JSON object')
  const inside = errorInside(wire)
  if (inside) throw inside
  if (!Array.isArray(wire.output))
    throw new GatewayError('bad_upstream_response', 'the upstream answered 200 without output')
  const parts = wire.output.flatMap((item, index) =>
    isObject(item) ? assistantParts(item, `output[${index}]`) : [],
  )
  const choice: Choice = { index: 0, parts, finish: decodeFinish(wire, parts.some(isCall)) }
  const logprobs = wire.output.flatMap(logprobsOf)
  if (logprobs.length > 0) choice.logprobs = { content: logprobs }
  const usage = decodeUsage(wire.usage, quirks)
  return {
    id: asString(wire.id) ?? '',
    model: asString(wire.model) ?? '',
    created: asNumber(wire.created_at) ?? 0,
    choices: [choice],
    ...(usage ? { usage } : {}),
    origin: { dialect: 'openai-responses', extras: answerExtras(wire) },
  }
}

/** Members of the answer that the vocabulary has no word for: the echo of the request, and news. */
export function answerExtras(wire: JsonObject): JsonObject {
  return rest(wire, ROOT)
}

const isCall = (part: Part): boolean => part.kind === 'tool_call'

function logprobsOf(item: Json): Json[] {
  if (!isObject(item) || !Array.isArray(item.content)) return []
  return item.content.flatMap((part) => (isObject(part) && Array.isArray(part.logprobs) ? part.logprobs : []))
}

export function encodeResponse(
  response: GenerationResponse,
  context: AnswerContext,
): { body: JsonObject; notes: Note[] } {
  const notes: Note[] = []
  const own = response.origin?.dialect === 'openai-responses'
  const [choice, ...others] = response.choices
  if (others.length > 0)
    notes.push({ field: 'choices', action: 'dropped', why: 'a response is one answer: the first is sent' })
  const finish = choice?.finish ?? { reason: 'unknown' as const }
  const ending = encodeFinish(finish, own)
  const answer = answerItems(context, own)
  const parts = choice?.parts ?? []
  const output: JsonObject[] = []
  for (const part of runs(parts)) {
    // Only what was being said when the limit came is incomplete.
    const last = part.at(-1) === parts.at(-1) && ending.status === 'incomplete'
    output.push(...encodeParts(part, 'output', { own, notes, answer: { ...answer, ...(last ? CUT : {}) } }))
  }
  if (output.length === 0 && !own) output.push(emptyMessage(answer))
  addLogprobs(output, choice, own)
  const body: JsonObject = {
    ...answerHead(response.id, response.created, context, own),
    status: ending.status,
    completed_at: ending.status === 'completed' ? context.created : null,
    incomplete_details: ending.details,
    ...echoOf(context.request),
    output,
    ...(response.usage ? { usage: encodeUsage(response.usage) } : {}),
  }
  const extras = ownExtras(response.origin)
  const answered = extras ? Object.assign(withoutEcho(body), extras) : body
  context.keep?.(answered)
  return { body: answered, notes }
}

const CUT = { status: 'incomplete' } as const

/** An answer of this wire brings its own echo; what it does not say is not said for it. */
function withoutEcho(body: JsonObject): JsonObject {
  const { id, object, created_at, error, model, status, incomplete_details, output, usage } = body
  return { id, object, created_at, error, model, status, incomplete_details, output, usage }
}

/** Parts in stretches that each become one item or one message. */
function runs(parts: readonly Part[]): Part[][] {
  const found: Part[][] = []
  for (const part of parts) {
    const last = found.at(-1)
    const joins = part.kind === 'text' || part.kind === 'refusal'
    const before = last?.at(-1)
    if (last && joins && (before?.kind === 'text' || before?.kind === 'refusal')) last.push(part)
    else found.push([part])
  }
  return found
}

function addLogprobs(output: readonly JsonObject[], choice: Choice | undefined, own: boolean): void {
  const logprobs = isObject(choice?.logprobs) ? choice.logprobs.content : undefined
  if (own || !Array.isArray(logprobs)) return
  const message = output.find((item) => item.type === 'message')
  const part = Array.isArray(message?.content) ? message.content.find(isObject) : undefined
  if (part?.type === 'output_text') part.logprobs = logprobs.map(encodeLogprob)
}

/** What every form of an answer begins with. */
export function answerHead(id: string, created: number, context: AnswerContext, own = false): JsonObject {
  return {
    id: own && id !== '' ? id : answerId(context.id),
    object: 'response',
    created_at: created === 0 ? context.created : created,
    background: false,
    error: null,
    model: context.model,
  }
}

export function emptyMessage(answer: AnswerItems): JsonObject {
  return {
    id: answer.id('msg'),
    type: 'message',
    status: answer.status,
    role: 'assistant',
    content: [{ type: 'output_text', annotations: [], logprobs: [], text: '' }],
  }
}

/** Item ids are the call's with the item's number: stable within one answer, unlike in any other. */
export function answerItems(context: AnswerContext, own: boolean): AnswerItems {
  const base = context.id.replace(/^req_/, '')
  let count = 0
  return {
    id: (prefix) => `${prefix}_${base}${String(count++).padStart(2, '0')}`,
    status: 'completed',
    spelling: spellings(context.request),
    readable: !own && wantsSealed(context.request),
  }
}
