// Content blocks, both ways. The vocabulary has a word for text, thinking, images, documents, tool calls and results;
// every other block (server tools and their results, compaction, fallback, container_upload, search_result ...) stays
// whole, because most carry encrypted state that must come back unchanged.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Citation, MediaPart, MediaSource, Part, ToolCallPart } from '../../core/part.ts'
import type { Seal } from '../../core/origin.ts'
import { carrySeal, readSeal } from '../../core/seal.ts'
import { RAW_ARGUMENTS, parseInput } from '../../core/tool-input.ts'
import { cacheMark, originOf, ownExtras, ownShape, rest } from './members.ts'
import { repeatedId } from './names.ts'

/**
 * @param at place in the request, for the error that names a malformed member; undefined in answers, where a malformed
 * block is kept whole instead.
 */
export function decodeBlock(wire: Json, at?: string): Part {
  if (!isObject(wire)) {
    if (at !== undefined) throw invalid(at, `${at} must be an object`)
    return { kind: 'opaque', dialect: 'anthropic-messages', type: '', value: wire }
  }
  const { type } = wire
  if (typeof type !== 'string') {
    if (at !== undefined) throw invalid(`${at}.type`, `${at}.type must be a string`)
    return { kind: 'opaque', dialect: 'anthropic-messages', type: '', value: wire }
  }
  const read = readers[type]?.(wire, at)
  if (!read) return { kind: 'opaque', dialect: 'anthropic-messages', type, value: wire }
  const { part, known, shape } = read
  const cache = cacheMark(wire)
  if (cache) part.cache = cache
  const seen = new Set(['type', ...known, ...(cache ? ['cache_control'] : [])])
  const origin = originOf(rest(wire, seen), shape ?? {})
  if (origin) part.origin = origin
  return part
}

/** The part, the members it holds, and how they were spelt. Undefined: keep the block whole. */
interface Read {
  part: Part
  known: string[]
  shape?: JsonObject
}

const readers: Readonly<Record<string, (wire: JsonObject, at?: string) => Read | undefined>> = {
  text(wire, at) {
    if (typeof wire.text !== 'string') return refuse(at, 'text', 'a string')
    // An empty list and null are not citations; they stay unread and go back as they came.
    if (!Array.isArray(wire.citations) || wire.citations.length === 0)
      return { part: { kind: 'text', text: wire.text }, known: ['text'] }
    const citations = wire.citations.map(decodeCitation)
    return { part: { kind: 'text', text: wire.text, citations }, known: ['text', 'citations'] }
  },
  thinking(wire, at) {
    if (typeof wire.thinking !== 'string') return refuse(at, 'thinking', 'a string')
    const { thinking: text, signature } = wire
    // "" is what an answer without a signature shows; it seals nothing.
    if (typeof signature !== 'string' || signature === '')
      return { part: { kind: 'reasoning', text }, known: ['thinking'] }
    const sealed = readSeal(signature, 'anthropic-messages', 'signature')
    return { part: { kind: 'reasoning', text, sealed }, known: ['thinking', 'signature'] }
  },
  redacted_thinking(wire, at) {
    if (typeof wire.data !== 'string') return refuse(at, 'data', 'a string')
    const sealed = readSeal(wire.data, 'anthropic-messages', 'redacted')
    return { part: { kind: 'reasoning', text: '', redacted: true, sealed }, known: ['data'] }
  },
  tool_use(wire, at) {
    if (typeof wire.id !== 'string') return refuse(at, 'id', 'a string')
    if (typeof wire.name !== 'string') return refuse(at, 'name', 'a string')
    const { name, input } = wire
    const id = repeatedId(wire.id)
    const absent = input === undefined
    return {
      part: { kind: 'tool_call', id, name, arguments: absent ? '' : JSON.stringify(input) },
      known: ['id', 'name', 'input'],
      shape: absent ? { input: 'absent' } : {},
    }
  },
  tool_result(wire, at) {
    if (typeof wire.tool_use_id !== 'string') return refuse(at, 'tool_use_id', 'a string')
    const shape: JsonObject = {}
    const content = decodeContent(wire.content, at, shape)
    if (!content) return refuse(at, 'content', 'a string or a list of blocks')
    const part: Part = { kind: 'tool_result', callId: repeatedId(wire.tool_use_id), content }
    const known = ['tool_use_id', 'content']
    if (typeof wire.is_error === 'boolean') {
      part.isError = wire.is_error
      known.push('is_error')
    }
    return { part, known, shape }
  },
  image: (wire, at) => media(wire, 'image', at),
  document: (wire, at) => media(wire, 'document', at),
}

