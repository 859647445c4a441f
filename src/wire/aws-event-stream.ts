// Amazon's binary event stream: bytes in, frames out, and back. The reader cuts messages by their length prefix, linear
// in the bytes for any fragmentation and capped. Facts: the service model of bedrock-runtime.

import type { Frame } from '../core/dialect.ts'
import { GatewayError } from '../core/error.ts'
import { type AwsMessage, LEAST_BYTES, decodeMessage, encodeMessage } from './aws-message.ts'
import type { SseReader } from './sse.ts'

/** Headers of at most 128 KiB and a payload of at most 24 MiB. */
const MOST_BYTES = LEAST_BYTES + 128 * 1024 + 24 * 1024 * 1024

/**
 * The event name of a message of type `error`, whose code and message stand in headers; its data is
 * `{"code": ..., "message": ...}`. Exceptions keep their own names, which end in "Exception".
 */
export const ERROR_EVENT = 'error'

/** @param handlers.frame gets each message; pushing throws `bad_upstream_response` on a bad CRC or past the cap. */
export function awsReader(handlers: { frame(frame: Frame): void }, maxMessageBytes = MOST_BYTES): SseReader {
  // Bytes of an unfinished message, in pieces, so that a long one in many fragments is copied once.
  let pieces: Uint8Array[] = []
  let size = 0
  // Length of the message under way; 0 until its first four bytes are here.
  let wanted = 0

  const lengthOf = (bytes: Uint8Array): number => {
    const total = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    if (total < LEAST_BYTES || total > maxMessageBytes)
      throw broken(`a message of ${total} bytes, outside ${LEAST_BYTES}..${maxMessageBytes}`)
    return total
  }

  return {
    push(bytes) {
      let chunk = bytes
      if (size > 0) {
        // Fill up the unfinished message first; only its length prefix may be split and is joined at once.
        if (wanted === 0) {
          const missing = Math.min(4 - size, chunk.length)
          pieces = [Buffer.concat([...pieces, chunk.subarray(0, missing)])]
          size += missing
          chunk = chunk.subarray(missing)
          if (size < 4) return
          wanted = lengthOf(pieces[0] as Uint8Array)
        }
        const missing = Math.min(wanted - size, chunk.length)
        // Copied: the transport may reuse its buffer after this call.
        if (missing > 0) pieces.push(Buffer.from(chunk.subarray(0, missing)))
        size += missing
        chunk = chunk.subarray(missing)
        if (size < wanted) return
        const whole = Buffer.concat(pieces)
        pieces = []
        size = 0
        wanted = 0
        handlers.frame(frameOfMessage(whole))
      }
      let at = 0
      while (chunk.length - at >= 4) {
        const total = lengthOf(chunk.subarray(at, at + 4))
        if (chunk.length - at < total) {
          wanted = total
          break
        }
        handlers.frame(frameOfMessage(chunk.subarray(at, at + total)))
        at += total
      }
      if (at === chunk.length) return
      pieces = [Buffer.from(chunk.subarray(at))]
      size = chunk.length - at
    },
    end() {
      if (size > 0) throw broken(`it ended inside a message, after ${size} bytes`)
    },
  }
}

/** The frame of one complete message. @throws `bad_upstream_response` for a wrong CRC or unreadable headers. */
export function frameOfMessage(message: Uint8Array): Frame {
  let decoded: AwsMessage
  try {
    decoded = decodeMessage(message)
  } catch (cause) {
    throw broken(cause instanceof Error ? cause.message : String(cause), cause)
  }
  const { headers, payload } = decoded
  const type = headers[':message-type']
  if (type === 'error')
    return {
      event: ERROR_EVENT,
      data: JSON.stringify({ code: headers[':error-code'] ?? '', message: headers[':error-message'] ?? '' }),
    }
  const event =
    (type === 'exception' ? headers[':exception-type'] : undefined) ?? headers[':event-type'] ?? ''
  return { event, data: payload.toString('utf8') }
}

/** One message; `exception` makes it one. For tests, fakes and encoders. */
export function awsMessage(event: string, data: string, type: 'event' | 'exception' = 'event'): Buffer {
  return encodeMessage({
    headers: {
      [`:${type}-type`]: event,
      ':content-type': 'application/json',
      ':message-type': type,
    },
    payload: Buffer.from(data, 'utf8'),
  })
}

function broken(why: string, cause?: unknown): GatewayError {
  return new GatewayError('bad_upstream_response', `the event stream is broken: ${why}`, { cause })
}
