// Media of another dialect. Google fetches some addresses itself (files of its own API, YouTube, buckets, most public
// ones); nothing is fetched here.

import { invalid } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { MediaPart } from '../../core/part.ts'
import { ownPart } from './parts.ts'

const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  mp4: 'video/mp4',
  webm: 'video/webm',
  mov: 'video/quicktime',
}
/** Where an address does not tell. */
const USUAL: Readonly<Record<MediaPart['media'], string>> = {
  image: 'image/jpeg',
  document: 'application/pdf',
  audio: 'audio/mp3',
  video: 'video/mp4',
}

/** @throws GatewayError `invalid_request` for a source with no form here. */
export function encodeMedia(part: MediaPart, at: string, notes: Note[]): JsonObject[] {
  if (part.origin?.dialect === 'gemini') return ownPart(part)
  if (part.detail !== undefined && part.detail !== 'auto')
    notes.push({ field: `${at}.detail`, action: 'dropped', why: 'images have no detail level here' })
  for (const name of ['title', 'context', 'citable'] as const)
    if (part[name] !== undefined && part[name] !== '')
      notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Gemini has no such field' })
  const { source } = part
  switch (source.type) {
    case 'base64': {
      const type = source.mediaType.toLowerCase()
      return [{ inlineData: { mimeType: type === 'image/jpg' ? 'image/jpeg' : type, data: source.data } }]
    }
    case 'url':
      return [fileData(part, source.url, source.mediaType, at, notes)]
    case 'file':
      if (/^(https?|gs):\/\//.test(source.id)) return [fileData(part, source.id, undefined, at, notes)]
      throw invalid(
        at,
        `${at}: the file "${source.id}" is unknown to Gemini; its files are named by their URI`,
      )
    case 'text':
      notes.push({ field: at, action: 'approximated', why: 'a text document is sent as text' })
      return [{ text: source.text }]
    case 'parts':
      notes.push({ field: at, action: 'approximated', why: 'a document of blocks is sent as its blocks' })
      return source.parts.flatMap((inner): JsonObject[] => {
        if (inner.kind === 'text') return [{ text: inner.text }]
        if (inner.kind === 'media') return encodeMedia(inner, at, notes)
        notes.push({ field: at, action: 'dropped', why: `a document holds no ${inner.kind} here` })
        return []
      })
    default:
      return source satisfies never
  }
}

function fileData(
  part: MediaPart,
  url: string,
  mediaType: string | undefined,
  at: string,
  notes: Note[],
): JsonObject {
  const comma = /^data:/i.test(url) ? url.indexOf(',') : -1
  const [type, ...parameters] = comma < 0 ? [] : url.slice(5, comma).split(';')
  if (type !== undefined && type !== '' && parameters.some((name) => name.trim().toLowerCase() === 'base64'))
    return { inlineData: { mimeType: type.toLowerCase(), data: url.slice(comma + 1) } }
  if (comma >= 0) throw invalid(at, `${at}: a data URL must hold a type and base64 content`)
  if (mediaType !== undefined) return { fileData: { mimeType: mediaType, fileUri: url } }
  if (/^https:\/\/(www\.|m\.)?(youtube\.com|youtu\.be)\//.test(url)) return { fileData: { fileUri: url } }
  const ending = /\.([a-z0-9]+)(?:[?#].*)?$/i.exec(url)?.[1]?.toLowerCase() ?? ''
  const known = TYPES[ending]
  if (known === undefined)
    notes.push({
      field: `${at}.url`,
      action: 'approximated',
      why: `Gemini wants the type of what it fetches: ${USUAL[part.media]} is assumed`,
    })
  return { fileData: { mimeType: known ?? USUAL[part.media], fileUri: url } }
}
