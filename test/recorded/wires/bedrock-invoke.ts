// Claude by InvokeModel: Messages inside Amazon's chunks. The codec is that of Messages; here its stream is framed as the
// recordings have it, and the oracle unwraps it on its own.

import type { GenerationDialect } from '../../../src/core/dialect.ts'
import { type JsonObject, isObject } from '../../../src/core/json.ts'
import { anthropicMessages } from '../../../src/dialects/anthropic-messages/index.ts'
import { carried } from '../../../src/providers/carrier.ts'
import { bedrockInvoke } from '../../../src/providers/carriers/bedrock-invoke.ts'
import { chunkFrame } from '../../../src/wire/aws-chunks.ts'
import { awsFrames } from '../aws-frames.ts'
import { parse, text } from '../facts.ts'
import { messagesWire } from './anthropic-messages.ts'
import type { Wire } from './wire.ts'

const wrapped: GenerationDialect = {
  ...anthropicMessages,
  framing: 'aws-event-stream',
  addressing: 'path',
  request: {
    ...anthropicMessages.request,
    encode(request, target) {
      const encoded = anthropicMessages.request.encode(request, target)
      const { changes } = carried(bedrockInvoke, encoded.body, [])
      return { ...encoded, body: JSON.parse(JSON.stringify({ ...encoded.body, ...changes })) as JsonObject }
    },
  },
  stream: {
    ...anthropicMessages.stream,
    decoder(quirks, sink) {
      const inner = anthropicMessages.stream.decoder(quirks, sink)
      return {
        frame(frame) {
          const event = chunkFrame(frame)
          if (event) inner.frame(event)
        },
        end: () => inner.end(),
      }
    },
  },
}

export const invokeWire: Wire = {
  dialect: wrapped,
  read(streamed, bytes) {
    if (streamed) return messagesWire.read(true, Buffer.from(awsFrames(bytes).map(serverSent).join('')))
    const body = parse(bytes.toString('utf8'))
    // Its errors are Amazon's.
    return isObject(body) && body.type !== 'message'
      ? { choices: [], usage: undefined, error: text(body.message), complete: true }
      : messagesWire.read(false, bytes)
  },
  holds: (facts) => facts,
}

function serverSent({ payload }: { payload: string }): string {
  const chunk = parse(payload)
  const data = isObject(chunk) ? Buffer.from(text(chunk.bytes), 'base64').toString('utf8') : payload
  return `event: x\ndata: ${data}\n\n`
}
