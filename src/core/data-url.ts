// Media as URLs: wires that have no member for base64 write it as a data URL.

import type { MediaSource } from './part.ts'

/** A data URL in its plain form becomes base64; anything else stays the URL it is, letter for letter. */
export function urlSource(url: string): MediaSource {
  const match = /^data:([^;,]+);base64,/.exec(url)
  return match
    ? { type: 'base64', mediaType: match[1] as string, data: url.slice(match[0].length) }
    : { type: 'url', url }
}

export function urlOf(source: Extract<MediaSource, { type: 'base64' | 'url' }>): string {
  return source.type === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`
}
