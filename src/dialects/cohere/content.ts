// Content of messages, both ways: a string, or a list of text, image, thinking and document pieces.

import { urlOf, urlSource } from '../../core/data-url.ts'
import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { Citation, Part } from '../../core/part.ts'
import { ID, isPlan, originOf, ownExtras, ownShape } from './own.ts'

/** `shape.content` says how it was spelt. */
export function decodeContent(wire: Json | undefined, at: string, shape: JsonObject): Part[] {
  if (wire === undefined || wire === null) {
    shape.content = wire === null ? 'null' : 'absent'
    return []
  }
  if (typeof wire === 'string') {
    shape.content = 'string'
    return [{ kind: 'text', text: wire }]
  }
  if (!Array.isArray(wire)) throw invalid(at, `${at} must be a string or a list of pieces`)
  return wire.map(decodePiece)
}

export function decodePiece(wire: Json): Part {
  const type = isObject(wire) && typeof wire.type === 'string' ? wire.type : ''
  const opaque: Part = { kind: 'opaque', dialect: ID, type, value: wire }
  if (!isObject(wire)) return opaque
  const kept = (part: Part, ...known: string[]): Part => {
    const origin = originOf(unread(wire, new Set(['type', ...known])))
    if (origin) part.origin = origin
    return part
  }
  if (type === 'text' && typeof wire.text === 'string') return kept({ kind: 'text', text: wire.text }, 'text')
  if (type === 'thinking' && typeof wire.thinking === 'string')
    return kept({ kind: 'reasoning', text: wire.thinking }, 'thinking')
  const image = wire.image_url
  if (type === 'image_url' && isObject(image) && typeof image.url === 'string') {
    const { url, detail } = image
    if (Object.keys(unread(image, new Set(['url', 'detail']))).length > 0) return opaque
    return kept(
      {
        kind: 'media',
        media: 'image',
        source: urlSource(url),
        ...(typeof detail === 'string' ? { detail } : {}),
      },
      'image_url',
    )
  }
  return opaque
}

/** Parts of this dialect as they were spelt; what has no form here is left out. */
export function encodeContent(parts: readonly Part[], shape: JsonObject): Json | undefined {
  const written = parts.filter((part) => !isPlan(part) && part.kind !== 'tool_call')
  if (written.length === 0 && shape.content === 'absent') return undefined
  if (written.length === 0 && shape.content === 'null') return null
  const [only] = written
  if (shape.content === 'string' && written.length === 1 && only?.kind === 'text') return only.text
  return written.flatMap((part): JsonObject[] => {
    const piece = encodePiece(part)
    return piece ? [piece] : []
  })
}

export function encodePiece(part: Part): JsonObject | undefined {
  const extras = ownExtras(part.origin)
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: part.text, ...extras }
    case 'reasoning':
      return { type: 'thinking', thinking: part.text, ...extras }
    case 'media': {
      const { source, detail } = part
      if (part.media !== 'image' || (source.type !== 'base64' && source.type !== 'url')) return undefined
      return {
        type: 'image_url',
        image_url: { url: urlOf(source), ...(detail === undefined ? {} : { detail }) },
        ...extras,
      }
    }
    case 'opaque':
      return part.dialect === ID ? (part.value as JsonObject) : undefined
    default:
      return undefined
  }
}

/** Calls as this wire writes them. Arguments are text; "null" and nothing mean none. */
export function decodeCall(wire: Json): Part {
  const inner = isObject(wire) && isObject(wire.function) ? wire.function : undefined
  if (!isObject(wire) || !inner || typeof inner.name !== 'string')
    return { kind: 'opaque', dialect: ID, type: 'tool_call', value: wire }
  const { arguments: given } = inner
  const text = typeof given === 'string' ? given : ''
  const none = text.trim() === '' || text.trim() === 'null'
  const part: Part = {
    kind: 'tool_call',
    id: typeof wire.id === 'string' ? wire.id : '',
    name: inner.name,
    arguments: none ? '{}' : text,
  }
  const more = unread(inner, new Set(['name', 'arguments']))
  const origin = originOf(unread(wire, new Set(['id', 'type', 'function'])), {
    ...(none ? { arguments: given ?? 'absent' } : {}),
    ...(Object.keys(more).length > 0 ? { inner: more } : {}),
  })
  if (origin) part.origin = origin
  return part
}

export function encodeCall(part: Part, name: (name: string) => string): JsonObject[] {
  if (part.kind === 'opaque') return part.type === 'tool_call' ? [part.value as JsonObject] : []
  if (part.kind !== 'tool_call') return []
  const { arguments: spelt, inner } = ownShape(part.origin)
  const text = spelt !== undefined && part.arguments === '{}' ? spelt : part.arguments
  return [
    {
      id: part.id,
      type: 'function',
      function: {
        name: name(part.name),
        ...(text === 'absent' ? {} : { arguments: text }),
        ...(isObject(inner) ? inner : {}),
      },
      ...ownExtras(part.origin),
    },
  ]
}

/** A citation; the span counts within the text that `content_index` names. */
export function decodeCitation(wire: Json): Citation {
  const citation: Citation = { kind: 'document', dialect: ID, raw: wire }
  if (!isObject(wire)) return { ...citation, kind: 'other' }
  const start = asNumber(wire.start)
  const end = asNumber(wire.end)
  if (start !== undefined) citation.start = start
  if (end !== undefined) citation.end = end
  if (typeof wire.text === 'string') citation.citedText = wire.text
  const [source] = Array.isArray(wire.sources) ? wire.sources : []
  const document = isObject(source) && isObject(source.document) ? source.document : {}
  if (typeof document.title === 'string') citation.title = document.title
  if (typeof document.url === 'string') {
    citation.kind = 'url'
    citation.url = document.url
  }
  return citation
}

/** Which part a citation belongs to: the one it names, if that is a text, else the first text. */
export function citedPart(parts: readonly Part[], wire: Json): number {
  const named = isObject(wire) ? asNumber(wire.content_index) : undefined
  if (named !== undefined && parts[named]?.kind === 'text') return named
  return parts.findIndex((part) => part.kind === 'text')
}
