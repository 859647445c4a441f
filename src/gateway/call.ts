// What goes into the pipeline and what comes out: no sockets here, so that a server, an embedder and a test are alike.

import type { Cancel } from '../core/cancel.ts'
import type { GenerationDialect } from '../core/dialect.ts'
import type { Operation } from '../providers/provider.ts'
import type { CallRecord } from './record.ts'
import type { Session } from './session.ts'
import type { Upload } from './upload.ts'

export interface Call {
  /** `x-request-id` of the answer. */
  id: string
  operation: Exclude<Operation, 'models'>
  /** The caller's dialect: its requests, answers and errors. */
  dialect: GenerationDialect
  /** What the path says where the dialect addresses by path (Gemini): the model and whether to stream. */
  named?: { model: string; stream: boolean }
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** Of a large form only the beginning, if there is an `upload`. */
  body: Buffer
  /** The rest of a large form. */
  upload?: Upload
  /** It came as a frame of a WebSocket. `warmUp`: nothing is to be generated. */
  socket?: { session: Session; warmUp: boolean }
  /** Shows its record to whoever watches calls under way. */
  live?: { record?: CallRecord }
  /** Raised when the caller hangs up. */
  cancel: Cancel
}

/** Where streamed bytes go. */
export interface Sink {
  /** false: full; wait for drain before writing more. */
  write(bytes: Buffer | string): boolean
  end(): void
  onDrain(fn: () => void): void
}

export interface WholeReply {
  status: number
  headers: Record<string, string>
  body: Buffer | string
}

export interface StreamReply {
  status: number
  headers: Record<string, string>
  /** Starts the flow; call it once, at once. */
  stream(sink: Sink): void
}

export type Reply = WholeReply | StreamReply
