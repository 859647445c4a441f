// Document 003: the registry edited while serving, what it keeps, and who may touch it.

import { chmodSync, existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { type Gateway, KEY, type Reply, ask, at, health, list, run, testDir, until, up } from './kit.ts'
import { deadPort, endpoints, upstream } from './upstream.ts'

const call = (
  gw: Gateway,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> =>
  ask(gw.url + path, {
    method,
    headers: { authorization: `Bearer ${gw.key}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

const rows = async (gw: Gateway): Promise<unknown[]> => list((await gw.get('/api/v1/registry')).at('data'))
const rowOf = async (gw: Gateway, id: string): Promise<unknown> =>
  (await rows(gw)).find((row) => at(row, 'id') === id)

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  )
}

test('A-012 while the endpoint of OPENAI_* is down everything else works', async () => {
  const dead = await deadPort()
  const m2 = await upstream({ models: ['m-b'] })
  const gw = await up({ env: { OPENAI_BASE_URL: `http://127.0.0.1:${dead}/v1`, OPENAI_MODEL: 'm-a' } })
  await health(gw, 'down')
  expect((await gw.get('/v1/models')).status).toBe(200)
  const added = await gw.post('/api/v1/registry', { id: 'two', url: m2.v1, models: ['m-b'] })
  expect([200, 201]).toContain(added.status)
  expect((await gw.chat('m-b')).status).toBe(200)
})

describe('A-028 addresses that are never an upstream are refused', () => {
  const bad = [
    'http://169.254.169.254/v1',
    'ftp://h/v1',
    'http://u:p@h/v1',
    'http://h/v1?x=1',
    'http://h/v1#x',
    'http://[::ffff:169.254.169.254]/v1',
    'http://metadata.google.internal/v1',
    'http://224.0.0.1/v1',
    'http://0.0.0.0:8000/v1',
    'http://255.255.255.255/v1',
    'http:///v1',
    '',
  ]
  test('A-028', async () => {
    const gw = await up()
    for (const url of bad) {
      const reply = await gw.post('/api/v1/registry', { id: 'x', url })
      expect([url, reply.status, typeof reply.at('error.message'), reply.at('error.type')]).toEqual([
        url,
        400,
        'string',
        'invalid_request_error',
      ])
      expect(reply.text).not.toContain('u:p')
    }
    expect(await rows(gw)).toEqual([])
  })
})

test('A-039 a key given to the registry is nowhere in the data directory in the clear', async () => {
  const m2 = await upstream({ models: ['m-b'], key: 'sk-plain-xyz' })
  const gw = await up({ env: { LITELLM_SALT_KEY: 'a salt' } })
  const added = await gw.post('/api/v1/registry', {
    id: 'two',
    url: m2.v1,
    models: ['m-b'],
    api_key: 'sk-plain-xyz',
  })
  expect([200, 201]).toContain(added.status)
  expect((await gw.chat('m-b')).status).toBe(200)
  const files = filesBelow(gw.dir)
  expect(files.some((file) => file.endsWith('endpoints.db'))).toBe(true)
  for (const file of files) expect([file, readFileSync(file).includes('sk-plain-xyz')]).toEqual([file, false])
  const shown = await Promise.all(
    ['/api/v1/registry', '/api/v1/registry/two', '/api/v1/config', '/api/v1/settings', '/api/v1/audit'].map(
      (path) => gw.get(path),
    ),
  )
  for (const reply of shown) expect(reply.text).not.toContain('sk-plain-xyz')
  expect(gw.stdout() + gw.stderr()).not.toContain('sk-plain-xyz')
  expect(statSync(files.find((file) => file.endsWith('endpoints.db')) ?? '').mode & 0o077).toBe(0)
})

test('A-040 adding, toggling and deleting leave one audit line each, without the key', async () => {
  const gw = await up()
  await gw.post('/api/v1/registry', {
    id: 'two',
    url: 'http://127.0.0.1:1/v1',
    models: ['x'],
    api_key: 'sk-secret-1',
  })
  await gw.post('/api/v1/registry/two/toggle', {})
  await call(gw, 'DELETE', '/api/v1/registry/two')
  const audit = await gw.get('/api/v1/audit')
  const lines = list(audit.at('data'))
  expect(lines.map((line) => [at(line, 'action'), at(line, 'target')])).toEqual([
    ['endpoint.delete', 'two'],
    ['endpoint.toggle', 'two'],
    ['endpoint.add', 'two'],
  ])
  expect(audit.text).not.toContain('sk-secret-1')
  await until(
    () => gw.log.filter((line) => line.at('msg') === 'audit').length === 3,
    5_000,
    'three audit lines',
  )
  expect((await gw.get('/api/v1/audit/verify')).json).toEqual({
    ok: true,
    lines: 3,
    broken_at: null,
    reason: null,
  })
})

test('A-069 an endpoint added with its key serves at once and after a restart', async () => {
  const dir = testDir()
  const m2 = await upstream({ models: ['m-b'], key: 'sk-two' })
  const env = { LITELLM_SALT_KEY: 'a salt' }
  const first = await up({ dir, env })
  const added = await first.post('/api/v1/registry', {
    id: 'Two',
    url: m2.v1,
    models: ['m-b'],
    api_key: 'sk-two',
  })
  expect([200, 201]).toContain(added.status)
  expect([added.at('status'), added.at('id'), added.at('models')]).toEqual(['added', 'two', ['m-b']])
  expect((await first.chat('m-b')).status).toBe(200)
  await first.close()
  const second = await up({ dir, env })
  expect((await second.chat('m-b')).status).toBe(200)
  expect(at(await rowOf(second, 'two'), 'source')).toBe('ui')
  await second.close()
  // A wrong key flags that endpoint and no other.
  const ok = await upstream({ models: ['m-ok'] })
  const third = await up({
    dir,
    env: { LITELLM_SALT_KEY: 'another' },
    yaml: endpoints({ ok: [ok.v1, 'm-ok'] }),
  })
  expect(at(await rowOf(third, 'two'), 'credential')).toBe('locked')
  const refused = await third.chat('m-b')
  expect([refused.status, refused.at('error.code')]).toEqual([503, 'endpoint_not_ready'])
  expect(refused.at('error.message')).toMatch(/credential/)
  expect((await third.chat('m-ok')).status).toBe(200)
})

test('A-069 without a key to seal with, the credential stays in memory, and the answer says so', async () => {
  const m2 = await upstream({ models: ['m-b'], key: 'sk-two' })
  const gw = await up({ env: { LITELLM_MASTER_KEY: undefined } })
  const added = await gw.post(
    '/api/v1/registry',
    { id: 'two', url: m2.v1, models: ['m-b'], api_key: 'sk-two' },
    { key: null },
  )
  expect(added.at('warning')).toMatch(/TRUNKLINE_SECRET_KEY/)
  expect((await gw.chat('m-b', {}, { key: null })).status).toBe(200)
  for (const file of filesBelow(gw.dir)) expect(readFileSync(file).includes('sk-two')).toBe(false)
})

test('A-070 what is wrong with a new endpoint is told by status', async () => {
  const gw = await up()
  const good = { id: 'one', url: 'http://127.0.0.1:9/v1', models: ['x'] }
  expect([200, 201]).toContain((await gw.post('/api/v1/registry', good)).status)
  const status = async (body: unknown, key: string | null = KEY) =>
    (await gw.post('/api/v1/registry', body, { key })).status
  expect(await status({ ...good, id: 'not ok!' })).toBe(400)
  expect(await status({ ...good, id: 'x'.repeat(65) })).toBe(400)
  expect(await status({ id: 'two' })).toBe(400)
  expect(await status('{')).toBe(400)
  expect(await status(good)).toBe(409)
  expect(await status({ ...good, id: 'two' }, null)).toBe(401)
  expect(await status({ ...good, id: 'two' }, 'sk-wrong')).toBe(401)
})

test('A-071 probe, toggle, priority, delete and scan', async () => {
  const m1 = await upstream({ models: ['m-a', 'm-x'] })
  const gw = await up()
  const dead = await deadPort()
  await gw.post('/api/v1/registry', { id: 'good', url: m1.v1, models: ['m-a'] })
  await gw.post('/api/v1/registry', { id: 'dead', url: `http://127.0.0.1:${dead}/v1`, models: ['m-d'] })
  const probed = await gw.post('/api/v1/registry/good/probe', {})
  expect([probed.status, probed.at('ok'), probed.at('status'), probed.at('models_count')]).toEqual([
    200,
    true,
    200,
    2,
  ])
  expect(probed.at('latency_ms')).toEqual(expect.any(Number))
  const failed = await gw.post('/api/v1/registry/dead/probe', {})
  expect([failed.status, failed.at('ok'), failed.at('status')]).toEqual([200, false, 0])
  expect(failed.at('detail')).toMatch(/refused/)
  expect(m1.chats()).toEqual([])
  expect(at(await rowOf(gw, 'good'), 'latency')).toMatch(/^\d+ms$/)

  await gw.post('/api/v1/registry/good/toggle', {})
  expect(at(await rowOf(gw, 'good'), 'status')).toBe('IGNORED')
  expect((await gw.chat('m-a')).status).toBe(404)
  await gw.post('/api/v1/registry/good/toggle', '')
  expect(at(await rowOf(gw, 'good'), 'status')).toBe('Live')
  expect((await gw.chat('m-a')).status).toBe(200)

  const ranked = await gw.post('/api/v1/registry/good/priority', { priority: 5000 })
  expect([ranked.status, ranked.at('priority')]).toEqual([200, 1000])

  const before = await gw.get('/api/v1/registry')
  const scanned = await gw.post('/api/v1/registry/scan', {})
  expect([scanned.status, Array.isArray(scanned.at('candidates'))]).toEqual([200, true])
  expect(scanned.at('total')).toBe(list(scanned.at('candidates')).length)
  expect((await gw.get('/api/v1/registry')).text).toBe(before.text)

  expect((await call(gw, 'DELETE', '/api/v1/registry/dead')).status).toBe(200)
  expect(await rowOf(gw, 'dead')).toBeUndefined()
  for (const [method, path] of [
    ['POST', 'toggle'],
    ['POST', 'probe'],
    ['POST', 'priority'],
  ] as const) {
    const reply = await call(gw, method, `/api/v1/registry/nobody/${path}`, { priority: 1 })
    expect([path, reply.status]).toEqual([path, 404])
  }
})

test('A-071 of two endpoints with one model the higher priority has the name, live', async () => {
  const one = await upstream({ models: ['m'] })
  const two = await upstream({ models: ['m'] })
  const gw = await up({ yaml: endpoints({ one: [one.v1, 'm'], two: [two.v1, 'm'] }) })
  await gw.chat('m')
  expect([one.chats().length, two.chats().length]).toEqual([1, 0])
  await gw.post('/api/v1/registry/two/priority', { priority: 5 })
  await gw.chat('m')
  expect([one.chats().length, two.chats().length]).toEqual([1, 1])
  await gw.chat('one/m')
  expect(one.chats()).toHaveLength(2)
})

test('A-085 registry and discovered endpoints survive a reload of the configuration', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const m2 = await upstream({ models: ['m-b'] })
  const lms = await upstream({ kind: 'lmstudio', models: ['m-l'] })
  const { writeFileSync } = await import('node:fs')
  const gw = await up({
    yaml: endpoints({ one: [m1.v1, 'm-a'] }),
    env: {
      LLM_PROXY_LOCAL_DISCOVERY: '1',
      LLM_PROXY_DISCOVERY_PEERS: `127.0.0.1:${lms.port}`,
    },
  })
  await gw.post('/api/v1/registry', { id: 'two', url: m2.v1, models: ['m-b'] })
  await until(async () => (await rowOf(gw, 'lmstudio')) !== undefined, 5_000, 'the discovered endpoint')
  writeFileSync(join(gw.dir, 'config.yaml'), endpoints({ one: [m1.v1, 'm-a', 'm-new'] }))
  const reloaded = await gw.post('/api/v1/reload', '')
  expect(reloaded.status, reloaded.text).toBe(200)
  const sources = (await rows(gw)).map((row) => [at(row, 'id'), at(row, 'source')])
  expect(sources).toEqual(
    expect.arrayContaining([
      ['one', 'config'],
      ['two', 'ui'],
      ['lmstudio', 'auto-discovery'],
    ]),
  )
  for (const model of ['m-new', 'm-b', 'm-l'])
    expect([model, (await gw.chat(model)).status]).toEqual([model, 200])
  // A bad file changes nothing, and the answer says what is wrong and where.
  writeFileSync(join(gw.dir, 'config.yaml'), 'endpoints: { one: { provider: bedrok } }\n')
  const bad = await gw.post('/api/v1/reload', '')
  expect([bad.status, bad.at('error.code')]).toEqual([400, 'invalid_config'])
  expect(bad.at('error.message')).toMatch(/config\.yaml:1:\d+/)
  for (const model of ['m-new', 'm-b', 'm-l'])
    expect([model, (await gw.chat(model)).status]).toEqual([model, 200])
})

test('A-086 the breaker shows in the registry', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  const circuit = async () => {
    const row = await rowOf(gw, 'one')
    return [at(row, 'circuit_state'), at(row, 'failure_count'), at(row, 'failure_threshold')]
  }
  expect(await circuit()).toEqual(['closed', 0, 5])
  m1.next(...Array.from({ length: 5 }, () => ({ status: 500, json: { error: { message: 'boom' } } })))
  for (let turn = 0; turn < 2; turn++) await gw.chat('m-a')
  expect(await circuit()).toEqual(['closed', 2, 5])
  for (let turn = 0; turn < 3; turn++) await gw.chat('m-a')
  expect(await circuit()).toEqual(['open', 5, 5])
})

test('A-087 the registry is the table endpoints of endpoints.db', async () => {
  const gw = await up()
  const file = join(gw.dir, '.trunkline', 'endpoints.db')
  expect(existsSync(file)).toBe(false)
  // Two ids with one address: neither deletes the other (K-26).
  for (const id of ['one', 'two'])
    await gw.post('/api/v1/registry', { id, url: 'http://127.0.0.1:9/v1', models: ['x'] })
  const db = new Database(file, { readonly: true })
  expect(db.prepare('select id, url, status from endpoints order by id').all()).toEqual([
    { id: 'one', url: 'http://127.0.0.1:9/v1', status: 1 },
    { id: 'two', url: 'http://127.0.0.1:9/v1', status: 1 },
  ])
  const columns = db.prepare('pragma table_info(endpoints)').all() as { name: string }[]
  expect(columns.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'id',
      'url',
      'status',
      'metadata',
      'last_verified',
      'latency_ms',
      'success_rate',
    ]),
  )
  db.close()
})

