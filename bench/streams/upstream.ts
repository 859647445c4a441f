// The upstream of the stream benches: `max_tokens` events, each a write of its own, one every `argv[2]` milliseconds (0:
// as fast as the loop turns). Each event carries the moment it was sent. `user: "big:<bytes>"` asks for one event of that
// size instead.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const paceMs = Number(process.argv[2] ?? 0)
/** Milliseconds that every process of this machine counts alike. */
const now = (): string => (performance.timeOrigin + performance.now()).toFixed(3)
const head =
  '"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1760000000,"model":"bench-model"'

interface Form {
  begin: string[]
  event(text: string): string
  end: string[]
}
const chunk = (choices: string, more = ''): string => `data: {${head},"choices":[${choices}]${more}}\n\n`
const chat: Form = {
  begin: [chunk('{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}')],
  event: (text) => chunk(`{"index":0,"delta":{"content":"${text}"},"finish_reason":null}`),
  end: [
    chunk('{"index":0,"delta":{},"finish_reason":"stop"}'),
    chunk('', ',"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}'),
    'data: [DONE]\n\n',
  ],
}
const named = (name: string, rest: string): string => `event: ${name}\ndata: {"type":"${name}"${rest}}\n\n`
const messages: Form = {
  begin: [
    named(
      'message_start',
      ',"message":{"id":"msg_bench","type":"message","role":"assistant","model":"bench-model","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}',
    ),
    named('content_block_start', ',"index":0,"content_block":{"type":"text","text":""}'),
  ],
  event: (text) => named('content_block_delta', `,"index":0,"delta":{"type":"text_delta","text":"${text}"}`),
  end: [
    named('content_block_stop', ',"index":0'),
    named(
      'message_delta',
      ',"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}',
    ),
    named('message_stop', ''),
  ],
}

const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const text = Buffer.concat(pieces).toString()
    const count = Number(/"max_tokens":(\d+)/.exec(text)?.[1] ?? 20)
    const big = Number(/"big:(\d+)"/.exec(text)?.[1] ?? 0)
    const form = request.url?.includes('messages') ? messages : chat
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of form.begin) response.write(event)
    if (big > 0) {
      response.write(form.event('x'.repeat(big)))
      response.end(form.end.join(''))
      return
    }
    let sent = 0
    const next = (): void => {
      if (response.destroyed) return
      if (sent++ < count) {
        response.write(form.event(`at ${now()} `))
        if (paceMs > 0) setTimeout(next, paceMs)
        else setImmediate(next)
        return
      }
      response.end(form.end.join(''))
    }
    // Paced streams start spread over their pace, as those of strangers do.
    if (paceMs > 0) setTimeout(next, Math.random() * paceMs)
    else setImmediate(next)
  })
})
server.keepAliveTimeout = 60_000
server.listen({ port: 0, host: '127.0.0.1', backlog: 8192 }, () =>
  console.log(`port ${(server.address() as AddressInfo).port}`),
)
