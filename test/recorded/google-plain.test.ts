// Google's recorded embeddings and token counts, played to callers of OpenAI's, Anthropic's and Google's own shape; what
// they get is compared with what the recording says, read plainly.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Json, type JsonObject, isObject } from '../../src/core/json.ts'
import { recordedReply } from '../../src/testing/index.ts'
import { type Gateway, launch } from '../acceptance/kit.ts'
import { type Upstream, makeUpstream } from '../acceptance/upstream.ts'
import { recordedRoot, recordingsPresent } from './cases.ts'
import { list } from './facts.ts'

interface Plain {
  name: string
  dir: string
  /** Public name of the model. */
  model: string
  wire: JsonObject
  status: number
}

function load(provider: 'google' | 'google-vertex', operation: string): Plain[] {
  const folder = join(recordedRoot, provider, operation)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .toSorted()
    .map((name) => {
      const dir = join(folder, name)
      const reply = recordedReply(dir)
      const wire: unknown = JSON.parse(Buffer.isBuffer(reply.body) ? reply.body.toString('utf8') : '{}')
      const meta: unknown = JSON.parse(readFileSync(join(dir, 'meta.json'), 'utf8'))
      const model = isObject(meta) && typeof meta.model === 'string' ? meta.model : 'text-embedding-005'
      return {
        name: `${provider}/${operation}/${name}`,
        dir,
        model: `${provider}/${model}`,
        wire: isObject(wire) ? wire : {},
        status: reply.status ?? 200,
      }
    })
}

/** Every vector of an answer, whichever of Google's shapes it has. */
function vectorsOf(wire: JsonObject): Json[] {
  const single = isObject(wire.embedding) ? [wire.embedding] : []
  const predicted = list(wire.predictions).map((one) => (isObject(one.embeddings) ? one.embeddings : {}))
  return [...single, ...list(wire.embeddings), ...predicted].map((one) => one.values ?? null)
}

if (!recordingsPresent) console.log(`recorded: skipped, no recordings at ${recordedRoot}`)

describe.skipIf(!recordingsPresent)('recorded', () => {
  let up: Upstream
  let gw: Gateway
  beforeAll(async () => {
    up = await makeUpstream({ kind: 'openai', models: ['m'] })
    gw = await launch({
      yaml: `endpoints:
  google: { provider: google, base_url: "${up.root}/v1beta", api_key: k, probe: off }
  google-vertex: { provider: vertex, base_url: "${up.root}/v1/publishers/google", api_key: k, probe: off }
`,
    })
    await gw.started
  })
  afterAll(async () => {
    await gw?.close()
    await up?.close()
  })

  const embeddings = [...load('google', 'embeddings'), ...load('google-vertex', 'embeddings')]
  test.each(embeddings)('$name', async ({ dir, model, wire, status }) => {
    const want = vectorsOf(wire)
    const input = Array.from({ length: Math.max(1, want.length) }, (_, index) => `text ${index}`)
    up.next(recordedReply(dir))
    const openai = await gw.post('/v1/embeddings', { model, input })
    expect(openai.status).toBe(status)
    up.next(recordedReply(dir))
    const google = await gw.post(`/v1beta/models/${encodeURIComponent(model)}:batchEmbedContents`, {
      requests: input.map((text) => ({ content: { parts: [{ text }] } })),
    })
    expect(google.status).toBe(status)
    if (status !== 200) {
      expect(openai.at('error.message')).toBe(isObject(wire.error) ? wire.error.message : undefined)
      expect(google.json).toEqual(wire)
      return
    }
    expect(want.length).toBeGreaterThan(0)
    expect(list(isObject(openai.json) ? openai.json.data : []).map((row) => row.embedding)).toEqual(want)
    expect(vectorsOf(google.json as JsonObject)).toEqual(want)
  })

  const counts = [...load('google', 'count-tokens'), ...load('google-vertex', 'count-tokens')]
  test.each(counts)('$name', async ({ dir, model, wire, status }) => {
    up.next(recordedReply(dir))
    const google = await gw.post(`/v1beta/models/${encodeURIComponent(model)}:countTokens`, {
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
    })
    expect(google.status).toBe(status)
    expect(google.json).toEqual(wire)
    up.next(recordedReply(dir))
    const anthropic = await gw.post('/v1/messages/count_tokens', {
      model,
      messages: [{ role: 'user', content: 'hi' }],
    })
    // A model that cannot count is estimated.
    expect(anthropic.status).toBe(200)
    if (status === 200) expect(anthropic.at('input_tokens')).toBe(wire.totalTokens)
    else expect(anthropic.at('input_tokens')).toBeGreaterThan(0)
  })
})
