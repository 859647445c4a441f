// GET /metrics: what Prometheus would scrape.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fake, startFake } from '../../src/testing/index.ts'
import { type Gateway, launch } from '../acceptance/kit.ts'

let fake: Fake
let gw: Gateway
beforeAll(async () => {
  fake = await startFake({ kind: 'openai', models: ['m-a'] })
  gw = await launch({
    yaml: `endpoints:\n  one: { provider: openai-compatible, base_url: "${fake.url}/v1", auth_type: none, models: [m-a] }\n`,
  })
  await gw.started
})
afterAll(async () => {
  await gw?.close()
  await fake?.close()
})

test('calls by status, tokens and memory, behind the key', async () => {
  expect((await gw.get('/metrics', { key: null })).status).toBe(401)
  await gw.chat('m-a')
  await gw.chat('nobody')
  const { status, text, headers } = await gw.get('/metrics')
  expect(status).toBe(200)
  expect(headers.get('content-type')).toContain('text/plain')
  expect(text).toMatch(/^trunkline_calls_total\{operation="chat",status="200"\} 1$/m)
  expect(text).toMatch(/^trunkline_calls_total\{operation="chat",status="404"\} 1$/m)
  expect(text).toMatch(/^trunkline_tokens_total\{direction="input"\} [1-9]/m)
  expect(text).toMatch(/^trunkline_calls_under_way 0$/m)
  expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d+$/m)
})
