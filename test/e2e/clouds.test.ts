// What the clouds get on the wire: paths, signatures, envelopes, tokens; and what their callers get back. Numbers are
// those of the wire reference (10.9, 10.11, 10.12). Left out: 163's rewriting of the answer's model (relayed answers keep
// the upstream's own name), 168 and 170 (ext members are the codecs' and the recordings' business; hosting is judged by
// the deployment itself), 169's request-id (callers of Messages get the gateway's own).

import net from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Gateway, ask, at, launch } from '../acceptance/kit.ts'
import { type Fake, type LogEntry, startFake } from '../../src/testing/fake-upstream.ts'
import { awsMessage } from '../../src/wire/aws-event-stream.ts'

let fake: Fake
let gw: Gateway

const ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123xyz789'
const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'

beforeAll(async () => {
  fake = await startFake({ kind: 'openai' })
  gw = await launch({
    env: { AWS_REGION: 'us-east-1' },
    yaml: `
endpoints:
  signed:
    provider: bedrock
    base_url: ${fake.url}
    access_key_id: AKIDEXAMPLE
    secret_access_key: \${SECRET:-s}
    session_token: tok
    models: ["${CLAUDE}", "${ARN}", amazon.titan-embed-text-v2:0, cohere.rerank-v3-5:0]
  keyed: { provider: bedrock, base_url: "${fake.url}", api_key: bedrock-key, models: ["${CLAUDE}"] }
  hidden: { provider: bedrock-anthropic, base_url: "${fake.url}", api_key: k, models: { profile: "${ARN}" } }
  mantle: { provider: bedrock-mantle, base_url: "${fake.url}/v1", api_key: k, models: [anthropic.claude-sonnet-5, openai.gpt-oss-120b] }
  azure: { provider: azure, base_url: "${fake.url}", api_key: az, models: ["my deployment"] }
  azured: { provider: azure, base_url: "${fake.url}/openai/deployments/d?api-version=2025-01-01-preview", api_key: az, models: [whatever] }
  azurev1: { provider: azure, base_url: "${fake.url}/openai/v1", api_key: az, models: [m] }
  entra:
    provider: azure
    base_url: ${fake.url}/openai/v1
    tenant_id: contoso
    client_id: app
    client_secret: \${SECRET:-shh}
    token_authority: ${fake.url}/login
    token_scope: https://example.org/.default
    models: [d]
  foundry: { provider: azure-anthropic, base_url: "${fake.url}/anthropic", api_key: fk, models: [claude-d] }
  foundry2: { provider: azure-anthropic, base_url: "${fake.url}", api_key: fk, models: [claude-d] }
  cohere: { provider: cohere, base_url: "${fake.url}/v2", api_key: co, models: [command-a, embed-v4.0, rerank-v3.5] }
  voyage: { provider: voyage, base_url: "${fake.url}/v1", api_key: vo, models: [voyage-4, rerank-2.5] }
`,
  })
  await gw.started
})
afterAll(async () => {
  await gw?.close()
  await fake?.close()
})
beforeEach(() => {
  fake.log.length = 0
})

function last(): LogEntry {
  const entry = fake.log.at(-1)
  if (!entry) throw new Error('the upstream saw no request')
  return entry
}

