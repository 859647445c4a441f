// The engine inside a Hono app: your own routes, and /v1 for every client, in one process. Hooks see each call.

import { Hono } from 'hono'
import { createGateway } from 'trunkline'

const model = process.env.MODEL ?? 'qwen3'
const gateway = createGateway(
  {
    endpoints: {
      local: {
        provider: 'openai-compatible',
        base_url: process.env.LAB_URL ?? 'http://127.0.0.1:8000/v1',
        models: [model],
      },
    },
  },
  {
    onSettled: ({ model: name, status, ms, usage }) =>
      console.log(`${name}: ${status}, ${Math.round(ms)} ms, ${usage?.total ?? '?'} tokens`),
  },
)

export const app = new Hono()
app.get('/', (context) => context.text('my app'))
app.all('/v1/*', (context) => gateway.fetch(context.req.raw))

// Serve it with @hono/node-server, or as here, ask it without a port.
const reply = await app.request('/v1/chat/completions', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Name a colour.' }] }),
})
console.log(
  ((await reply.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content,
)
await gateway.close()
