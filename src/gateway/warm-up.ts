// A warm-up over a WebSocket: nothing is asked of an upstream; the turn is kept, so that the next one can go on from it.

import type { Usage } from '../core/usage.ts'
import { answerId } from '../dialects/openai-responses/error.ts'
import { warmUp } from '../dialects/openai-responses/warm-up.ts'
import { STREAM_TYPE } from '../wire/frames.ts'
import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import { callerOf } from './identify.ts'
import { outlet } from './outlet.ts'
import type { ReadRequest } from './read.ts'
import type { Runtime } from './runtime.ts'
import { itemsOf, previousGone } from './stored-responses.ts'

const NOTHING_USED: Usage = { input: 0, output: 0, total: 0 }

/** @throws GatewayError `invalid_request`; `previous_response_not_found` for one that is not kept here. */
export function warmedUp(call: Call, read: ReadRequest, runtime: Runtime): Answer {
  const { resumed } = read
  if (resumed && !resumed.items) throw previousGone(resumed.id)
  const { response, frames } = warmUp({
    model: read.model,
    id: call.id,
    created: Math.floor(runtime.clock.now() / 1000),
    includeUsage: true,
    request: call.dialect.request.decode(read.json()),
  })
  call.socket?.session.put({
    id: answerId(call.id),
    owner: callerOf(call),
    kept: {
      input: itemsOf(read.member('input')),
      answer: response,
      ...(resumed ? { previous: resumed.id } : {}),
    },
  })
  const out = outlet(runtime.clock, '', { pause() {}, resume() {} })
  out.write(frames)
  return {
    kind: 'stream',
    headers: { 'content-type': STREAM_TYPE.sse },
    live: {
      attach(sink) {
        out.attach(sink)
        out.end()
      },
      onEnd: (fn) => fn({ endedBy: 'gateway', usage: NOTHING_USED }),
    },
  }
}
