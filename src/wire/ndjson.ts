// Newline-delimited JSON: one line, one frame. The reader and the splitter are one push parser, linear in the bytes for
// any fragmentation, with a hard cap per line. Blank lines mean nothing. Framing fact: Ollama's native API.

import type { Frame } from '../core/dialect.ts'
import { GatewayError } from '../core/error.ts'
import type { SseSplitter } from './sse-split.ts'

const LF = 10

/** @param line called with each complete line, its line end included; `maxLineBytes` caps one line. */
export function lineSplitter(line: (raw: Buffer) => void, maxLineBytes = 16 * 1024 * 1024): SseSplitter {
  let pieces: Buffer[] = []
  let size = 0
  return {
    get empty() {
      return size === 0
    },
    push(chunk) {
      let at = 0
      while (at < chunk.length) {
        const stop = chunk.indexOf(LF, at)
        if (stop < 0) {
          // Copied: the transport may reuse its buffer after this call.
          pieces.push(Buffer.from(chunk.subarray(at)))
          size += chunk.length - at
          if (size > maxLineBytes)
            throw new GatewayError(
              'bad_upstream_response',
              `a stream line is larger than ${maxLineBytes} bytes`,
            )
          return
        }
        const tail = chunk.subarray(at, stop + 1)
        at = stop + 1
        if (size === 0) line(tail)
        else {
          pieces.push(tail)
          const whole = Buffer.concat(pieces)
          pieces = []
          size = 0
          line(whole)
        }
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

/** The frame of one line, or undefined for a blank one. */
export function lineFrame(raw: Buffer): Frame | undefined {
  const data = raw.toString('utf8').trim()
  return data === '' ? undefined : { event: '', data }
}
