// What a careless or hostile caller can send: each gets a clear answer, and the next request is served.

import { readFileSync } from 'node:fs'
import net from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Gateway, KEY, launch } from '../acceptance/kit.ts'
import { type Upstream, endpoints, makeUpstream } from '../acceptance/upstream.ts'

let m1: Upstream
let gw: Gateway

beforeAll(async () => {
  m1 = await makeUpstream({ models: ['m-a'] })
  gw = await launch({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  await gw.started
})

afterAll(async () => {
  await gw?.close()
  await m1?.close()
})

async function stillServes(): Promise<void> {
  const reply = await gw.chat('m-a')
  expect(reply.status, reply.text).toBe(200)
}

/** Sends raw bytes; gives what came back until the other side closed. */
function raw(bytes: string | Buffer, ms: number): Promise<{ text: string; closedAfterMs: number }> {
  return new Promise((resolve, reject) => {
    const from = performance.now()
    const socket = net.connect(gw.port, '127.0.0.1')
    let text = ''
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`the connection was still open after ${ms} ms; so far: ${text}`))
    }, ms)
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ text, closedAfterMs: performance.now() - from })
    }
    onTestFinished(() => {
      clearTimeout(timer)
      socket.destroy()
    })
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.once('end', done)
    socket.once('close', done)
    socket.on('error', () => {})
    socket.once('connect', () => socket.write(bytes))
  })
}

const PATHS = ['/v1/chat/completions', '/v1/messages']

describe('bodies that are not requests', () => {
  const bodies: [string, string][] = [
    ['nothing', ''],
    ['half of an object', '{"model":"m-a","messages":[{"role":"us'],
    ['no JSON at all', 'model=m-a&messages=ping'],
    ['an array', '[1,2,3]'],
    ['null', 'null'],
    ['a string', '"m-a"'],
    ['a number', '42'],
  ]
  test.for(PATHS.flatMap((path) => bodies.map(([name, body]) => [path, name, body] as const)))(
    '%s: %s',
    async ([path, , body]) => {
      const reply = await gw.post(path, body)
      expect(reply.status, reply.text).toBe(400)
      expect(reply.at('error.message')).toEqual(expect.stringMatching(/./))
      if (path === '/v1/messages') {
        expect(reply.at('type')).toBe('error')
        expect(reply.at('error.type')).toBe('invalid_request_error')
      } else expect(reply.at('error.code')).toBe('invalid_request')
      await stillServes()
    },
  )
})

describe('members of the wrong type', () => {
  const messages = [{ role: 'user', content: 'ping' }]
  const wrong: [string, unknown, string][] = [
    ['no messages', { model: 'm-a' }, 'messages'],
    ['empty messages', { model: 'm-a', messages: [] }, 'messages'],
    ['messages as a string', { model: 'm-a', messages: 'ping' }, 'messages'],
    ['messages as null', { model: 'm-a', messages: null }, 'messages'],
    ['the model as a number', { model: 7, messages }, 'model'],
    ['the model as an object', { model: { name: 'm-a' }, messages }, 'model'],
  ]
  test.for(wrong)('%s', async ([, body, param]) => {
    const reply = await gw.post('/v1/chat/completions', body)
    expect([reply.status, reply.at('error.code'), reply.at('error.param')], reply.text).toEqual([
      400,
      'invalid_request',
      param,
    ])
    const messages = await gw.post('/v1/messages', body)
    expect([messages.status, messages.at('error.type')], messages.text).toEqual([
      400,
      'invalid_request_error',
    ])
    await stillServes()
  })
})

