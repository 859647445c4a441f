// Realtime sessions as calls: admitted, moved on until the upstream lets us in, recorded with their usage, ended with the
// gateway.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import type { Duplex } from 'node:stream'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { loadConfig } from '../../src/config/load.ts'
import type { Decision } from '../../src/gateway/decisions.ts'
import { type Gateway, createGateway } from '../../src/gateway/create-gateway.ts'
import { type RunningServer, startServer } from '../../src/server/index.ts'
import { realtime } from '../../src/server/realtime.ts'
import { KEY, launch } from '../acceptance/kit.ts'

let host: Server
let sockets: WebSocketServer
let folder: string
let port: number
let gateway: Gateway
let server: RunningServer
let seen: { url: string; headers: IncomingMessage['headers'] }[] = []
/** How the host answers handshakes to a model: a refusal, what it does with the socket, or with the session. */
let behave: Record<
  string,
  { status: number; body: string } | { silent: (socket: Duplex) => void } | ((socket: WebSocket) => void)
> = {}

const DONE = (input: number, output: number): string =>
  JSON.stringify({
    type: 'response.done',
    response: {
      usage: {
        total_tokens: input + output,
        input_tokens: input,
        output_tokens: output,
        input_token_details: { cached_tokens: 1, audio_tokens: 2 },
        output_token_details: { audio_tokens: 3 },
      },
    },
  })

beforeAll(async () => {
  host = createServer((_request, response) =>
    response.end('{"access_token":"entra-token","expires_in":3600}'),
  )
  sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('realtime') ? 'realtime' : false),
  })
  host.on('upgrade', (request, socket, head) => {
    seen.push({ url: request.url ?? '', headers: request.headers })
    const model = new URL(request.url ?? '', 'http://host').searchParams.get('model') ?? ''
    const how = behave[model]
    if (typeof how === 'object' && 'silent' in how) return how.silent(socket)
    if (typeof how === 'object')
      return void socket.end(
        `HTTP/1.1 ${how.status} No\r\ncontent-type: application/json\r\ncontent-length: ${how.body.length}\r\nconnection: close\r\n\r\n${how.body}`,
      )
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.send('{"type":"session.created"}')
      how?.(client)
    })
  })
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  ;({ port } = host.address() as AddressInfo)
  folder = mkdtempSync(join(tmpdir(), 'trunkline-realtime-'))
  const base = `base_url: "http://127.0.0.1:${port}/v1"`
  writeFileSync(
    join(folder, 'trunkline.yaml'),
    `endpoints:
  east: { provider: openai, ${base}, api_key: sk-east, models: { public: upstream-name } }
  sick: { provider: openai, ${base}, api_key: sk-sick, models: [ill, no], max_retries: 0 }
  narrow: { provider: openai, ${base}, api_key: sk-1, models: [one], rate_limit: { concurrency: 1, max_queue: 0 } }
  counted: { provider: openai, ${base}, api_key: sk-1, models: [rare], rate_limit: { rpm: 1 } }
  azure: { provider: azure, base_url: "http://127.0.0.1:${port}", api_key: az-1, models: [spoken] }
  entra: { provider: azure, base_url: "http://127.0.0.1:${port}", models: [signed], tenant_id: t, client_id: c, client_secret: s3, token_authority: "http://127.0.0.1:${port}" }
routes:
  both: { strategy: priority, targets: [sick/ill, east/upstream-name] }
`,
  )
  server = await start()
})

async function start(): Promise<RunningServer> {
  gateway = createGateway(loadConfig({ cwd: folder, env: {} }), {
    log: pino({ level: 'silent' }),
    probe: false,
  })
  return startServer({ gateway, host: '127.0.0.1', port: 0 })
}

const open: WebSocket[] = []
beforeEach(() => {
  seen = []
  behave = {}
})
afterEach(() => {
  for (const socket of open.splice(0)) socket.terminate()
  // No record of one test is another's.
  return expect
    .poll(() => [...gateway.runtime.vitals.values()].every(({ inFlight }) => inFlight === 0))
    .toBe(true)
})
afterAll(async () => {
  await server?.close(100)
  sockets?.close()
  host?.closeAllConnections()
  host?.close()
  rmSync(folder, { recursive: true })
})

