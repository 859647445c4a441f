// A tools loop: the model asks for calls, we make them, until it answers. Reasoning and signatures of a turn travel
// inside `answer.message`, so models that need them back get them.

import { type ChatMessage, createClient } from 'trunkline/client'

const client = createClient()

const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'temperature',
      description: 'Current temperature of a city, in degrees Celsius',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
]
const known: Record<string, number> = { Oslo: -3, Lisbon: 17 }

const messages: ChatMessage[] = [{ role: 'user', content: 'Is it colder in Oslo or in Lisbon?' }]
for (let round = 0; round < 5; round++) {
  const answer = await client.chat({ messages, tools })
  messages.push(answer.message)
  if (answer.toolCalls.length === 0) {
    console.log(answer.text)
    break
  }
  for (const call of answer.toolCalls) {
    const { city } = (call.input ?? {}) as { city?: string }
    const result = call.problem ?? known[city ?? ''] ?? `unknown city ${city}`
    console.log(`${call.name}(${call.arguments}) = ${result}`)
    messages.push({ role: 'tool', tool_call_id: call.id, content: String(result) })
  }
}
await client.close()
