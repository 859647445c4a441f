// LangChain over the engine in this process: its OpenAI class takes a fetch of one's own, so no port is needed.

import { ChatOpenAI } from '@langchain/openai'
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
const llm = new ChatOpenAI({
  model,
  apiKey: 'none',
  configuration: { baseURL: 'http://engine/v1', fetch: gateway.fetch },
})
const answer = await llm.invoke('Name a colour.')
console.log(answer.content)
for await (const chunk of await llm.stream('Name another.')) process.stdout.write(chunk.text)
console.log()
await gateway.close()
