// Anthropic Messages, both directions. Wire facts: the published TypeScript SDK (streaming parser included), the API's
// documentation, and recorded traffic.

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

export const anthropicMessages: GenerationDialect = {
  id: 'anthropic-messages',
  framing: 'sse',
  addressing: 'body',
  content: 'messages',
  toolName: wireName,
  request: {
    decode: decodeRequest,
    encode: encodeRequest,
    // Claude refuses thinking without its signature, which is how a gateway shows that of other models.
    rewrites: ({ model }, { holds }) =>
      /claude/i.test(model) && (holds('"signature":""') || holds('"signature": ""')),
  },
  response: { decode: decodeResponse, encode: encodeResponse, tellsNothing: ofAnswers },
  stream: { decoder, encoder, keepAlive: 'event: ping\ndata: {"type":"ping"}\n\n', failure: failureFrame },
  error: { decode: decodeError, encode: encodeError },
  meter,
  inspect,
}
