// Ollama's native API, both directions: /api/chat and, as a dialect of its own, /api/generate. Wire facts: ollama/ollama
// as of August 2026, its `ollama` package, and recorded traffic of two servers.

import type { GenerationDialect } from '../../core/dialect.ts'
import { ofAnswers } from './answer-members.ts'
import { encodeResponse } from './answer-encode.ts'
import { decodeError, encodeError, failureLine } from './error.ts'
import { DIALECT, type Form } from './form.ts'
import { inspect, meter } from './meter.ts'
import { decodeRequest } from './request-decode.ts'
import { encodeRequest } from './request-encode.ts'
import { decodeResponse } from './response.ts'
import { decoder } from './stream-decode.ts'
import { encoder } from './stream-encode.ts'

function dialect(form: Form): GenerationDialect {
  return {
    id: DIALECT[form],
    framing: 'ndjson',
    addressing: 'body',
    streamsByDefault: true,
    request: {
      decode: (wire) => decodeRequest(form, wire),
      encode: (request, target) => encodeRequest(form, request, target),
    },
    response: {
      decode: (wire) => decodeResponse(form, wire),
      encode: (response, context) => encodeResponse(form, response, context),
      tellsNothing: ofAnswers,
    },
    stream: {
      decoder: (_quirks, sink) => decoder(form, sink),
      encoder: (context, write) => encoder(form, context, write),
      // White space before the next line's JSON: nothing to any parser, and the clients warn of an empty line.
      keepAlive: ' ',
      failure: failureLine,
    },
    error: { decode: decodeError, encode: encodeError },
    meter,
    inspect,
  }
}

export const ollama = dialect('chat')
export const ollamaGenerate = dialect('generate')
