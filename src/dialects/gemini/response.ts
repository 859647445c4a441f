// Whole answers, both ways.

import { collector } from '../../core/collect.ts'
import type { AnswerContext, Quirks } from '../../core/dialect.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { Part, ReasoningPart } from '../../core/part.ts'
import { type Travelling, carryReasoning } from '../../core/seal.ts'
import type { Choice, GenerationResponse } from '../../core/response.ts'
import { groundingOf } from './citations.ts'
import { notAnAnswer } from './error.ts'
import { encodeFinish } from './finish.ts'
import { encodeLogprobs } from './logprobs.ts'
import { ownExtras, ownShape } from './members.ts'
import { argsOf, ownPart, signatureOf } from './parts.ts'
import { chunkDecoder } from './stream-decode.ts'
import { encodeUsage } from './usage.ts'

/**
 * An answer, or the list of chunks that a stream without `alt=sse` is.
 * @throws GatewayError `bad_upstream_response` for an error object or anything else that is no answer.
 */
export function decodeResponse(wire: Json, _quirks: Quirks): GenerationResponse {
  const chunks = Array.isArray(wire) ? wire : [wire]
  if (!chunks.every((chunk) => isObject(chunk) && chunk.error === undefined)) throw notAnAnswer(wire)
  const fold = collector()
  const decoder = chunkDecoder(fold.event, !Array.isArray(wire))
  for (const chunk of chunks) decoder.chunk(chunk)
  decoder.end()
  return fold.response()
}

/** The caller wants to see thoughts. Nobody is asked where the request is unknown. */
export function showsThoughts(context: AnswerContext): boolean {
  const { request } = context
  return request === undefined || request.dialect !== 'gemini' || request.reasoning?.display === 'summarized'
}

export function encodeResponse(
  response: GenerationResponse,
  context: AnswerContext,
): { body: JsonObject; notes: Note[] } {
  const notes: Note[] = []
  const own = response.origin?.dialect === 'gemini'
  const extras = ownExtras(response.origin)
  const feedback = extras?.promptFeedback
  const blocked = isObject(feedback) ? feedback.blockReason : undefined
  const candidates = response.choices
    .filter((choice) => blocked === undefined || choice.finish.raw !== blocked)
    .map((choice) => encodeCandidate(choice, own, context, notes))
  const usage = encodeUsage(response.usage)
  return {
    body: {
      ...(candidates.length > 0 ? { candidates } : {}),
      ...(usage ? { usageMetadata: usage } : {}),
      modelVersion: context.model,
      responseId: response.id === '' ? context.id : response.id,
      ...extras,
    },
    notes,
  }
}

function encodeCandidate(choice: Choice, own: boolean, context: AnswerContext, notes: Note[]): JsonObject {
  const writer = partWriter(showsThoughts(context))
  for (const part of choice.parts)
    if (!writer.part(part))
      notes.push({
        field: `candidates[${choice.index}]`,
        action: 'dropped',
        why: `an answer holds no ${part.kind === 'opaque' ? part.type : part.kind} here`,
      })
  if (choice.parts.some((part) => part.kind === 'refusal' && !aside(part)))
    notes.push({
      field: `candidates[${choice.index}].refusal`,
      action: 'moved',
      why: 'a refusal is told as text here',
    })
  const parts = writer.end()
  const text = choice.parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')
  const grounding = groundingOf(
    choice.parts.flatMap((part) => (part.kind === 'text' ? (part.citations ?? []) : [])),
    text,
  )
  const logprobs = encodeLogprobs(choice.logprobs)
  return {
    index: choice.index,
    content: { role: 'model', parts: parts.length > 0 ? parts : [{ text: '' }] },
    finishReason: encodeFinish(choice.finish, own),
    ...(choice.finish.detail === undefined || !own ? {} : { finishMessage: choice.finish.detail }),
    ...(grounding ? { groundingMetadata: grounding } : {}),
    ...(logprobs ? { logprobsResult: logprobs } : {}),
    ...ownExtras(choice.origin),
  }
}

/** Said about the answer, not in it: it stands in the finish message. */
function aside(part: Part): boolean {
  return ownShape(part.origin).aside === true
}

export interface PartWriter {
  /** false: the part has no form here. */
  part(part: Part): boolean
  /** Text went out past the writer. */
  spoke(): void
  /** The parts so far, and whatever still waits for one to stand on. */
  end(): JsonObject[]
  /** The parts so far; what waits goes on waiting. */
  take(): JsonObject[]
}

/**
 * Parts of an answer in their order. Reasoning that must come back travels in the signature of the call after it, which
 * every client of this dialect returns; thoughts themselves are not returned.
 */
export function partWriter(thoughts: boolean): PartWriter {
  let out: JsonObject[] = []
  let waiting: Travelling[] = []

  const reasoning = (part: ReasoningPart): void => {
    if (thoughts && part.text !== '') out.push({ text: part.text, thought: true })
    if (part.sealed?.dialect === 'gemini') {
      const last = out.at(-1)
      if (thoughts && part.text !== '' && last) last.thoughtSignature = signatureOf(part.sealed)
      return
    }
    waiting.push({ part, early: false })
  }
  const spoke = (): void => {
    for (const travelling of waiting) travelling.early = true
  }
  const signed = (wire: JsonObject, part: Part): JsonObject => {
    if ('sealed' in part && part.sealed) wire.thoughtSignature = signatureOf(part.sealed)
    return Object.assign(wire, ownExtras(part.origin))
  }

  return {
    part(part) {
      switch (part.kind) {
        case 'reasoning':
          reasoning(part)
          return true
        case 'text':
          if (part.text !== '') spoke()
          if (part.text !== '' || part.sealed) out.push(signed({ text: part.text }, part))
          return true
        case 'refusal':
          // What was said about the answer stands in its finish message.
          if (!aside(part) && part.text !== '') out.push({ text: part.text })
          return true
        case 'tool_call': {
          const { call: more } = ownShape(part.origin)
          const wire: JsonObject = {
            functionCall: {
              id: part.id,
              name: part.name,
              args: argsOf(part).args,
              ...(isObject(more) ? more : {}),
            },
          }
          if (!part.sealed && waiting.length > 0) {
            wire.thoughtSignature = carryReasoning(waiting)
            waiting = []
          }
          out.push(signed(wire, part))
          return true
        }
        case 'media':
          if (part.source.type !== 'base64') return false
          out.push(signed({ inlineData: { mimeType: part.source.mediaType, data: part.source.data } }, part))
          return true
        default: {
          const wire = ownPart(part)
          out.push(...wire)
          return wire.length > 0
        }
      }
    },
    spoke,
    take() {
      const parts = out
      out = []
      return parts
    },
    end() {
      const sealed = waiting.filter(({ part }) => part.sealed)
      if (sealed.length > 0) out.push({ text: '', thoughtSignature: carryReasoning(sealed) })
      waiting = []
      return this.take()
    },
  }
}
