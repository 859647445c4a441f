// A typed answer: any Standard Schema (zod here; valibot works the same). Many local servers do not enforce a schema, so
// the client looks itself, and with `repair` asks once more.

import { InvalidAnswer, createClient } from 'trunkline/client'
import { z } from 'zod'

const Invoice = z.object({ customer: z.string(), total: z.number(), items: z.array(z.string()) })
const client = createClient()

try {
  const { value } = await client.chat(
    {
      messages: [
        { role: 'system', content: 'Answer with JSON only: {customer, total, items}.' },
        { role: 'user', content: 'ACME bought two lamps and a desk for 340 euros.' },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'invoice', schema: z.toJSONSchema(Invoice) },
      },
    },
    { validate: Invoice, repair: true },
  )
  console.log(`${value.customer} owes ${value.total} for ${value.items.join(', ')}`)
} catch (thrown) {
  if (!(thrown instanceof InvalidAnswer)) throw thrown
  console.error(`${thrown.message}\nthe model said: ${thrown.text}`)
  process.exitCode = 1
}
await client.close()