function refuse(at: string | undefined, member: string, wanted: string): undefined {
  if (at !== undefined) throw invalid(`${at}.${member}`, `${at}.${member} must be ${wanted}`)
  return undefined
}

/** A string, a list of blocks, null or nothing; `shape.content` says which. Undefined: it is something else. */
export function decodeContent(
  content: Json | undefined,
  at: string | undefined,
  shape: JsonObject,
): Part[] | undefined {
  if (content === undefined || content === null) {
    shape.content = content === null ? 'null' : 'absent'
    return []
  }
  if (typeof content === 'string') {
    shape.content = 'string'
    return [{ kind: 'text', text: content }]
  }
  if (!Array.isArray(content)) return undefined
  return content.map((block, index) =>
    decodeBlock(block, at === undefined ? undefined : `${at}.content[${index}]`),
  )
}

/** The other way, for a node of this dialect: spelt as it came, unless its parts no longer fit that spelling. */
export function encodeContent(parts: Part[], shape: JsonObject): Json | undefined {
  if (parts.length === 0 && shape.content === 'absent') return undefined
  if (parts.length === 0 && shape.content === 'null') return null
  const [only] = parts
  if (shape.content === 'string' && parts.length === 1 && only?.kind === 'text' && !only.cache)
    return only.text
  return parts.flatMap(ownBlock)
}

function media(wire: JsonObject, kind: 'image' | 'document', at?: string): Read | undefined {
  if (!isObject(wire.source)) return refuse(at, 'source', 'an object')
  const shape: JsonObject = {}
  const source = decodeSource(wire.source, at, shape)
  if (!source) return undefined
  const part: MediaPart = { kind: 'media', media: kind, source }
  const known = ['source']
  if (kind === 'document') {
    if (typeof wire.title === 'string') {
      part.title = wire.title
      known.push('title')
    }
    if (typeof wire.context === 'string') {
      part.context = wire.context
      known.push('context')
    }
    const { citations } = wire
    if (
      isObject(citations) &&
      typeof citations.enabled === 'boolean' &&
      Object.keys(citations).length === 1
    ) {
      part.citable = citations.enabled
      known.push('citations')
    }
  }
  return { part, known, shape }
}

function decodeSource(wire: JsonObject, at: string | undefined, shape: JsonObject): MediaSource | undefined {
  const keep = (...known: string[]): void => {
    const left = rest(wire, new Set(['type', ...known]))
    if (Object.keys(left).length > 0) shape.source = left
  }
  const { type, media_type: mediaType, data, url, file_id: id, content } = wire
  if (type === 'base64' && typeof mediaType === 'string' && typeof data === 'string') {
    keep('media_type', 'data')
    return { type, mediaType, data }
  }
  if (type === 'url' && typeof url === 'string') {
    keep('url')
    return { type, url }
  }
  if (type === 'file' && typeof id === 'string') {
    keep('file_id')
    return { type, id }
  }
  if (type === 'text' && typeof mediaType === 'string' && typeof data === 'string') {
    keep('media_type', 'data')
    return { type, mediaType, text: data }
  }
  if (type === 'content' && (typeof content === 'string' || Array.isArray(content))) {
    keep('content')
    const inner: JsonObject = {}
    const parts = decodeContent(content, at === undefined ? undefined : `${at}.source`, inner) ?? []
    if (inner.content !== undefined) shape.sourceContent = inner.content
    return { type: 'parts', parts }
  }
  return undefined
}

