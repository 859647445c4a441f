// The Vercel AI SDK over the engine in this process.

import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, streamText } from 'ai'
import { createGateway } from 'trunkline'

const model = process.env.MODEL ?? 'qwen3'
const gateway = createGateway({
  endpoints: {
    local: {
      provider: 'openai-compatible',
      base_url: process.env.LAB_URL ?? 'http://127.0.0.1:8000/v1',
      models: [model],
    },
  },
})
const trunkline = createOpenAICompatible({
  name: 'trunkline',
  baseURL: 'http://engine/v1',
  fetch: gateway.fetch,
})

const { text } = await generateText({ model: trunkline(model), prompt: 'Name a colour.' })
console.log(text)
const { textStream } = streamText({ model: trunkline(model), prompt: 'Name another.' })
for await (const piece of textStream) process.stdout.write(piece)
console.log()
await gateway.close()