test('a directory that cannot be written to: changes hold until the restart, and both the answer and the log say so', async () => {
  const m2 = await upstream({ models: ['m-b'] })
  const gw = await up({ env: { TRUNKLINE_DATA_DIR: '/dev/null/nowhere' } })
  const added = await gw.post('/api/v1/registry', { id: 'two', url: m2.v1, models: ['m-b'] })
  expect(added.status).toBe(201)
  expect(added.at('warning')).toMatch(/TRUNKLINE_DATA_DIR/)
  expect(added.at('persisted')).toBe(false)
  expect((await gw.chat('m-b')).status).toBe(200)
  await gw.waitForLog(/changes are kept in memory only/)
})

test('two processes on one directory see each other’s changes', async () => {
  const dir = testDir()
  const m2 = await upstream({ models: ['m-b'] })
  const one = await up({ dir })
  await one.post('/api/v1/registry', { id: 'first', url: m2.v1, models: ['m-b'] })
  const two = await up({ dir })
  expect((await two.chat('m-b')).status).toBe(200)
  await two.post('/api/v1/registry', { id: 'second', url: m2.v1, models: ['m-c'] })
  await until(async () => (await one.chat('m-c')).status === 200, 10_000, 'the other’s endpoint')
  const both = await Promise.all([one, two].map(async (gw) => (await gw.get('/api/v1/audit/verify')).json))
  expect(both).toEqual([1, 2].map(() => ({ ok: true, lines: 2, broken_at: null, reason: null })))
})

