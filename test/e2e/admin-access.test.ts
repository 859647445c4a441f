// Who gets into the admin API: by key, by session, from which page; and who does not.

import http from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Gateway, type Reply, ask, launch, up } from '../acceptance/kit.ts'
import { type Upstream, endpoints, makeUpstream } from '../acceptance/upstream.ts'

let gw: Gateway
let upstream: Upstream
const ADMIN = 'sk-admin'

beforeAll(async () => {
  upstream = await makeUpstream({ models: ['m-a'] })
  gw = await launch({ yaml: endpoints({ one: [upstream.v1, 'm-a'] }), env: { TRUNKLINE_ADMIN_KEY: ADMIN } })
  await gw.started
})
afterAll(async () => {
  await gw?.close()
  await upstream?.close()
})

/** fetch forbids these headers; a browser sets them, and an attacker's page cannot choose them. */
function raw(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
  target = gw,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request(`${target.url}${path}`, { method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        let json: unknown
        try {
          json = JSON.parse(text)
        } catch {
          json = undefined
        }
        const all = new Headers()
        for (const [name, value] of Object.entries(response.headers)) all.set(name, String(value))
        resolve({
          status: response.statusCode ?? 0,
          headers: all,
          text,
          json,
          at: () => undefined,
          frames: () => [],
        })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function login(key = ADMIN): Promise<{ cookie: string; csrf: string; reply: Reply }> {
  const reply = await ask(`${gw.url}/api/v1/login`, { method: 'POST', body: JSON.stringify({ key }) })
  const cookie = (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  return { cookie, csrf: String(reply.at('csrf_token')), reply }
}

const DRAFT = JSON.stringify({ id: 'tmp', url: 'http://127.0.0.1:9/v1', models: ['x'] })

test('the admin key opens the admin API and the master key does not; neither the other way round', async () => {
  expect((await gw.get('/api/v1/registry')).status).toBe(401)
  expect((await gw.get('/api/v1/registry', { key: ADMIN })).status).toBe(200)
  expect((await gw.get('/v1/models', { key: ADMIN })).status).toBe(401)
  expect((await gw.get('/v1/models')).status).toBe(200)
})

test('who may not be here does not learn what is here', async () => {
  const [real, unreal] = await Promise.all(
    ['/api/v1/registry', '/api/v1/nothing'].map((path) => gw.get(path, { key: null })),
  )
  expect(real?.status).toBe(401)
  expect(real?.text).toBe(unreal?.text)
})

test('the session: cookie for browsers only, token for changes, gone after the logout', async () => {
  const { cookie, csrf, reply } = await login()
  expect(reply.status).toBe(200)
  expect(reply.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Strict/)
  const origin = gw.url
  expect((await raw('GET', '/api/v1/registry', { cookie })).status).toBe(200)
  expect((await raw('POST', '/api/v1/registry', { cookie, origin }, DRAFT)).status).toBe(403)
  expect(
    (await raw('POST', '/api/v1/registry', { cookie, origin, 'x-csrf-token': 'wrong' }, DRAFT)).status,
  ).toBe(403)
  const foreign = { cookie, 'x-csrf-token': csrf, origin: 'http://evil.example' }
  expect((await raw('POST', '/api/v1/registry', foreign, DRAFT)).status).toBe(403)
  const good = { cookie, 'x-csrf-token': csrf, origin }
  expect((await raw('POST', '/api/v1/registry', good, DRAFT)).status).toBe(201)
  expect((await raw('DELETE', '/api/v1/registry/tmp', good)).status).toBe(200)
  expect((await raw('POST', '/api/v1/logout', good)).status).toBe(200)
  expect((await raw('GET', '/api/v1/registry', { cookie })).status).toBe(401)
})

test('the playground calls models with the session, and only with its token from its own page', async () => {
  const { cookie, csrf } = await login()
  const body = JSON.stringify({ model: 'm-a', messages: [{ role: 'user', content: 'ping' }] })
  expect((await raw('POST', '/v1/chat/completions', { cookie, 'x-csrf-token': csrf }, body)).status).toBe(401)
  const path = '/api/v1/playground/chat/completions'
  expect((await raw('POST', path, {}, body)).status).toBe(401)
  expect((await raw('POST', path, { cookie }, body)).status).toBe(403)
  const foreign = { cookie, 'x-csrf-token': csrf, origin: 'http://evil.example' }
  expect((await raw('POST', path, foreign, body)).status).toBe(403)
  const own = { cookie, 'x-csrf-token': csrf, origin: gw.url }
  expect((await raw('POST', path, own, body)).status).toBe(200)
  const seen = upstream.lastChat().headers
  for (const name of ['cookie', 'x-csrf-token', 'authorization', 'origin']) expect(seen[name]).toBeUndefined()
})

test('five wrong keys a minute close the door', async () => {
  const other = await up({ env: { TRUNKLINE_ADMIN_KEY: ADMIN } })
  const knock = (key: string) =>
    ask(`${other.url}/api/v1/login`, { method: 'POST', body: JSON.stringify({ key }) })
  for (let turn = 0; turn < 5; turn++) expect((await knock('wrong')).status).toBe(401)
  const closed = await knock(ADMIN)
  expect(closed.status).toBe(429)
  expect(Number(closed.headers.get('retry-after'))).toBeGreaterThan(0)
  // A key in a header is no login.
  expect((await other.get('/api/v1/registry', { key: ADMIN })).status).toBe(200)
})

describe('without any key', () => {
  test('this machine’s programs get in; other sites’ pages and names do not', async () => {
    const open = await up({ env: { LITELLM_MASTER_KEY: undefined } })
    const status = async (headers: Record<string, string>, method = 'GET', body = '') =>
      (await raw(method, '/api/v1/registry', headers, body, open)).status
    expect(await status({})).toBe(200)
    expect(await status({ origin: 'http://evil.example' })).toBe(403)
    expect(await status({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    // DNS rebinding: a foreign name that leads here.
    expect(await status({ host: 'evil.example' })).toBe(403)
    expect(await status({ origin: open.url }, 'POST', DRAFT)).toBe(201)
  })

  test('a public address is not bound, unless it is said in so many words', async () => {
    const refused = await launch({ env: { LITELLM_MASTER_KEY: undefined }, args: ['--host', '0.0.0.0'] })
    expect(await refused.ended).toBe(1)
    expect(refused.stderr()).toMatch(/0\.0\.0\.0.*TRUNKLINE_MASTER_KEY.*--allow-open/)
    await refused.close()
    await up({ env: { LITELLM_MASTER_KEY: undefined }, args: ['--host', '0.0.0.0', '--allow-open'] })
  })
})

describe('/ui', () => {
  test('sends its page, or an honest one, with headers that let nothing else in', async () => {
    const reply = await gw.get('/ui/', { key: null })
    expect([200, 503]).toContain(reply.status)
    expect(reply.headers.get('content-type')).toMatch(/text\/html/)
    const policy = reply.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe-inline')
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('no file outside its folder', async () => {
    for (const path of [
      '/ui/..%2f..%2fpackage.json',
      '/ui/%2e%2e/%2e%2e/package.json',
      '/ui/assets/../../../package.json',
    ]) {
      const reply = await raw('GET', path, {})
      expect(reply.text).not.toContain('"trunkline"')
    }
  })
})

test('the OpenAPI document is open', async () => {
  const reply = await gw.get('/openapi.json', { key: null })
  expect([reply.status, reply.at('openapi')]).toEqual([200, '3.1.0'])
})
