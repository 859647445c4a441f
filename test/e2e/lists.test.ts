// Lists of models, counts and vectors that the gateway answers itself hold by the schemas of the vendor whose path was asked.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, KEY, launch } from '../acceptance/kit.ts'
import { type Upstream, makeUpstream } from '../acceptance/upstream.ts'
import { schemaViolations } from '../published/answers.ts'

let upstream: Upstream
let gw: Gateway

beforeAll(async () => {
  upstream = await makeUpstream({ kind: 'openai', models: ['gpt-m', 'embed-m'] })
  gw = await launch({
    args: ['--demo'],
    yaml: `endpoints:
  oai: { provider: openai-compatible, base_url: "${upstream.v1}", auth_type: none, models: [gpt-m, embed-m] }
catalog:
  gpt-m: { context_tokens: 1000, max_output_tokens: 100, tools: true, reasoning: true, input: [text, image] }
`,
  })
  await gw.started
})

afterAll(async () => {
  await gw?.close()
  await upstream?.close()
})

const VECTORS = {
  object: 'list',
  data: [{ object: 'embedding', index: 0, embedding: [0.5, 1] }],
  model: 'embed-m',
  usage: { prompt_tokens: 2, total_tokens: 2 },
}
const ASKED = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }
const GOOGLE = { 'x-goog-api-key': KEY }
const ANTHROPIC = { 'anthropic-version': '2023-06-01' }

test.each([
  ['openai', 'ListModelsResponse', '/v1/models', {}, undefined],
  ['openai', 'Model', '/v1/models/gpt-m', {}, undefined],
  ['openai', 'TokenCountsResource', '/v1/responses/input_tokens', {}, { model: 'gpt-m', input: 'hi' }],
  ['anthropic', 'ListResponse_ModelInfo_', '/v1/models', ANTHROPIC, undefined],
  ['anthropic', 'ModelInfo', '/v1/models/gpt-m', ANTHROPIC, undefined],
  [
    'anthropic',
    'CountMessageTokensResponse',
    '/v1/messages/count_tokens',
    ANTHROPIC,
    { model: 'gpt-m', messages: [{ role: 'user', content: 'hi' }] },
  ],
  ['gemini', 'ListModelsResponse', '/v1beta/models', GOOGLE, undefined],
  ['gemini', 'Model', '/v1beta/models/gpt-m', GOOGLE, undefined],
  ['gemini', 'CountTokensResponse', '/v1beta/models/gpt-m:countTokens', GOOGLE, ASKED],
  [
    'gemini',
    'EmbedContentResponse',
    '/v1beta/models/embed-m:embedContent',
    GOOGLE,
    { content: { parts: [{ text: 'hi' }] } },
  ],
  [
    'gemini',
    'BatchEmbedContentsResponse',
    '/v1beta/models/embed-m:batchEmbedContents',
    GOOGLE,
    { requests: [{ model: 'models/embed-m', content: { parts: [{ text: 'hi' }] } }] },
  ],
  ['ollama', 'ListResponse', '/api/tags', {}, undefined],
  ['ollama', 'PsResponse', '/api/ps', {}, undefined],
  ['ollama', 'ShowResponse', '/api/show', {}, { model: 'gpt-m' }],
  ['ollama', 'VersionResponse', '/api/version', {}, undefined],
] as const)('%s %s at %s', async (file, schema, path, headers, body) => {
  if (path.includes('mbed')) upstream.next({ json: VECTORS })
  const reply = await fetch(`${gw.url}${path}`, {
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  })
  const text = await reply.text()
  expect(reply.status, text).toBe(200)
  expect(schemaViolations(file, schema, JSON.parse(text))).toEqual([])
})
