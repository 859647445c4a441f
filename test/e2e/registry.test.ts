// Endpoints added and removed while the gateway serves.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, KEY, launch, until } from '../acceptance/kit.ts'
import { type Upstream, makeUpstream } from '../acceptance/upstream.ts'

let first: Upstream
let second: Upstream
let gw: Gateway

beforeAll(async () => {
  first = await makeUpstream({ kind: 'openai', models: ['m-a'] })
  second = await makeUpstream({ kind: 'openai', models: ['m-b'], key: 'sk-two' })
  gw = await launch({
    yaml: `endpoints:\n  one: { provider: openai-compatible, base_url: "${first.v1}", auth_type: none, models: [m-a] }\n`,
  })
  await gw.started
})
afterAll(async () => {
  await gw?.close()
  await first?.close()
  await second?.close()
})

const remove = (id: string) =>
  fetch(`${gw.url}/api/v1/registry/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${KEY}` } })

test('an endpoint is added, listed, called with its key, and removed', async () => {
  const added = await gw.post('/api/v1/registry', {
    id: 'two',
    url: second.v1,
    models: ['m-b'],
    api_key: 'sk-two',
  })
  expect(added.status, added.text).toBe(201)
  expect(added.text).not.toContain('sk-two')
  expect(added.at('source')).toBe('ui')
  const listed = await gw.get('/api/v1/registry')
  expect(listed.at('data.0.source')).toBe('config')
  expect(listed.at('data.1.id')).toBe('two')
  const reply = await gw.chat('m-b')
  expect(reply.status, reply.text).toBe(200)
  expect((await remove('two')).status).toBe(200)
  expect((await gw.chat('m-b')).status).toBe(404)
})

test('what is wrong is said, and nothing is added', async () => {
  const post = async (body: object) => {
    const reply = await gw.post('/api/v1/registry', body)
    return [reply.status, reply.at('error.param')]
  }
  expect(await post({ id: 'x', url: 'ftp://h/v1' })).toEqual([400, 'url'])
  expect(await post({ id: 'x', url: 'http://169.254.169.254/v1' })).toEqual([400, 'url'])
  expect(await post({ id: 'NOT OK', url: second.v1 })).toEqual([400, 'id'])
  expect(await post({ id: 'x' })).toEqual([400, 'url'])
  expect(await post({ id: 'x', url: second.v1, modles: [] })).toEqual([400, 'modles'])
  expect(await post({ id: 'one', url: second.v1 })).toEqual([409, 'id'])
  expect((await remove('nobody')).status).toBe(404)
  expect((await remove('one')).status).toBe(400)
  const keyless = await fetch(`${gw.url}/api/v1/registry`, { method: 'POST', body: '{}' })
  expect(keyless.status).toBe(401)
})

test('a process that started before there was a database hears what another one adds', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'trunkline-two-'))
  const env = { TRUNKLINE_DATA_DIR: join(dir, 'data') }
  const both = await Promise.all([launch({ env }), launch({ env })])
  try {
    const [writer, reader] = both
    await Promise.all([writer.started, reader.started])
    const two = { id: 'two', url: second.v1, models: ['m-b'], api_key: 'sk-two' }
    expect((await writer.post('/api/v1/registry', two)).status).toBe(201)
    await until(async () => (await reader.chat('m-b')).status === 200, 5_000, 'the other process serves it')
  } finally {
    await Promise.all(both.map((one) => one.close()))
    rmSync(dir, { recursive: true, force: true })
  }
})
