// The configuration changed while serving: shown, tried, planned, applied, taken back; and routes of the registry.

import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Gateway, type Reply, ask, at, list, until, up } from '../acceptance/kit.ts'
import { endpoints, upstream } from '../acceptance/upstream.ts'

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

const yaml = (v1: string, models: string[]): string => `# kept
server: { master_key: sk-test } # a comment that stays
endpoints:
  one:
    provider: openai-compatible
    base_url: "${v1}"
    api_key: "sk-literal-one"
    models: [${models.join(', ')}]
`

test('show, validate, plan, apply, history, rollback; no secret is shown and none is lost', async () => {
  const m1 = await upstream({ key: 'sk-literal-one', models: ['m-a', 'm-b'] })
  const gw = await up({ yaml: yaml(m1.v1, ['m-a']), env: { TRUNKLINE_SECRET_KEY: 'seal' } })
  const file = join(gw.dir, 'config.yaml')
  chmodSync(file, 0o640)

  const shown = await gw.get('/api/v1/config')
  expect(shown.text).not.toContain('sk-literal-one')
  expect(shown.text).not.toContain('sk-test')
  const text = String(shown.at('text'))
  expect(text).toContain('# a comment that stays')
  expect(shown.headers.get('etag')).toBe(shown.at('etag'))

  // A mistake is told with its place, and changes nothing.
  const wrong = text.replace('provider: openai-compatible', 'provider: opnai-compatible')
  const invalid = await gw.post('/api/v1/config/validate', { text: wrong })
  expect([invalid.status, invalid.at('valid'), invalid.at('problems.0.line')]).toEqual([200, false, 5])
  expect(String(invalid.at('problems.0.message'))).toContain('openai-compatible')
  expect((await call(gw, 'PUT', '/api/v1/config', { text: wrong })).at('error.code')).toBe('invalid_config')
  expect((await gw.chat('m-a')).status).toBe(200)

  const next = text.replace('models: [m-a]', 'models: [m-a, m-b]')
  const plan = await gw.post('/api/v1/config/plan', { text: next })
  expect(plan.at('valid')).toBe(true)
  expect(
    list(plan.at('changes')).map((row) => [
      at(row, 'kind'),
      at(row, 'what'),
      at(row, 'id'),
      at(row, 'fields.0.field'),
    ]),
  ).toEqual([['changed', 'endpoint', 'one', 'models']])
  expect(plan.at('diff')).toContain('+    models: [m-a, m-b]')
  expect(plan.text).not.toContain('sk-literal-one')
  expect((await gw.chat('m-b')).status).toBe(404)

  const applied = await call(
    gw,
    'PUT',
    '/api/v1/config',
    { text: next, note: 'more' },
    { 'if-match': String(shown.at('etag')) },
  )
  expect(applied.status, applied.text).toBe(200)
  // The key that was masked is still the key.
  expect((await gw.chat('m-b')).status).toBe(200)
  const written = readFileSync(file, 'utf8')
  expect(written).toContain('sk-literal-one')
  expect(written).toContain('# a comment that stays')
  expect(statSync(file).mode & 0o777).toBe(0o640)
  const late = await call(gw, 'PUT', '/api/v1/config', { text }, { 'if-match': String(shown.at('etag')) })
  expect(late.status).toBe(412)

  const history = await gw.get('/api/v1/config/history')
  expect(
    list(history.at('data')).map((row) => [at(row, 'version'), at(row, 'note'), at(row, 'current')]),
  ).toEqual([
    [2, 'more', true],
    [1, 'as it stood before', false],
  ])
  const old = await gw.get('/api/v1/config/history/1')
  expect(old.text).not.toContain('sk-literal-one')
  expect(old.at('text')).toContain('models: [m-a]')

  const back = await gw.post('/api/v1/config/rollback', { version: 1 })
  expect(back.status, back.text).toBe(200)
  expect((await gw.chat('m-b')).status).toBe(404)
  expect((await gw.chat('m-a')).status).toBe(200)
  expect((await gw.post('/api/v1/config/rollback', { version: 99 })).status).toBe(404)

  const audit = list((await gw.get('/api/v1/audit')).at('data')).map((row) => at(row, 'action'))
  expect(audit).toEqual(['config.rollback', 'config.apply'])
})

test('a file that did not exist is written by the first apply', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up()
  expect((await gw.get('/api/v1/config')).at('file')).toBeNull()
  const applied = await call(gw, 'PUT', '/api/v1/config', { text: endpoints({ one: [m1.v1, 'm-a'] }) })
  expect(applied.status, applied.text).toBe(200)
  expect(readFileSync(join(gw.dir, 'trunkline.yaml'), 'utf8')).toContain('m-a')
  expect((await gw.chat('m-a')).status).toBe(200)
})

