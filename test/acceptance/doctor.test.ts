// `doctor` names the first failing step, in the order of document 001's flowchart, and says what to do. Twenty ways to
// be out of order, and the remedies followed where a test can follow them.

import { execFileSync } from 'node:child_process'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { run } from './kit.ts'
import { blackHole, deadPort, upstream } from './upstream.ts'

interface Said {
  ok: boolean
  endpoints: {
    endpoint: string
    failed?: string
    ok: boolean
    steps: { step: string; status: string; detail: string; remedy?: string }[]
  }[]
}

async function doctor(args: string[], options: Parameters<typeof run>[1] = {}) {
  const env = { LITELLM_MASTER_KEY: undefined, ...options.env }
  const ran = await run(['doctor', '--json', '--timeout', '1', ...args], { ...options, env })
  let said: Said
  try {
    said = JSON.parse(ran.stdout) as Said
  } catch {
    throw new Error(`doctor said no JSON:\n${ran.output}`)
  }
  const [one] = said.endpoints
  const failing = one?.steps.find(({ status }) => status === 'fail')
  return {
    code: ran.code,
    ok: said.ok,
    failed: one?.failed,
    failing,
    steps: one?.steps ?? [],
    endpoints: said.endpoints,
  }
}

/** A certificate made for this run by openssl; undefined where there is none. */
function certificate(): { key: string; cert: string; file: string } | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'trunkline-tls-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  try {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
        '-keyout',
        'key.pem',
        '-out',
        'cert.pem',
      ],
      { cwd: dir, stdio: 'ignore' },
    )
  } catch {
    return undefined
  }
  const file = join(dir, 'cert.pem')
  return { key: readFileSync(join(dir, 'key.pem'), 'utf8'), cert: readFileSync(file, 'utf8'), file }
}

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void

async function listening(server: http.Server | https.Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  )
  return (server.address() as AddressInfo).port
}

async function site(answer: Answer): Promise<string> {
  return `http://127.0.0.1:${await listening(http.createServer(answer))}`
}

const json = (
  response: http.ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}
const list = { object: 'list', data: [{ id: 'm-a', object: 'model' }] }

describe('A-030 doctor names the failing step, in order', () => {
  test('A-030 bad URL, 401, TLS, missing model, good: exit 1, 1, 1, 1, 0', async () => {
    const bad = await doctor(['--url', 'ftp://host/v1'])
    expect([bad.code, bad.failed]).toEqual([1, 'url'])
    const locked = await upstream({ key: 'sk-right', models: ['m-a'] })
    const refused = await doctor(['--url', locked.v1])
    expect([refused.code, refused.failed]).toEqual([1, 'auth'])
    const made = certificate()
    if (made) {
      const port = await listening(
        https.createServer(made, (_request, response) => json(response, 200, list)),
      )
      const tls = await doctor(['--url', `https://127.0.0.1:${port}/v1`])
      expect([tls.code, tls.failed]).toEqual([1, 'tls'])
    } else console.warn('no openssl here: the TLS step is not tried')
    const good = await upstream({ models: ['m-a'] })
    const missing = await doctor(['--url', good.v1, '--model', 'm-x'])
    expect([missing.code, missing.failed]).toEqual([1, 'model'])
    const fine = await doctor(['--url', good.v1, '--model', 'm-a'])
    expect([fine.code, fine.ok, fine.failed]).toEqual([0, true, undefined])
    expect(fine.steps.map(({ step }) => step)).toEqual([
      'url',
      'dns',
      'tcp',
      'tls',
      'auth',
      'models',
      'model',
      'chat',
      'stream',
      'clock',
      'quota',
    ])
  })
})