export function decodeCitation(wire: Json): Citation {
  const citation: Citation = { kind: 'other', dialect: 'anthropic-messages', raw: wire }
  if (!isObject(wire)) return citation
  const { type, url, title, cited_text: citedText } = wire
  if (type === 'web_search_result_location') citation.kind = 'url'
  else if (type === 'search_result_location') citation.kind = 'search_result'
  else if (type === 'char_location' || type === 'page_location' || type === 'content_block_location')
    citation.kind = 'document'
  if (typeof url === 'string') citation.url = url
  const name = typeof title === 'string' ? title : wire.document_title
  if (typeof name === 'string') citation.title = name
  if (typeof citedText === 'string') citation.citedText = citedText
  return citation
}

/** A part that came from this dialect, as it came. Foreign opaque parts have no form here: an empty list. */
export function ownBlock(part: Part): JsonObject[] {
  if (part.kind === 'opaque') return part.dialect === 'anthropic-messages' ? [part.value as JsonObject] : []
  const wire = plainBlock(part)
  if (!wire) return []
  if (part.cache) wire.cache_control = part.cache.raw
  return [Object.assign(wire, ownExtras(part.origin))]
}

function plainBlock(part: Part): JsonObject | undefined {
  const shape = ownShape(part.origin)
  switch (part.kind) {
    case 'text': {
      const citations = ownCitations(part.citations)
      return { type: 'text', text: part.text, ...(citations.length > 0 ? { citations } : {}) }
    }
    case 'refusal':
      return { type: 'text', text: part.text }
    case 'reasoning':
      if (part.redacted === true && part.sealed)
        return { type: 'redacted_thinking', data: carrySeal(part.sealed, 'anthropic-messages') }
      return {
        type: 'thinking',
        thinking: part.text,
        ...(part.sealed ? { signature: carrySeal(part.sealed, 'anthropic-messages') } : {}),
      }
    case 'tool_call':
      return toolUse(part, shape)
    case 'tool_result': {
      const content = encodeContent(part.content, shape)
      return {
        type: 'tool_result',
        tool_use_id: part.callId,
        ...(content === undefined ? {} : { content }),
        ...(part.isError === undefined ? {} : { is_error: part.isError }),
      }
    }
    case 'media': {
      const wire: JsonObject = { type: part.media, source: encodeSource(part.source, shape) }
      if (part.title !== undefined) wire.title = part.title
      if (part.context !== undefined) wire.context = part.context
      if (part.citable !== undefined) wire.citations = { enabled: part.citable }
      return wire
    }
    default:
      return undefined
  }
}

function toolUse(part: ToolCallPart, shape: JsonObject): JsonObject {
  const head = { type: 'tool_use', id: part.id, name: part.name }
  if (shape.input === 'absent') return head
  let input: Json
  try {
    input = JSON.parse(part.arguments) as Json
  } catch {
    input = parseInput(part.arguments) ?? { [RAW_ARGUMENTS]: part.arguments }
  }
  return { ...head, input }
}

export function encodeSource(source: MediaSource, shape: JsonObject): JsonObject {
  const more = isObject(shape.source) ? shape.source : {}
  switch (source.type) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data, ...more }
    case 'url':
      return { type: 'url', url: source.url, ...more }
    case 'file':
      return { type: 'file', file_id: source.id, ...more }
    case 'text':
      return { type: 'text', media_type: source.mediaType, data: source.text, ...more }
    case 'parts':
      return {
        type: 'content',
        content: encodeContent(
          source.parts,
          shape.sourceContent === undefined ? {} : { content: shape.sourceContent },
        ),
        ...more,
      }
    default:
      return source satisfies never
  }
}

/** Citations of this dialect, raw; another vendor's have no form here. */
export function ownCitations(citations: readonly Citation[] | undefined): Json[] {
  return (citations ?? []).filter((one) => one.dialect === 'anthropic-messages').map((one) => one.raw)
}

/**
 * A signature that Gemini put on a call or a text, as a block of its own beside it, because only thinking is echoed with
 * its signature here: an empty one before what it signs (`next`), a redacted one behind it (`before`).
 */
export function sealBlock(sealed: Seal, signs: 'next' | 'before'): JsonObject {
  const text = carrySeal(sealed, 'anthropic-messages')
  return signs === 'next'
    ? { type: 'thinking', thinking: '', signature: text }
    : { type: 'redacted_thinking', data: text }
}
