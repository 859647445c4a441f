// TLS, client certificates and proxies on the way to an upstream; and that callers never choose where a call goes.

import { execFileSync } from 'node:child_process'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { testDir, up } from './kit.ts'
import { blackHole, endpoints, upstream } from './upstream.ts'

interface Certificates {
  ca: string
  server: { cert: string; key: string }
  client: { cert: string; key: string }
}

/** A certificate authority with one server and one client, made for the running test. */
function certificates(): Certificates {
  const dir = testDir()
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' })
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test ca')
  const signed = (name: string, subject: string): { cert: string; key: string } => {
    openssl(
      'req',
      '-x509',
      ...key,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-subj',
      subject,
      '-addext',
      'subjectAltName=IP:127.0.0.1,DNS:localhost',
      '-addext',
      'basicConstraints=critical,CA:FALSE',
    )
    return { cert: join(dir, `${name}.pem`), key: join(dir, `${name}.key`) }
  }
  return {
    ca: join(dir, 'ca.pem'),
    server: signed('server', '/CN=127.0.0.1'),
    client: signed('client', '/CN=gateway'),
  }
}

const REPLY = {
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'pong' }, finish_reason: 'stop' }],
}

async function secureUpstream(
  made: Certificates,
  wantsClient: boolean,
): Promise<{ url: string; clients: string[] }> {
  const clients: string[] = []
  const server = https.createServer(
    {
      cert: readFileSync(made.server.cert),
      key: readFileSync(made.server.key),
      ...(wantsClient ? { ca: readFileSync(made.ca), requestCert: true, rejectUnauthorized: true } : {}),
    },
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate()
      clients.push(String(subject?.CN ?? ''))
      request.resume()
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(REPLY))
    },
  )
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, clients }
}

const entry = (url: string, tls: string): string =>
  `endpoints:\n  one: { provider: openai-compatible, base_url: "${url}", auth_type: none, models: [m]${tls} }\n`

test('A-029 a certificate nobody vouches for, then with its authority, then knowingly unchecked', async () => {
  const made = certificates()
  const { url } = await secureUpstream(made, false)
  const plain = await up({ yaml: entry(url, '') })
  const refused = await plain.chat('m')
  expect(refused.status).toBe(503)
  expect(refused.at('error.message')).toMatch(/TLS/)
  const trusting = await up({ yaml: entry(url, `, tls: { ca_file: "${made.ca}" }`) })
  expect((await trusting.chat('m')).status).toBe(200)
  const careless = await up({ yaml: entry(url, ', tls: { insecure: true }') })
  expect((await careless.chat('m')).status).toBe(200)
  await careless.waitForLog(/tls\.insecure is on/)
  expect(careless.log.find((line) => line.raw.includes('tls.insecure'))?.at('level')).toBe(40)
})

test('an endpoint with a client certificate of its own', async () => {
  const made = certificates()
  const { url, clients } = await secureUpstream(made, true)
  const without = await up({ yaml: entry(url, `, tls: { ca_file: "${made.ca}" }`) })
  expect((await without.chat('m')).status).toBe(503)
  const tls = `, tls: { ca_file: "${made.ca}", cert_file: "${made.client.cert}", key_file: "${made.client.key}" }`
  const gw = await up({ yaml: entry(url, tls) })
  expect((await gw.chat('m')).status).toBe(200)
  expect(clients).toEqual(['gateway'])
})

test('a proxy is used where the operator names one, for hosts of other people, unless NO_PROXY excepts them', async () => {
  const m1 = await upstream({ models: ['m'] })
  const asked: string[] = []
  // Either way of asking a proxy: a whole address in the request line, or a tunnel.
  const proxy = http.createServer((request, response) => {
    asked.push(new URL(request.url ?? '').host)
    const { pathname } = new URL(request.url ?? '')
    const onward = http.request(
      { host: '127.0.0.1', port: m1.port, path: pathname, method: 'POST', headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    request.pipe(onward)
  })
  // Whatever name is asked for, the upstream answers: no other host is reached in this test.
  proxy.on('connect', (request, socket: net.Socket) => {
    asked.push((request.url ?? '').replace(/:80$/, ''))
    const onward = net.connect(m1.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      onward.pipe(socket)
      socket.pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  })
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const gw = await up({
    yaml: endpoints({
      far: ['http://models.example.com/v1', 'm-far'],
      excepted: ['http://none.example.org/v1', 'm-excepted'],
      near: [m1.v1, 'm'],
    }),
    env: {
      HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      NO_PROXY: 'example.org',
    },
  })
  expect((await gw.chat('m-far')).status).toBe(200)
  expect(asked).toEqual(['models.example.com'])
  expect((await gw.chat('m')).status).toBe(200)
  expect((await gw.chat('m-excepted')).status).toBe(503)
  expect(asked).toEqual(['models.example.com'])
})

test('a caller chooses no target and sets no header of the upstream request', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const hole = await blackHole()
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  const elsewhere = `http://127.0.0.1:${hole.port}/v1`
  const reply = await gw.chat(
    'm-a',
    {
      headers: { 'x-evil': '1', authorization: 'Bearer stolen' },
      extra_headers: { 'x-evil': '1' },
      base_url: elsewhere,
      api_base: elsewhere,
      api_key: 'sk-caller',
    },
    {
      headers: {
        'x-evil': '1',
        'x-forwarded-host': 'evil.example',
        'x-portkey-custom-host': elsewhere,
        'x-base-url': elsewhere,
        cookie: 'a=b',
        forwarded: 'host=evil.example',
        'x-api-base': elsewhere,
      },
    },
  )
  expect(reply.status).toBe(200)
  expect(hole.connections()).toBe(0)
  const { headers } = m1.lastChat()
  for (const name of [
    'x-evil',
    'authorization',
    'cookie',
    'forwarded',
    'x-forwarded-host',
    'x-portkey-custom-host',
    'x-base-url',
    'x-api-base',
    'x-api-key',
  ])
    expect([name, headers[name]]).toEqual([name, undefined])
  expect(headers.host).toBe(`127.0.0.1:${m1.port}`)
})
