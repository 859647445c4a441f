// Chat errors: the family's, and how one is said inside a stream.

import type { GatewayError } from '../../core/error.ts'
import type { Json } from '../../core/json.ts'
import { decodeError as decode, envelope } from '../openai-family/error.ts'

export { encodeError, errorInside } from '../openai-family/error.ts'

export function decodeError(
  status: number,
  body: Json | string,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  return decode('openai-chat', status, body, headers)
}

/** What openai-node turns into an APIError inside a stream; no `[DONE]` follows a break. */
export function failureFrame(error: GatewayError, _requestId: string): string {
  return `data: ${JSON.stringify({ error: envelope(error) })}\n\n`
}
