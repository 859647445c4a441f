// Formats of media on this wire (`png`, `docx`, `three_gp`) and the media types they stand for.

import type { MediaPart } from '../../core/part.ts'

/** Where several formats mean one type, the first is written. */
const TYPES: Readonly<Record<MediaPart['media'], readonly [format: string, type: string][]>> = {
  image: [
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
    ['gif', 'image/gif'],
    ['webp', 'image/webp'],
  ],
  document: [
    ['pdf', 'application/pdf'],
    ['csv', 'text/csv'],
    ['doc', 'application/msword'],
    ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    ['xls', 'application/vnd.ms-excel'],
    ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
    ['html', 'text/html'],
    ['txt', 'text/plain'],
    ['md', 'text/markdown'],
  ],
  video: [
    ['mp4', 'video/mp4'],
    ['mkv', 'video/x-matroska'],
    ['mov', 'video/quicktime'],
    ['webm', 'video/webm'],
    ['flv', 'video/x-flv'],
    ['mpeg', 'video/mpeg'],
    ['mpg', 'video/mpg'],
    ['wmv', 'video/x-ms-wmv'],
    ['three_gp', 'video/3gpp'],
  ],
  audio: [
    ['mp3', 'audio/mp3'],
    ['opus', 'audio/opus'],
    ['wav', 'audio/wav'],
    ['aac', 'audio/aac'],
    ['flac', 'audio/flac'],
    ['mp4', 'audio/mp4'],
    ['ogg', 'audio/ogg'],
    ['m4a', 'audio/m4a'],
    ['pcm', 'audio/pcm'],
    ['webm', 'audio/webm'],
  ],
}

/** Other spellings of the same types. */
const ALIASES: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'audio/mpeg': 'audio/mp3',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'text/x-markdown': 'text/markdown',
  'application/csv': 'text/csv',
  'application/json': 'text/plain',
}

/** A format nobody listed becomes a type that gives it back. */
export function typeOf(media: MediaPart['media'], format: string): string {
  return TYPES[media].find((row) => row[0] === format)?.[1] ?? `${media}/x-${format}`
}

/** Undefined: this wire has no word for the type. */
export function formatOf(media: MediaPart['media'], mediaType: string): string | undefined {
  const plain = (mediaType.split(';')[0] as string).trim().toLowerCase()
  const type = ALIASES[plain] ?? plain
  const known = TYPES[media].find((row) => row[1] === type)?.[0]
  if (known !== undefined) return known
  if (type.startsWith(`${media}/x-`)) return type.slice(media.length + 3)
  // Any other text is read as plain text.
  return media === 'document' && type.startsWith('text/') ? 'txt' : undefined
}
