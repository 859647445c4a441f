// Forms with files: read until what routing needs of them is known, small ones whole; the rest of a large one is left to
// be read while it is sent on.

import { GatewayError } from '../core/error.ts'
import { FormReader, isForm } from '../wire/multipart.ts'
import type { Call } from './call.ts'
import { type BytesSource, Upload } from './upload.ts'

/** A form up to this is held whole, so that it can be sent again like any other request. */
const HOLD_BYTES = 256 * 1024
/** Behind a model that came late: other fields, `stream` among them, mostly follow it. */
const FIELDS_BYTES = 64 * 1024

export interface ComingForm {
  contentType: string
  /** Of the whole form, as the caller declared it. */
  declaredBytes: number | undefined
  /** Its `model` decides where it goes, so nothing is sent before that is known. */
  routed: boolean
  /** Most that may be held of it. */
  capBytes: number
}

/** The content type of a body that is a form as it comes, not packed; undefined: it is none. */
export function comingFormType(headers: Call['headers']): string | undefined {
  const { 'content-type': type, 'content-encoding': coding = 'identity' } = headers
  return typeof type === 'string' && isForm(type) && coding === 'identity' ? type : undefined
}

/**
 * A form whole, or the beginning of one and its rest.
 * @throws GatewayError `payload_too_large`, `caller_gone`, `invalid_request` for what is no form.
 */
export async function formHead(
  source: BytesSource,
  { contentType, declaredBytes, routed, capBytes }: ComingForm,
): Promise<Pick<Call, 'body' | 'upload'>> {
  const form = new FormReader(contentType)
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
      if (size >= Math.min(until, capBytes) && (model || !routed))
        return { body: form.held, upload: new Upload(source, size, declaredBytes) }
      if (size > capBytes) throw noModel(capBytes)
    }
  } catch (thrown) {
    source.stop()
    throw thrown
  }
}

function noModel(bytes: number): GatewayError {
  return new GatewayError(
    'payload_too_large',
    `the first ${bytes} bytes of the form do not name its model, and no more of a form are held (server.max_body_bytes); send \`model\` before \`file\``,
    { param: 'model' },
  )
}
