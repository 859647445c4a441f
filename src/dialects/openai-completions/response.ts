// Whole completions, both ways.

import type { AnswerContext, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import { originFrom } from '../../core/members.ts'
import type { Note } from '../../core/note.ts'
import type { Choice, GenerationResponse } from '../../core/response.ts'
import { errorInside } from '../openai-family/error.ts'
import { rest } from '../openai-family/members.ts'
import { decodeUsage, encodeUsage } from '../openai-family/usage.ts'
import { decodeFinish, encodeFinish } from './finish.ts'
import { decodeLogprobs, encodeLogprobs } from './logprobs.ts'

const ROOT = new Set(['id', 'object', 'created', 'model', 'choices', 'usage'])
const CHOICE = new Set(['index', 'text', 'message', 'finish_reason', 'logprobs'])

/** @throws GatewayError `bad_upstream_response` for an error object or a body without choices. */
export function decodeResponse(wire: Json, quirks: Quirks): GenerationResponse {
  if (!isObject(wire))
    throw new GatewayError('bad_upstream_response', 'the upstream answered 200 with no JSON object')
  const inside = errorInside(wire)
  if (inside) throw inside
  if (!Array.isArray(wire.choices) || wire.choices.length === 0)
    throw new GatewayError('bad_upstream_response', 'the upstream answered 200 without choices')
  const usage = decodeUsage(wire.usage, quirks)
  const origin = originFrom('openai-completions', rest(wire, ROOT))
  return {
    id: asString(wire.id) ?? '',
    model: asString(wire.model) ?? '',
    created: asNumber(wire.created) ?? 0,
    choices: wire.choices.filter(isObject).map(decodeChoice),
    ...(usage ? { usage } : {}),
    ...(origin ? { origin } : {}),
  }
}

function decodeChoice(wire: JsonObject, position: number): Choice {
  const text = textOf(wire)
  const logprobs = decodeLogprobs(wire.logprobs)
  const origin = originFrom('openai-completions', rest(wire, CHOICE))
  return {
    index: asNumber(wire.index) ?? position,
    parts: text === '' ? [] : [{ kind: 'text', text }],
    finish: decodeFinish(wire.finish_reason),
    ...(logprobs ? { logprobs: { content: logprobs } } : {}),
    ...(origin ? { origin } : {}),
  }
}

/** The text of a choice; Mistral's fill-in-the-middle has it where Chat does. */
export function textOf(wire: JsonObject): string {
  const inner = isObject(wire.message) ? wire.message : isObject(wire.delta) ? wire.delta : undefined
  return asString(wire.text) ?? asString(inner?.content) ?? ''
}

/** The prompt stands before the answer where the caller asked for its echo. */
export function echoOf({ request }: AnswerContext): string {
  if (request?.origin?.shape?.echo !== true) return ''
  const part = request.messages[0]?.parts[0]
  return part?.kind === 'text' ? part.text : ''
}

export function encodeResponse(
  response: GenerationResponse,
  context: AnswerContext,
): { body: JsonObject; notes: Note[] } {
  const notes: Note[] = []
  const echo = echoOf(context)
  const body: JsonObject = {
    id: response.id === '' ? `cmpl-${context.id}` : response.id,
    object: 'text_completion',
    created: response.created === 0 ? context.created : response.created,
    model: context.model,
    choices: response.choices.map((choice) => {
      let text = echo
      for (const part of choice.parts) {
        if (part.kind === 'text' || part.kind === 'refusal') text += part.text
        if (part.kind !== 'text' || (part.citations ?? []).length > 0)
          notes.push({
            field: `choices[${choice.index}].${part.kind}`,
            action: part.kind === 'refusal' ? 'approximated' : 'dropped',
            why: 'a completion is text',
          })
      }
      const logprobs = isObject(choice.logprobs) ? choice.logprobs.content : undefined
      return {
        text,
        index: choice.index,
        logprobs: Array.isArray(logprobs) ? encodeLogprobs(logprobs, echo.length) : null,
        finish_reason: encodeFinish(choice.finish),
        ...(choice.origin?.dialect === 'openai-completions' ? choice.origin.extras : {}),
      }
    }),
  }
  if (response.usage) body.usage = encodeUsage(response.usage)
  if (response.origin?.dialect === 'openai-completions') Object.assign(body, response.origin.extras)
  return { body, notes }
}
