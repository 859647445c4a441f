// Whole Chat answers, both ways.

import type { AnswerContext, Quirks } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import { saying } from '../../core/members.ts'
import type { Note } from '../../core/note.ts'
import type { DialectId, Origin, Seal } from '../../core/origin.ts'
import type { Citation, OpaquePart, Part, ReasoningPart, TextPart } from '../../core/part.ts'
import type { Choice, GenerationResponse } from '../../core/response.ts'
import { errorInside } from './error.ts'
import { decodeFinish, encodeFinish } from './finish.ts'
import { urlSource } from '../../core/data-url.ts'
import { decodeToolCall } from './messages-decode.ts'
import { toolCall } from './messages-encode.ts'
import { thinkingBlock, thinkingParts } from './thinking-blocks.ts'
import { extraContent } from './thought-signature.ts'
import { rest, unreadMembers } from './members.ts'
import { usageIn } from './meter.ts'
import { numberedCitations, sourcesIn } from './numbered-citations.ts'
import { sealOfDetails, textOfDetails } from './reasoning-details.ts'
import { thinkSplitter } from './think-tags.ts'
import { workersAiAnswer } from './workers-ai.ts'
import { decodeUsage, encodeUsage } from '../openai-family/usage.ts'

const ROOT = new Set(['id', 'object', 'created', 'model', 'choices', 'usage'])
const CHOICE = new Set(['index', 'message', 'finish_reason', 'logprobs', 'delta'])
const CONTENT = new Set(['type', 'text', 'thinking'])
const MESSAGE = new Set([
  'role',
  'content',
  'refusal',
  'tool_calls',
  'function_call',
  'reasoning_content',
  'reasoning',
  'annotations',
  'images',
  'audio',
  'thinking_blocks',
])

/** @throws GatewayError `bad_upstream_response` for an error object or a body without choices. */
export function decodeResponse(given: Json, quirks: Quirks): GenerationResponse {
  if (!isObject(given))
    throw new GatewayError('bad_upstream_response', 'the upstream answered 200 with no JSON object')
  const inside = errorInside(given)
  if (inside) throw inside
  const wire = quirks.frames === 'cloudflare' ? workersAiAnswer(given) : given
  if (!Array.isArray(wire.choices) || wire.choices.length === 0)
    throw new GatewayError('bad_upstream_response', 'the upstream answered 200 without choices')
  const response: GenerationResponse = {
    id: asString(wire.id) ?? '',
    model: asString(wire.model) ?? '',
    created: asNumber(wire.created) ?? 0,
    choices: wire.choices.map((choice, index) => decodeChoice(choice, index, quirks)),
  }
  const usage = decodeUsage(usageIn(wire), quirks)
  if (usage) response.usage = usage
  if (quirks.citations === 'numbered') cite(response, wire)
  const extras = rest(wire, ROOT)
  if (Object.keys(extras).length > 0) response.origin = { dialect: 'openai-chat', extras }
  return response
}

function cite(response: GenerationResponse, wire: JsonObject): void {
  const sources = sourcesIn(wire)
  if (!sources) return
  for (const { parts } of response.choices) {
    let offset = 0
    for (const part of parts) {
      if (part.kind !== 'text') continue
      const found = numberedCitations(part.text, sources, offset)
      if (found.length > 0) part.citations = [...(part.citations ?? []), ...found]
      offset += part.text.length
    }
  }
}

function decodeChoice(wire: Json, position: number, quirks: Quirks): Choice {
  if (!isObject(wire))
    throw new GatewayError('bad_upstream_response', `choices[${position}] is not an object`)
  const message = isObject(wire.message) ? wire.message : {}
  const choice: Choice = {
    index: asNumber(wire.index) ?? position,
    parts: answerParts(message, quirks),
    finish: decodeFinish(wire.finish_reason),
  }
  if (wire.logprobs !== undefined && wire.logprobs !== null) choice.logprobs = wire.logprobs
  const extras = { ...rest(wire, CHOICE), ...rest(message, MESSAGE) }
  if (Object.keys(extras).length > 0) choice.origin = { dialect: 'openai-chat', extras }
  return choice
}

