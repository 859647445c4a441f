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
  expect(text).toMatch(/^trunkline_call_errors_total\{kind="model_not_found"\} 1$/m)
  expect(text).toMatch(/^trunkline_attempts_total\{endpoint="one",model="m-a",outcome="answered"\} 1$/m)
  expect(text).toMatch(/^trunkline_endpoint_calls_total\{endpoint="one",model="m-a",outcome="ok"\} 1$/m)
  expect(text).toMatch(/^trunkline_call_duration_seconds_bucket\{operation="chat",le="\+Inf"\} 2$/m)
  expect(text).toMatch(/^trunkline_call_first_byte_seconds_count\{operation="chat"\} 1$/m)
  expect(text).toMatch(/^trunkline_breaker_open\{endpoint="one",model="m-a"\} 0$/m)
  expect(text).toMatch(/^trunkline_connections\{origin="http:\/\/127.0.0.1:\d+",state="open"\} [1-9]$/m)
  expect(text).toMatch(/^trunkline_store_entries\{store="decisions"\} 2$/m)
  expect(text).toMatch(/^trunkline_store_entries_limit\{store="decisions"\} 1000$/m)
  expect(text).toMatch(/^trunkline_store_bytes_limit\{store="seals"\} \d+$/m)
  expect(text).toMatch(/^trunkline_workers_answering 1$/m)
  expect(text).toMatch(/^process_cpu_seconds_total \d/m)
  expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d+$/m)
})
