// OpenAI Responses, both directions. Wire facts: the published types of the `openai` package, recorded traffic, and what
// Codex CLI was seen to need.

import type { GenerationDialect } from '../../core/dialect.ts'
import { ofAnswers } from './answer-members.ts'
import { decodeError, encodeError, failureFrame } from './error.ts'
import { inspect, meter } from './meter.ts'
import { wireName } from './names.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { decoder } from './stream-decode.ts'
import { encoder } from './stream-encode.ts'

export const openaiResponses: GenerationDialect = {
  id: 'openai-responses',
  framing: 'sse',
  addressing: 'body',
  toolName: wireName,
  request: { decode: decodeRequest, encode: encodeRequest },
  response: { decode: decodeResponse, encode: encodeResponse, tellsNothing: ofAnswers },
  stream: { decoder, encoder, keepAlive: ': keep-alive\n\n', failure: failureFrame },
  error: { decode: decodeError, encode: encodeError },
  meter,
  inspect,
}
