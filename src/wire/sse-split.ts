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
  /** Nothing is held back: the next byte begins an event. */
  readonly empty: boolean
}

/**
 * Takes one read apart into stretches of whole events that nobody needs to look at, passed on uncut, and the events
 * that somebody does. What it cannot judge at a glance (CR framing, a torn event) goes to the splitter. Faster by the
 * number of events a read brings: `npm run bench:overhead`, relay stream.
 * @param worth global expression that matches inside every event worth a look
 */
export function sift(
  bytes: Buffer,
  worth: RegExp,
  plain: (stretch: Buffer) => void,
  splitter: SseSplitter,
): void {
  if (!splitter.empty || (bytes[0] !== 100 && bytes[0] !== 101)) return splitter.push(bytes)
  const text = bytes.toString('latin1')
  if (text.includes('\r')) return splitter.push(bytes)
  let at = 0
  while (at < bytes.length) {
    worth.lastIndex = at
    const found = worth.exec(text)
    const limit = found ? found.index : bytes.length
    const border = limit - 2 < at ? -1 : text.lastIndexOf('\n\n', limit - 2)
    if (border >= at) {
      plain(at === 0 && border + 2 === bytes.length ? bytes : bytes.subarray(at, border + 2))
      at = border + 2
    }
    if (!found) break
    const next = text.indexOf('\n\n', found.index)
    if (next < 0) break
    splitter.push(bytes.subarray(at, next + 2))
    at = next + 2
  }
  if (at < bytes.length) splitter.push(bytes.subarray(at))
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
    get empty() {
      return size === 0 && pieces.length === 0 && !blankCr && !afterCr && !eventHasBytes
    },
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
