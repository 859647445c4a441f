// Amazon Bedrock Converse, both directions. Wire facts: the service model of bedrock-runtime, AWS's documentation, and
// recorded traffic.

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

export const bedrockConverse: GenerationDialect = {
  id: ID,
  framing: 'aws-event-stream',
  addressing: 'path',
  content: 'messages',
  toolName: wireName,
  seals: 'anthropic-messages',
  request: { decode: decodeRequest, encode: encodeRequest },
  response: { decode: decodeResponse, encode: encodeResponse, tellsNothing: ofAnswers },
  // The wire has nothing that keeps a connection alive.
  stream: { decoder, encoder, keepAlive: '', failure: failureFrame },
  error: { decode: decodeError, encode: encodeError },
  meter,
  inspect,
}