function answerParts(message: JsonObject, quirks: Quirks): Part[] {
  const parts: Part[] = []
  const details = Array.isArray(message.reasoning_details) ? message.reasoning_details : []
  const reasoning =
    nonEmpty(message.reasoning_content) ?? nonEmpty(message.reasoning) ?? nonEmpty(textOfDetails(details))
  const fromContent = contentOf(message.content, quirks.thinkTags === true)
  const signed = thinkingParts(message.thinking_blocks)
  if (signed?.some((part) => part.sealed !== undefined) === true) parts.push(...signed)
  else if (reasoning !== undefined || details.length > 0)
    parts.push({
      kind: 'reasoning',
      text: reasoning ?? '',
      ...(details.length > 0 ? { sealed: sealOfDetails(details) } : {}),
    })
  parts.push(...fromContent)
  if (Array.isArray(message.annotations) && message.annotations.length > 0) {
    let text = parts.find((part) => part.kind === 'text')
    if (!text) {
      text = { kind: 'text', text: '' }
      parts.push(text)
    }
    text.citations = message.annotations.map(decodeCitation)
  }
  if (typeof message.refusal === 'string' && message.refusal !== '')
    parts.push({ kind: 'refusal', text: message.refusal })
  if (Array.isArray(message.images))
    for (const image of message.images) {
      const url = isObject(image) && isObject(image.image_url) ? image.image_url.url : undefined
      if (typeof url === 'string') parts.push({ kind: 'media', media: 'image', source: urlSource(url) })
      else parts.push(opaque('image', image))
    }
  if (isObject(message.audio) && message.audio.id !== '')
    parts.push({ kind: 'opaque', dialect: 'openai-chat', type: 'audio', value: message.audio })
  if (Array.isArray(message.tool_calls))
    for (const [index, call] of message.tool_calls.entries()) {
      if (!isCall(call)) {
        parts.push(opaque('tool_call', call))
        continue
      }
      const part = decodeToolCall(call, `tool_calls[${index}]`)
      if (part.id === '') part.id = `call_${index}`
      parts.push(part)
    }
  const legacy = message.function_call
  if (isObject(legacy) && typeof legacy.name === 'string' && legacy.name !== '')
    parts.push({
      kind: 'tool_call',
      id: `legacy_${legacy.name}`,
      name: legacy.name,
      arguments: asString(legacy.arguments) ?? '',
      origin: { dialect: 'openai-chat', shape: { functionCall: true } },
    })
  return parts
}

/** A call of a kind nobody knows yet is no reason to refuse the answer. */
function isCall(wire: Json): boolean {
  const inner = isObject(wire) ? (wire.type === 'custom' ? wire.custom : wire.function) : undefined
  return isObject(inner) && typeof inner.name === 'string'
}

