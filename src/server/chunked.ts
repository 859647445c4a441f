// A streamed answer's bytes in HTTP chunks. node:http writes a chunk in four pieces (length, end of line, bytes, end of
// line), which costs more than the relay of the event in it; here a chunk is one string. `npm run bench:streams` would
// notice its loss.

import { ServerResponse } from 'node:http'
import type { Sink } from '../gateway/call.ts'

/** Beyond this, copying the bytes into a string costs more than a write in pieces. */
export const JOINED_BYTES = 2_000

/** Text beyond this is counted, joined and encoded in one pass, as bytes. */
const LONG_TEXT = 32_000

/** Writes the head, and gives the sink for what follows. @param bodiless the caller wants, or may have, no body */
export function chunked(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  bodiless: boolean,
): Sink {
  const onDrain = (fn: () => void): void => void response.once('drain', fn)
  if (bodiless || !isPlain(response)) {
    response.writeHead(status, headers)
    return { write: (bytes) => response.write(bytes), end: () => void response.end(), onDrain }
  }
  headers['transfer-encoding'] = 'chunked'
  response.writeHead(status, headers)
  // The head has said it; from here on the bytes are ours.
  response.chunkedEncoding = false
  return {
    write(given) {
      const bytes = typeof given === 'string' && given.length > LONG_TEXT ? Buffer.from(given) : given
      if (typeof bytes === 'string') {
        const size = Buffer.byteLength(bytes).toString(16)
        return response.write(`${size}\r\n${bytes}\r\n`, 'utf8')
      }
      const size = bytes.length.toString(16)
      if (bytes.length <= JOINED_BYTES)
        return response.write(`${size}\r\n${bytes.toString('latin1')}\r\n`, 'latin1')
      response.write(`${size}\r\n`, 'latin1')
      response.write(bytes)
      return response.write('\r\n', 'latin1')
    },
    end: () => void response.end('0\r\n\r\n', 'latin1'),
    onDrain,
  }
}

/**
 * HTTP/1.1, and nobody stands between. HTTP/1.0 and 2 have no chunks; a framework that mounts us may have put a
 * compressor or a class of its own in the way, for which these bytes would be content.
 */
function isPlain(response: ServerResponse): boolean {
  // First the class: an embedder's answer need not have a request.
  return (
    Object.getPrototypeOf(response) === ServerResponse.prototype &&
    response.write === ServerResponse.prototype.write &&
    response.end === ServerResponse.prototype.end &&
    response.req.httpVersionMajor === 1 &&
    response.req.httpVersionMinor === 1
  )
}