describe('sizes', () => {
  test('a body of 30 MB is 413', async () => {
    const body = JSON.stringify({
      model: 'm-a',
      messages: [{ role: 'user', content: 'x'.repeat(30 * 1024 * 1024) }],
    })
    const reply = await gw.post('/v1/chat/completions', body)
    expect(reply.status).toBe(413)
    expect(reply.at('error.message')).toEqual(expect.stringMatching(/bytes/))
    await stillServes()
  })

  test('an unannounced body of 30 MB is 413, too', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x')
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent++ < 30) controller.enqueue(piece)
        else controller.close()
      },
    })
    const status = await fetch(`${gw.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body,
      duplex: 'half',
    }).then(
      (response) => response.status,
      (error: unknown) => String(error),
    )
    expect(status).toBe(413)
    await stillServes()
  })

  test('2 MB of nested arrays are refused or passed on, not choked on', async () => {
    const depth = 1024 * 1024
    const nested = '['.repeat(depth) + ']'.repeat(depth)
    const bare = await gw.post('/v1/chat/completions', nested)
    expect([bare.status, bare.at('error.code')]).toEqual([400, 'invalid_request'])
    const inside = await gw.post('/v1/chat/completions', `{"model":"m-a","messages":${nested}}`)
    expect([200, 400], inside.text.slice(0, 200)).toContain(inside.status)
    const translated = await gw.post('/v1/messages', `{"model":"m-a","max_tokens":5,"messages":${nested}}`)
    expect([translated.status, translated.at('error.type')]).toEqual([400, 'invalid_request_error'])
    await stillServes()
  })

  test('a header bomb is 431', async () => {
    const { text } = await raw(
      `GET /healthz HTTP/1.1\r\nhost: x\r\n${'x-bomb: '.padEnd(1000, 'a')}\r\n` +
        `${'x-more: '.padEnd(1000, 'a')}\r\n`.repeat(100) +
        '\r\n',
      10_000,
    )
    expect(text).toMatch(/^HTTP\/1\.1 431 /)
    await stillServes()
  })

  test('something that is not HTTP is 400', async () => {
    const { text } = await raw('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n', 10_000)
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    await stillServes()
  })

  test('a caller that trickles its headers is cut off', async () => {
    const { text, closedAfterMs } = await raw('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n', 20_000)
    expect(closedAfterMs).toBeLessThan(15_000)
    expect(text === '' || text.startsWith('HTTP/1.1 408 ')).toBe(true)
    await stillServes()
  })
})

describe('names and paths that are not there', () => {
  test('an unknown model in both dialects', async () => {
    const chat = await gw.chat('nope')
    expect([chat.status, chat.at('error.code')]).toEqual([404, 'model_not_found'])
    const message = await gw.post('/v1/messages', {
      model: 'nope',
      max_tokens: 5,
      messages: [{ role: 'user', content: 'ping' }],
    })
    expect([message.status, message.at('type'), message.at('error.type')]).toEqual([
      404,
      'error',
      'not_found_error',
    ])
  })

  test("an unknown path, in the caller's dialect", async () => {
    const plain = await gw.get('/v1/nothing')
    expect([plain.status, plain.at('error.code')]).toEqual([404, 'not_found'])
    expect(plain.at('error.message')).toContain('/v1/nothing')
    const theirs = await gw.get('/v1/messages/nothing', { headers: { 'anthropic-version': '2023-06-01' } })
    expect([theirs.status, theirs.at('type'), theirs.at('error.type')]).toEqual([
      404,
      'error',
      'not_found_error',
    ])
    const method = await gw.get('/v1/chat/completions')
    expect([404, 405]).toContain(method.status)
    expect(method.at('error.message')).toContain('POST')
  })

  test('odd paths are answered', async () => {
    for (const path of ['//', '/%', '/v1/models/%E0%A4%A', '/..%2f..%2fetc', `/${'a'.repeat(5000)}`]) {
      const { text } = await raw(
        `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\nconnection: close\r\n\r\n`,
        10_000,
      )
      expect(text, path).toMatch(/^HTTP\/1\.1 40[04] /)
    }
    await stillServes()
  })
})

test('memory stays flat under bad input', { timeout: 60_000 }, async () => {
  const resident = () => {
    const pages = readFileSync(`/proc/${gw.pid}/statm`, 'utf8').split(' ')[1]
    return Number(pages) * 4096
  }
  const round = async (times: number) => {
    for (let i = 0; i < times; i++) {
      await gw.post(
        '/v1/chat/completions',
        `{"model":"m-a","messages":[{"role":"user","content":"${'x'.repeat(200_000)}`,
      )
      await gw.post('/v1/chat/completions', { model: 'nope', messages: 'x'.repeat(200_000) })
      await gw.get('/v1/nothing')
    }
  }
  await round(100)
  const before = resident()
  await round(300)
  expect(resident() - before).toBeLessThan(80 * 1024 * 1024)
  await stillServes()
})
