// A chat, then the same as a stream. Works against Trunkline (default: http://127.0.0.1:4000) or any endpoint:
//
//   trunkline serve --demo                 # in another terminal
//   TRUNKLINE_LLM_MODEL=demo node examples/chat.ts

import { createClient } from 'trunkline/client'

const client = createClient()

const answer = await client.chat('Name three uses of a heat pump, in one sentence.')
console.log(answer.text)
console.log(
  `${answer.provider}/${answer.model}, ${answer.usage?.total ?? '?'} tokens, request ${answer.requestId}`,
)

for await (const event of client.stream('And its biggest drawback?')) {
  if (event.type === 'text') process.stdout.write(event.text)
  if (event.type === 'end') console.log(`\n(${event.finishReason})`)
}
await client.close()
