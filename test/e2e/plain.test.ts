// Plain operations through a real gateway, asked by the official clients: images, audio as forms and as bytes,
// moderations, files at their endpoint, realtime both ways, and Ollama's own client on an upstream that is none.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ollama } from 'ollama'
import { APIError, OpenAI } from 'openai'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { loadConfig } from '../../src/config/load.ts'
import { type Gateway, createGateway } from '../../src/gateway/create-gateway.ts'
import { type RunningServer, startServer } from '../../src/server/index.ts'
import { type Fake, startFake } from '../../src/testing/index.ts'
import { violations } from '../published/answers.ts'

interface Seen {
  method: string
  path: string
  type: string
  body: Buffer
}

let host: Server
let sockets: WebSocketServer
let fake: Fake
let gateway: Gateway
let server: RunningServer
let folder: string
const seen: Seen[] = []

const SOUND = Buffer.from([0, 1, 2, 250, 251, 252, 13, 10])

function answerFor(path: string): { type: string; body: string | Buffer } {
  if (path.startsWith('/v1/images'))
    return {
      type: 'application/json',
      body: JSON.stringify({
        created: 1,
        data: [{ b64_json: 'AAAA' }],
        usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
      }),
    }
  if (path === '/v1/audio/speech') return { type: 'audio/mpeg', body: SOUND }
  if (path.startsWith('/v1/audio/')) return { type: 'application/json', body: '{"text":"hello"}' }
  if (path === '/v1/moderations')
    return { type: 'application/json', body: '{"id":"modr-1","model":"m","results":[{"flagged":false}]}' }
  if (path.endsWith('/content')) return { type: 'application/octet-stream', body: 'line one\n' }
  if (path.startsWith('/v1/files'))
    return {
      type: 'application/json',
      body: '{"object":"list","data":[{"id":"file-1","object":"file"}],"id":"file-1"}',
    }
  return { type: 'application/json', body: '{"id":"batch_1","object":"batch"}' }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

beforeAll(async () => {
  host = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const path = request.url ?? ''
      seen.push({ method: request.method ?? '', path, type: request.headers['content-type'] ?? '', body })
      const answer = answerFor(path)
      response.writeHead(200, { 'content-type': answer.type })
      response.end(answer.body)
    })
  })
  sockets = new WebSocketServer({ noServer: true })
  host.on('upgrade', (request, socket, head) => {
    seen.push({
      method: 'UPGRADE',
      path: request.url ?? '',
      type: request.headers.authorization ?? '',
      body: head,
    })
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.send('{"type":"session.created"}')
      client.on('message', (data, binary) => client.send(data, { binary }))
    })
  })
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  const { port } = host.address() as AddressInfo
  fake = await startFake({ kind: 'openai', models: ['chatty'] })
  folder = mkdtempSync(join(tmpdir(), 'trunkline-plain-'))
  writeFileSync(
    join(folder, 'trunkline.yaml'),
    `endpoints:
  east: { provider: openai, base_url: "http://127.0.0.1:${port}/v1", api_key: sk-1, models: { public: upstream-name } }
  ant: { provider: anthropic, base_url: "http://127.0.0.1:${port}/v1", api_key: sk-2, models: [claude-m] }
  chat: { provider: openai-compatible, base_url: "${fake.url}/v1", models: [chatty], dialects: [openai-chat] }
`,
  )
  gateway = createGateway(loadConfig({ cwd: folder, env: {} }), {
    log: pino({ level: 'silent' }),
    probe: false,
  })
  server = await startServer({ gateway, host: '127.0.0.1', port: 0 })
})

afterAll(async () => {
  await server?.close(100)
  await fake?.close()
  sockets?.close()
  host?.closeAllConnections()
  host?.close()
  rmSync(folder, { recursive: true })
})

const openai = (headers: Record<string, string> = {}): OpenAI =>
  new OpenAI({ apiKey: 'none', baseURL: `${server.url}/v1`, maxRetries: 0, defaultHeaders: headers })

test('an image is made by the upstream’s own name of the model, and the answer passes', async () => {
  const image = await openai().images.generate({ model: 'public', prompt: 'a cat' })
  expect(image.data?.[0]?.b64_json).toBe('AAAA')
  expect(JSON.parse(seen.at(-1)?.body.toString() ?? '')).toEqual({ model: 'upstream-name', prompt: 'a cat' })
})

test('speech comes as the bytes it is', async () => {
  const speech = await openai().audio.speech.create({ model: 'public', voice: 'alloy', input: 'hi' })
  expect(speech.headers.get('content-type')).toBe('audio/mpeg')
  expect(Buffer.from(await speech.arrayBuffer())).toEqual(SOUND)
})

test('a recording goes up as the form it came in, the model put in place', async () => {
  const text = await openai().audio.transcriptions.create({
    model: 'public',
    file: new File([SOUND], 'a.wav', { type: 'audio/wav' }),
  })
  expect(text.text).toBe('hello')
  const form = await new Response(new Uint8Array(seen.at(-1)?.body ?? []), {
    headers: { 'content-type': seen.at(-1)?.type ?? '' },
  }).formData()
  expect(form.get('model')).toBe('upstream-name')
  expect(Buffer.from(await (form.get('file') as File).arrayBuffer())).toEqual(SOUND)
})

