// `serve --workers 2` seen from outside: what one worker is told, the other knows, and whoever is asked answers for both.

import { type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, type Reply, launch, until } from '../acceptance/kit.ts'

let upstream: Server
let base = ''
/** Calls by the connection they came on; each worker has connections of its own. */
const seen = new Set<Socket>()
const keys = new Set<string>()
let held: ServerResponse[] = []
let gw: Gateway

const answer = JSON.stringify({
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
})

/** Every request on a connection of its own, so that they are dealt out in turn. */
const apart = { headers: { connection: 'close' } }
const calls = (model: string, count: number): Promise<Reply[]> =>
  Promise.all(Array.from({ length: count }, () => gw.chat(model, {}, apart)))

beforeAll(async () => {
  upstream = createServer((request, response) => {
    seen.add(request.socket)
    keys.add(String(request.headers.authorization))
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' })
      if (body.includes('"slow"')) held.push(response)
      else response.end(answer)
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`
  gw = await launch({
    args: ['--workers', '2'],
    yaml: `endpoints:\n  one: { provider: openai, base_url: "${base}", api_key: sk-up, models: [m, slow], probe: off, rate_limit: { concurrency: 100 } }\n`,
  })
  await gw.started
  await until(
    async () => {
      await calls('m', 4)
      return seen.size >= 2
    },
    20_000,
    'both workers serve',
  )
}, 60_000)

afterAll(async () => {
  await gw?.close()
  upstream?.close()
  upstream?.closeAllConnections()
})

test('an endpoint added over the admin API is served by both workers at once, its unsealed key included', async () => {
  const added = await gw.post(
    '/api/v1/registry',
    { id: 'two', url: base, provider: 'openai', models: ['fresh'], api_key: 'sk-two' },
    apart,
  )
  expect(added.status).toBe(201)
  keys.clear()
  expect((await calls('fresh', 8)).map((reply) => reply.status)).toEqual(Array(8).fill(200))
  expect([...keys]).toEqual(['Bearer sk-two'])
  const gone = await fetch(`${gw.url}/api/v1/registry/two`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${gw.key}` },
  })
  expect(gone.status).toBe(200)
  expect((await calls('fresh', 8)).map((reply) => reply.status)).toEqual(Array(8).fill(404))
})
