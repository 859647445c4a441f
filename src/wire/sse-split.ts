// Cuts a relayed event stream at event borders without copying what arrives whole. Only complete events are passed on,
// so that an upstream that dies in the middle of one leaves the caller a valid prefix. Linear for any fragmentation.

import type { Frame } from '../core/dialect.ts'
import { GatewayError } from '../core/error.ts'

const LF = 10
const CR = 13

export interface SseSplitter {
  /** Feed bytes; `event` is called for each complete event, its blank line included. */
  push(chunk: Buffer): void
  /** What is left without its blank line (empty when the stream ended cleanly). */
  rest(): Buffer
}

/** @param maxEventBytes cap of one event. */
export function sseSplitter(event: (raw: Buffer) => void, maxEventBytes = 16 * 1024 * 1024): SseSplitter {
  let pieces: Buffer[] = []
  let size = 0
  // Whether the current line has had no byte yet, and whether the last byte was a CR that a LF may complete.
  let lineEmpty = true
  let blankCr = false
  let afterCr = false
  let eventHasBytes = false

  const emit = (tail: Buffer): void => {
    if (size === 0) return event(tail)
    pieces.push(tail)
    const whole = Buffer.concat(pieces)
    pieces = []
    size = 0
    event(whole)
  }

  return {
    push(chunk) {
      let start = 0
      let at = 0
      if (blankCr) {
        // The event ended with a CR as the last byte of the previous read; its LF, if any, belongs to it.
        blankCr = false
        if (chunk[0] === LF) at = 1
        emit(chunk.subarray(0, at))
        start = at
        afterCr = false
        lineEmpty = true
        eventHasBytes = false
      }
      let nextCr = chunk.indexOf(CR, at)
      while (at < chunk.length) {
        const nextLf = chunk.indexOf(LF, at)
        if (nextCr >= 0 && nextCr < at) nextCr = chunk.indexOf(CR, at)
        const stop = nextLf < 0 ? nextCr : nextCr < 0 ? nextLf : Math.min(nextLf, nextCr)
        if (stop < 0) {
          lineEmpty = false
          afterCr = false
          eventHasBytes = true
          break
        }
        if (stop > at) {
          lineEmpty = false
          afterCr = false
          eventHasBytes = true
        }
        const isLf = chunk[stop] === LF
        at = stop + 1
        if (isLf && afterCr) {
          // The LF of a CRLF: the line was already counted at its CR.
          afterCr = false
          continue
        }
        afterCr = !isLf
        if (!lineEmpty) {
          lineEmpty = true
          continue
        }
        if (!eventHasBytes && isLf) continue
        if (!isLf) {
          if (at === chunk.length) {
            blankCr = true
            break
          }
          if (chunk[at] === LF) at++
        }
        emit(chunk.subarray(start, at))
        start = at
        afterCr = false
        eventHasBytes = false
      }
      if (start < chunk.length || blankCr) {
        // Copied: the transport may reuse its buffer after this call.
        pieces.push(Buffer.from(chunk.subarray(start)))
        size += chunk.length - start
        if (size > maxEventBytes)
          throw new GatewayError(
            'bad_upstream_response',
            `a stream event is larger than ${maxEventBytes} bytes`,
          )
      }
    },
    rest() {
      const whole = Buffer.concat(pieces)
      pieces = []
      size = 0
      return whole
    },
  }
}

/** The frame inside one complete event, or undefined when it carries no data (comments, ids). */
export function frameOf(raw: Buffer): Frame | undefined {
  const text = raw.toString('utf8')
  // Nearly every event of the unnamed kind is one `data: ` line.
  if (text.startsWith('data: ')) {
    const end = text.indexOf('\n')
    if (end === text.length - 2 && text.charCodeAt(end + 1) === LF && text.charCodeAt(end - 1) !== CR)
      return { event: '', data: text.slice(6, end) }
  }
  let event = ''
  let data: string | undefined
  for (const line of text.split(/\r\n|\n|\r/)) {
    const bare = line.charCodeAt(0) === 0xfeff ? line.slice(1) : line
    const colon = bare.indexOf(':')
    if (colon === 0) continue
    const field = colon < 0 ? bare : bare.slice(0, colon)
    const value = colon < 0 ? '' : bare.slice(bare.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1)
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (field === 'event') event = value
  }
  return data === undefined ? undefined : { event, data }
}
