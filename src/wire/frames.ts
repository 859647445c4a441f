// One door to every framing: the reader that turns an upstream's bytes into frames, the splitter that cuts a relayed
// stream at frame borders, and the content type by which each is known.

import type { Frame, Framing } from '../core/dialect.ts'
import { GatewayError } from '../core/error.ts'
import { awsReader } from './aws-event-stream.ts'
import { lineFrame, lineSplitter } from './ndjson.ts'
import { type SseHandlers, type SseReader, sseReader } from './sse.ts'
import { type SseSplitter, frameOf, sseSplitter } from './sse-split.ts'

/** `content-type` of a streamed answer in each framing. */
export const STREAM_TYPE: Readonly<Record<Framing, string>> = {
  sse: 'text/event-stream; charset=utf-8',
  ndjson: 'application/x-ndjson',
  'aws-event-stream': 'application/vnd.amazon.eventstream',
}

/** Bytes in, frames out. Throws `bad_upstream_response` past its cap. */
export function frameReader(framing: Framing, handlers: SseHandlers): SseReader {
  if (framing === 'sse') return sseReader(handlers)
  if (framing === 'ndjson') {
    const deliver = (raw: Buffer): void => {
      const frame = lineFrame(raw)
      if (frame) handlers.frame(frame)
    }
    const lines = lineSplitter(deliver)
    return {
      push: (bytes) => lines.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
      end: () => deliver(lines.rest()),
    }
  }
  if (framing === 'aws-event-stream') return awsReader(handlers)
  return framing satisfies never
}

export interface FrameSplitter {
  splitter: SseSplitter
  /** The frame inside one complete piece, or undefined when it carries none. */
  frameOf(raw: Buffer): Frame | undefined
}

/** Cuts a relayed stream at frame borders; `piece` gets each complete frame with its framing. */
export function frameSplitter(framing: Framing, piece: (raw: Buffer) => void): FrameSplitter {
  if (framing === 'sse') return { splitter: sseSplitter(piece), frameOf }
  if (framing === 'ndjson') return { splitter: lineSplitter(piece), frameOf: lineFrame }
  throw new GatewayError('internal', `no splitter for the framing "${framing}"`)
}

/** Whether a successful answer with this content type is a stream. NDJSON hosts name it in many ways, JSON among them. */
export function isStreamType(type: string, framing: Framing): boolean {
  if (framing === 'ndjson') return !type.includes('html')
  return !type.includes('json') && !type.includes('html')
}
