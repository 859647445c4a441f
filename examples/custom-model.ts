// A model object and a provider of one's own: both are called by name like any other.

import { createClient } from 'trunkline/client'

const client = createClient()

// Anything that answers can be a model: a local library, a rule engine, a test double.
client.registerModel('shouter', {
  chat: ({ messages }) => JSON.stringify(messages.at(-1)?.content).toUpperCase(),
})
console.log(await client.complete('hello', { provider: 'shouter' }))

// An endpoint that no table knows, with what is to be known about it.
client.registerProvider({
  name: 'lab',
  baseUrl: process.env.LAB_URL ?? 'http://127.0.0.1:8000/v1',
  models: ['lab-model'],
  metadata: { company: 'Our own lab', country: 'Norway', isCloud: false },
})
const { live, models } = await client.listModels({ provider: 'lab' })
console.log(`lab lists ${models.map(({ id }) => id).join(', ')}${live ? '' : ' (declared)'}`)
console.log(await client.complete('hello', { provider: 'lab', model: models[0]?.id ?? 'lab-model' }))
await client.close()
