// Multipart forms as bytes: finds a plain field and puts another value in its place, without touching or copying files
// more than once. Linear in the bytes. Form: RFC 7578.

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

/**
 * The first plain field of that name, or undefined.
 * @throws GatewayError `invalid_request` for what is no form.
 */
export function formField(body: Buffer, contentType: string, name: string): FormField | undefined {
  const boundary = boundaryOf(contentType)
  const mark = Buffer.from(`--${boundary}`)
  const between = Buffer.from(`${CRLF}--${boundary}`)
  let at = body.indexOf(mark)
  if (at < 0) throw new GatewayError('invalid_request', 'the multipart form does not hold its own boundary')
  at += mark.length
  while (body[at] !== 45) {
    const head = body.indexOf(HEAD_END, at)
    if (head < 0 || head - at > MOST_HEAD_BYTES)
      throw new GatewayError('invalid_request', 'a part of the multipart form has no end of its headers')
    const start = head + HEAD_END.length
    const end = body.indexOf(between, start)
    if (end < 0) throw new GatewayError('invalid_request', 'the multipart form is cut off')
    const disposition = /content-disposition:[^\r\n]*/i.exec(body.toString('latin1', at, head))?.[0] ?? ''
    const named = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1]
    if (named === name && !/[;\s]filename\*?=/i.test(disposition) && end - start <= MOST_VALUE_BYTES)
      return { value: body.toString('utf8', start, end), start, end }
    at = end + between.length
  }
  return undefined
}

/** The same form with another value in that field; a field that is not there is added in front. */
export function withField(body: Buffer, contentType: string, name: string, value: string): Buffer {
  const field = formField(body, contentType, name)
  if (field)
    return Buffer.concat([body.subarray(0, field.start), Buffer.from(value), body.subarray(field.end)])
  const part = `--${boundaryOf(contentType)}${CRLF}content-disposition: form-data; name="${name}"${CRLF}${CRLF}${value}${CRLF}`
  return Buffer.concat([Buffer.from(part), body])
}
