// Multipart forms as bytes: reads a form as it arrives, finds its plain fields and puts another value in a field's place,
// without touching or copying files more than once. Linear in the bytes. Form: RFC 7578.

import { GatewayError } from '../core/error.ts'

export interface FormField {
  value: string
  /** Of the value's bytes. */
  start: number
  end: number
}

const CRLF = '\r\n'
const HEAD_END = Buffer.from('\r\n\r\n')
/** No part of a form needs more headers than that. */
const MOST_HEAD_BYTES = 8 * 1024
/** Of a plain field's value; files are never read. */
const MOST_VALUE_BYTES = 64 * 1024

/** Whether a content type names a form. */
export function isForm(contentType: string): boolean {
  return /^multipart\/form-data\b/i.test(contentType)
}

/** @throws GatewayError `invalid_request` for a form without a boundary. */
function boundaryOf(contentType: string): string {
  const found = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType)
  const boundary = found?.[1] ?? found?.[2]
  if (boundary === undefined || boundary.length > 200)
    throw new GatewayError('invalid_request', 'the multipart form names no boundary')
  return boundary
}

/** A form on its way: holds what came and knows the plain fields in it. */
export class FormReader {
  private readonly mark: Buffer
  private readonly between: Buffer
  private readonly fields = new Map<string, FormField>()
  private room: Buffer = Buffer.alloc(0)
  private size = 0
  /** Where the part that is being read begins: its headers, or its value. */
  private start = 0
  /** Up to here nothing of what is looked for next begins. */
  private seen = 0
  private place: 'before' | 'mark' | 'head' | 'value' | 'over' = 'before'
  /** Of the part that is being read; undefined: a file. */
  private name: string | undefined

  /** @throws GatewayError `invalid_request` for a content type without a boundary. */
  constructor(contentType: string) {
    const boundary = boundaryOf(contentType)
    this.mark = Buffer.from(`--${boundary}`)
    this.between = Buffer.from(`${CRLF}--${boundary}`)
  }

  /** All that came so far. Valid until the next push. */
  get held(): Buffer {
    return this.room.subarray(0, this.size)
  }

  /** The first plain field of that name, once it came whole. */
  field(name: string): FormField | undefined {
    return this.fields.get(name)
  }

  /** @throws GatewayError `invalid_request` for what is no form. */
  push(chunk: Buffer): void {
    this.keep(chunk)
    while (this.step());
  }

  /** Nothing more comes. @throws GatewayError `invalid_request` for a form that is not whole. */
  end(): void {
    if (this.place === 'over') return
    throw new GatewayError(
      'invalid_request',
      this.place === 'before'
        ? 'the multipart form does not hold its own boundary'
        : this.place === 'value'
          ? 'the multipart form is cut off'
          : 'a part of the multipart form has no end of its headers',
    )
  }

  private keep(chunk: Buffer): void {
    const size = this.size + chunk.length
    if (this.size === 0) this.room = chunk
    else {
      if (size > this.room.length) {
        const room = Buffer.allocUnsafe(Math.max(size, this.room.length * 2))
        this.room.copy(room, 0, 0, this.size)
        this.room = room
      }
      chunk.copy(this.room, this.size)
    }
    this.size = size
  }

  /** One more boundary or head; false: more bytes are needed. */
  private step(): boolean {
    const { held } = this
    switch (this.place) {
      case 'before': {
        const at = this.find(held, this.mark)
        if (at < 0) return false
        this.goTo('mark', at + this.mark.length)
        return true
      }
      case 'mark':
        if (held.length <= this.start) return false
        this.goTo(held[this.start] === 45 ? 'over' : 'head', this.start)
        return true
      case 'head': {
        const at = this.find(held, HEAD_END)
        if ((at < 0 ? held.length : at) - this.start > MOST_HEAD_BYTES)
          throw new GatewayError('invalid_request', 'a part of the multipart form has no end of its headers')
        if (at < 0) return false
        this.name = fieldName(held.toString('latin1', this.start, at))
        this.goTo('value', at + HEAD_END.length)
        return true
      }
      case 'value': {
        const end = this.find(held, this.between)
        if (end < 0) return false
        const { name, start } = this
        if (name !== undefined && !this.fields.has(name) && end - start <= MOST_VALUE_BYTES)
          this.fields.set(name, { value: held.toString('utf8', start, end), start, end })
        this.goTo('mark', end + this.between.length)
        return true
      }
      default:
        return false
    }
  }

  private find(held: Buffer, what: Buffer): number {
    const at = held.indexOf(what, this.seen)
    if (at < 0) this.seen = Math.max(this.seen, held.length - what.length + 1)
    return at
  }

  private goTo(place: typeof this.place, start: number): void {
    this.place = place
    this.start = this.seen = start
  }
}

/** undefined: the part is a file. */
function fieldName(head: string): string | undefined {
  const disposition = /content-disposition:[^\r\n]*/i.exec(head)?.[0] ?? ''
  return /[;\s]filename\*?=/i.test(disposition) ? undefined : /[;\s]name="([^"]*)"/i.exec(disposition)?.[1]
}

/**
 * The first plain field of that name, or undefined. The form may be the beginning of one, if the field is in it.
 * @throws GatewayError `invalid_request` for what is no form.
 */
export function formField(body: Buffer, contentType: string, name: string): FormField | undefined {
  const reader = new FormReader(contentType)
  reader.push(body)
  const field = reader.field(name)
  if (!field) reader.end()
  return field
}

/** The same form with another value in that field; a field that is not there is added in front. */
export function withField(body: Buffer, contentType: string, name: string, value: string): Buffer {
  const field = formField(body, contentType, name)
  if (field)
    return Buffer.concat([body.subarray(0, field.start), Buffer.from(value), body.subarray(field.end)])
  const part = `--${boundaryOf(contentType)}${CRLF}content-disposition: form-data; name="${name}"${CRLF}${CRLF}${value}${CRLF}`
  return Buffer.concat([Buffer.from(part), body])
}