function dial(query: string, protocols: string[] = [], url = server.url): WebSocket {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/realtime?${query}`, protocols)
  socket.on('error', () => {})
  open.push(socket)
  return socket
}

/** Resolves when the first frame is here. */
const first = (socket: WebSocket): Promise<string> =>
  new Promise((resolve, reject) => {
    socket.once('message', (data: Buffer) => resolve(data.toString()))
    socket.once('error', reject)
  })
const closed = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => {
    socket.once('close', resolve)
  })
const refused = (
  socket: WebSocket,
): Promise<{ status: number; headers: IncomingMessage['headers']; text: string }> =>
  new Promise((resolve, reject) => {
    socket.once('open', () => reject(new Error('it was let in')))
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      let text = ''
      response.on('data', (piece: Buffer) => {
        text += piece.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
  })
/** The record of the next call that ends. */
const next = (): Promise<Decision> =>
  new Promise((resolve) => {
    const stop = gateway.runtime.decisions.subscribe((decision) => {
      stop()
      resolve(decision)
    })
  })

test('a session is recorded when it ends, with the usage of all its answers', async () => {
  behave['upstream-name'] = (socket) => {
    socket.send(DONE(10, 5))
    socket.send(Buffer.from(DONE(1_000, 1_000)), { binary: true })
    socket.send('{"type":"response.output_text.delta","delta":"\\"response.done\\""}')
    socket.send(DONE(7, 4))
    socket.send('last')
  }
  const record = next()
  const caller = dial('model=public')
  const headers = new Promise<IncomingMessage['headers']>((resolve) => {
    caller.once('upgrade', (response) => resolve(response.headers))
  })
  await new Promise<void>((resolve) => {
    caller.on('message', (data: Buffer) => {
      if (data.toString() === 'last') resolve()
    })
  })
  expect(gateway.runtime.vitals.get('east/upstream-name')?.inFlight).toBe(1)
  caller.close(1000)
  const decision = await record
  expect(decision).toMatchObject({
    id: (await headers)['x-request-id'],
    operation: 'realtime',
    model: 'public',
    endpoint: 'east',
    upstreamModel: 'upstream-name',
    path: 'relay',
    status: 101,
    input: 17,
    output: 9,
    endedBy: 'caller',
    attempts: [{ endpoint: 'east', status: 101, outcome: 'answered' }],
  })
  expect(decision.error).toBeUndefined()
  expect(decision.ms).toBeGreaterThan(0)
  expect((await headers)['x-trunkline-endpoint']).toBe('east')
  expect(gateway.runtime.vitals.get('east/upstream-name')?.inFlight).toBe(0)
})

test('a deployment that does not let us in is passed over', async () => {
  behave.ill = { status: 503, body: '{"error":{"message":"ill"}}' }
  const record = next()
  const caller = dial('model=both')
  await first(caller)
  caller.close()
  expect((await record).attempts.map(({ endpoint, outcome }) => [endpoint, outcome])).toEqual([
    ['sick', 'upstream_failed'],
    ['east', 'answered'],
  ])
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer sk-sick', 'Bearer sk-east'])
})

test('the upstream’s refusal is the caller’s answer, word for word', async () => {
  behave.no = { status: 403, body: '{"error":{"message":"not for you","type":"x","code":"y","param":null}}' }
  const record = next()
  const reply = await refused(dial('model=no'))
  expect(reply).toMatchObject({ status: 403, text: behave.no.body })
  expect(reply.headers['x-request-id']).toBe((await record).id)
})

test('concurrency is held for the session, and free after it', async () => {
  const holder = dial('model=one')
  await first(holder)
  const reply = await refused(dial('model=one'))
  expect(reply.status).toBe(429)
  expect(reply.text).toContain('all 1 places of endpoint')
  const ended = next()
  holder.close()
  await ended
  expect(await first(dial('model=one'))).toContain('session.created')
})

test('a session counts as a request', async () => {
  await first(dial('model=rare'))
  expect((await refused(dial('model=rare'))).status).toBe(429)
})

test('headers are those of the provider’s auth', async () => {
  await first(dial('model=spoken&intent=x'))
  expect(seen[0]?.url).toBe('/openai/v1/realtime?model=spoken&intent=x')
  expect(seen[0]?.headers).toMatchObject({ 'api-key': 'az-1' })
  expect(seen[0]?.headers.authorization).toBeUndefined()
  await first(dial('model=signed'))
  expect(seen[1]?.headers.authorization).toBe('Bearer entra-token')
})

test('the subprotocol `realtime` is echoed, and none that names a key or an account goes on', async () => {
  const caller = dial('model=public', [
    'realtime',
    'openai-insecure-api-key.sk-caller',
    'openai-organization.org-1',
    'openai-beta.realtime-v1',
  ])
  await first(caller)
  expect(caller.protocol).toBe('realtime')
  expect(seen[0]?.headers['sec-websocket-protocol']).toBe('realtime,openai-beta.realtime-v1')
  expect(seen[0]?.headers.authorization).toBe('Bearer sk-east')
})

test('an upstream that breaks off is the record’s failure, and the caller’s end', async () => {
  behave['upstream-name'] = (socket) => setImmediate(() => socket.terminate())
  const record = next()
  const caller = dial('model=public')
  await closed(caller)
  expect(await record).toMatchObject({
    endedBy: 'upstream',
    error: { kind: 'stream_interrupted' },
    status: 101,
  })
})

test('a caller that hangs up before the upstream has answered is gone there too', async () => {
  const record = next()
  const gone = new Promise<void>((resolve) => {
    behave['upstream-name'] = {
      silent(socket) {
        socket.on('end', () => resolve())
        socket.resume()
        caller.terminate()
      },
    }
  })
  const caller = dial('model=public')
  await gone
  expect(await record).toMatchObject({ status: 499, error: { kind: 'caller_gone' } })
})

test('a browser’s page from elsewhere opens none where no key is asked for', async () => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/realtime?model=public`, {
    origin: 'https://elsewhere.example',
  })
  socket.on('error', () => {})
  expect((await refused(socket)).status).toBe(403)
  expect(seen).toEqual([])
})

