// Images and documents of another dialect. What this wire cannot take is refused here, before any upstream call.

import { invalid } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { MediaPart, MediaSource } from '../../core/part.ts'

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** @throws GatewayError `invalid_request` for audio, video, other schemes than https, and malformed base64. */
export function encodeMedia(part: MediaPart, at: string, notes: Note[]): JsonObject {
  if (part.media === 'audio' || part.media === 'video')
    throw invalid(at, `${at}: ${part.media} input is unsupported by Anthropic Messages`)
  const source = wireSource(part, at, notes)
  const block: JsonObject = { type: part.media, source }
  if (part.detail !== undefined && part.detail !== 'auto')
    notes.push({ field: `${at}.detail`, action: 'dropped', why: 'images have no detail level here' })
  if (part.media === 'document') {
    if (part.title !== undefined && part.title !== '') block.title = part.title
    if (part.context !== undefined) block.context = part.context
    if (part.citable !== undefined) block.citations = { enabled: part.citable }
  }
  return block
}

function wireSource(part: MediaPart, at: string, notes: Note[]): JsonObject {
  const source = readable(part.source, at)
  switch (source.type) {
    case 'base64':
      return base64Source(part, source.mediaType.toLowerCase(), source.data, at)
    case 'url':
      return { type: 'url', url: source.url }
    case 'file':
      return { type: 'file', file_id: source.id }
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text }
    case 'parts':
      return {
        type: 'content',
        content: source.parts.flatMap((inner): JsonObject[] => {
          if (inner.kind === 'text') return [{ type: 'text', text: inner.text }]
          if (inner.kind === 'media') return [encodeMedia(inner, at, notes)]
          notes.push({ field: at, action: 'dropped', why: `a document holds no ${inner.kind} here` })
          return []
        }),
      }
    default:
      return source satisfies never
  }
}

function base64Source(part: MediaPart, type: string, data: string, at: string): JsonObject {
  if (!BASE64.test(data) || data === '' || data.replace(/=+$/, '').length % 4 === 1)
    throw invalid(at, `${at}: the data is not valid base64`)
  // The common misspelling, refused upstream.
  if (part.media === 'image')
    return { type: 'base64', media_type: type === 'image/jpg' ? 'image/jpeg' : type, data }
  if (type === 'application/pdf') return { type: 'base64', media_type: type, data }
  // Any other document is plain text here.
  if (type.startsWith('text/') || type === 'application/json')
    return { type: 'text', media_type: 'text/plain', data: Buffer.from(data, 'base64').toString('utf8') }
  throw invalid(at, `${at}: documents of type ${type} are unsupported by Anthropic Messages`)
}

/** A data URL that the other dialect left as it was (upper-case scheme, parameters) becomes base64. */
function readable(source: MediaSource, at: string): MediaSource {
  if (source.type !== 'url') return source
  const { url } = source
  if (/^https?:\/\//i.test(url)) return source
  const comma = /^data:/i.test(url) ? url.indexOf(',') : -1
  const [mediaType, ...parameters] = comma < 0 ? [] : url.slice(5, comma).split(';')
  if (
    mediaType === undefined ||
    mediaType === '' ||
    !parameters.some((name) => name.trim().toLowerCase() === 'base64')
  )
    throw invalid(at, `${at}: the URL must be https or a data URL with base64 content`)
  return { type: 'base64', mediaType, data: url.slice(comma + 1) }
}