test('moderations', async () => {
  const result = await openai().moderations.create({ model: 'public', input: 'x' })
  expect(result.results[0]?.flagged).toBe(false)
  // Left to the host, the model stays left out.
  await openai().moderations.create({ input: 'x' })
  expect(JSON.parse(seen.at(-1)?.body.toString() ?? '')).toEqual({ input: 'x' })
})

test('files and batches go to the one endpoint that keeps them', async () => {
  const named = openai({ 'x-trunkline-endpoint': 'east' })
  const list = await named.files.list()
  expect(list.data[0]?.id).toBe('file-1')
  const made = await named.files.create({ file: new File(['{}'], 'a.jsonl'), purpose: 'batch' })
  expect(made.id).toBe('file-1')
  expect(await (await named.files.content('file-1')).text()).toBe('line one\n')
  await named.files.delete('file-1')
  expect(seen.at(-1)).toMatchObject({ method: 'DELETE', path: '/v1/files/file-1' })
  await named.batches.cancel('batch_1')
  expect(seen.at(-1)).toMatchObject({ method: 'POST', path: '/v1/batches/batch_1/cancel' })
})

test('where several endpoints keep files, the caller must say which', async () => {
  const failure: unknown = await openai()
    .files.list()
    .catch((thrown: unknown) => thrown)
  expect(failure).toBeInstanceOf(APIError)
  expect((failure as APIError).message).toContain('east, chat')
})

test('A-082: what a provider has not is refused by name', async () => {
  for (const ask of [
    () => openai().embeddings.create({ model: 'claude-m', input: 'x' }),
    () => openai().images.generate({ model: 'claude-m', prompt: 'x' }),
  ]) {
    const failure: unknown = await ask().catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ status: 400, code: 'unsupported_operation' })
  }
})

test('realtime passes frames both ways, and a hang-up too', async () => {
  const caller = new WebSocket(`${server.url.replace('http', 'ws')}/v1/realtime?model=public`)
  const messages: string[] = []
  const echoed = new Promise<void>((resolve, reject) => {
    caller.on('error', reject)
    caller.on('message', (data: Buffer) => {
      messages.push(data.toString())
      if (messages.length === 1) caller.send('{"type":"response.create"}')
      else resolve()
    })
  })
  await echoed
  expect(messages).toEqual(['{"type":"session.created"}', '{"type":"response.create"}'])
  expect(seen.at(-1)).toMatchObject({ path: '/v1/realtime?model=upstream-name', type: 'Bearer sk-1' })
  const [upstream] = sockets.clients
  const gone = new Promise<number>((resolve) => upstream?.on('close', resolve))
  caller.close(1000)
  expect(await gone).toBe(1000)
})

test('realtime at a provider without it is an HTTP answer', async () => {
  const caller = new WebSocket(`${server.url.replace('http', 'ws')}/v1/realtime?model=claude-m`)
  const status = await new Promise((resolve) => {
    caller.on('error', () => {})
    caller.on('unexpected-response', (_request, response) => resolve(response.statusCode))
  })
  expect(status).toBe(400)
  caller.terminate()
})

test('Ollama’s own client, on an upstream that speaks Chat', async () => {
  const client = new Ollama({ host: server.url })
  expect((await client.list()).models.map((model) => model.name)).toContain('chatty')
  expect((await client.show({ model: 'chatty:latest' })).capabilities).toContain('completion')
  expect((await client.version()).version).toMatch(/^\d+\.\d+/)
  expect((await client.ps()).models.length).toBeGreaterThan(0)
  const whole = await client.chat({ model: 'chatty:latest', messages: [{ role: 'user', content: 'ping' }] })
  expect(whole).toMatchObject({ done: true, done_reason: 'stop', message: { role: 'assistant' } })
  let text = ''
  for await (const part of await client.chat({
    model: 'chatty',
    messages: [{ role: 'user', content: 'ping' }],
    stream: true,
  }))
    text += part.message.content
  expect(text).toBe(whole.message.content)
  expect((await client.generate({ model: 'chatty', prompt: 'ping' })).response).toBe(text)
  const vectors = await client.embed({ model: 'chatty', input: ['a', 'b'] })
  expect(vectors.embeddings.length).toBe(2)
  expect(violations('ollama-embed', false, JSON.stringify(vectors))).toEqual([])
  const failure: unknown = await client.chat({ model: 'nobody' }).catch((thrown: unknown) => thrown)
  expect(String(failure)).toContain('nobody')
})

test('legacy completions reach a chat model', async () => {
  const answer = await openai().completions.create({ model: 'chatty', prompt: 'ping', echo: true })
  expect(answer.object).toBe('text_completion')
  expect(answer.choices[0]?.text.startsWith('ping')).toBe(true)
  expect(fake.log.at(-1)?.path).toBe('/v1/chat/completions')
})