describe('A-030 every broken set-up has its step and its remedy', () => {
  test('1 a configuration that cannot be read', async () => {
    const said = await doctor([], { yaml: 'endpoints:\n  a: { provider: opnai }\n' })
    expect([said.code, said.failed]).toEqual([1, 'config'])
    expect(said.failing?.detail).toMatch(/did you mean "openai"/)
  })

  test('2 an unknown provider name', async () => {
    const said = await doctor(['mistrall'])
    expect([said.failed, said.failing?.detail]).toEqual([
      'config',
      expect.stringMatching(/did you mean "mistral"/),
    ])
  })

  test('3 a URL with a password in it', async () => {
    const said = await doctor(['--url', 'http://me:secret@127.0.0.1:1/v1'])
    expect(said.failed).toBe('url')
    expect(JSON.stringify(said)).not.toContain('secret')
  })

  test('4 a host name that does not exist', async () => {
    const said = await doctor(['--url', 'http://no-such-host.invalid/v1'])
    expect([said.failed, said.failing?.remedy]).toEqual(['dns', expect.stringMatching(/spelling/)])
  })

  test('5 nothing listens', async () => {
    const said = await doctor(['--url', `http://127.0.0.1:${await deadPort()}/v1`])
    expect([said.failed, said.failing?.remedy]).toEqual([
      'tcp',
      expect.stringMatching(/start the server|host\.docker/),
    ])
  })

  test('6 it accepts and says nothing', async () => {
    const hole = await blackHole()
    const said = await doctor(['--url', `http://127.0.0.1:${hole.port}/v1`])
    expect([said.failed, said.failing?.remedy]).toEqual(['models', expect.stringMatching(/no HTTP answer/)])
  })

  test('7 a self-signed certificate; its remedy, followed, works', async () => {
    const made = certificate()
    if (!made) return console.warn('no openssl here: not tried')
    const good = await upstream({ models: ['m-a'] })
    const port = await listening(
      https.createServer(made, (request, response) => {
        const on = http.request(
          `${good.root}${request.url}`,
          { method: request.method, headers: request.headers },
          (reply) => {
            response.writeHead(reply.statusCode ?? 502, reply.headers)
            reply.pipe(response)
          },
        )
        request.pipe(on)
      }),
    )
    const url = `https://127.0.0.1:${port}/v1`
    const said = await doctor(['--url', url])
    expect([said.failed, said.failing?.remedy]).toEqual(['tls', expect.stringMatching(/ca_file/)])
    expect((await doctor(['--url', url, '--ca-file', made.file])).ok).toBe(true)
    expect((await doctor(['--url', url, '--insecure'])).ok).toBe(true)
  })

  test('8 https towards a plain port; its remedy, followed, works', async () => {
    const good = await upstream({ models: ['m-a'] })
    const said = await doctor(['--url', good.v1.replace('http:', 'https:')])
    expect([said.failed, said.failing?.remedy]).toEqual(['tls', expect.stringMatching(/write http:\/\//)])
    expect((await doctor(['--url', good.v1])).ok).toBe(true)
  })

  test('9 plain http towards a TLS port', async () => {
    const root = await site((_request, response) => {
      response.writeHead(400, { 'content-type': 'text/html' })
      response.end('<h1>400 The plain HTTP request was sent to HTTPS port</h1>')
    })
    const said = await doctor(['--url', `${root}/v1`])
    expect([said.failed, said.failing?.remedy]).toEqual(['tls', expect.stringMatching(/https:\/\//)])
  })

  test('10 a key is wanted and none given; its remedy, followed, works', async () => {
    const locked = await upstream({ key: 'sk-right', models: ['m-a'] })
    const said = await doctor(['--url', locked.v1])
    expect([said.failed, said.failing?.remedy]).toEqual(['auth', expect.stringMatching(/give a key/)])
    expect((await doctor(['--url', locked.v1, '--key', 'sk-right'])).ok).toBe(true)
  })

  test('11 the key is refused', async () => {
    const locked = await upstream({ key: 'sk-right', models: ['m-a'] })
    const said = await doctor(['--url', locked.v1, '--key', 'sk-wrong'])
    expect([said.failed, said.failing?.remedy]).toEqual(['auth', expect.stringMatching(/refused/)])
    expect(JSON.stringify(said)).not.toContain('sk-wrong')
  })

  test('12 /v1 is missing; its remedy, followed, works', async () => {
    const good = await upstream({ kind: 'lmstudio', models: ['m-a'] })
    const said = await doctor(['--url', good.root])
    expect([said.failed, said.failing?.remedy]).toEqual(['models', `set base_url to ${good.v1}`])
    expect((await doctor(['--url', good.v1])).ok).toBe(true)
  })

  test('13 a web page answers', async () => {
    const root = await site((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end('<html>Open WebUI</html>')
    })
    const said = await doctor(['--url', `${root}/v1`])
    expect([said.failed, said.failing?.detail]).toEqual(['models', expect.stringMatching(/web page/)])
  })

  test('14 it redirects', async () => {
    const root = await site((_request, response) => {
      response.writeHead(301, { location: 'https://elsewhere.example/v1/models' })
      response.end()
    })
    const said = await doctor(['--url', `${root}/v1`])
    expect([said.failed, said.failing?.remedy]).toEqual([
      'models',
      expect.stringMatching(/https:\/\/elsewhere\.example\/v1\)/),
    ])
  })

  test('15 the server fails', async () => {
    const root = await site((_request, response) =>
      json(response, 500, { error: { message: 'CUDA out of memory' } }),
    )
    const said = await doctor(['--url', `${root}/v1`])
    expect([said.failed, said.failing?.detail]).toEqual(['models', expect.stringMatching(/CUDA/)])
  })

  test('16 the model is spelt otherwise; its remedy, followed, works', async () => {
    const good = await upstream({ models: ['Qwen3-Coder'] })
    const said = await doctor(['--url', good.v1, '--model', 'qwen3-coder'])
    expect([said.failed, said.failing?.remedy]).toEqual(['model', expect.stringMatching(/"Qwen3-Coder"/)])
    expect((await doctor(['--url', good.v1, '--model', 'Qwen3-Coder'])).ok).toBe(true)
  })

  test('17 no model is loaded', async () => {
    const root = await site((_request, response) => json(response, 200, { object: 'list', data: [] }))
    const said = await doctor(['--url', `${root}/v1`])
    expect([said.failed, said.failing?.remedy]).toEqual(['model', expect.stringMatching(/load a model/)])
  })

  test('18 the chat fails', async () => {
    const good = await upstream({ models: ['m-a'] })
    good.fake.script({
      method: 'POST',
      status: 400,
      json: { error: { message: 'unsupported parameter: max_tokens' } },
      keep: true,
    })
    const said = await doctor(['--url', good.v1])
    expect([said.failed, said.failing?.detail]).toEqual([
      'chat',
      expect.stringMatching(/unsupported parameter/),
    ])
  })

  test('19 the quota is spent', async () => {
    const good = await upstream({ models: ['m-a'] })
    good.fake.script({
      method: 'POST',
      status: 429,
      json: { error: { message: 'quota', code: 'insufficient_quota' } },
      keep: true,
    })
    expect((await doctor(['--url', good.v1])).failed).toBe('quota')
  })

  const chunks = (count: number) =>
    [...Array(count).keys()]
      .map(
        (n) =>
          `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm-a', choices: [{ index: 0, delta: { content: `${n} ` }, finish_reason: n === count - 1 ? 'stop' : null }] })}\n\n`,
      )
      .join('')

  test('20 something in between collects the stream', async () => {
    const root = await site((request, response) => {
      if (request.method === 'GET') return json(response, 200, list)
      let body = ''
      request.on('data', (piece: Buffer) => (body += piece.toString('utf8')))
      request.on('end', () => {
        if (!body.includes('"stream":true'))
          return json(response, 200, {
            id: 'c',
            object: 'chat.completion',
            created: 1,
            model: 'm-a',
            choices: [{ index: 0, message: { role: 'assistant', content: 'pong' }, finish_reason: 'stop' }],
          })
        setTimeout(() => {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.end(`${chunks(60)}data: [DONE]\n\n`)
        }, 800)
      })
    })
    const said = await doctor(['--url', `${root}/v1`])
    expect([said.failed, said.failing?.remedy]).toEqual([
      'stream',
      expect.stringMatching(/proxy_buffering off/),
    ])
  })

  test('21 the stream breaks off', async () => {
    const good = await upstream({ models: ['m-a'] })
    good.next(
      {},
      {
        sse: [
          'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m-a","choices":[{"index":0,"delta":{"content":"x"}}]}\n\n',
        ],
      },
    )
    const said = await doctor(['--url', good.v1])
    expect(said.failed).toBe('stream')
  })

  test('22 the clocks differ', async () => {
    const good = await upstream({ models: ['m-a'] })
    good.fake.script({ method: 'GET', json: list, headers: { date: 'Thu, 01 Jan 2015 00:00:00 GMT' } })
    const said = await doctor(['--url', good.v1])
    expect([said.failed, said.failing?.remedy]).toEqual(['clock', expect.stringMatching(/timedatectl/)])
  })

  test('23 the proxy is gone', async () => {
    const port = await deadPort()
    const said = await doctor(['--url', 'http://gateway.example/v1'], {
      env: { HTTP_PROXY: `http://127.0.0.1:${port}` },
    })
    expect([said.failed, said.failing?.remedy]).toEqual(['proxy', expect.stringMatching(/NO_PROXY/)])
  })

  test('a config with several endpoints is walked whole, and printed for people', async () => {
    const good = await upstream({ models: ['m-a'] })
    const yaml = `endpoints:\n  good: { provider: openai-compatible, base_url: "${good.v1}", models: [m-a] }\n  dead: { provider: openai-compatible, base_url: "http://127.0.0.1:${await deadPort()}/v1", models: [m] }\n`
    const said = await doctor([], { yaml })
    expect([said.code, said.endpoints.map(({ endpoint, ok }) => [endpoint, ok])]).toEqual([
      1,
      [
        ['good', true],
        ['dead', false],
      ],
    ])
    const shown = await run(['doctor', '--timeout', '1'], { yaml })
    expect(shown.stdout).toMatch(/good {2}http.*all well.*dead.*FAIL tcp.*fails at step "tcp"/s)
    expect(shown.stdout).not.toContain('\u001b[')
  })
})
