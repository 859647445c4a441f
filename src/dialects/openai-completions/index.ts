// OpenAI's legacy completions, both directions: a prompt in, a text out. Relayed where the host has the path; to a chat
// model a prompt is one user message. Wire facts: the published types of the `openai` package and recorded traffic.

import type { GenerationDialect } from '../../core/dialect.ts'
import { ofAnswers } from '../openai-family/answer-members.ts'
import { decodeError, encodeError, failureFrame } from '../openai-family/error.ts'
import { inspect, meter } from './meter.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse, encodeResponse } from './response.ts'
import { decoder } from './stream-decode.ts'
import { encoder } from './stream-encode.ts'

export const openaiCompletions: GenerationDialect = {
  id: 'openai-completions',
  framing: 'sse',
  addressing: 'body',
  request: {
    decode: decodeRequest,
    encode: encodeRequest,
    rewrites: ({ quirks }) => quirks.textIn === 'message',
  },
  response: { decode: decodeResponse, encode: encodeResponse, tellsNothing: ofAnswers },
  stream: { decoder, encoder, keepAlive: ': keep-alive\n\n', failure: failureFrame },
  error: {
    decode: (status, body, headers) => decodeError('openai-completions', status, body, headers),
    encode: encodeError,
  },
  meter,
  inspect,
}
