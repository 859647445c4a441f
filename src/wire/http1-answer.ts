// Reads HTTP/1.1 answers off one connection: a synchronous push parser for what an upstream sends, strict where
// leniency would let two sides disagree about where an answer ends. RFC 9112, sections 2 to 7. One read becomes at most
// one piece of body, whatever chunks it came in: the framing is squeezed out in place, without a copy elsewhere.

export interface AnswerHandlers {
  /** The final status line and headers (1xx are passed over). Lower-case names; repeated ones as a list. */
  head(status: number, headers: Record<string, string | string[]>): void
  /** A piece of body; a view of the bytes pushed, which are the reader's to change from then on. */
  data(piece: Buffer): void
  end(): void
}

/** What was sent is no HTTP/1.1 answer. The connection must not be used again. */
export class BadAnswer extends Error {
  readonly code = 'BAD_ANSWER'
}

const CRLF = '\r\n'
const HEAD_CAP = 64 * 1024
const LINE_CAP = 4 * 1024
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
/** Anything but control characters. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

type State = 'head' | 'counted' | 'chunk size' | 'chunk' | 'chunk end' | 'trailer' | 'until close' | 'done'

export class AnswerReader {
  /** Whether the connection may carry another request; known once the head was read. */
  keepAlive = false
  /** Seconds the other side says it keeps an idle connection; undefined: it does not say. */
  idleHintS: number | undefined
  private readonly handlers: AnswerHandlers
  private state: State = 'done'
  private withoutBody = false
  /** Bytes of the body, or of the chunk, still to come. */
  private left = 0
  /** An unfinished head or line. */
  private kept: Buffer | undefined
  private trailerBytes = 0
  private told = false

  constructor(handlers: AnswerHandlers) {
    this.handlers = handlers
  }

  /** The next bytes begin an answer. @param withoutBody it answers a HEAD request. */
  begin(withoutBody = false): void {
    this.state = 'head'
    this.withoutBody = withoutBody
    this.keepAlive = false
    this.idleHintS = undefined
    this.kept = undefined
    this.trailerBytes = 0
  }

  /** @throws BadAnswer */
  push(chunk: Buffer): void {
    let bytes = chunk
    if (this.kept) {
      bytes = Buffer.concat([this.kept, chunk])
      this.kept = undefined
    }
    let at = 0
    while (this.state === 'head') {
      at = this.head(bytes, at)
      if (at < 0) return
    }
    if (this.state === 'counted' || this.state === 'until close') at = this.plain(bytes, at)
    else if (this.state !== 'done') at = this.chunks(bytes, at)
    // More than was asked for: nothing says whose it is.
    if (!this.done) return
    if (at < bytes.length) this.keepAlive = false
    if (!this.told) {
      this.told = true
      this.handlers.end()
    }
  }

  private get done(): boolean {
    return this.state === 'done'
  }

  /** The connection was closed. Returns whether the answer is whole. */
  closed(): boolean {
    if (this.state === 'until close') {
      this.state = 'done'
      this.told = true
      this.handlers.end()
    }
    return this.state === 'done'
  }

  /** Reads one head. Returns the offset behind it, or -1 when it is not all here. */
  private head(bytes: Buffer, from: number): number {
    const end = bytes.indexOf('\r\n\r\n', from, 'latin1')
    if (end < 0) {
      if (bytes.length - from > HEAD_CAP) throw new BadAnswer('the head of its answer is larger than 64 KiB')
      if (bytes.length - from >= 5 && bytes.toString('latin1', from, from + 5) !== 'HTTP/')
        throw new BadAnswer('what it sent is not HTTP')
      // Copied: a view would keep the whole read.
      this.kept = Buffer.from(bytes.subarray(from))
      return -1
    }
    const text = bytes.toString('latin1', from, end)
    const lineEnd = text.indexOf(CRLF)
    const line = lineEnd < 0 ? text : text.slice(0, lineEnd)
    const status = Number(line.slice(9, 12))
    if (!/^HTTP\/1\.[01] [1-9]\d\d(?: |$)/.test(line)) throw new BadAnswer('its status line is not HTTP/1.1')
    const headers = lineEnd < 0 ? {} : fields(text, lineEnd + 2)
    if (status < 200) {
      if (status === 101) throw new BadAnswer('it switched protocols unasked')
      return end + 4
    }
    this.frame(status, line.charCodeAt(7) === 48, headers)
    this.told = false
    this.handlers.head(status, headers)
    return end + 4
  }

  /** Where the body ends: RFC 9112, section 6.3. */
  private frame(status: number, old: boolean, headers: Record<string, string | string[]>): void {
    const connection = headers.connection
    const words = connection === undefined ? '' : String(connection).toLowerCase()
    this.keepAlive = old ? words.includes('keep-alive') : !words.includes('close')
    const hint = headers['keep-alive']
    if (hint !== undefined) {
      const seconds = /timeout=(\d{1,6})/.exec(String(hint))
      if (seconds) this.idleHintS = Number(seconds[1])
    }
    const coding = headers['transfer-encoding']
    const length = headers['content-length']
    if (this.withoutBody || status === 204 || status === 304) this.state = 'done'
    else if (coding !== undefined) {
      // A length beside it is what request smuggling is made of: the coding counts, and the connection is not reused.
      if (length !== undefined || old) this.keepAlive = false
      const last = String(coding).toLowerCase().split(',').at(-1)?.trim()
      this.state = last === 'chunked' ? 'chunk size' : 'until close'
    } else if (length !== undefined) {
      const said = typeof length === 'string' && !length.includes(',') ? length : same(length)
      if (!/^\d{1,15}$/.test(said)) throw new BadAnswer('its content-length is not a number')
      this.left = Number(said)
      this.state = this.left === 0 ? 'done' : 'counted'
    } else this.state = 'until close'
    if (this.state === 'until close') this.keepAlive = false
  }

  private plain(bytes: Buffer, at: number): number {
    if (at === bytes.length) return at
    if (this.state === 'until close') {
      this.handlers.data(at === 0 ? bytes : bytes.subarray(at))
      return bytes.length
    }
    const end = Math.min(bytes.length, at + this.left)
    this.left -= end - at
    if (this.left === 0) this.state = 'done'
    this.handlers.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
    return end
  }

  /** Takes chunks apart; what they hold is moved together to `start` and handed over once. */
  private chunks(bytes: Buffer, from: number): number {
    let at = from
    let start = -1
    let to = 0
    loop: while (at < bytes.length) {
      switch (this.state) {
        case 'chunk size': {
          const end = bytes.indexOf(10, at)
          if (end < 0) {
            this.keepLine(bytes, at)
            at = bytes.length
            break loop
          }
          this.left = sizeOf(bytes, at, end)
          this.state = this.left === 0 ? 'trailer' : 'chunk'
          at = end + 1
          break
        }
        case 'chunk': {
          const end = Math.min(bytes.length, at + this.left)
          if (start < 0) start = to = at
          if (to !== at) bytes.copyWithin(to, at, end)
          to += end - at
          this.left -= end - at
          at = end
          if (this.left === 0) this.state = 'chunk end'
          break
        }
        case 'chunk end':
          if (bytes[at] !== 13) throw new BadAnswer('a chunk of its answer is longer than it says')
          if (at + 1 === bytes.length) {
            this.keepLine(bytes, at)
            at = bytes.length
            break loop
          }
          if (bytes[at + 1] !== 10) throw new BadAnswer('a chunk of its answer is longer than it says')
          at += 2
          this.state = 'chunk size'
          break
        case 'trailer': {
          const end = bytes.indexOf(10, at)
          if (end < 0) {
            this.keepLine(bytes, at)
            at = bytes.length
            break loop
          }
          const empty = end === at + 1 && bytes[at] === 13
          this.trailerBytes += end + 1 - at
          if (this.trailerBytes > HEAD_CAP) throw new BadAnswer('its trailers are larger than 64 KiB')
          at = end + 1
          if (!empty) break
          this.state = 'done'
          break loop
        }
        default:
          break loop
      }
    }
    if (start >= 0) this.handlers.data(bytes.subarray(start, to))
    return at
  }

  private keepLine(bytes: Buffer, at: number): void {
    if (bytes.length - at > LINE_CAP) throw new BadAnswer('a line of its chunked framing is too long')
    this.kept = Buffer.from(bytes.subarray(at))
  }
}

