// Several replicas behind one name: taken in turn, one that fails is left out, and every answer says who gave it.

import { createGateway } from 'trunkline'

const replicas = (process.env.REPLICAS ?? 'http://127.0.0.1:8000/v1,http://127.0.0.1:8001/v1').split(',')
const names = replicas.map((_url, at) => `replica${at + 1}`)
const gateway = createGateway({
  endpoints: Object.fromEntries(
    replicas.map((base_url, at) => [
      names[at],
      { provider: 'openai-compatible', base_url, models: ['qwen3'] },
    ]),
  ),
  routes: { chat: { strategy: 'round_robin', targets: names.map((name) => `${name}/qwen3`) } },
})

const count: Record<string, number> = {}
for (let call = 0; call < 6; call++) {
  const reply = await gateway.handle({
    path: '/v1/chat/completions',
    body: { model: 'chat', messages: [{ role: 'user', content: `call ${call}` }] },
  })
  const who = reply.headers['x-trunkline-endpoint'] ?? `HTTP ${reply.status}`
  count[who] = (count[who] ?? 0) + 1
  await reply.text()
}
console.log(
  Object.entries(count)
    .map(([name, calls]) => `${name}: ${calls}`)
    .join(', '),
)
await gateway.close()