test('a database that others may read is told', async () => {
  const dir = testDir()
  const one = await up({ dir })
  await one.post('/api/v1/registry', { id: 'first', url: 'http://127.0.0.1:9/v1', models: ['x'] })
  await one.close()
  chmodSync(join(dir, '.trunkline', 'endpoints.db'), 0o644)
  const two = await up({ dir })
  await two.waitForLog(/endpoints\.db can be read by every user/)
})

describe('ETag and If-Match', () => {
  test('a change by somebody else since the last look is refused', async () => {
    const gw = await up()
    await gw.post('/api/v1/registry', { id: 'one', url: 'http://127.0.0.1:9/v1', models: ['x'] })
    const seen = (await gw.get('/api/v1/endpoints/one')).headers.get('etag') ?? ''
    const first = await call(gw, 'PATCH', '/api/v1/endpoints/one', { models: 'y, z' }, { 'if-match': seen })
    expect([first.status, first.at('models')]).toEqual([200, ['y', 'z']])
    const late = await call(gw, 'PATCH', '/api/v1/endpoints/one', { priority: 1 }, { 'if-match': seen })
    expect([late.status, late.at('error.code')]).toEqual([412, 'precondition_failed'])
    const right = await call(
      gw,
      'PATCH',
      '/api/v1/endpoints/one',
      { priority: 1 },
      { 'if-match': first.headers.get('etag') ?? '' },
    )
    expect(right.status).toBe(200)
    expect((await call(gw, 'DELETE', '/api/v1/endpoints/one', undefined, { 'if-match': seen })).status).toBe(
      412,
    )
  })
})

