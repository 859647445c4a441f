// Large forms: sent on while they come, with little of them held; the model's field read and put in place wherever it
// stands; a hang-up or a refusal of either side ends the other.

import { type ClientRequest, type IncomingMessage, type Server, createServer, request } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createTcp } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { type Gateway, createGateway } from '../../src/gateway/create-gateway.ts'
import { type RunningServer, startServer } from '../../src/server/index.ts'

const MIB = 2 ** 20
const BOUNDARY = 'x-boundary-x'
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`
const KEPT = 'timestamp_granularities[]'

interface Arrived {
  request: IncomingMessage
  /** Resolves with the whole form. */
  body: Promise<Buffer>
}

let host: Server
let gateway: Gateway
let server: RunningServer
let folder: string
/** How the host answers the next request; default: when it has the whole form. */
let behave: (arrived: IncomingMessage, respond: (status: number, body: string) => void) => void
let arrivals: Arrived[] = []
let came: (arrived: Arrived) => void = () => {}

const whole = (arrived: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve) => {
    const pieces: Buffer[] = []
    arrived.on('data', (piece: Buffer) => pieces.push(piece))
    arrived.on('end', () => resolve(Buffer.concat(pieces)))
  })

/** A port nobody listens on. */
async function closedPort(): Promise<number> {
  const probe = createTcp()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

beforeAll(async () => {
  host = createServer((arrived, response) => {
    const one: Arrived = { request: arrived, body: whole(arrived) }
    arrivals.push(one)
    came(one)
    behave(arrived, (status, body) => {
      response.writeHead(status, { 'content-type': body.startsWith('{') ? 'application/json' : 'text/plain' })
      response.end(body)
    })
  })
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  const { port } = host.address() as AddressInfo
  folder = mkdtempSync(join(tmpdir(), 'trunkline-uploads-'))
  writeFileSync(
    join(folder, 'trunkline.yaml'),
    `server: { max_body_bytes: ${2 * MIB}, max_upload_bytes: ${64 * MIB} }
endpoints:
  east: { provider: openai, base_url: "http://127.0.0.1:${port}/v1", api_key: sk-1, models: { public: upstream-name }, max_retries: 2 }
  dead: { provider: openai, base_url: "http://127.0.0.1:${await closedPort()}/v1", api_key: sk-1, models: [gone], max_retries: 0 }
routes:
  both: { strategy: priority, targets: [dead/gone, east/upstream-name] }
  twice: { strategy: priority, targets: [east/upstream-name, east/another] }
`,
  )
  gateway = createGateway(loadConfig({ cwd: folder, env: {} }), {
    log: pino({ level: 'silent' }),
    probe: false,
  })
  server = await startServer({
    gateway,
    host: '127.0.0.1',
    port: 0,
    headersTimeoutMs: 1_000,
    requestTimeoutMs: 2_000,
  })
})

beforeEach(() => {
  arrivals = []
  came = () => {}
  behave = (arrived, respond) => arrived.on('end', () => respond(200, '{"text":"hello"}'))
})

afterAll(async () => {
  await server?.close(100)
  host?.closeAllConnections()
  host?.close()
  rmSync(folder, { recursive: true })
})

const field = (name: string, value: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const fileHead = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n`
const END = `\r\n--${BOUNDARY}--\r\n`
/** Bytes that look like a boundary's beginning at every turn. */
const sound = (bytes: number): Buffer => Buffer.alloc(bytes, `\r\n--${BOUNDARY.slice(0, -1)}`)

function form(model: string, bytes: number, order: 'model first' | 'file first'): Buffer {
  const fields = field('model', model)
  const others = field(KEPT, 'word') + field(KEPT, 'segment')
  const file = Buffer.concat([Buffer.from(fileHead), sound(bytes), Buffer.from('\r\n')])
  const parts =
    order === 'model first' ? [Buffer.from(fields + others), file] : [file, Buffer.from(others + fields)]
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)])
}

