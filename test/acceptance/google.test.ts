// Document 003: what the Gemini adapter sends and what it makes of the answer; pictures through both vendors.

import { expect, test } from 'vitest'
import { at, list, up } from './kit.ts'
import { upstream } from './upstream.ts'

const google = (base: string) => `endpoints:
  goo: { provider: google, base_url: "${base}/v1beta", api_key: g-key, models: [gemini-m] }
`
const answer = (text: string, finishReason?: string) => ({
  candidates: [
    { index: 0, content: { role: 'model', parts: [{ text }] }, ...(finishReason ? { finishReason } : {}) },
  ],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
  modelVersion: 'gemini-m',
})
const CHAT = {
  messages: [
    { role: 'system', content: 'be brief' },
    { role: 'user', content: 'ping' },
    { role: 'assistant', content: 'pong' },
    { role: 'user', content: 'again' },
  ],
}

test('A-077 chat through Gemini: parts, roles, instruction, the key in a header and never in the address', async () => {
  const goo = await upstream({ kind: 'openai', models: ['gemini-m'] })
  const gw = await up({ yaml: google(goo.root) })
  goo.next({ json: answer('pong', 'STOP') })
  const reply = await gw.chat('gemini-m', CHAT)
  expect(reply.status, reply.text).toBe(200)
  const sent = goo.log().at(-1)
  expect(sent?.path).toBe('/v1beta/models/gemini-m:generateContent')
  expect(sent?.headers['x-goog-api-key']).toBe('g-key')
  expect(sent?.headers).not.toHaveProperty('authorization')
  expect(JSON.stringify(sent?.at('systemInstruction'))).toContain('be brief')
  expect(list(sent?.at('contents')).map((row) => [at(row, 'role'), at(row, 'parts.0.text')])).toEqual([
    ['user', 'ping'],
    ['model', 'pong'],
    ['user', 'again'],
  ])
  expect(reply.at('choices.0.message')).toMatchObject({ role: 'assistant', content: 'pong' })
  expect(reply.at('choices.0.finish_reason')).toBe('stop')
  expect(reply.at('usage')).toMatchObject({ prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 })
})

test('A-077 a stream through Gemini becomes OpenAI chunks', async () => {
  const goo = await upstream({ kind: 'openai', models: ['gemini-m'] })
  const gw = await up({ yaml: google(goo.root) })
  goo.next({
    sse: [answer('po'), answer('ng', 'MAX_TOKENS')].map((data) => `data: ${JSON.stringify(data)}\r\n\r\n`),
  })
  const reply = await gw.chat('gemini-m', { ...CHAT, stream: true })
  expect(reply.status, reply.text).toBe(200)
  expect(goo.log().at(-1)?.path).toBe('/v1beta/models/gemini-m:streamGenerateContent?alt=sse')
  const frames = reply.frames()
  expect(frames.at(-1)).toBe('[DONE]')
  const chunks = frames.slice(0, -1).map((text) => JSON.parse(text) as unknown)
  expect(at(chunks[0], 'choices.0.delta.role')).toBe('assistant')
  const said = chunks.map((chunk) => at(chunk, 'choices.0.delta.content'))
  expect(said.filter((text) => typeof text === 'string').join('')).toBe('pong')
  const finish = chunks.map((chunk) => at(chunk, 'choices.0.finish_reason'))
  expect(finish.filter((word) => typeof word === 'string')).toEqual(['length'])
})

const picture = (url: string) => ({
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'what?' },
        { type: 'image_url', image_url: { url } },
      ],
    },
  ],
})
const PIXEL = 'iVBORw0KGgo='

test('A-080 a data: image and an https image through Gemini', async () => {
  const goo = await upstream({ kind: 'openai', models: ['gemini-m'] })
  const gw = await up({ yaml: google(goo.root) })
  const parts = async (url: string): Promise<unknown[]> => {
    goo.next({ json: answer('a dot', 'STOP') })
    const reply = await gw.chat('gemini-m', picture(url))
    expect(reply.status, reply.text).toBe(200)
    return list(goo.log().at(-1)?.at('contents.0.parts'))
  }
  expect(await parts(`data:image/png;base64,${PIXEL}`)).toContainEqual({
    inlineData: { mimeType: 'image/png', data: PIXEL },
  })
  const [, linked] = await parts('https://example.com/cat.webp')
  expect(at(linked, 'fileData')).toMatchObject({
    fileUri: 'https://example.com/cat.webp',
    mimeType: 'image/webp',
  })
})

test('A-080 a data: image and an https image through Anthropic', async () => {
  const ant = await upstream({ kind: 'anthropic', models: ['claude-m'] })
  const gw = await up({
    yaml: `endpoints:\n  claude: { provider: anthropic, base_url: "${ant.v1}", api_key: k, models: [claude-m] }\n`,
  })
  const source = async (url: string): Promise<unknown> => {
    const reply = await gw.chat('claude-m', picture(url))
    expect(reply.status, reply.text).toBe(200)
    return list(ant.lastChat().at('messages.0.content')).map((block) => at(block, 'source'))[1]
  }
  expect(await source(`data:image/png;base64,${PIXEL}`)).toEqual({
    type: 'base64',
    media_type: 'image/png',
    data: PIXEL,
  })
  expect(await source('https://example.com/cat.webp')).toEqual({
    type: 'url',
    url: 'https://example.com/cat.webp',
  })
})
