// Cohere Chat v2, both directions. Wire facts: the vendor's published OpenAPI description and recorded traffic.

import type { GenerationDialect } from '../../core/dialect.ts'
import { ofAnswers } from './answer-members.ts'
import { decodeError, encodeError, failureFrame } from './error.ts'
import { inspect, meter } from './meter.ts'
import { wireName } from './names.ts'
import { ID } from './own.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { decoder } from './stream-decode.ts'
import { encoder } from './stream-encode.ts'

export const cohereChat: GenerationDialect = {
  id: ID,
  framing: 'sse',
  addressing: 'body',
  content: 'messages',
  toolName: wireName,
  request: { decode: decodeRequest, encode: encodeRequest },
  response: { decode: decodeResponse, encode: encodeResponse, tellsNothing: ofAnswers },
  stream: { decoder, encoder, keepAlive: ': keep-alive\n\n', failure: failureFrame },
  error: { decode: decodeError, encode: encodeError },
  meter,
  inspect,
}