interface Reply {
  status: number
  type: string
  id: string
  text: string
}

function ask(path = '/v1/audio/transcriptions', headers: Record<string, string> = {}): ClientRequest {
  return request(`${server.url}${path}`, { method: 'POST', headers: { 'content-type': TYPE, ...headers } })
}

const replyOf = (asked: ClientRequest): Promise<Reply> =>
  new Promise((resolve, reject) => {
    asked.once('error', reject)
    asked.once('response', (response) => {
      void whole(response).then((body) =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          id: String(response.headers['x-request-id']),
          text: body.toString(),
        }),
      )
    })
  })

async function post(body: Buffer, path?: string, headers?: Record<string, string>): Promise<Reply> {
  const asked = ask(path, { 'content-length': String(body.length), ...headers })
  const reply = replyOf(asked)
  asked.end(body)
  return reply
}

const decided = (id: string) => gateway.runtime.decisions.byId(id)

test('20 MB go through while little of them is held, every byte but the model’s as it came', async () => {
  const reply = await post(form('public', 20 * MIB, 'model first'))
  expect(reply).toMatchObject({ status: 200, text: '{"text":"hello"}' })
  expect((await arrivals[0]?.body)?.equals(form('upstream-name', 20 * MIB, 'model first'))).toBe(true)
  const { headers } = (arrivals[0] as Arrived).request
  expect(headers['content-type']).toBe(TYPE)
  expect(Number(headers['content-length'])).toBe(form('upstream-name', 20 * MIB, 'model first').length)
  const { upload } = decided(reply.id) ?? {}
  expect(upload).toMatchObject({ bytes: form('public', 20 * MIB, 'model first').length, repeatable: false })
  expect(upload?.heldBytes).toBeLessThan(512 * 1024)
})

test('a form of unknown length goes on in chunks', async () => {
  const asked = ask()
  const reply = replyOf(asked)
  const body = form('public', 5 * MIB, 'model first')
  asked.write(body.subarray(0, MIB))
  asked.end(body.subarray(MIB))
  expect((await reply).status).toBe(200)
  expect(arrivals[0]?.request.headers['transfer-encoding']).toBe('chunked')
  expect((await arrivals[0]?.body)?.equals(form('upstream-name', 5 * MIB, 'model first'))).toBe(true)
})

test('a model behind the file is found, and what was held until then goes whole', async () => {
  expect((await post(form('public', MIB, 'file first'))).status).toBe(200)
  expect((await arrivals[0]?.body)?.equals(form('upstream-name', MIB, 'file first'))).toBe(true)
})

test('a model that comes too late is refused with the setting and the remedy', async () => {
  const reply = await post(form('public', 3 * MIB, 'file first'))
  expect(reply.status).toBe(413)
  expect(reply.text).toContain('server.max_body_bytes')
  expect(reply.text).toContain('send `model` before `file`')
  expect(arrivals).toEqual([])
})

test('a form larger than the limit of uploads is refused, declared or not', async () => {
  const declared = ask(undefined, { 'content-length': String(65 * MIB) })
  const refused = replyOf(declared)
  declared.flushHeaders()
  expect(await refused).toMatchObject({ status: 413 })
  declared.destroy()

  const undeclared = ask()
  const reply = replyOf(undeclared)
  undeclared.write(field('model', 'public') + fileHead)
  for (let sent = 0; sent <= 64; sent++) undeclared.write(sound(MIB))
  expect((await reply).text).toContain('server.max_upload_bytes')
  undeclared.destroy()
})

test('the hang-up of the caller ends the upload at the host', async () => {
  behave = () => {}
  const asked = ask(undefined, { 'content-length': String(20 * MIB) })
  asked.on('error', () => {})
  const gone = new Promise<void>((resolve) => {
    came = ({ request: arrived }) => arrived.on('error', () => resolve())
  })
  const taken = new Promise<void>((resolve) => {
    const before = came
    came = (one) => {
      before(one)
      one.request.once('data', () => resolve())
    }
  })
  asked.write(field('model', 'public') + fileHead)
  asked.write(sound(MIB))
  await taken
  asked.destroy()
  await gone
})

