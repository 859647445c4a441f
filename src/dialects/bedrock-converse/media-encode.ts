// Media of another dialect. What this wire cannot take is refused here, before any upstream call.

import { invalid } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { MediaPart, MediaSource } from '../../core/part.ts'
import { formatOf } from './formats.ts'

/** @throws GatewayError `invalid_request` for web addresses, file ids and types without a format here. */
export function encodeMedia(
  part: MediaPart,
  at: string,
  nameOf: (title: string | undefined) => string,
  notes: Note[],
): JsonObject {
  const source = readable(part.source)
  const { media } = part
  if (part.detail !== undefined && part.detail !== 'auto')
    notes.push({ field: `${at}.detail`, action: 'dropped', why: 'images have no detail level here' })
  const block: JsonObject = { source: wireSource(source, at, media) }
  const type = mediaType(source) ?? guessed(media, part)
  const format = type === undefined ? undefined : formatOf(media, type)
  if (format === undefined && media !== 'document')
    throw invalid(
      at,
      `${at}: ${media} of type ${type ?? 'unknown'} is unsupported by Amazon Bedrock Converse`,
    )
  if (format === undefined && source.type !== 'parts')
    throw invalid(
      at,
      `${at}: documents of type ${type ?? 'unknown'} are unsupported by Amazon Bedrock Converse`,
    )
  if (format !== undefined) block.format = format
  if (media === 'document') {
    const name = nameOf(part.title)
    block.name = name
    if (part.title !== undefined && part.title !== name)
      notes.push({
        field: `${at}.title`,
        action: 'approximated',
        why: `names of documents are plain here: "${name}"`,
      })
    if (part.context !== undefined) block.context = part.context
    if (part.citable !== undefined) block.citations = { enabled: part.citable }
  }
  return { [media]: block }
}

function mediaType(source: MediaSource): string | undefined {
  return source.type === 'base64' || source.type === 'url' || source.type === 'text'
    ? source.mediaType
    : undefined
}

/** An S3 address says its type by its ending. */
function guessed(media: MediaPart['media'], part: MediaPart): string | undefined {
  if (part.source.type !== 'url') return undefined
  const ending = /\.([a-z0-9]+)$/i.exec(part.source.url)?.[1]?.toLowerCase()
  return ending === undefined ? undefined : `${media}/x-${ending === 'jpg' ? 'jpeg' : ending}`
}

function wireSource(source: MediaSource, at: string, media: MediaPart['media']): JsonObject {
  switch (source.type) {
    case 'base64':
      return { bytes: source.data }
    case 'text':
      // Only documents have a text; everything else is bytes.
      return media === 'document'
        ? { text: source.text }
        : { bytes: Buffer.from(source.text).toString('base64') }
    case 'url':
      if (source.url.startsWith('s3://')) return { s3Location: { uri: source.url } }
      throw invalid(
        at,
        `${at}: Amazon Bedrock fetches no web addresses; send the ${media} as a data URL or an s3:// address`,
      )
    case 'file':
      throw invalid(
        at,
        `${at}: the file "${source.id}" is stored at another vendor; send its content instead`,
      )
    case 'parts':
      return {
        content: source.parts.flatMap((inner): JsonObject[] =>
          inner.kind === 'text' ? [{ text: inner.text }] : [],
        ),
      }
    default:
      return source satisfies never
  }
}

/** A data URL that the other dialect left as it was becomes base64. */
function readable(source: MediaSource): MediaSource {
  if (source.type !== 'url' || !/^data:/i.test(source.url)) return source
  const comma = source.url.indexOf(',')
  const [type = '', ...parameters] = source.url.slice(5, Math.max(5, comma)).split(';')
  const base64 = parameters.some((name) => name.trim().toLowerCase() === 'base64')
  const data = source.url.slice(comma + 1)
  return {
    type: 'base64',
    mediaType: type === '' ? 'text/plain' : type,
    data: base64 ? data : Buffer.from(decodeURIComponent(data)).toString('base64'),
  }
}