test('config rekey: what was sealed under the old key is open under the new one', async () => {
  const dir = testDir()
  const m2 = await upstream({ models: ['m-b'], key: 'sk-two' })
  const first = await up({ dir, env: { TRUNKLINE_SECRET_KEY: 'old' } })
  await first.post('/api/v1/registry', { id: 'two', url: m2.v1, models: ['m-b'], api_key: 'sk-two' })
  await first.close()
  const command = ['config', 'rekey', '--data-dir', join(dir, '.trunkline')]
  const lost = await run(command, { env: { TRUNKLINE_SECRET_KEY: 'new' } })
  expect([lost.code, lost.output]).toEqual([1, expect.stringContaining('TRUNKLINE_PREVIOUS_SECRET_KEY')])
  const done = await run(command, {
    env: { TRUNKLINE_SECRET_KEY: 'new', TRUNKLINE_PREVIOUS_SECRET_KEY: 'old' },
  })
  expect([done.code, done.stdout]).toEqual([0, expect.stringContaining('two')])
  const second = await up({ dir, env: { TRUNKLINE_SECRET_KEY: 'new' } })
  expect((await second.chat('m-b')).status).toBe(200)
  expect(list((await second.get('/api/v1/audit')).at('data')).map((row) => at(row, 'action'))).toEqual([
    'config.rekey',
    'endpoint.add',
  ])
})
