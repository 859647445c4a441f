// Answers as Ollama's clients read them: arguments as an object, images as bare base64, one line per fragment of a stream
// and one last line with `done`, the reason and the counts.

import { callInput } from '../../core/tool-input.ts'
import type { AnswerContext } from '../../core/dialect.ts'
import { type JsonObject, isObject } from '../../core/json.ts'
import { extrasOf } from '../../core/members.ts'
import type { Note } from '../../core/note.ts'
import type { Part, ToolCallPart } from '../../core/part.ts'
import type { Choice, GenerationResponse } from '../../core/response.ts'
import type { Usage } from '../../core/usage.ts'
import { encodeFinish } from './finish.ts'
import { type Form, isOwn } from './form.ts'
import { encodeUsage } from './usage.ts'

/** The members every line begins with. */
export function head(context: AnswerContext, created: number): JsonObject {
  const seconds = created === 0 ? context.created : created
  return { model: context.model, created_at: new Date(seconds * 1000).toISOString() }
}

export function callOf(
  part: Pick<ToolCallPart, 'id' | 'name' | 'arguments' | 'custom' | 'origin'>,
  index: number,
): JsonObject {
  return {
    id: part.id,
    function: {
      index,
      name: part.name,
      arguments: callInput(part),
    },
    ...extrasOf('ollama', part.origin),
  }
}

/** What one line says, in the form's own members. */
export function wordsOf(form: Form, words: JsonObject): JsonObject {
  if (form === 'chat') return { message: { role: 'assistant', content: '', ...words } }
  const { content, ...rest } = words
  return { response: content ?? '', ...rest }
}

export function encodeResponse(
  form: Form,
  response: GenerationResponse,
  context: AnswerContext,
): { body: JsonObject; notes: Note[] } {
  const notes: Note[] = []
  const [choice] = response.choices
  if (response.choices.length > 1)
    notes.push({ field: 'choices', action: 'dropped', why: 'an Ollama answer is one choice' })
  const words: JsonObject = { content: '' }
  let text = ''
  let thinking = ''
  const calls: JsonObject[] = []
  const images: string[] = []
  for (const part of choice?.parts ?? []) {
    if (part.kind === 'text' || part.kind === 'refusal') text += part.text
    else if (part.kind === 'reasoning') thinking += part.text
    else if (part.kind === 'tool_call') calls.push(callOf(part, calls.length))
    else if (part.kind === 'opaque' && isOwn(part.dialect) && isObject(part.value)) calls.push(part.value)
    else if (isImage(part)) images.push(part.source.data)
    else
      notes.push({
        field: `content.${part.kind}`,
        action: 'dropped',
        why: 'Ollama answers hold no such part',
      })
  }
  words.content = text
  notes.push(...unsaid(choice, response.usage))
  if (thinking !== '') words.thinking = thinking
  if (calls.length > 0) words.tool_calls = calls
  if (images.length > 0) words.images = images
  const body: JsonObject = {
    ...head(context, response.created),
    ...wordsOf(form, words),
    done: true,
    done_reason: encodeFinish(choice?.finish ?? { reason: 'stop' }),
    ...encodeUsage(response.usage),
  }
  if (response.origin && isOwn(response.origin.dialect)) Object.assign(body, response.origin.extras)
  return { body, notes }
}

/** What an Ollama answer has no word for. */
function unsaid(choice: Choice | undefined, usage: Usage | undefined): Note[] {
  const notes: Note[] = []
  const reason = choice?.finish.reason
  if (
    reason === 'content_filter' ||
    reason === 'refusal' ||
    choice?.parts.some((part) => part.kind === 'refusal')
  )
    notes.push({ field: 'done_reason', action: 'approximated', why: 'Ollama knows only stop and length' })
  if ((usage?.cacheRead ?? 0) > 0 || (usage?.cacheWrite ?? 0) > 0 || (usage?.reasoning ?? 0) > 0)
    notes.push({ field: 'usage', action: 'dropped', why: 'Ollama counts no cached or reasoning tokens' })
  return notes
}

export function isImage(part: Part): part is Extract<Part, { kind: 'media' }> & {
  source: { type: 'base64'; mediaType: string; data: string }
} {
  return part.kind === 'media' && part.media === 'image' && part.source.type === 'base64'
}