function nonEmpty(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

type ContentPart = TextPart | ReasoningPart | OpaquePart

/** A string, perhaps with reasoning in tags before it, or Mistral's list of typed parts with `thinking` among them. */
export function contentOf(content: Json | undefined, thinkTags = false): ContentPart[] {
  if (typeof content === 'string') {
    if (!thinkTags) return content === '' ? [] : [{ kind: 'text', text: content }]
    const parts: (TextPart | ReasoningPart)[] = []
    const split = thinkSplitter((kind, text) => parts.push({ kind, text }))
    split.push(content)
    split.end()
    return parts
  }
  if (!Array.isArray(content)) return []
  return content.flatMap((part): ContentPart[] => {
    if (!isObject(part)) return []
    const unread = unreadMembers(part, CONTENT)
    const origin = unread ? { origin: { dialect: 'openai-chat' as const, extras: unread } } : {}
    if (part.type === 'text' && typeof part.text === 'string')
      return [{ kind: 'text', text: part.text, ...origin }]
    if (part.type === 'thinking') {
      const inner = part.thinking
      const text =
        typeof inner === 'string'
          ? inner
          : contentOf(inner)
              .map((piece) => (piece.kind === 'opaque' ? '' : piece.text))
              .join('')
      return [{ kind: 'reasoning', text, ...origin }]
    }
    return [opaque(asString(part.type) ?? '', part)]
  })
}

export const opaque = (type: string, value: Json): OpaquePart => ({
  kind: 'opaque',
  dialect: 'openai-chat',
  type,
  value,
})

export function decodeCitation(wire: Json): Citation {
  const inner = isObject(wire) && isObject(wire.url_citation) ? wire.url_citation : undefined
  const citation: Citation = { kind: inner ? 'url' : 'other', dialect: 'openai-chat', raw: wire }
  if (!inner) return citation
  if (typeof inner.url === 'string') citation.url = inner.url
  if (typeof inner.title === 'string') citation.title = inner.title
  const start = asNumber(inner.start_index)
  const end = asNumber(inner.end_index)
  if (start !== undefined) citation.start = start
  if (end !== undefined) citation.end = end
  return citation
}

type Vendor = 'anthropic' | 'google' | 'bedrock' | 'cohere' | 'openai' | 'ollama'

/** Under which vendor's name what only it says travels. */
export function vendorOf(dialect: DialectId): Vendor {
  return VENDORS[dialect]
}

const VENDORS: Readonly<Record<DialectId, Vendor>> = {
  'anthropic-messages': 'anthropic',
  gemini: 'google',
  'bedrock-converse': 'bedrock',
  cohere: 'cohere',
  'openai-chat': 'openai',
  'openai-completions': 'openai',
  'openai-responses': 'openai',
  ollama: 'ollama',
  'ollama-generate': 'ollama',
}

/** What these say of an answer beside its parts travels in `provider_specific_fields`. Others repeat their request there. */
export function carriesUnread(dialect: DialectId): boolean {
  return CARRIED.has(dialect)
}

const CARRIED: ReadonlySet<DialectId> = new Set([
  'anthropic-messages',
  'bedrock-converse',
  'cohere',
  'gemini',
])

/** The members of such a dialect that say something. */
export function foreignMembers(dialect: DialectId, members: JsonObject | undefined): JsonObject | undefined {
  return members && carriesUnread(dialect) ? saying(members) : undefined
}

/** A citation as an annotation; one without a URL travels whole beside an empty url_citation. `offset`: text before. */
export function encodeCitation(citation: Citation, start: number, end: number): Json {
  if (citation.dialect === 'openai-chat') return citation.raw
  return {
    type: 'url_citation',
    url_citation: {
      start_index: citation.start ?? start,
      end_index: citation.end ?? end,
      url: citation.url ?? '',
      title: citation.title ?? '',
    },
    [vendorOf(citation.dialect)]: citation.raw,
  }
}

export function encodeResponse(
  response: GenerationResponse,
  context: AnswerContext,
): { body: JsonObject; notes: Note[] } {
  const notes: Note[] = []
  const body: JsonObject = {
    id: response.id === '' ? `chatcmpl-${context.id}` : response.id,
    object: 'chat.completion',
    created: response.created === 0 ? context.created : response.created,
    model: context.model,
    choices: response.choices.map((choice, index) =>
      encodeChoice(choice, [index === 0 ? response.origin : undefined, choice.origin], context, notes),
    ),
  }
  if (response.usage) body.usage = encodeUsage(response.usage)
  if (response.origin?.dialect === 'openai-chat') Object.assign(body, response.origin.extras)
  return { body, notes }
}

/** @param beside where members that only another dialect knows may stand. */
function encodeChoice(
  choice: Choice,
  beside: readonly (Origin | undefined)[],
  context: AnswerContext,
  notes: Note[],
): JsonObject {
  let text = ''
  let hasText = false
  const annotations: Json[] = []
  const reasoning: ReasoningPart[] = []
  const calls: JsonObject[] = []
  const images: JsonObject[] = []
  let refusal: string | null = null
  let audio: Json | undefined
  const foreign: Partial<Record<Vendor, Json[]>> = {}
  let sealed: Seal | undefined
  for (const part of choice.parts) {
    if (part.kind === 'text') {
      const start = text.length
      text += part.text
      hasText = true
      if (part.sealed) sealed = part.sealed
      for (const citation of part.citations ?? [])
        annotations.push(encodeCitation(citation, start, text.length))
    } else if (part.kind === 'reasoning') reasoning.push(part)
    else if (part.kind === 'tool_call') calls.push(toolCall(part))
    else if (part.kind === 'refusal') refusal = (refusal ?? '') + part.text
    else if (part.kind === 'opaque' && part.dialect === 'openai-chat' && part.type === 'audio')
      audio = part.value
    else if (part.kind === 'opaque') (foreign[vendorOf(part.dialect)] ??= []).push(part.value)
    else if (part.kind === 'media' && part.media === 'image' && part.source.type === 'base64')
      images.push({
        type: 'image_url',
        image_url: { url: `data:${part.source.mediaType};base64,${part.source.data}` },
      })
    else
      notes.push({
        field: `choices[${choice.index}].${part.kind}`,
        action: 'dropped',
        why: 'Chat answers hold no such part',
      })
  }
  const message: JsonObject = { role: 'assistant', content: hasText ? text : null, refusal }
  const readable = reasoning.map((part) => part.text).join('')
  if (readable !== '') message.reasoning_content = readable
  const signed = reasoning.filter((part) => part.sealed !== undefined)
  if (signed.length > 0) message.thinking_blocks = signed.map(thinkingBlock)
  if (annotations.length > 0) message.annotations = annotations
  if (images.length > 0) message.images = images
  if (audio !== undefined) message.audio = audio
  const own: JsonObject = {}
  for (const [vendor, blocks] of Object.entries(foreign)) own[vendor] = { blocks }
  // Grounding, safety ratings, a container: what is said about an answer beside its parts.
  for (const origin of beside) {
    const members = origin && foreignMembers(origin.dialect, origin.extras)
    const vendor = origin && vendorOf(origin.dialect)
    if (members && vendor) own[vendor] = { ...(isObject(own[vendor]) ? own[vendor] : {}), ...members }
  }
  if (Object.keys(own).length > 0) message.provider_specific_fields = own
  const extra = extraContent(sealed)
  if (extra) message.extra_content = extra
  const legacy = context.request?.origin?.shape?.functions === true
  if (calls.length > 0) {
    if (legacy) message.function_call = (calls[0] as JsonObject).function
    else message.tool_calls = calls
  }
  const word = encodeFinish(choice.finish, calls.length > 0)
  if (choice.origin?.dialect === 'openai-chat') Object.assign(message, choice.origin.extras)
  return {
    index: choice.index,
    message,
    logprobs: isObject(choice.logprobs) ? { content: null, refusal: null, ...choice.logprobs } : null,
    finish_reason: legacy && word === 'tool_calls' ? 'function_call' : word,
  }
}
