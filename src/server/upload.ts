// Forms with files: read until what routing needs of them is known, small ones whole; the rest of a large one is left to
// be read while it is sent on.

import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../core/error.ts'
import type { Call } from '../gateway/call.ts'
import { type BytesSource, Upload } from '../gateway/upload.ts'
import { FormReader } from '../wire/multipart.ts'

/** A form up to this is held whole, so that it can be sent again like any other request. */
const HOLD_BYTES = 256 * 1024
/** Behind a model that came late: other fields, `stream` among them, mostly follow it. */
const FIELDS_BYTES = 64 * 1024

export interface FormCaps {
  /** Held at once. */
  heldBytes: number
  /** Of the whole form. */
  wholeBytes: number
}

/**
 * @param routed the form's `model` decides where it goes, so nothing is sent before that is known.
 * @throws GatewayError `payload_too_large`, `caller_gone`, `invalid_request` for what is no form.
 */
export async function readForm(
  request: IncomingMessage,
  contentType: string,
  routed: boolean,
  caps: FormCaps,
): Promise<Pick<Call, 'body' | 'upload'>> {
  const length = request.headers['content-length']
  const declared = length === undefined ? undefined : Number(length)
  const most = Math.max(caps.heldBytes, caps.wholeBytes)
  if (declared !== undefined && declared > most) throw tooLarge(most)
  const form = new FormReader(contentType)
  const source = new RequestBytes(request, most)
  try {
    for (let until = HOLD_BYTES; ; ) {
      await source.ready()
      const piece = source.take()
      if (!piece) return { body: form.held }
      const before = form.field('model')
      form.push(piece)
      const { length: size } = form.held
      const model = form.field('model')
      if (model && !before) until = Math.max(until, size + FIELDS_BYTES)
      if (size >= Math.min(until, caps.heldBytes) && (model || !routed))
        return { body: form.held, upload: new Upload(source, size, declared) }
      if (size > caps.heldBytes) throw noModel(caps.heldBytes)
    }
  } catch (thrown) {
    source.stop()
    throw thrown
  }
}

function tooLarge(bytes: number): GatewayError {
  return new GatewayError(
    'payload_too_large',
    `the form is larger than ${bytes} bytes; raise server.max_upload_bytes to allow it`,
  )
}

function noModel(bytes: number): GatewayError {
  return new GatewayError(
    'payload_too_large',
    `the first ${bytes} bytes of the form do not name its model, and no more of a form are held (server.max_body_bytes); send \`model\` before \`file\``,
    { param: 'model' },
  )
}

/** A request's body by pull, at most one piece read ahead. */
class RequestBytes implements BytesSource {
  private readonly request: IncomingMessage
  private readonly capBytes: number
  private waiting: (() => void)[] = []
  private pieces: Buffer[] = []
  private size = 0
  private state: 'open' | 'ended' | 'stopped' | GatewayError = 'open'

  constructor(request: IncomingMessage, capBytes: number) {
    this.request = request
    this.capBytes = capBytes
    request.on('data', (piece: Buffer) => this.came(piece))
    request.on('end', () => this.finish('ended'))
    // Every request closes in the end: an error, with its stack, is made only for one that broke off.
    const gone = (): void => {
      if (this.state === 'open')
        this.finish(new GatewayError('caller_gone', 'the caller hung up while sending'))
    }
    request.on('error', gone)
    request.on('close', gone)
  }

  async ready(): Promise<void> {
    while (this.pieces.length === 0 && this.state === 'open') {
      this.request.resume()
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
    if (this.state instanceof GatewayError) throw this.state
  }

  take(): Buffer | undefined {
    return this.pieces.shift()
  }

  stop(): void {
    this.pieces = []
    this.finish('stopped')
  }

  private came(piece: Buffer): void {
    if (this.state !== 'open') return
    this.size += piece.length
    if (this.size > this.capBytes) return this.finish(tooLarge(this.capBytes))
    this.pieces.push(piece)
    this.request.pause()
    this.wake()
  }

  private finish(how: typeof this.state): void {
    if (this.state !== 'open') return
    this.state = how
    this.wake()
  }

  private wake(): void {
    const { waiting } = this
    this.waiting = []
    for (const resolve of waiting) resolve()
  }
}
