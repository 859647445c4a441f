// The upstream of the benchmark: the fixed answer as fast as Node can, in a process of its own. Each event of a stream
// is a write of its own, as engines send them.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { embeddingAnswer, jsonAnswer, messageAnswer, streamEvents } from './traffic.ts'

const answers = [
  ['/embeddings', Buffer.from(embeddingAnswer)],
  ['/messages', Buffer.from(messageAnswer)],
  ['', Buffer.from(jsonAnswer)],
] as const
const events = streamEvents.map((event) => Buffer.from(event))

const server = createServer((request, response) => {
  let streamed = false
  request.on('data', (piece: Buffer) => {
    streamed ||= piece.includes('"stream":true')
  })
  request.on('end', () => {
    if (!streamed) {
      const [, json] = answers.find(([path]) => request.url?.includes(path)) ?? answers[2]
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': json.length })
      response.end(json)
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of events) response.write(event)
    response.end()
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log(`port ${(server.address() as AddressInfo).port}`))
