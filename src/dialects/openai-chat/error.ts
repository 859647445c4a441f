// Chat errors: the family's.

import type { GatewayError } from '../../core/error.ts'
import type { Json } from '../../core/json.ts'
import { decodeError as decode } from '../openai-family/error.ts'

export { encodeError, errorInside, failureFrame } from '../openai-family/error.ts'

export function decodeError(
  status: number,
  body: Json | string,
  headers: Readonly<Record<string, string>>,
): GatewayError {
  return decode('openai-chat', status, body, headers)
}
