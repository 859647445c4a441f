// Content parts, both ways: what stands in the `content` of a message and in the `output` of a tool result.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { Citation, MediaPart, Part } from '../../core/part.ts'
import { urlOf, urlSource } from '../../core/data-url.ts'
import { originOf, ownExtras, ownShape, rest } from './members.ts'

/** The type of a text part: what goes in is input, what the model said is output. */
export type TextWord = 'input_text' | 'output_text'

const TEXTS: ReadonlySet<string> = new Set(['input_text', 'output_text', 'text'])

/** `shape.content` says how it was spelt: string, list or null. */
export function decodeContent(
  content: Json | undefined,
  at: string,
  word: TextWord,
  shape: JsonObject,
): Part[] {
  if (content === undefined) return []
  if (content === null) {
    shape.content = 'null'
    return []
  }
  if (typeof content === 'string') {
    shape.content = 'string'
    return [{ kind: 'text', text: content }]
  }
  if (!Array.isArray(content)) throw invalid(at, `${at} must be a string or a list of parts`)
  shape.content = 'list'
  return content.map((part, index) => decodePart(part, `${at}[${index}]`, word))
}

function decodePart(wire: Json, at: string, word: TextWord): Part {
  if (!isObject(wire)) throw invalid(at, `${at} must be an object`)
  const { type } = wire
  if (typeof type !== 'string') throw invalid(`${at}.type`, `${at}.type must be a string`)
  if (TEXTS.has(type)) {
    if (typeof wire.text !== 'string') throw invalid(`${at}.text`, `${at}.text must be a string`)
    return textPart(wire, wire.text, type, word)
  }
  if (type === 'refusal' && typeof wire.refusal === 'string') {
    const origin = originOf(rest(wire, new Set(['type', 'refusal'])), {})
    return { kind: 'refusal', text: wire.refusal, ...(origin ? { origin } : {}) }
  }
  return (
    mediaPart(wire, type) ?? {
      kind: 'opaque',
      dialect: 'openai-responses',
      type,
      value: wire,
      // Told apart from an item of that kind, which stands beside messages.
      origin: { dialect: 'openai-responses', shape: { inContent: true } },
    }
  )
}

function textPart(wire: JsonObject, text: string, type: string, word: TextWord): Part {
  const { annotations } = wire
  const listed = Array.isArray(annotations)
  const origin = originOf(rest(wire, new Set(['type', 'text', ...(listed ? ['annotations'] : [])])), {
    ...(type === word ? {} : { type }),
    ...(listed ? { annotations: 'list' } : {}),
  })
  return {
    kind: 'text',
    text,
    ...(listed && annotations.length > 0 ? { citations: annotations.map(decodeCitation) } : {}),
    ...(origin ? { origin } : {}),
  }
}

export function decodeCitation(wire: Json): Citation {
  const type = isObject(wire) ? wire.type : undefined
  const citation: Citation = {
    kind: type === 'url_citation' ? 'url' : typeof type === 'string' ? 'document' : 'other',
    dialect: 'openai-responses',
    raw: wire,
  }
  if (!isObject(wire)) return citation
  const title = wire.title ?? wire.filename
  if (typeof wire.url === 'string') citation.url = wire.url
  if (typeof title === 'string') citation.title = title
  const start = asNumber(wire.start_index)
  const end = asNumber(wire.end_index)
  if (start !== undefined) citation.start = start
  if (end !== undefined) citation.end = end
  return citation
}

/** A citation of another wire as an annotation; without a URL, its own words travel beside an empty one. */
export function encodeCitation(citation: Citation, start: number, end: number): Json {
  if (citation.dialect === 'openai-responses') return citation.raw
  return {
    type: 'url_citation',
    start_index: citation.start ?? start,
    end_index: citation.end ?? end,
    url: citation.url ?? '',
    title: citation.title ?? '',
    ...(citation.citedText === undefined ? {} : { cited_text: citation.citedText }),
  }
}

/** Undefined for what the vocabulary cannot hold whole. */
function mediaPart(wire: JsonObject, type: string): MediaPart | undefined {
  if (type === 'input_image') {
    const [from, source] = sourceOf(wire, ['image_url', 'file_id'])
    if (!from || !source) return undefined
    const detail = typeof wire.detail === 'string' ? wire.detail : undefined
    const known = new Set(['type', from, ...(detail === undefined ? [] : ['detail'])])
    const origin = originOf(rest(wire, known), {})
    return {
      kind: 'media',
      media: 'image',
      source,
      ...(detail === undefined ? {} : { detail }),
      ...(origin ? { origin } : {}),
    }
  }
  if (type === 'input_file') {
    const [from, source] = sourceOf(wire, ['file_data', 'file_url', 'file_id'])
    if (!from || !source) return undefined
    const title = typeof wire.filename === 'string' ? wire.filename : undefined
    const known = new Set(['type', from, ...(title === undefined ? [] : ['filename'])])
    const origin = originOf(rest(wire, known), { from })
    return {
      kind: 'media',
      media: 'document',
      source,
      ...(title === undefined ? {} : { title }),
      ...(origin ? { origin } : {}),
    }
  }
  return undefined
}

