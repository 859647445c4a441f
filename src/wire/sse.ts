// Server-sent events, both ways. The reader is a synchronous push parser, linear in the bytes for any fragmentation:
// CR, LF and CRLF, a leading BOM, comments, several data lines, a missing last blank line, a hard cap per event.
// Framing facts: WHATWG HTML, section 9.2.6 "Interpreting an event stream".

import type { Frame } from '../core/dialect.ts'
import { GatewayError } from '../core/error.ts'

const LF = 10
const CR = 13

export interface SseReader {
  /** Feed bytes; complete events are delivered before it returns. Throws `bad_upstream_response` past the cap. */
  push(bytes: Uint8Array): void
  /** The bytes ended: an event without its blank line is delivered too, as every client in use does. */
  end(): void
}

export interface SseHandlers {
  frame(frame: Frame): void
  /** A comment line (`: keep-alive`), without its colon. */
  comment?(text: string): void
}

/** @param maxEventBytes cap of one event, framing included. */
export function sseReader(handlers: SseHandlers, maxEventBytes = 16 * 1024 * 1024): SseReader {
  // Bytes of an unfinished line, in pieces, so that a long line in many fragments is copied only once.
  let pieces: Uint8Array[] = []
  let pieceBytes = 0
  let eventBytes = 0
  let sawCr = false
  let first = true
  let event = ''
  let data: string | undefined

  const dispatch = (): void => {
    if (data !== undefined) handlers.frame({ event, data })
    event = ''
    data = undefined
    eventBytes = 0
  }

  const line = (text: string): void => {
    if (first) {
      first = false
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1)
    }
    if (text === '') return dispatch()
    const colon = text.indexOf(':')
    if (colon === 0) return handlers.comment?.(text.slice(1))
    const field = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? '' : text.slice(text.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1)
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (field === 'event') event = value
  }

  const flushLine = (bytes: Buffer, from: number, to: number): void => {
    if (pieceBytes === 0) return line(bytes.toString('utf8', from, to))
    pieces.push(bytes.subarray(from, to))
    const whole = Buffer.concat(pieces)
    pieces = []
    pieceBytes = 0
    line(whole.toString('utf8'))
  }

  const grow = (count: number): void => {
    eventBytes += count
    if (eventBytes > maxEventBytes)
      throw new GatewayError('bad_upstream_response', `a stream event is larger than ${maxEventBytes} bytes`)
  }

  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      let at = 0
      if (sawCr && bytes.length > 0) {
        sawCr = false
        if (bytes[0] === LF) at = 1
      }
      const lastLf = pieceBytes === 0 && bytes.indexOf(CR, at) < 0 ? bytes.lastIndexOf(LF) : -1
      if (lastLf >= at) {
        // The usual read: whole lines with plain ends. Made text at once, cut as text.
        const text = bytes.toString('utf8', at, lastLf + 1)
        let from = 0
        let dispatched = false
        for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
          if (to === from) {
            first = false
            dispatch()
            dispatched = true
          } else if (data === undefined && !first && text.startsWith('data: ', from))
            data = text.slice(from + 6, to)
          else line(text.slice(from, to))
          from = to + 1
        }
        // Beyond one read only an event that is still open can be too large; a read is small beside the cap.
        grow(dispatched ? 0 : lastLf + 1 - at)
        at = lastLf + 1
      }
      // The next CR is looked up once and kept until passed, so that a stream without CR is scanned once for it.
      let nextCr = bytes.indexOf(CR, at)
      while (at < bytes.length) {
        const nextLf = bytes.indexOf(LF, at)
        if (nextCr >= 0 && nextCr < at) nextCr = bytes.indexOf(CR, at)
        const stop = nextLf < 0 ? nextCr : nextCr < 0 ? nextLf : Math.min(nextLf, nextCr)
        if (stop < 0) {
          grow(bytes.length - at)
          // Copied: the transport may reuse its buffer after this call.
          pieces.push(Buffer.from(bytes.subarray(at)))
          pieceBytes += bytes.length - at
          return
        }
        grow(stop - at + 1)
        flushLine(bytes, at, stop)
        at = stop + 1
        if (bytes[stop] === CR) {
          if (at === bytes.length) sawCr = true
          else if (bytes[at] === LF) at++
        }
      }
    },
    end() {
      if (pieceBytes > 0) flushLine(Buffer.alloc(0), 0, 0)
      dispatch()
    },
  }
}

/** One event as text. `event` "" writes no event line. */
export function sseFrame(event: string, data: string): string {
  return event === '' ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`
}
