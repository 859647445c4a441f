// A real engine behind the real gateway, asked by the official SDKs: a chat, a stream and an embedding, in both vendors'
// dialects. Skipped where the engine is not installed: npm ci --prefix tools/engine

import Anthropic from '@anthropic-ai/sdk'
import { OpenAI } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Gateway, KEY, launch } from '../acceptance/kit.ts'
import { installed, startEngine } from './real-engine.ts'

const MODEL = 'trunkline-tiny'
const MESSAGES = [{ role: 'user' as const, content: 'say hello' }]

describe.skipIf(!installed)('a real engine behind the gateway', () => {
  let engine: Awaited<ReturnType<typeof startEngine>> | undefined
  let gw: Gateway
  let openai: OpenAI
  let anthropic: Anthropic

  beforeAll(async () => {
    engine = await startEngine()
    gw = await launch({
      yaml: `endpoints:\n  box: { provider: llamacpp, base_url: "${engine.url}/v1", auth_type: none, models: [${MODEL}] }\n`,
    })
    await gw.started
    openai = new OpenAI({ baseURL: `${gw.url}/v1`, apiKey: KEY, maxRetries: 0 })
    anthropic = new Anthropic({ baseURL: gw.url, apiKey: KEY, maxRetries: 0 })
  })
  afterAll(async () => {
    await gw?.close()
    await engine?.stop()
  })

  test('OpenAI SDK: whole and streamed say the same', async () => {
    const whole = await openai.chat.completions.create({ model: MODEL, messages: MESSAGES, max_tokens: 12 })
    const stream = openai.chat.completions.stream({
      model: MODEL,
      messages: MESSAGES,
      max_tokens: 12,
      stream_options: { include_usage: true },
    })
    const streamed = await stream.finalChatCompletion()
    expect(whole.choices[0]?.message.content).toMatch(/\w/)
    expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content)
    expect(streamed.usage).toEqual(whole.usage)
  })

  test('Anthropic SDK: the same words through the other dialect', async () => {
    const whole = await openai.chat.completions.create({ model: MODEL, messages: MESSAGES, max_tokens: 12 })
    const message = await anthropic.messages.create({ model: MODEL, messages: MESSAGES, max_tokens: 12 })
    const streamed = await anthropic.messages
      .stream({ model: MODEL, messages: MESSAGES, max_tokens: 12 })
      .finalMessage()
    const text = (blocks: Anthropic.ContentBlock[]): string =>
      blocks.map((block) => (block.type === 'text' ? block.text : '')).join('')
    expect(text(message.content)).toBe(whole.choices[0]?.message.content)
    expect(text(streamed.content)).toBe(text(message.content))
    expect(message.usage.output_tokens).toBe(whole.usage?.completion_tokens)
  })

  test('an embedding is a unit vector in either encoding', async () => {
    for (const encoding_format of ['float', 'base64'] as const) {
      const { data } = await openai.embeddings.create({
        model: MODEL,
        input: ['water', 'sound'],
        encoding_format,
      })
      expect(data.map((row) => row.index)).toEqual([0, 1])
      const vector = data[0]?.embedding as unknown
      const numbers =
        typeof vector === 'string'
          ? [...new Float32Array(new Uint8Array(Buffer.from(vector, 'base64')).buffer)]
          : (vector as number[])
      expect(Math.hypot(...numbers)).toBeCloseTo(1, 3)
    }
  })

  test('a hang-up reaches the engine: the next caller is served at once', async () => {
    const stream = await openai.chat.completions.create({
      model: MODEL,
      messages: MESSAGES,
      max_tokens: 400,
      stream: true,
    })
    const first = await stream[Symbol.asyncIterator]().next()
    expect(first.done).toBe(false)
    stream.controller.abort()
    const next = await openai.chat.completions.create({ model: MODEL, messages: MESSAGES, max_tokens: 2 })
    expect(next.choices).toHaveLength(1)
  })
})