/** The one member of those that is a string, and what it points at. */
function sourceOf(
  wire: JsonObject,
  names: readonly string[],
): [string, MediaPart['source']] | [undefined, undefined] {
  const given = names.filter((name) => typeof wire[name] === 'string')
  const [name] = given
  if (name === undefined || given.length > 1) return [undefined, undefined]
  const value = wire[name] as string
  return [name, name === 'file_id' ? { type: 'file', id: value } : urlSource(value)]
}

/** One part as content; undefined (with a note) where this wire has no form for it. */
export function encodePart(part: Part, word: TextWord, at: string, notes: Note[]): JsonObject | undefined {
  const shape = ownShape(part.origin)
  const extras = ownExtras(part.origin)
  const own = part.origin?.dialect === 'openai-responses'
  if (!own)
    for (const name of Object.keys(part.origin?.extras ?? {}))
      notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Responses has no such field' })
  if (part.cache)
    notes.push({ field: `${at}.cache_control`, action: 'dropped', why: 'Responses caches by itself' })
  switch (part.kind) {
    case 'text': {
      const wire: JsonObject = { type: typeof shape.type === 'string' ? shape.type : word, text: part.text }
      const cited = part.citations ?? []
      if (shape.annotations === 'list' || (cited.length > 0 && word === 'output_text'))
        wire.annotations = cited.map((one) => encodeCitation(one, 0, part.text.length))
      else if (cited.length > 0)
        notes.push({ field: `${at}.citations`, action: 'dropped', why: 'only answers cite in Responses' })
      return Object.assign(wire, extras)
    }
    case 'refusal':
      return Object.assign({ type: 'refusal', refusal: part.text }, extras)
    case 'media':
      return Object.assign(encodeMedia(part, shape, own, at, notes), extras)
    case 'opaque':
      if (part.dialect === 'openai-responses' && isObject(part.value)) return part.value
      notes.push({ field: at, action: 'dropped', why: `Responses has no ${part.type} part` })
      return undefined
    default:
      notes.push({ field: at, action: 'dropped', why: `no place for a ${part.kind} part there in Responses` })
      return undefined
  }
}

function encodeMedia(
  part: MediaPart,
  shape: JsonObject,
  own: boolean,
  at: string,
  notes: Note[],
): JsonObject {
  const { source } = part
  if (!own)
    for (const name of ['context', 'citable'] as const)
      if (part[name] !== undefined)
        notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Responses has no such field' })
  if (source.type === 'text' || source.type === 'parts') {
    const title = part.title === undefined ? '' : `${part.title}\n`
    const text =
      source.type === 'text'
        ? source.text
        : source.parts.map((inner) => (inner.kind === 'text' ? inner.text : '')).join('\n')
    notes.push({ field: at, action: 'approximated', why: 'a document of text is sent as text' })
    return { type: 'input_text', text: title + text }
  }
  if (part.media === 'image') {
    const wire: JsonObject = { type: 'input_image' }
    if (source.type === 'file') wire.file_id = source.id
    else wire.image_url = urlOf(source)
    if (part.detail !== undefined) wire.detail = part.detail
    else if (!own) wire.detail = 'auto'
    return wire
  }
  if (part.media !== 'document')
    notes.push({
      field: at,
      action: 'approximated',
      why: `${part.media} is sent as a file, which few models take`,
    })
  const wire: JsonObject = { type: 'input_file' }
  if (source.type === 'file') wire.file_id = source.id
  else if (source.type === 'url' && shape.from !== 'file_data') wire.file_url = source.url
  else wire.file_data = urlOf(source)
  if (part.title !== undefined) wire.filename = part.title
  else if (!own && wire.file_data !== undefined) wire.filename = fileName(part)
  return wire
}

/** A file must have a name; its kind is read from the ending. */
function fileName({ media, source }: MediaPart): string {
  if (media === 'document' || source.type !== 'base64') return 'document.pdf'
  return `${media}.${source.mediaType.replace(/^.*\//, '')}`
}