test.each([
  [413, '{"error":{"message":"too large","code":"too_large"}}'],
  [401, '{"error":{"message":"no such key","code":"invalid_api_key"}}'],
])('a host that refuses early (%i) ends the upload, and its words reach the caller', async (status, body) => {
  behave = (arrived, respond) => arrived.once('data', () => respond(status, body))
  const asked = ask(undefined, { 'content-length': String(20 * MIB) })
  asked.on('error', () => {})
  const reply = replyOf(asked)
  asked.write(field('model', 'public') + fileHead)
  asked.write(sound(MIB))
  // The rest never comes: whoever waited for it would wait for ever.
  expect(await reply).toMatchObject({ status, text: body })
  expect(arrivals.length).toBe(1)
  asked.destroy()
})

test('a slow caller has the read timeout, and the host is let go', async () => {
  behave = () => {}
  const asked = ask(undefined, { 'content-length': String(20 * MIB) })
  const reply = replyOf(asked)
  const gone = new Promise<void>((resolve) => {
    came = ({ request: arrived }) => arrived.on('error', () => resolve())
  })
  asked.write(field('model', 'public') + fileHead)
  asked.write(sound(MIB))
  expect((await reply).status).toBe(408)
  await gone
})

test('what cannot be reached is passed over while nothing has gone out', async () => {
  const reply = await post(form('both', 4 * MIB, 'model first'))
  expect(reply.status).toBe(200)
  expect(decided(reply.id)?.attempts.map(({ endpoint }) => endpoint)).toEqual(['dead', 'east'])
  expect((await arrivals[0]?.body)?.equals(form('upstream-name', 4 * MIB, 'model first'))).toBe(true)
})

test('what failed after more had gone out than is held is not tried again; a small form is', async () => {
  behave = (arrived, respond) => arrived.on('end', () => respond(500, '{"error":{"message":"broken"}}'))
  const large = await post(form('twice', 4 * MIB, 'model first'))
  expect(large.status).toBe(500)
  expect(arrivals.length).toBe(1)
  expect(decided(large.id)).toMatchObject({
    upload: { repeatable: false },
    error: { message: expect.stringContaining('nothing else was tried') },
  })
  const small = await post(form('twice', 1_000, 'model first'))
  expect(decided(small.id)?.attempts.length).toBeGreaterThan(1)
  expect(decided(small.id)?.upload).toBeUndefined()
})

test('the host’s plain text passes', async () => {
  behave = (arrived, respond) =>
    arrived.on('end', () => respond(200, '1\n00:00:00,000 --> 00:00:01,000\nhello\n'))
  const reply = await post(form('public', 2 * MIB, 'model first'))
  expect(reply).toMatchObject({
    status: 200,
    type: 'text/plain',
    text: '1\n00:00:00,000 --> 00:00:01,000\nhello\n',
  })
})

test('files stream to their endpoint, which no field of theirs decides', async () => {
  const body = Buffer.concat([
    Buffer.from(field('purpose', 'batch') + fileHead),
    sound(8 * MIB),
    Buffer.from(END),
  ])
  const reply = await post(body, '/v1/files', { 'x-trunkline-endpoint': 'east' })
  expect(reply.status).toBe(200)
  expect((await arrivals[0]?.body)?.equals(body)).toBe(true)
  expect(decided(reply.id)?.upload?.heldBytes).toBeLessThan(512 * 1024)
})

test('an image is edited by a form that streams', async () => {
  behave = (arrived, respond) => arrived.on('end', () => respond(200, '{"created":1,"data":[]}'))
  expect((await post(form('public', 6 * MIB, 'model first'), '/v1/images/edits')).status).toBe(200)
  expect(arrivals[0]?.request.url).toBe('/v1/images/edits')
})
