// Whole answers, both ways.

import type { AnswerContext, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { Origin } from '../../core/origin.ts'
import type { Part } from '../../core/part.ts'
import type { GenerationResponse } from '../../core/response.ts'
import { RAW_ARGUMENTS, parseInput } from '../../core/tool-input.ts'
import { decodeBlock, ownBlock, sealBlock } from './blocks.ts'
import { decodeFinish, encodeFinish } from './finish.ts'
import { originOf, ownExtras, rest } from './members.ts'
import { notAMessage } from './meter.ts'
import { answerId } from './names.ts'
import { decodeUsage, messageUsage } from './usage.ts'

const ROOT = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'stop_details',
  'usage',
])

/** Unread members of a message (container, diagnostics, input_transformations ...), and where they came from. */
export function messageOrigin(wire: JsonObject): Origin {
  return { dialect: 'anthropic-messages', ...originOf(rest(wire, ROOT), {}) }
}

/** @throws GatewayError `bad_upstream_response` for an error object or anything else that is no message. */
export function decodeResponse(wire: Json, _quirks: Quirks): GenerationResponse {
  // Vertex says a failed stream as a list of one error.
  if (Array.isArray(wire) && isObject(wire[0])) throw notAMessage(wire[0])
  if (!isObject(wire))
    throw new GatewayError('bad_upstream_response', 'the upstream answered 200 with no JSON object')
  if (wire.type !== 'message') throw notAMessage(wire)
  if (!Array.isArray(wire.content))
    throw new GatewayError('bad_upstream_response', 'the upstream answered a message without content')
  const usage = decodeUsage(wire.usage)
  return {
    id: asString(wire.id) ?? '',
    model: asString(wire.model) ?? '',
    created: 0,
    choices: [
      { index: 0, parts: wire.content.map((block) => decodeBlock(block)), finish: decodeFinish(wire) },
    ],
    ...(usage ? { usage } : {}),
    origin: messageOrigin(wire),
  }
}

/**
 * An id of this wire stays; any other becomes the call's own. Claude Code joins turns whose ids are alike into one, and
 * some hosts hand out few (Ollama `chatcmpl-` and a number below 1000) or the same every time.
 */
export function messageId(id: string, own: boolean, context: AnswerContext): string {
  return own && id !== '' ? id : `msg_${context.id}`
}

export function encodeResponse(
  response: GenerationResponse,
  context: AnswerContext,
): { body: JsonObject; notes: Note[] } {
  const notes: Note[] = []
  const own = response.origin?.dialect === 'anthropic-messages'
  const [choice, ...others] = response.choices
  if (others.length > 0)
    notes.push({ field: 'choices', action: 'dropped', why: 'a message is one answer: the first is sent' })
  const parts = choice?.parts ?? []
  const body: JsonObject = {
    id: messageId(response.id, own, context),
    type: 'message',
    role: 'assistant',
    model: context.model,
    content: parts.flatMap((part, index) => answerBlock(part, own, `content[${index}]`, notes)),
    ...encodeFinish(
      choice?.finish ?? { reason: 'unknown' },
      parts.some((part) => part.kind === 'tool_call'),
      own,
    ),
    usage: messageUsage(response.usage),
  }
  if (choice?.logprobs !== undefined && choice.logprobs !== null)
    notes.push({ field: 'logprobs', action: 'dropped', why: 'a message holds none' })
  return { body: Object.assign(body, ownExtras(response.origin)), notes }
}

function answerBlock(part: Part, own: boolean, at: string, notes: Note[]): JsonObject[] {
  switch (part.kind) {
    case 'text':
      // Empty text blocks are refused when a client sends the answer back.
      if (!own && part.text === '') return part.sealed ? [sealBlock(part.sealed, 'next')] : []
      if (part.citations?.some((one) => one.dialect !== 'anthropic-messages') === true)
        notes.push({
          field: `${at}.citations`,
          action: 'dropped',
          why: 'their form here needs encrypted pointers',
        })
      return part.sealed ? [...ownBlock(part), sealBlock(part.sealed, 'before')] : ownBlock(part)
    case 'refusal':
      if (part.text === '') return []
      notes.push({ field: `${at}.refusal`, action: 'moved', why: 'a refusal is told as text here' })
      return [{ type: 'text', text: part.text }]
    case 'reasoning':
      if (part.sealed !== undefined || own) return ownBlock(part)
      // Shown, but not fit to be sent back to this vendor: the empty signature says so.
      return [{ type: 'thinking', thinking: part.text, signature: '' }]
    case 'tool_call': {
      if (own) return ownBlock(part)
      const input = part.custom === true ? { input: part.arguments } : parseInput(part.arguments)
      if (!input)
        notes.push({
          field: `${at}.input`,
          action: 'approximated',
          why: `not a JSON object: under ${RAW_ARGUMENTS}`,
        })
      return [
        ...(part.sealed ? [sealBlock(part.sealed, 'next')] : []),
        {
          type: 'tool_use',
          id: answerId(part.id),
          name: part.name,
          input: input ?? { [RAW_ARGUMENTS]: part.arguments },
        },
      ]
    }
    default: {
      const blocks = own || part.kind === 'opaque' ? ownBlock(part) : []
      if (blocks.length === 0)
        notes.push({
          field: at,
          action: 'dropped',
          why: `an answer holds no ${part.kind === 'opaque' ? part.type : part.kind} here`,
        })
      return blocks
    }
  }
}
