// Content blocks, both ways. A block is an object with one member that says what it is. The vocabulary has words for
// text, reasoning, media, calls and results; all others (server tools and their results, guardContent, searchResult,
// toolAddition ...) stay whole.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { Citation, MediaPart, MediaSource, Part, ToolResultPart } from '../../core/part.ts'
import { RAW_ARGUMENTS, parseInput } from '../../core/tool-input.ts'
import { cachePoint, markOf } from './cache.ts'
import { formatOf, typeOf } from './formats.ts'
import { ID, originOf, ownShape } from './own.ts'
import { redactedSeal, shownReasoning, signatureSeal } from './seal.ts'

/** Blocks to parts; a cache point becomes a mark on the part before it. @param at undefined in answers: never throws. */
export function decodeBlocks(wire: readonly Json[], at?: string): Part[] {
  const parts: Part[] = []
  for (const [index, block] of wire.entries()) {
    const mark = markOf(block)
    const before = parts.at(-1)
    if (mark && before && !before.cache) before.cache = mark
    else parts.push(decodeBlock(block, at === undefined ? undefined : `${at}[${index}]`))
  }
  return parts
}

export function decodeBlock(wire: Json, at?: string): Part {
  const type = isObject(wire) ? (Object.keys(wire)[0] ?? '') : ''
  if (!isObject(wire)) {
    if (at !== undefined) throw invalid(at, `${at} must be an object`)
    return opaque(type, wire)
  }
  // Two kinds in one block: nobody writes that, so nobody may lose it.
  if (Object.keys(wire).length !== 1) return opaque(type, wire)
  return readers[type]?.(wire[type] as Json) ?? opaque(type, wire)
}

const opaque = (type: string, value: Json): Part => ({ kind: 'opaque', dialect: ID, type, value })

/** Undefined: keep the block whole. */
const readers: Readonly<Record<string, (inner: Json) => Part | undefined>> = {
  text: (inner) => (typeof inner === 'string' ? { kind: 'text', text: inner } : undefined),
  reasoningContent: reasoning,
  toolUse(inner) {
    if (!isObject(inner)) return undefined
    const { toolUseId: id, name, input, type } = inner
    if (typeof id !== 'string' || typeof name !== 'string' || type === 'server_tool_use') return undefined
    const part: Part = {
      kind: 'tool_call',
      id,
      name,
      arguments: input === undefined ? '' : JSON.stringify(input),
    }
    return withOrigin(
      part,
      unread(inner, new Set(['toolUseId', 'name', 'input'])),
      input === undefined ? { input: 'absent' } : {},
    )
  },
  toolResult(inner) {
    if (!isObject(inner)) return undefined
    const { toolUseId: callId, content, status, type } = inner
    // A result with a type is that of a server tool.
    if (typeof callId !== 'string' || !Array.isArray(content) || type !== undefined) return undefined
    const part: ToolResultPart = { kind: 'tool_result', callId, content: content.map(resultBlock) }
    const known = ['toolUseId', 'content']
    if (status === 'error' || status === 'success') {
      part.isError = status === 'error'
      known.push('status')
    }
    return withOrigin(part, unread(inner, new Set(known)))
  },
  image: (inner) => media('image', inner),
  document: (inner) => media('document', inner),
  video: (inner) => media('video', inner),
  audio: (inner) => media('audio', inner),
  citationsContent(inner) {
    if (!isObject(inner) || !Array.isArray(inner.content) || !Array.isArray(inner.citations)) return undefined
    const pieces = inner.content.map((piece) => (isObject(piece) ? piece.text : undefined))
    if (!pieces.every((piece) => typeof piece === 'string')) return undefined
    const part: Part = { kind: 'text', text: pieces.join(''), citations: inner.citations.map(decodeCitation) }
    return withOrigin(part, unread(inner, new Set(['content', 'citations'])), {
      citationsContent: inner.content,
    })
  },
}

