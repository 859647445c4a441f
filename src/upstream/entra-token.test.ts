import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Secret } from '../core/secret.ts'
import { entraToken } from './entra-token.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

interface Asked {
  path: string
  form: URLSearchParams
}

async function authority(answer: (asked: Asked) => { status?: number; body: object }) {
  const asked: Asked[] = []
  const server = createServer((request: IncomingMessage, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const one = { path: request.url ?? '', form: new URLSearchParams(text) }
      asked.push(one)
      const { status = 200, body } = answer(one)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const access = (url: string) => ({
  type: 'entra' as const,
  tenant: 'contoso',
  clientId: 'app',
  clientSecret: new Secret('shh'),
  scope: 'https://cognitiveservices.azure.com/.default',
  authority: url,
})

test('164 one request for callers at the same time, renewed before the token ends', async () => {
  let count = 0
  const { url, asked } = await authority(() => ({ body: { access_token: `t${++count}`, expires_in: 3600 } }))
  let now = 0
  const token = entraToken({ access: access(url), endpoint: 'az', clock: { now: () => now } })
  expect(await Promise.all([token(), token(), token()])).toEqual(['t1', 't1', 't1'])
  now = 54 * 60 * 1000
  expect(await token()).toBe('t1')
  now = 56 * 60 * 1000
  expect(await token()).toBe('t2')
  expect(asked[0]?.path).toBe('/contoso/oauth2/v2.0/token')
  expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({
    grant_type: 'client_credentials',
    client_id: 'app',
    client_secret: 'shh',
    scope: 'https://cognitiveservices.azure.com/.default',
  })
  expect(asked.length).toBe(2)
})

test('a refusal is told with its reason, never with the secret, and the next call asks again', async () => {
  let status = 401
  const { url } = await authority(() => ({
    status,
    body:
      status === 200
        ? { access_token: 'late' }
        : { error: 'invalid_client', error_description: 'AADSTS7000215' },
  }))
  const token = entraToken({ access: access(url), endpoint: 'az', clock: { now: () => 0 } })
  const failed = await token().catch((error: unknown) => error)
  expect(failed).toMatchObject({
    kind: 'upstream_auth',
    message: expect.stringContaining('AADSTS7000215') as string,
  })
  expect(String(failed)).not.toContain('shh')
  status = 200
  expect(await token()).toBe('late')
})