test('a file changed with an editor is served by within seconds, and a bad one is told', async () => {
  const m1 = await upstream({ models: ['m-a', 'm-b'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  writeFileSync(join(gw.dir, 'config.yaml'), endpoints({ one: [m1.v1, 'm-b'] }))
  await until(async () => (await gw.chat('m-b')).status === 200, 5_000, 'the new model')
  writeFileSync(join(gw.dir, 'config.yaml'), 'endpoints: [')
  await gw.waitForLog(/last good one stays in force/)
  expect((await gw.chat('m-b')).status).toBe(200)
})

test('settings tell which level supplied each value', async () => {
  const gw = await up({ yaml: 'server: { max_body_bytes: 1000000 }\n', env: { TRUNKLINE_STRICT: '1' } })
  const rows = new Map(
    list((await gw.get('/api/v1/settings')).at('data')).map((row) => [at(row, 'key'), row]),
  )
  const level = (key: string) => [
    at(rows.get(key), 'value'),
    at(rows.get(key), 'level'),
    at(rows.get(key), 'from'),
  ]
  expect(level('server.port')).toEqual([gw.port, 'flag', '--port'])
  expect(level('server.max_body_bytes')).toEqual([1_000_000, 'config', 'config.yaml:1'])
  expect(level('server.strict')).toEqual([true, 'env', 'TRUNKLINE_STRICT'])
  expect(level('server.host')).toEqual(['127.0.0.1', 'default', null])
  expect(level('server.master_key')).toEqual(['[secret]', 'env', 'LITELLM_MASTER_KEY'])
})

test('a route of the registry: replicas, its share, its removal; one of the file is left alone', async () => {
  const one = await upstream({ models: ['m'] })
  const two = await upstream({ models: ['m'] })
  const gw = await up({
    yaml: `${endpoints({ one: [one.v1, 'm'], two: [two.v1, 'm'] })}routes:\n  fixed: { targets: [one/m] }\n`,
  })
  const put = await call(gw, 'PUT', '/api/v1/routes/both%2Fof', {
    strategy: 'round_robin',
    targets: ['one/m', { to: 'two/m' }],
  })
  expect(put.status, put.text).toBe(200)
  expect(put.at('source')).toBe('ui')
  for (let turn = 0; turn < 4; turn++) await gw.chat('both/of')
  expect([one.chats().length, two.chats().length]).toEqual([2, 2])
  const row = list((await gw.get('/api/v1/routes')).at('data')).find((each) => at(each, 'name') === 'both/of')
  expect([at(row, 'targets.0.share'), at(row, 'targets.1.share')]).toEqual([0.5, 0.5])
  expect((await call(gw, 'PUT', '/api/v1/routes/x', { targets: ['nobody/m'] })).at('error.param')).toBe(
    'targets',
  )
  expect((await call(gw, 'PUT', '/api/v1/routes/fixed', { targets: ['two/m'] })).status).toBe(409)
  expect((await call(gw, 'DELETE', '/api/v1/routes/both%2Fof')).status).toBe(200)
  expect((await gw.chat('both/of')).status).toBe(404)
})

test('calls: the latest, one in full, and the tail as they end', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  const tail = await fetch(`${gw.url}/api/v1/calls/stream?model=m-a`, {
    headers: { authorization: `Bearer ${gw.key}` },
  })
  const reader = tail.body?.pipeThrough(new TextDecoderStream()).getReader()
  await reader?.read()
  const reply = await gw.chat('m-a')
  const id = reply.headers.get('x-request-id') ?? ''
  let said = ''
  while (!said.includes(id)) said += (await reader?.read())?.value ?? ''
  await reader?.cancel()
  expect(said).toContain('event: call')
  const listed = await gw.get('/api/v1/calls')
  expect([listed.at('data.0.id'), listed.at('data.0.status'), listed.at('data.0.endpoint')]).toEqual([
    id,
    200,
    'one',
  ])
  const detail = await gw.get(`/api/v1/calls/${id}`)
  expect([detail.at('tries.0.outcome'), detail.at('picks.0.route')]).toEqual(['answered', 'm-a'])
  expect(detail.text).not.toContain('ping')
  expect((await gw.get('/api/v1/calls/req_nothing')).status).toBe(404)
})

test('every answer of the list routes is what the OpenAPI document says it is', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  await gw.post('/api/v1/registry', { id: 'two', url: m1.v1, models: ['m-b'], api_key: 'sk-x' })
  await gw.chat('m-a')
  const { adminRoutes } = await import('../../src/server/admin/index.ts')
  const plain = adminRoutes.filter(
    (row) => row.method === 'GET' && !row.path.includes('{') && row.stream !== true,
  )
  expect(plain.length).toBeGreaterThan(12)
  for (const row of plain) {
    const reply = await gw.get(row.path)
    const parsed = row.answer.safeParse(reply.json)
    expect([row.path, reply.status, parsed.success ? [] : parsed.error.issues]).toEqual([row.path, 200, []])
  }
})