function withOrigin<P extends Part>(part: P, extras: JsonObject, shape: JsonObject = {}): P {
  const origin = originOf(extras, shape)
  if (origin) part.origin = origin
  return part
}

/** Inside a result JSON is allowed too: its text is what other wires carry. */
function resultBlock(wire: Json): Part {
  if (isObject(wire) && Object.keys(wire).length === 1 && wire.json !== undefined)
    return withOrigin({ kind: 'text', text: JSON.stringify(wire.json) }, {}, { json: true })
  return decodeBlock(wire)
}

function reasoning(inner: Json): Part | undefined {
  if (!isObject(inner) || Object.keys(inner).length !== 1) return undefined
  const { reasoningText: readable, redactedContent: redacted } = inner
  if (typeof redacted === 'string')
    return { kind: 'reasoning', text: '', redacted: true, sealed: redactedSeal(redacted) }
  if (!isObject(readable) || typeof readable.text !== 'string') return undefined
  const { text, signature } = readable
  const signed = typeof signature === 'string' && signature !== ''
  const part: Part = { kind: 'reasoning', text, ...(signed ? { sealed: signatureSeal(signature) } : {}) }
  return withOrigin(part, unread(readable, new Set(signed ? ['text', 'signature'] : ['text'])))
}

function media(kind: MediaPart['media'], inner: Json): Part | undefined {
  if (!isObject(inner) || !isObject(inner.source)) return undefined
  const { format, source: wire, name, context, citations } = inner
  const type = typeOf(kind, asString(format) ?? 'txt')
  const source = mediaSource(wire, type)
  if (!source) return undefined
  const part: MediaPart = { kind: 'media', media: kind, source }
  const known = ['source', 'format']
  if (kind === 'document') {
    if (typeof name === 'string') {
      part.title = name
      known.push('name')
    }
    if (typeof context === 'string') {
      part.context = context
      known.push('context')
    }
    if (
      isObject(citations) &&
      typeof citations.enabled === 'boolean' &&
      Object.keys(citations).length === 1
    ) {
      part.citable = citations.enabled
      known.push('citations')
    }
  }
  const shape: JsonObject = {}
  if (format === undefined) shape.format = null
  else if (source.type === 'parts' || formatOf(kind, type) !== format) shape.format = format
  const s3 = isObject(wire) && isObject(wire.s3Location) ? unread(wire.s3Location, new Set(['uri'])) : {}
  if (Object.keys(s3).length > 0) shape.s3 = s3
  return withOrigin(part, unread(inner, new Set(known)), shape)
}

function mediaSource(wire: JsonObject, mediaType: string): MediaSource | undefined {
  if (Object.keys(wire).length !== 1) return undefined
  const { bytes, text, content, s3Location } = wire
  if (typeof bytes === 'string') return { type: 'base64', mediaType, data: bytes }
  if (typeof text === 'string') return { type: 'text', mediaType, text }
  if (Array.isArray(content)) return { type: 'parts', parts: content.map((block) => decodeBlock(block)) }
  if (isObject(s3Location) && typeof s3Location.uri === 'string')
    return { type: 'url', url: s3Location.uri, mediaType }
  return undefined
}

/** The pieces of cited text are joined; where it stands says the one member of `location`. */
export function decodeCitation(wire: Json): Citation {
  const citation: Citation = { kind: 'other', dialect: ID, raw: wire }
  if (!isObject(wire)) return citation
  const location = isObject(wire.location) ? wire.location : {}
  if (isObject(location.web)) {
    citation.kind = 'url'
    if (typeof location.web.url === 'string') citation.url = location.web.url
  } else if (location.searchResultLocation !== undefined) citation.kind = 'search_result'
  else if (Object.keys(location).length > 0) citation.kind = 'document'
  if (typeof wire.title === 'string') citation.title = wire.title
  if (Array.isArray(wire.sourceContent)) {
    const cited = wire.sourceContent.flatMap((piece) =>
      isObject(piece) && typeof piece.text === 'string' ? [piece.text] : [],
    )
    if (cited.length > 0) citation.citedText = cited.join('')
  }
  return citation
}

