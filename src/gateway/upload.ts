// A form that is too large to be held: its beginning is in the call's body, the rest comes while it is sent. Until bytes
// of the rest are taken the request may go out again, to the same deployment or to another; after that it may not.

import { GatewayError } from '../core/error.ts'

/** What the caller is still sending. One piece waits at most: the sender is held back until it is taken. */
export interface BytesSource {
  /** Resolves when there is a piece or the end. @throws GatewayError when the caller broke off or sent too much. */
  ready(): Promise<void>
  /** undefined: the end. Only after `ready`. */
  take(): Buffer | undefined
  /** What still comes is thrown away. */
  stop(): void
}

export class Upload {
  /** Of the whole form, as the caller declared it; undefined: it did not say. */
  readonly declaredBytes: number | undefined
  /** Bytes were taken that nobody holds any more. */
  spent = false
  /** Of the form, read so far. */
  bytes: number
  /** Most of it that was held here at once. */
  mostHeldBytes: number
  private readonly heldBytes: number
  private readonly source: BytesSource
  /** The rest, where somebody needed the whole. */
  private rest: Promise<Buffer> | undefined

  /** @param heldBytes of the form that stand in the call's body */
  constructor(source: BytesSource, heldBytes: number, declaredBytes: number | undefined) {
    this.source = source
    this.heldBytes = this.bytes = this.mostHeldBytes = heldBytes
    this.declaredBytes = declaredBytes
  }

  /** The form with another beginning. It may be gone through again as long as nothing is `spent`. */
  body(head: Buffer): AsyncIterable<Buffer> {
    return { [Symbol.asyncIterator]: () => this.pieces(head) }
  }

  /** Bytes of `body(head)`; undefined: not known before its end. */
  lengthWith(head: Buffer): number | undefined {
    return this.declaredBytes === undefined ? undefined : this.declaredBytes - this.heldBytes + head.length
  }

  /**
   * The whole form, for who cannot be sent it piece by piece.
   * @param capBytes of the whole @param why it is needed, for the error
   * @throws `payload_too_large`
   */
  async whole(head: Buffer, capBytes: number, why: string): Promise<Buffer> {
    this.rest ??= this.gather(capBytes - this.heldBytes, capBytes, why)
    return Buffer.concat([head, await this.rest])
  }

  /** The call is over; what still comes is thrown away. */
  stop(): void {
    this.source.stop()
  }

  private async gather(capBytes: number, wholeBytes: number, why: string): Promise<Buffer> {
    const pieces: Buffer[] = []
    let size = 0
    for (;;) {
      await this.source.ready()
      const piece = this.source.take()
      if (!piece) return Buffer.concat(pieces)
      pieces.push(piece)
      size += piece.length
      this.count(piece.length, size)
      if (size <= capBytes) continue
      this.spent = true
      throw new GatewayError(
        'payload_too_large',
        `${why} and this one is larger than ${wholeBytes} bytes; raise server.max_body_bytes to allow it`,
      )
    }
  }

  private count(read: number, heldBesides: number): void {
    this.bytes += read
    this.mostHeldBytes = Math.max(this.mostHeldBytes, this.heldBytes + heldBesides)
  }

  private pieces(head: Buffer): AsyncIterator<Buffer> {
    let begun = false
    let over = false
    const end = { done: true, value: undefined } as const
    return {
      next: async () => {
        if (over) return end
        if (!begun) {
          begun = true
          return { done: false, value: head }
        }
        if (this.rest) {
          over = true
          return { done: false, value: await this.rest }
        }
        await this.source.ready()
        // Whoever was stopped while it waited leaves the piece to the next attempt.
        if (over) return end
        const piece = this.source.take()
        if (!piece) {
          over = true
          return end
        }
        this.spent = true
        this.count(piece.length, piece.length)
        return { done: false, value: piece }
      },
      return: async () => {
        over = true
        return end
      },
    }
  }
}

/** Of a form that is larger than any may be. */
export function tooLargeForm(bytes: number): GatewayError {
  return new GatewayError(
    'payload_too_large',
    `the form is larger than ${bytes} bytes; raise server.max_upload_bytes to allow it`,
  )
}