const CONVERSE = {
  output: { message: { role: 'assistant', content: [{ text: 'Hi' }] } },
  stopReason: 'end_turn',
  usage: {
    inputTokens: 10,
    cacheReadInputTokens: 100,
    cacheWriteInputTokens: 20,
    outputTokens: 5,
    totalTokens: 135,
  },
}
const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [{ type: 'text', text: 'Hi' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 5, output_tokens: 7 },
}

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  ask(`http://127.0.0.1:${gw.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test', ...headers },
    body: JSON.stringify(body),
  })
const chat = (model: string, more: object = {}) =>
  post('/v1/chat/completions', { model, messages: [{ role: 'user', content: 'hi' }], ...more })
const messages = (model: string, more: object = {}, headers: Record<string, string> = {}) =>
  post(
    '/v1/messages',
    { model, max_tokens: 16, messages: [{ role: 'user', content: 'hi' }], ...more },
    headers,
  )

test('148 a signed request carries a signature and the session token, and nothing of the caller’s key', async () => {
  fake.script({ json: CONVERSE })
  const reply = await chat(`signed/${CLAUDE}`)
  expect(reply.status, reply.text).toBe(200)
  const { path, headers } = last()
  expect(path).toBe(`/model/${encodeURIComponent(CLAUDE)}/converse`)
  expect(headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/bedrock\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
  )
  expect(headers['x-amz-security-token']).toBe('tok')
  expect(JSON.stringify(headers)).not.toContain('sk-test')
  // 136, seen by the caller.
  expect(reply.at('usage')).toMatchObject({
    prompt_tokens: 130,
    completion_tokens: 5,
    total_tokens: 135,
    prompt_tokens_details: { cached_tokens: 100 },
  })
})

test('148 a Bedrock key goes as a bearer token, unsigned', async () => {
  fake.script({ json: CONVERSE })
  await chat(`keyed/${CLAUDE}`)
  expect(last().headers.authorization).toBe('Bearer bedrock-key')
  expect(Object.keys(last().headers).filter((name) => name.startsWith('x-amz'))).toEqual([])
})

test('126 colons and slashes of an ARN stay encoded on the socket', async () => {
  let line: string | undefined
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes) => {
      line = bytes.toString('latin1').split('\r\n')[0]
      socket.end('HTTP/1.1 503 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const own = await launch({
    yaml: `endpoints: { b: { provider: bedrock, base_url: "http://127.0.0.1:${port}", api_key: k, models: ["${ARN}"] } }`,
  })
  onTestFinished(() => own.close())
  await own.started
  expect((await own.chat(`b/${ARN}`)).status).toBe(503)
  expect(line).toBe(`POST /model/${encodeURIComponent(ARN)}/converse HTTP/1.1`)
  expect(encodeURIComponent(ARN)).toContain('%2Fabc123xyz789')
})

test('145 InvokeModel: no model, no stream, version and betas in the body, no headers of Anthropic', async () => {
  fake.script({ json: MESSAGE })
  const reply = await messages(
    `signed/${CLAUDE}`,
    { stream: false, context_management: { edits: [] } },
    {
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'context-management-2025-06-27,never-heard-of-it',
    },
  )
  expect(reply.status, reply.text).toBe(200)
  const { path, body, headers } = last()
  expect(path).toBe(`/model/${encodeURIComponent(CLAUDE)}/invoke`)
  expect(body).toEqual({
    max_tokens: 16,
    messages: [{ role: 'user', content: 'hi' }],
    context_management: { edits: [] },
    anthropic_version: 'bedrock-2023-05-31',
    anthropic_beta: ['context-management-2025-06-27'],
  })
  expect(headers['anthropic-beta']).toBeUndefined()
  expect(headers['anthropic-version']).toBeUndefined()
  expect(reply.headers.get('x-trunkline-notes')).toContain('dropped anthropic-beta.never-heard-of-it')
})

test('149 a profile whose id hides the model is Claude where the configuration says so', async () => {
  fake.script({ json: MESSAGE })
  expect((await chat('hidden/profile')).at('choices.0.message.content')).toBe('Hi')
  expect(last().path).toBe(`/model/${encodeURIComponent(ARN)}/invoke`)
  expect(at(last().body, 'anthropic_version')).toBe('bedrock-2023-05-31')
})

const chunk = (event: object): Buffer =>
  awsMessage(
    'chunk',
    JSON.stringify({ bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: 'abc' }),
  )
const EVENTS = [
  { type: 'message_start', message: { ...MESSAGE, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 7 },
  },
]
const STOP = { type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 5 } }
const AWS = { 'content-type': 'application/vnd.amazon.eventstream' }

test('147 chunks become the caller’s own events, also cut at every byte; metrics stay behind', async () => {
  const body = Buffer.concat([...EVENTS, STOP].map(chunk))
  fake.script({ body, headers: AWS, chunkBytes: 'every byte' })
  const reply = await messages(`signed/${CLAUDE}`, { stream: true })
  expect(last().path).toBe(`/model/${encodeURIComponent(CLAUDE)}/invoke-with-response-stream`)
  expect(reply.headers.get('content-type')).toContain('text/event-stream')
  expect(reply.frames().map((frame) => JSON.parse(frame) as unknown)).toEqual([
    ...EVENTS,
    { type: 'message_stop' },
  ])
  fake.script({ body, headers: AWS })
  const other = await chat('hidden/profile', { stream: true })
  expect(other.frames().at(-1)).toBe('[DONE]')
  expect(other.text).toContain('"content":"Hi"')
})

test('130 an exception inside a stream is an error inside the caller’s, without a second try', async () => {
  const broken = Buffer.concat([
    ...EVENTS.slice(0, 3).map(chunk),
    awsMessage('throttlingException', '{"message":"Too many tokens"}', 'exception'),
  ])
  fake.script({ body: broken, headers: AWS })
  const invoke = await messages(`signed/${CLAUDE}`, { stream: true })
  expect(JSON.parse(invoke.frames().at(-1) ?? '')).toEqual({
    type: 'error',
    error: { type: 'rate_limit_error', message: 'Too many tokens' },
  })
  const converse = Buffer.concat([
    awsMessage('messageStart', '{"role":"assistant"}'),
    awsMessage('contentBlockDelta', '{"contentBlockIndex":0,"delta":{"text":"Hi"}}'),
    awsMessage('throttlingException', '{"message":"Too many tokens"}', 'exception'),
  ])
  fake.script({ body: converse, headers: AWS })
  const reply = await chat(`signed/${CLAUDE}`, { stream: true })
  expect(JSON.parse(reply.frames().at(-1) ?? '')).toMatchObject({ error: { message: 'Too many tokens' } })
  expect(fake.log).toHaveLength(2)
})

test('130 a frame with a broken checksum is told in-band, never taken for an end', async () => {
  const body = Buffer.concat(EVENTS.map(chunk))
  body.writeUInt8(body.at(-1) === 0 ? 1 : 0, body.length - 1)
  fake.script({ body, headers: AWS })
  const reply = await messages(`signed/${CLAUDE}`, { stream: true })
  expect(JSON.parse(reply.frames().at(-1) ?? '')).toMatchObject({ type: 'error' })
})

test('131 an error before the stream keeps status and wording, in the caller’s envelope', async () => {
  const step = {
    status: 429,
    json: { message: 'Too many requests' },
    headers: { 'x-amzn-errortype': 'ThrottlingException:http://internal/' },
  }
  fake.script(step, step)
  const reply = await messages(`signed/${CLAUDE}`, { stream: true })
  expect(reply.status).toBe(429)
  expect(reply.json).toMatchObject({
    type: 'error',
    error: { type: 'rate_limit_error', message: 'Too many requests' },
  })
  const other = await chat(`keyed/${CLAUDE}`)
  expect(other.status).toBe(429)
  expect(other.at('error.message')).toBe('Too many requests')
})

test('a count is asked of Bedrock in its wrapping; a model that cannot count is estimated', async () => {
  fake.script(
    { json: { inputTokens: 11 } },
    { status: 400, json: { message: "doesn't support counting tokens." } },
  )
  const body = { model: `signed/${CLAUDE}`, messages: [{ role: 'user', content: 'hello' }] }
  expect((await post('/v1/messages/count_tokens', body)).json).toEqual({ input_tokens: 11 })
  expect(last().path).toBe(`/model/${encodeURIComponent(CLAUDE)}/count-tokens`)
  const inner = Buffer.from(String(at(last().body, 'input.invokeModel.body')), 'base64').toString()
  expect(JSON.parse(inner)).toMatchObject({ max_tokens: 1, anthropic_version: 'bedrock-2023-05-31' })
  const estimate = await post('/v1/messages/count_tokens', body)
  expect(estimate.status).toBe(200)
  expect(estimate.at('input_tokens')).toBeGreaterThan(0)
})

test('a count for a model of another vendor is asked of Converse', async () => {
  fake.script({ json: { inputTokens: 9 } })
  const model = 'signed/amazon.titan-embed-text-v2:0'
  const reply = await post('/v1/messages/count_tokens', {
    model,
    messages: [{ role: 'user', content: 'hello' }],
  })
  expect(reply.json).toEqual({ input_tokens: 9 })
  expect(last().body).toEqual({
    input: { converse: { messages: [{ role: 'user', content: [{ text: 'hello' }] }] } },
  })
})

test('150 Mantle speaks the vendors’ own dialects at their own paths', async () => {
  fake.script({ json: MESSAGE }, { json: MESSAGE })
  await messages('mantle/anthropic.claude-sonnet-5', {}, { 'anthropic-version': '2023-06-01' })
  expect(last().path).toBe('/anthropic/v1/messages')
  expect(at(last().body, 'model')).toBe('anthropic.claude-sonnet-5')
  // Claude is not there under the Chat path: a Chat caller is translated.
  expect((await chat('mantle/anthropic.claude-sonnet-5')).at('choices.0.message.content')).toBe('Hi')
  expect(last().path).toBe('/anthropic/v1/messages')
  await chat('mantle/openai.gpt-oss-120b')
  expect(last().path).toBe('/v1/chat/completions')
})

test('162 the deployment stands in the path, encoded, with the version of the API', async () => {
  await chat('azure/my deployment')
  expect(last().path).toBe('/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21')
  expect(last().headers['api-key']).toBe('az')
  expect(last().headers.authorization).toBeUndefined()
})

test('A-078 Azure as a resource, as a deployment, and as its v1 root', async () => {
  await chat('azure/my deployment')
  await chat('azured/whatever')
  await chat('azurev1/m')
  expect(fake.log.map((entry) => entry.path)).toEqual([
    '/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21',
    '/openai/deployments/d/chat/completions?api-version=2025-01-01-preview',
    '/openai/v1/chat/completions',
  ])
  for (const { headers } of fake.log) expect(headers['api-key']).toBe('az')
})

test('164 an Entra token stands for the key; never both; one request for several calls', async () => {
  fake.script({ match: /oauth2/, json: { access_token: 'entra-token', expires_in: 3600 } })
  const replies = await Promise.all([chat('entra/d'), chat('entra/d')])
  expect(replies.map((reply) => reply.status)).toEqual([200, 200])
  const tokens = fake.log.filter((entry) => entry.path.includes('oauth2'))
  expect(tokens.map((entry) => entry.path)).toEqual(['/login/contoso/oauth2/v2.0/token'])
  expect(tokens[0]?.text).toContain('scope=https%3A%2F%2Fexample.org%2F.default')
  const calls = fake.log.filter((entry) => entry.path === '/openai/v1/chat/completions')
  expect(calls).toHaveLength(2)
  for (const { headers } of calls) {
    expect(headers.authorization).toBe('Bearer entra-token')
    expect(headers['api-key']).toBeUndefined()
  }
})

test('169 Foundry: the path is joined with and without /anthropic', async () => {
  for (const endpoint of ['foundry', 'foundry2']) {
    fake.script({ json: MESSAGE })
    await messages(`${endpoint}/claude-d`)
    expect(last().path).toBe('/anthropic/v1/messages')
    expect(last().headers).toMatchObject({ 'api-key': 'fk', 'anthropic-version': '2023-06-01' })
  }
})

test('165 166 167 171 Azure’s own: an empty first chunk, filters after the stop, a refused prompt, retry-after-ms', async () => {
  const piece = (body: object): { data: string } => ({ data: JSON.stringify(body) })
  const delta = (delta: object, finish: string | null): object => ({
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-x',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })
  const chunks = [
    piece({
      id: '',
      object: '',
      created: 0,
      model: '',
      choices: [],
      prompt_filter_results: [{ prompt_index: 0 }],
    }),
    piece(delta({ content: 'Hi' }, null)),
    piece(delta({}, 'stop')),
    piece({ id: '', choices: [{ index: 0, finish_reason: 'content_filter', content_filter_results: {} }] }),
    { data: '[DONE]' },
  ]
  fake.script({ sse: chunks })
  const reply = await messages('azure/my deployment', { stream: true })
  const events = reply.frames().map((frame) => JSON.parse(frame) as unknown)
  // Messages callers get ids of our own; Gemini's see the upstream's, which the first real chunk has.
  expect(events.filter((event) => at(event, 'type') === 'message_start')).toHaveLength(1)
  fake.script({ sse: chunks })
  const gemini = await ask(`${gw.url}/v1beta/models/azure%2Fmy%20deployment:streamGenerateContent?alt=sse`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': 'sk-test' },
    body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }),
  })
  expect(gemini.text).toContain('"responseId":"c1"')
  expect(gemini.text).not.toContain('"responseId":""')
  expect(
    at(
      events.find((event) => at(event, 'type') === 'message_delta'),
      'delta.stop_reason',
    ),
  ).toBe('refusal')
  expect(reply.text).not.toContain('content_filter_results')

  const inner = { code: 'ResponsibleAIPolicyViolation', content_filter_result: { hate: { filtered: true } } }
  fake.script({
    status: 400,
    json: {
      error: {
        message: 'filtered',
        type: null,
        param: 'prompt',
        code: 'content_filter',
        status: 400,
        innererror: inner,
      },
    },
  })
  const refused = await chat('azure/my deployment')
  expect(refused.status).toBe(400)
  expect(refused.at('error')).toMatchObject({ code: 'content_filter', innererror: inner })

  fake.script({
    status: 429,
    json: { error: { code: '429', message: 'wait' } },
    headers: { 'retry-after-ms': '2500' },
  })
  const limited = await chat('azure/my deployment')
  expect(limited.status).toBe(429)
  expect(Number(limited.headers.get('retry-after'))).toBe(3)
})

test('Cohere is called in its own dialect', async () => {
  fake.script({
    json: {
      id: 'x',
      finish_reason: 'COMPLETE',
      message: { role: 'assistant', content: [{ type: 'text', text: 'Hi' }] },
    },
  })
  const reply = await chat('cohere/command-a', { max_tokens: 5 })
  expect(reply.at('choices.0.message.content')).toBe('Hi')
  expect(last().path).toBe('/v2/chat')
  expect(last().body).toEqual({
    model: 'command-a',
    messages: [{ role: 'user', content: 'hi' }],
    max_tokens: 5,
  })
  expect(last().headers.authorization).toBe('Bearer co')
})

test('181 200 texts to Cohere are three calls in order, in base64 as OpenAI’s clients ask', async () => {
  for (const size of [96, 96, 8])
    fake.script({
      match: /embed/,
      json: { embeddings: { float: Array.from({ length: size }, () => [size]) } },
    })
  const input = Array.from({ length: 200 }, (_, index) => `t${index}`)
  const reply = await post('/v1/embeddings', { model: 'cohere/embed-v4.0', input, encoding_format: 'base64' })
  expect(reply.status, reply.text).toBe(200)
  const rows = reply.at('data') as { index: number; embedding: string }[]
  expect(rows).toHaveLength(200)
  expect(Buffer.from(rows[199]?.embedding ?? '', 'base64')).toHaveLength(4)
  expect(fake.log.map((entry) => (at(entry.body, 'texts') as string[])[0])).toEqual(['t0', 't96', 't192'])
  const refused = await post('/v1/embeddings', { model: 'cohere/embed-v4.0', input: [[1, 2]] })
  expect(refused.status).toBe(400)
  expect(refused.at('error.param')).toBe('input')
})

test('Titan’s vectors keep the order of the texts, whichever comes first', async () => {
  fake.script(
    { match: /titan/, json: { embedding: [1], inputTextTokenCount: 2 }, delayMs: 60 },
    { match: /titan/, json: { embedding: [2], inputTextTokenCount: 3 } },
  )
  const model = 'signed/amazon.titan-embed-text-v2:0'
  const reply = await post('/v1/embeddings', { model, input: ['a', 'b'] })
  const byText = new Map(fake.log.map((entry, index) => [at(entry.body, 'inputText'), index + 1]))
  expect(reply.at('data.0.embedding')).toEqual([byText.get('a')])
  expect(reply.at('data.1.embedding')).toEqual([byText.get('b')])
  expect(reply.at('usage.prompt_tokens')).toBe(5)
})

test('180 the same rerank at three vendors gives the same answer', async () => {
  const body = { query: 'q', documents: ['a', 'b'], top_n: 5, return_documents: true }
  const rows = [{ index: 1, relevance_score: 0.5 }]
  fake.script(
    { json: { id: 'r', results: rows } },
    { json: { object: 'list', data: rows } },
    { json: { results: rows } },
  )
  const wanted = [{ index: 1, relevance_score: 0.5, document: { text: 'b' } }]
  for (const [model, path] of [
    ['cohere/rerank-v3.5', '/v2/rerank'],
    ['voyage/rerank-2.5', '/v1/rerank'],
    ['signed/cohere.rerank-v3-5:0', `/model/${encodeURIComponent('cohere.rerank-v3-5:0')}/invoke`],
  ] as const) {
    const reply = await post('/v1/rerank', { model, ...body })
    expect(reply.status, reply.text).toBe(200)
    expect(reply.at('results')).toEqual(wanted)
    expect(last().path).toBe(path)
  }
  const refused = await post('/v1/rerank', { model: 'cohere/rerank-v3.5', query: '', documents: [] })
  expect(refused.status).toBe(400)
  expect(refused.at('error.param')).toBe('query')
})

test('an upstream’s refusal of a plain operation keeps status and wording', async () => {
  fake.script(
    { status: 404, json: { id: 'x', message: "model 'nonexistent' not found" } },
    { status: 400, json: { detail: 'no such model' } },
  )
  const one = await post('/v1/embeddings', { model: 'cohere/embed-v4.0', input: 'a' })
  expect([one.status, one.at('error.message')]).toEqual([404, "model 'nonexistent' not found"])
  const two = await post('/v1/embeddings', { model: 'voyage/voyage-4', input: 'a' })
  expect([two.status, two.at('error.message')]).toEqual([400, 'no such model'])
})