/** Parts of this dialect, as they came; in answers also those of others. Foreign opaque parts have no form here. */
export function ownBlocks(parts: readonly Part[]): JsonObject[] {
  return parts.flatMap((part) => {
    const block = ownBlock(part)
    return block ? (part.cache ? [block, cachePoint(part.cache, true)] : [block]) : []
  })
}

export function ownBlock(part: Part): JsonObject | undefined {
  const extras = part.origin?.dialect === ID ? part.origin.extras : undefined
  const shape = ownShape(part.origin)
  switch (part.kind) {
    case 'opaque':
      return part.dialect === ID ? (part.value as JsonObject) : undefined
    case 'text': {
      const cited = (part.citations ?? []).filter((one) => one.dialect === ID).map((one) => one.raw)
      if (cited.length === 0 && shape.citationsContent === undefined) return { text: part.text }
      return {
        citationsContent: { content: shape.citationsContent ?? [{ text: part.text }], citations: cited },
      }
    }
    case 'refusal':
      return { text: part.text }
    case 'reasoning': {
      const wire = shownReasoning(part)
      if (extras && isObject(wire.reasoningText)) Object.assign(wire.reasoningText, extras)
      return { reasoningContent: wire }
    }
    case 'tool_call':
      return { toolUse: { toolUseId: part.id, name: part.name, ...callInput(part, shape), ...extras } }
    case 'tool_result':
      return {
        toolResult: {
          toolUseId: part.callId,
          content: part.content.flatMap((inner): JsonObject[] => {
            const block = ownResultBlock(inner)
            return block ? [block] : []
          }),
          ...(part.isError === undefined ? {} : { status: part.isError ? 'error' : 'success' }),
          ...extras,
        },
      }
    case 'media':
      return { [part.media]: { ...ownMedia(part, shape), ...extras } }
    default:
      return part satisfies never
  }
}

function callInput(part: { arguments: string; custom?: boolean }, shape: JsonObject): JsonObject {
  if (shape.input === 'absent') return {}
  if (part.custom === true) return { input: { input: part.arguments } }
  let input: Json
  try {
    input = JSON.parse(part.arguments) as Json
  } catch {
    input = parseInput(part.arguments) ?? { [RAW_ARGUMENTS]: part.arguments }
  }
  return { input }
}

function ownResultBlock(part: Part): JsonObject | undefined {
  if (part.kind === 'text' && ownShape(part.origin).json === true) {
    try {
      return { json: JSON.parse(part.text) as Json }
    } catch {
      // Changed on the way: it goes as the text it is now.
    }
  }
  return ownBlock(part)
}

function ownMedia(part: MediaPart, shape: JsonObject): JsonObject {
  const { source } = part
  const type =
    source.type === 'base64' || source.type === 'text' || source.type === 'url' ? source.mediaType : ''
  const format = shape.format === null ? undefined : (shape.format ?? formatOf(part.media, type ?? ''))
  return {
    ...(format === undefined ? {} : { format }),
    ...(part.title === undefined ? {} : { name: part.title }),
    source: ownSource(source, shape),
    ...(part.context === undefined ? {} : { context: part.context }),
    ...(part.citable === undefined ? {} : { citations: { enabled: part.citable } }),
  }
}

function ownSource(source: MediaSource, shape: JsonObject): JsonObject {
  switch (source.type) {
    case 'base64':
      return { bytes: source.data }
    case 'text':
      return { text: source.text }
    case 'parts':
      return { content: ownBlocks(source.parts) }
    case 'url':
      return { s3Location: { uri: source.url, ...(isObject(shape.s3) ? shape.s3 : {}) } }
    case 'file':
      return { s3Location: { uri: source.id } }
    default:
      return source satisfies never
  }
}
