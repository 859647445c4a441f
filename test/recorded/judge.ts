// The official SDKs as judges: they parse the bytes the gateway gave, whole or streamed, and what they make of them is
// read like any other answer. They throw where the wire is not what their vendor's own servers send.

import Anthropic from '@anthropic-ai/sdk'
import { OpenAI } from 'openai'
import type { WireName } from './cases.ts'
import { type Facts, readAnswer } from './oracle.ts'

/** The facts as the target dialect's official SDK sees them. Reasoning is left out: the OpenAI SDK has no word for it. */
export async function judged(wire: WireName, streamed: boolean, bytes: Buffer): Promise<Facts> {
  const answer = wire === 'chat' ? await byOpenai(streamed, bytes) : await byAnthropic(streamed, bytes)
  return readAnswer(wire, false, Buffer.from(JSON.stringify(answer)))
}

function serving(streamed: boolean, bytes: Buffer): () => Promise<Response> {
  const type = streamed ? 'text/event-stream; charset=utf-8' : 'application/json'
  return () =>
    Promise.resolve(new Response(new Uint8Array(bytes), { status: 200, headers: { 'content-type': type } }))
}

async function byOpenai(streamed: boolean, bytes: Buffer): Promise<object> {
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://127.0.0.1/v1',
    maxRetries: 0,
    fetch: serving(streamed, bytes),
  })
  const request = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] }
  if (!streamed) return client.chat.completions.create(request)
  return client.chat.completions
    .stream({ ...request, stream_options: { include_usage: true } })
    .finalChatCompletion()
}

async function byAnthropic(streamed: boolean, bytes: Buffer): Promise<object> {
  const client = new Anthropic({
    apiKey: 'none',
    baseURL: 'http://127.0.0.1',
    maxRetries: 0,
    fetch: serving(streamed, bytes),
  })
  const request = { model: 'm', max_tokens: 10, messages: [{ role: 'user' as const, content: 'hi' }] }
  return streamed ? client.messages.stream(request).finalMessage() : client.messages.create(request)
}
