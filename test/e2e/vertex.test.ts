// Vertex AI: Gemini and Claude below a project, with tokens of a service account. Numbers are those of the wire reference.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateKeyPairSync } from 'node:crypto'
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, KEY, at, launch } from '../acceptance/kit.ts'
import { type Upstream, makeUpstream } from '../acceptance/upstream.ts'
import { answers } from './answers.ts'

let up: Upstream
let gw: Gateway
let tokens = 0
const issuer = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    tokens++
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ access_token: `ya29.t${tokens}`, expires_in: 3600 }))
  })
})

beforeAll(async () => {
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
  up = await makeUpstream({ kind: 'openai', models: ['m'] })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const account = {
    type: 'service_account',
    client_email: 'robot@p1.iam.gserviceaccount.com',
    private_key_id: 'k1',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/token`,
  }
  gw = await launch({
    files: { 'sa.json': JSON.stringify(account) },
    yaml: `endpoints:
  claude: { provider: vertex-anthropic, credentials_file: sa.json, base_url: "${up.root}/v1/projects/p1/locations/global/publishers/anthropic", models: ["claude-opus-5-5", "claude-sonnet-4-5@20250929"] }
  vertex: { provider: vertex, credentials_file: sa.json, base_url: "${up.root}/v1/projects/p1/locations/eu/publishers/google", models: [gemini-2.5-flash] }
`,
  })
  await gw.started
})

afterAll(async () => {
  await gw?.close()
  await up?.close()
  issuer.close()
})

const anthropic = () => new Anthropic({ apiKey: KEY, baseURL: gw.url, maxRetries: 0 })
const ping = [{ role: 'user' as const, content: 'ping' }]
const last = () => {
  const found = up.log().findLast((entry) => entry.method === 'POST')
  if (!found) throw new Error('the upstream saw no call')
  return found
}

test('154: relayed to rawPredict: no model, the version in the body, betas in their header', async () => {
  up.next(answers.anthropic.textStream)
  const stream = anthropic().beta.messages.stream({
    model: 'claude-sonnet-4-5@20250929',
    max_tokens: 20,
    messages: ping,
    betas: ['context-1m-2025-08-07'],
  })
  expect((await stream.finalMessage()).content).toMatchObject([{ type: 'text', text: 'pong' }])
  expect(last().path).toBe(
    '/v1/projects/p1/locations/global/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict',
  )
  expect(last().body).toEqual({
    max_tokens: 20,
    messages: ping,
    stream: true,
    anthropic_version: 'vertex-2023-10-16',
  })
  expect(last().headers['anthropic-beta']).toBe('context-1m-2025-08-07')
  expect(last().headers.authorization).toMatch(/^Bearer ya29\.t\d$/)
})

test('154: translated from Chat', async () => {
  up.next(answers.anthropic.text)
  const answer = await gw.post('/v1/chat/completions', { model: 'claude-opus-5-5', messages: ping })
  expect(answer.at('choices.0.message.content')).toBe('pong')
  expect(last().path).toMatch(/claude-opus-5-5:rawPredict$/)
  expect(last().at('anthropic_version')).toBe('vertex-2023-10-16')
  expect(last().at('model')).toBeUndefined()
})

test('155: a count has the model in its body and no betas', async () => {
  up.next({ json: { input_tokens: 14 } })
  const counted = await anthropic().beta.messages.countTokens({
    model: 'claude-opus-5-5',
    messages: ping,
    betas: ['context-1m-2025-08-07'],
  })
  expect(counted.input_tokens).toBe(14)
  expect(last().path).toMatch(/models\/count-tokens:rawPredict$/)
  expect(last().at('model')).toBe('claude-opus-5-5')
  expect(last().headers['anthropic-beta']).toBeUndefined()
})

test('156: one token for many calls, and one new one after a 401', async () => {
  const before = tokens
  up.next(answers.anthropic.text, answers.anthropic.text)
  await Promise.all(
    [1, 2].map(() =>
      anthropic().messages.create({ model: 'claude-opus-5-5', max_tokens: 5, messages: ping }),
    ),
  )
  expect(tokens).toBe(before)
  up.next(
    { status: 401, json: { error: { code: 401, message: 'expired', status: 'UNAUTHENTICATED' } } },
    answers.anthropic.text,
  )
  const answer = await anthropic().messages.create({
    model: 'claude-opus-5-5',
    max_tokens: 5,
    messages: ping,
  })
  expect(answer.content).toMatchObject([{ text: 'pong' }])
  expect(tokens).toBe(before + 1)
})

test('158, 159: Google’s envelope around Anthropic’s error, alone and as a list', async () => {
  const inner = JSON.stringify({
    type: 'error',
    error: { type: 'invalid_request_error', message: 'prompt is too long' },
  })
  const outer = { error: { code: 400, message: inner, status: 'INVALID_ARGUMENT' } }
  const asked = { model: 'claude-opus-5-5', max_tokens: 5, messages: ping, stream: true }
  for (const json of [outer, [outer]]) {
    up.next({ status: 400, json })
    const answer = await gw.post('/v1/messages', asked, { headers: { 'anthropic-version': '2023-06-01' } })
    expect(answer.status).toBe(400)
    expect(answer.at('error.message')).toBe('prompt is too long')
    expect(answer.at('error.type')).toBe('invalid_request_error')
  }
  up.next({ json: [{ error: { code: 429, message: 'quota exceeded', status: 'RESOURCE_EXHAUSTED' } }] })
  const answer = await gw.post('/v1/messages', asked)
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(at(answer.json, 'error.message')).toContain('quota exceeded')
})

test('160: an address as a source is refused before the call', async () => {
  const calls = up.log().length
  const answer = await gw.post('/v1/messages', {
    model: 'claude-opus-5-5',
    max_tokens: 5,
    messages: [
      { role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } }] },
    ],
  })
  expect(answer.status).toBe(400)
  expect(answer.at('error.message')).toContain('no URL sources')
  expect(up.log().length).toBe(calls)
})

test('Gemini on Vertex, with its embeddings', async () => {
  up.next({ json: { candidates: [{ content: { parts: [{ text: 'pong' }] }, finishReason: 'STOP' }] } })
  const answer = await gw.post('/v1/chat/completions', { model: 'gemini-2.5-flash', messages: ping })
  expect(answer.at('choices.0.message.content')).toBe('pong')
  expect(last().path).toBe(
    '/v1/projects/p1/locations/eu/publishers/google/models/gemini-2.5-flash:generateContent',
  )
  expect(last().headers.authorization).toMatch(/^Bearer ya29/)
  up.next({ json: { predictions: [{ embeddings: { values: [1, 0], statistics: { token_count: 3 } } }] } })
  const vector = await gw.post('/v1/embeddings', { model: 'gemini-2.5-flash', input: 'a' })
  expect(vector.at('data.0.embedding')).toEqual([1, 0])
  expect(vector.at('usage.prompt_tokens')).toBe(3)
  expect(last().path).toMatch(/:predict$/)
})
