// OpenAI Chat Completions, both directions. Wire facts: the published types of the `openai` package and recorded
// traffic of OpenAI and the hosts that copy it.

import type { GenerationDialect } from '../../core/dialect.ts'
import { ofAnswers } from '../openai-family/answer-members.ts'
import { decodeError, encodeError, failureFrame } from './error.ts'
import { fit, needsFit } from './fit.ts'
import { inspect, meter } from './meter.ts'
import { wireName } from './names.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { rewrites } from './rewrites.ts'
import { carriesUnread, decodeResponse, encodeResponse } from './response.ts'
import { decoder } from './stream-decode.ts'
import { encoder } from './stream-encode.ts'

export const openaiChat: GenerationDialect = {
  id: 'openai-chat',
  framing: 'sse',
  addressing: 'body',
  content: 'messages',
  toolName: wireName,
  request: {
    decode: decodeRequest,
    encode: encodeRequest,
    needsFit,
    fit,
    rewrites,
  },
  response: { decode: decodeResponse, encode: encodeResponse, tellsNothing: ofAnswers, carriesUnread },
  stream: { decoder, encoder, keepAlive: ': keep-alive\n\n', failure: failureFrame },
  error: { decode: decodeError, encode: encodeError },
  meter,
  inspect,
}