/** The hexadecimal size before a chunk; extensions behind it mean nothing to us. */
function sizeOf(bytes: Buffer, from: number, lf: number): number {
  if (bytes[lf - 1] !== 13) throw new BadAnswer('its chunk sizes do not end in CRLF')
  let size = 0
  let at = from
  for (; at < lf - 1; at++) {
    const byte = bytes[at] as number
    const digit =
      byte >= 48 && byte <= 57 ? byte - 48 : (byte | 32) >= 97 && (byte | 32) <= 102 ? (byte | 32) - 87 : -1
    if (digit < 0) break
    size = size * 16 + digit
  }
  const stop = bytes[at]
  if (at === from || at - from > 12 || (stop !== 13 && stop !== 59 && stop !== 32 && stop !== 9))
    throw new BadAnswer('the size of a chunk of its answer is not a number')
  return size
}

function fields(text: string, from: number): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (let at = from; at < text.length; ) {
    const stop = text.indexOf(CRLF, at)
    const end = stop < 0 ? text.length : stop
    const colon = text.indexOf(':', at)
    if (colon < 0 || colon > end) throw new BadAnswer('a header line of its answer has no colon')
    const name = text.slice(at, colon).toLowerCase()
    const value = text.slice(colon + 1, end).trim()
    if (!TOKEN.test(name) || !VALUE.test(value))
      throw new BadAnswer(`a header of its answer is malformed: ${JSON.stringify(name.slice(0, 60))}`)
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (typeof before === 'string') headers[name] = [before, value]
    else before.push(value)
    at = end + 2
  }
  return headers
}

/** One value that was sent several times over; anything else is refused by its caller. */
function same(values: string | string[]): string {
  const all = (Array.isArray(values) ? values.join(',') : values).split(',').map((value) => value.trim())
  return all.every((value) => value === all[0]) ? (all[0] as string) : ''
}
