// A request's body by pull: who takes it piece by piece holds its sender back.

import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../core/error.ts'
import { type BytesSource, tooLargeForm } from '../gateway/upload.ts'

/** At most one piece is read ahead. Beyond `capBytes` it fails with `payload_too_large`. */
export class RequestBytes implements BytesSource {
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
    if (this.size > this.capBytes) return this.finish(tooLargeForm(this.capBytes))
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
