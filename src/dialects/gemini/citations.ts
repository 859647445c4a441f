// Where an answer's text comes from: grounding supports (search, files, maps) and recitations, as citations, and back.
// Offsets on this wire count UTF-8 bytes within one part; canonical ones count UTF-16 units over the answer's text.

import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import type { Citation } from '../../core/part.ts'

/** The text of one part, and where it begins in the answer's text. */
export interface TextSpan {
  start: number
  text: string
}

/** One citation per support and chunk. @param parts text of each part of the answer, undefined for the others */
export function citationsOf(candidate: JsonObject, parts: readonly (TextSpan | undefined)[]): Citation[] {
  const whole: TextSpan = { start: 0, text: parts.map((part) => part?.text ?? '').join('') }
  return [
    ...grounded(candidate.groundingMetadata, parts, whole),
    ...recited(candidate.citationMetadata, whole),
  ]
}

function grounded(
  wire: Json | undefined,
  parts: readonly (TextSpan | undefined)[],
  whole: TextSpan,
): Citation[] {
  if (!isObject(wire) || !Array.isArray(wire.groundingSupports) || !Array.isArray(wire.groundingChunks))
    return []
  const chunks = wire.groundingChunks
  return wire.groundingSupports.filter(isObject).flatMap((support, place) => {
    const segment = isObject(support.segment) ? support.segment : {}
    const indices = Array.isArray(support.groundingChunkIndices) ? support.groundingChunkIndices : []
    const part = parts[asNumber(segment.partIndex) ?? 0]
    const span = located(segment, [part, whole])
    return indices.flatMap((index): Citation[] => {
      const chunk = typeof index === 'number' ? chunks[index] : undefined
      if (!isObject(chunk)) return []
      const [source] = Object.values(chunk).filter(isObject)
      const url = asString(source?.uri)
      const title = asString(source?.title) ?? asString(source?.fileSearchStore)
      const cited = asString(segment.text)
      return [
        {
          kind: url === undefined ? 'document' : 'url',
          ...(url === undefined ? {} : { url }),
          ...(title === undefined ? {} : { title }),
          ...(cited === undefined ? {} : { citedText: cited }),
          ...span,
          dialect: 'gemini',
          raw: { segment, chunk, place },
        },
      ]
    })
  })
}

/** Text that the model repeated from somewhere; `citations` on Vertex. */
function recited(wire: Json | undefined, whole: TextSpan): Citation[] {
  if (!isObject(wire)) return []
  const list = wire.citationSources ?? wire.citations
  if (!Array.isArray(list)) return []
  return list.filter(isObject).map((source) => {
    const url = asString(source.uri)
    const title = asString(source.title)
    return {
      kind: url === undefined ? 'other' : 'url',
      ...(url === undefined ? {} : { url }),
      ...(title === undefined ? {} : { title }),
      ...located(source, [whole]),
      dialect: 'gemini',
      raw: source,
    }
  })
}

/** Bytes to code units, in the first text where the span says what the wire says it says. */
function located(
  segment: JsonObject,
  texts: readonly (TextSpan | undefined)[],
): { start?: number; end?: number } {
  const from = asNumber(segment.startIndex) ?? 0
  const to = asNumber(segment.endIndex)
  const said = asString(segment.text)
  if (to === undefined) return {}
  for (const candidate of texts) {
    if (!candidate) continue
    const bytes = Buffer.from(candidate.text)
    if (to > bytes.length) continue
    const before = bytes.toString('utf8', 0, from).length
    const text = bytes.toString('utf8', from, to)
    if (said === undefined || said === text)
      return { start: candidate.start + before, end: candidate.start + before + text.length }
  }
  const whole = texts.at(-1)
  const at = said === undefined || !whole ? -1 : whole.text.indexOf(said)
  return at < 0 || said === undefined ? {} : { start: at, end: at + said.length }
}

/** Citations of another dialect that name an address, as grounding. @param text the answer's whole text */
export function groundingOf(citations: readonly Citation[], text: string): JsonObject | undefined {
  const foreign = citations.filter((one) => one.dialect !== 'gemini' && one.url !== undefined)
  if (foreign.length === 0) return undefined
  const chunks: JsonObject[] = []
  const supports: JsonObject[] = []
  for (const { url, title, start, end, citedText } of foreign) {
    let index = chunks.findIndex((chunk) => isObject(chunk.web) && chunk.web.uri === url)
    if (index < 0) index = chunks.push({ web: { uri: url, ...(title === undefined ? {} : { title }) } }) - 1
    const segment: JsonObject =
      start === undefined || end === undefined
        ? { text: citedText ?? '' }
        : {
            startIndex: Buffer.byteLength(text.slice(0, start)),
            endIndex: Buffer.byteLength(text.slice(0, end)),
            text: text.slice(start, end),
          }
    supports.push({ segment, groundingChunkIndices: [index] })
  }
  return { groundingChunks: chunks, groundingSupports: supports }
}
