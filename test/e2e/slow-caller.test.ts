// A caller that does not read holds up its own upstream, not our memory: relayed and translated.

import { type Server, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, KEY, launch } from '../acceptance/kit.ts'

let upstream: Server
let gw: Gateway
/** Bytes the upstream could get rid of. */
let sent = 0
/** Far more than the kernel's buffers of two connections hold. */
const TOTAL = 192 * 2 ** 20
const piece = `data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"${'y'.repeat(60_000)}"},"finish_reason":null}]}\n\n`
const end =
  'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

beforeAll(async () => {
  upstream = createServer((asked, response) => {
    asked.resume()
    sent = 0
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const more = (): void => {
      while (sent < TOTAL) {
        sent += piece.length
        if (!response.write(piece)) return void response.once('drain', more)
      }
      response.end(end)
    }
    more()
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  gw = await launch({
    yaml: `endpoints:\n  one: { provider: openai-compatible, base_url: "http://127.0.0.1:${port}/v1", auth_type: none, models: [m], probe: off }\n`,
  })
  await gw.started
})
afterAll(async () => {
  await gw?.close()
  upstream?.closeAllConnections()
  upstream?.close()
})

test.each(['/v1/chat/completions', '/v1/messages'])('%s', async (path) => {
  let held = TOTAL
  const body = JSON.stringify({
    model: 'm',
    max_tokens: 9,
    stream: true,
    messages: [{ role: 'user', content: 'x' }],
  })
  const read = await new Promise<number>((resolve, reject) => {
    const asked = request(
      `${gw.url}${path}`,
      { method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' } },
      (response) => {
        response.pause()
        let before = -1
        let still = 0
        // Nobody reads: what the upstream sends must come to a stop far before its end.
        const watch = setInterval(() => {
          if (sent !== before) {
            before = sent
            still = 0
            return
          }
          if (++still < 3) return
          clearInterval(watch)
          held = sent
          let bytes = 0
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length
          })
          response.on('end', () => resolve(bytes))
          response.resume()
        }, 300)
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
  expect(held).toBeLessThan(TOTAL / 2)
  // And all of it arrives once somebody does.
  expect(read).toBeGreaterThan(TOTAL * 0.95)
})
