// A real engine (tools/engine: llama.cpp with a tiny random model), asked directly: what it says of itself is what the
// gateway is to pass on. Skipped where it is not installed: npm ci --prefix tools/engine

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sseReader } from '../../src/wire/sse.ts'
import { installed, startEngine } from './real-engine.ts'

describe.skipIf(!installed)('a real engine', () => {
  let url: string

  let stop: () => Promise<void>
  beforeAll(async () => {
    ;({ url, stop } = await startEngine())
  })
  afterAll(() => stop())

  /** As much of both answers' shapes as these tests look at. */
  interface Answer {
    choices: { message: { content: string } }[]
    usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number }
    data: { index: number; embedding: number[] }[]
  }
  const read = (response: Response) => response.json() as Promise<Answer>
  const post = (path: string, body: object, signal?: AbortSignal) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'trunkline-tiny', ...body }),
      ...(signal ? { signal } : {}),
    })
  const hello = { messages: [{ role: 'user', content: 'say hello, 世界' }] }

  test('a chat ends at its limit, with a usage that adds up', async () => {
    const answer = await read(await post('/v1/chat/completions', { ...hello, max_tokens: 12 }))
    expect(answer).toMatchObject({
      choices: [{ message: { role: 'assistant', content: expect.stringMatching(/\w/) } }],
    })
    const { prompt_tokens, completion_tokens, total_tokens } = answer.usage
    expect(prompt_tokens).toBeGreaterThan(10)
    expect(completion_tokens).toBeGreaterThan(0)
    expect(completion_tokens).toBeLessThanOrEqual(12)
    expect(total_tokens).toBe(prompt_tokens + completion_tokens)
  })

  test('a stream says the same as the whole answer', async () => {
    const whole = await read(await post('/v1/chat/completions', hello))
    const response = await post('/v1/chat/completions', {
      ...hello,
      stream: true,
      stream_options: { include_usage: true },
    })
    const data: string[] = []
    const reader = sseReader({ frame: (frame) => data.push(frame.data) })
    reader.push(new Uint8Array(await response.arrayBuffer()))
    reader.end()
    expect(data.pop()).toBe('[DONE]')
    const chunks = data.map((text) => JSON.parse(text))
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
      whole.choices[0]?.message.content,
    )
    expect(chunks.at(-1).usage).toEqual(whole.usage)
  })

  test('embeddings are unit vectors in input order', async () => {
    const { data } = await read(await post('/v1/embeddings', { input: ['water', 'sound', 'water'] }))
    const [water, sound, again] = data.map((row) => row.embedding)
    expect(data.map((row) => row.index)).toEqual([0, 1, 2])
    expect(Math.hypot(...(water ?? []))).toBeCloseTo(1, 4)
    expect(water).toEqual(again)
    expect(water).not.toEqual(sound)
  })

  test('a hang-up stops the generation, and the next caller is served', async () => {
    const aborter = new AbortController()
    const response = await post(
      '/v1/chat/completions',
      { ...hello, max_tokens: 400, stream: true },
      aborter.signal,
    )
    await response.body?.getReader().read()
    aborter.abort()
    const next = await post('/v1/chat/completions', { ...hello, max_tokens: 2 })
    expect(next.status).toBe(200)
  })

  test('a prompt beyond the context is refused, not cut', async () => {
    const response = await post('/v1/chat/completions', {
      messages: [{ role: 'user', content: 'x '.repeat(600) }],
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'context_length_exceeded' } })
  })
})
