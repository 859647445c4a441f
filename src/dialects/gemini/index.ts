// Gemini's generateContent, both directions, as AI Studio and Vertex speak it. Wire facts: the published API reference and
// SDK, observation of Google's own clients, and recorded traffic.

import type { GenerationDialect } from '../../core/dialect.ts'
import { ofAnswers } from './answer-members.ts'
import { decodeError, encodeError, failureFrame } from './error.ts'
import { wireName } from './names.ts'
import { inspect, meter } from './meter.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { decoder } from './stream-decode.ts'
import { encoder } from './stream-encode.ts'

export const gemini: GenerationDialect = {
  id: 'gemini',
  framing: 'sse',
  addressing: 'path',
  content: 'contents',
  request: { decode: decodeRequest, encode: encodeRequest },
  response: { decode: decodeResponse, encode: encodeResponse, tellsNothing: ofAnswers },
  // A comment must be a block of its own: Google's clients want a block to begin with `data:`.
  stream: { decoder, encoder, keepAlive: ': keep-alive\n\n', failure: failureFrame },
  error: { decode: decodeError, encode: encodeError },
  meter,
  inspect,
  toolName: wireName,
}
