// Reads and replaces top-level members of a JSON object in its bytes, without parsing the rest: the caller's other
// bytes pass unchanged. `splice` equals parse, assign, stringify up to white space (a property test says so).
// The original is never edited, so that a retry can splice the same bytes again.

import { GatewayError } from '../core/error.ts'
import type { Json } from '../core/json.ts'

const QUOTE = 34
const COMMA = 44
const BACKSLASH = 92

export interface MemberSpan {
  /** Offset of the key's opening quote. */
  keyStart: number
  valueStart: number
  /** Exclusive. */
  valueEnd: number
}

export interface TopLevel {
  /** The last span of each wanted key (JSON.parse keeps the last duplicate too). */
  spans: Map<string, MemberSpan>
  /** All spans of wanted keys in order, duplicates included. */
  all: { key: string; span: MemberSpan }[]
  /** Offset of the object's opening brace. */
  open: number
  empty: boolean
}

/**
 * Finds the spans of the wanted top-level members. Structure is checked only as far as the scan needs it: a body
 * that is relayed is judged by the upstream.
 * @throws GatewayError `invalid_request` when the bytes are not one JSON object.
 */
export function scan(bytes: Buffer, wanted: readonly string[]): TopLevel {
  let at = space(bytes, bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0)
  if (bytes[at] !== 123) throw notObject()
  const top: TopLevel = { spans: new Map(), all: [], open: at, empty: false }
  at = space(bytes, at + 1)
  if (bytes[at] === 125) {
    top.empty = true
    return top
  }
  for (;;) {
    if (bytes[at] !== QUOTE) throw notObject()
    const keyStart = at
    at = stringEnd(bytes, at)
    const key = keyOf(bytes, keyStart, at)
    at = space(bytes, at)
    if (bytes[at] !== 58) throw notObject()
    const valueStart = space(bytes, at + 1)
    const valueEnd = skipValue(bytes, valueStart)
    if (wanted.includes(key)) {
      const span = { keyStart, valueStart, valueEnd }
      top.spans.set(key, span)
      top.all.push({ key, span })
    }
    at = space(bytes, valueEnd)
    if (bytes[at] === COMMA) {
      at = space(bytes, at + 1)
      continue
    }
    if (bytes[at] !== 125) throw notObject()
    if (space(bytes, at + 1) !== bytes.length) throw notObject()
    return top
  }
}

/** The parsed value of a span. */
export function valueAt(bytes: Buffer, span: MemberSpan): Json {
  try {
    return JSON.parse(bytes.toString('utf8', span.valueStart, span.valueEnd)) as Json
  } catch (cause) {
    throw new GatewayError('invalid_request', 'the request body is not valid JSON', { cause })
  }
}

/** Sets or (with undefined) removes top-level members; other bytes stay as they are. Returns a new buffer. */
export function splice(
  bytes: Buffer,
  changes: Readonly<Record<string, Json | undefined>>,
  top: TopLevel = scan(bytes, Object.keys(changes)),
): Buffer {
  const out: Buffer[] = []
  let from = 0
  let present = !top.empty
  const prefix: string[] = []
  for (const [key, value] of Object.entries(changes))
    if (value !== undefined && !top.spans.has(key))
      prefix.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`)
  for (const { key, span } of top.all) {
    if (!(key in changes)) continue
    const value = changes[key]
    if (value !== undefined) {
      out.push(bytes.subarray(from, span.valueStart), Buffer.from(JSON.stringify(value)))
      from = span.valueEnd
      continue
    }
    // A removed member takes one comma with it: the one after, else the one before (unless all before it went too).
    let end = space(bytes, span.valueEnd)
    if (bytes[end] === COMMA) {
      end++
      out.push(bytes.subarray(from, span.keyStart))
    } else {
      let start = span.keyStart
      while (start > from && bytes[start - 1] !== COMMA && bytes[start - 1] !== 123) start--
      if (start > from && bytes[start - 1] === COMMA) out.push(bytes.subarray(from, start - 1))
      else {
        out.push(bytes.subarray(from, start))
        trimComma(out)
      }
      end = span.valueEnd
    }
    from = end
  }
  out.push(bytes.subarray(from))
  const body = Buffer.concat(out)
  if (prefix.length === 0) return body
  present = present && bytesAfterOpen(body, top.open) !== 125
  const head = Buffer.from(prefix.join(',') + (present ? ',' : ''))
  return Buffer.concat([body.subarray(0, top.open + 1), head, body.subarray(top.open + 1)])
}

function bytesAfterOpen(bytes: Buffer, open: number): number | undefined {
  return bytes[space(bytes, open + 1)]
}

/** Removes a trailing comma (and the white space behind it) from the pieces written so far. */
function trimComma(out: Buffer[]): void {
  for (let index = out.length - 1; index >= 0; index--) {
    const piece = out[index] as Buffer
    let end = piece.length
    while (end > 0 && isSpace(piece[end - 1] as number)) end--
    if (end === 0) continue
    if (piece[end - 1] === COMMA) {
      out[index] = piece.subarray(0, end - 1)
      out.length = index + 1
    }
    return
  }
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === LF || byte === 13 || byte === 9
}
const LF = 10

function space(bytes: Buffer, at: number): number {
  while (at < bytes.length && isSpace(bytes[at] as number)) at++
  return at
}

/** Offset behind the closing quote of the string that starts at `at`. Jumps from quote to quote. */
function stringEnd(bytes: Buffer, at: number): number {
  let from = at + 1
  for (;;) {
    const quote = bytes.indexOf(QUOTE, from)
    if (quote < 0) throw notObject()
    let back = quote - 1
    while (bytes[back] === BACKSLASH) back--
    if ((quote - back) % 2 === 1) return quote + 1
    from = quote + 1
  }
}

function keyOf(bytes: Buffer, start: number, end: number): string {
  const raw = bytes.toString('utf8', start + 1, end - 1)
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    throw notObject()
  }
}

function skipValue(bytes: Buffer, at: number): number {
  const first = bytes[at]
  if (first === QUOTE) return stringEnd(bytes, at)
  if (first === 123 || first === 91) {
    let depth = 0
    let i = at
    while (i < bytes.length) {
      const byte = bytes[i] as number
      if (byte === QUOTE) {
        i = stringEnd(bytes, i)
        continue
      }
      if (byte === 123 || byte === 91) depth++
      else if (byte === 125 || byte === 93) {
        depth--
        if (depth === 0) return i + 1
      }
      i++
    }
    throw notObject()
  }
  let i = at
  while (i < bytes.length) {
    const byte = bytes[i] as number
    if (byte === COMMA || byte === 125 || byte === 93 || isSpace(byte)) break
    i++
  }
  if (i === at) throw notObject()
  return i
}

function notObject(): GatewayError {
  return new GatewayError('invalid_request', 'the request body is not a valid JSON object', {})
}