test('a model nobody serves is an HTTP answer', async () => {
  expect((await refused(dial('model=unheard'))).status).toBe(404)
})

test('a side that gives no sign of life is cut off, and the other with it', async () => {
  behave['upstream-name'] = (socket) => {
    // Reads nothing, so it answers no ping.
    socket.pause()
  }
  const sessions = realtime(gateway, undefined, 20)
  const own = createServer()
  own.on('upgrade', (request, socket, head) => sessions.upgrade(request, socket, head))
  await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve))
  const record = next()
  const caller = dial('model=public', [], `http://127.0.0.1:${(own.address() as AddressInfo).port}`)
  await closed(caller)
  expect(await record).toMatchObject({ endedBy: 'upstream', error: { kind: 'stream_interrupted' } })
  sessions.close(0)
  own.close()
})

test('the gateway’s drain ends sessions, and they are recorded', async () => {
  const before = server
  server = await start()
  const record = next()
  const caller = dial('model=public')
  await first(caller)
  const end = closed(caller)
  const done = server.close(5_000)
  expect(await end).toBe(1001)
  expect(await record).toMatchObject({ endedBy: 'gateway', status: 101 })
  await done
  server = before
})

test('the caller’s key is checked, and a session shows among the calls under way', async () => {
  const gw = await launch({
    yaml: `endpoints:\n  east: { provider: openai, base_url: "http://127.0.0.1:${port}/v1", api_key: sk-1, models: [m], probe: off }\n`,
  })
  await gw.started
  expect((await refused(dial('model=m', [], gw.url))).status).toBe(401)
  const caller = dial('model=m', ['realtime', `openai-insecure-api-key.${KEY}`], gw.url)
  await first(caller)
  const list = async () =>
    (await (
      await fetch(`${gw.url}/api/v1/calls`, { headers: { authorization: `Bearer ${KEY}` } })
    ).json()) as { under_way: number; data: { operation: string; state: string }[] }
  expect(await list()).toMatchObject({
    under_way: 1,
    data: [{ operation: 'realtime', state: 'under_way' }, {}],
  })
  caller.close()
  await closed(caller)
  await expect.poll(async () => (await list()).under_way).toBe(0)
  expect((await list()).data[0]).toMatchObject({ operation: 'realtime', state: 'done', status: 101 })
  await gw.close()
})
