import { type Server, type Socket, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Dispatcher } from 'undici'
import { afterEach, expect, test } from 'vitest'
import { Http1Pool } from './http1-pool.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** A server that hands every connection's bytes to `serve`, and a pool to it. */
async function house(
  serve: (socket: Socket, text: string, connection: number) => void,
  connections = 4,
): Promise<Http1Pool> {
  let count = 0
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    const number = ++count
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => serve(socket, bytes.toString('latin1'), number))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const pool = new Http1Pool(`http://127.0.0.1:${port}`, {
    connect: { timeout: 1000 },
    connections,
    waiting: 2,
    idleMs: 10_000,
  })
  closers.push(() => {
    void pool.destroy()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return pool
}

function ask(pool: Http1Pool, options: Partial<Dispatcher.DispatchOptions> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = ''
    pool.dispatch(
      { method: 'POST', path: '/', headers: {}, body: 'hello', ...options },
      {
        onResponseData: (_controller, piece) => {
          body += piece.toString()
        },
        onResponseEnd: () => resolve(body),
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })
}

test('a connection is used again, and the request says what it must', async () => {
  const seen: string[] = []
  const pool = await house((socket, text, number) => {
    seen.push(`${number} ${text}`)
    socket.write(OK)
  })
  expect(await ask(pool, { headers: { 'x-a': '1', host: 'named' } })).toBe('ok')
  expect(await ask(pool, { method: 'GET', body: null })).toBe('ok')
  expect(seen[0]).toMatch(
    /^1 POST \/ HTTP\/1\.1\r\nhost: named\r\nconnection: keep-alive\r\nx-a: 1\r\ncontent-length: 5\r\n\r\nhello$/,
  )
  expect(seen[1]).toMatch(/^1 GET \/ /)
  expect(pool.counts).toEqual({ open: 1, busy: 0, waiting: 0 })
})

test('more requests than connections wait their turn, and more than may wait fail at once', async () => {
  const held: Socket[] = []
  const pool = await house((socket) => held.push(socket), 1)
  const first = ask(pool)
  const second = ask(pool)
  await expect.poll(() => held.length).toBe(1)
  const third = ask(pool)
  await expect(ask(pool)).rejects.toThrow('wait for a connection already')
  for (const asked of [first, second, third]) {
    await expect.poll(() => held.length).toBeGreaterThan(0)
    held.shift()?.write(OK)
    expect(await asked).toBe('ok')
  }
})

test('bug: an answer that comes before the request was all sent leaves the connection unused', async () => {
  const pool = await house((socket, _text, number) => {
    if (number === 1) socket.pause()
    socket.write(OK)
  })
  expect(await ask(pool, { body: Buffer.alloc(32 * 1024 * 1024) })).toBe('ok')
  await expect.poll(() => pool.counts.open).toBe(0)
  expect(await ask(pool)).toBe('ok')
})

test('a connection closed in the middle of an answer is an error, one closed while idle is not', async () => {
  const pool = await house((socket, _text, number) => {
    if (number === 1) socket.end(OK)
    else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok')
  })
  expect(await ask(pool)).toBe('ok')
  await expect.poll(() => pool.counts.open).toBe(0)
  await expect(ask(pool)).rejects.toThrow('closed the connection')
})

test('a header that could end its line is never sent', async () => {
  const pool = await house((socket) => socket.write(OK))
  await expect(ask(pool, { headers: { 'x-a': 'b\r\nx-b: c' } })).rejects.toThrow('character none may hold')
  await expect(ask(pool, { headers: { 'x a': 'b' } })).rejects.toThrow('no header name')
  expect(await ask(pool)).toBe('ok')
})

test('an aborted request closes its connection at once; closing waits for what is under way', async () => {
  const closed: number[] = []
  const held: Socket[] = []
  const pool = await house((socket, _text, number) => {
    socket.once('close', () => closed.push(number))
    held.push(socket)
  })
  let abort: () => void = () => {}
  const aborted = new Promise((resolve) => {
    pool.dispatch(
      { method: 'POST', path: '/', headers: {}, body: 'x' },
      {
        onRequestStart: (controller) => {
          abort = () => controller.abort(new Error('enough'))
        },
        onResponseError: (_controller, error) => resolve(error.message),
      },
    )
  })
  await expect.poll(() => held.length).toBe(1)
  abort()
  expect(await aborted).toBe('enough')
  await expect.poll(() => closed).toEqual([1])
  const asked = ask(pool)
  await expect.poll(() => held.length).toBe(2)
  const done = pool.close()
  held[1]?.write(OK)
  expect(await asked).toBe('ok')
  await done
  expect(pool.counts.open).toBe(0)
})

/** Pieces without end, or `count` of them; tells how many were asked for, and when they are let go. */
function endless(count = Number.POSITIVE_INFINITY) {
  const piece = Buffer.alloc(64 * 1024)
  const state = { taken: 0, released: false }
  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      for (; state.taken < count; state.taken++) yield piece
    } finally {
      state.released = true
    }
  }
  return { state, body: pieces() as unknown as Buffer, bytes: piece.length }
}

test('a body that is read while it is sent is held back by who takes it', async () => {
  let got = 0
  let ahead = 0
  const from = endless(2_048)
  const pool = await house((socket, text) => {
    got += text.length
    ahead = Math.max(ahead, from.state.taken * from.bytes - got)
    if (text.endsWith('\r\n0\r\n\r\n')) socket.write(OK)
  })
  expect(await ask(pool, { body: from.body })).toBe('ok')
  expect(got).toBeGreaterThan(2_048 * from.bytes)
  // What is ahead lies in the kernel's buffers of one connection; all of it would be 128 MiB.
  expect(ahead).toBeLessThan(32 * 2 ** 20)
  expect(pool.counts).toMatchObject({ open: 1, busy: 0 })
})

test('a refusal ends a body that has not ended, and the connection with it', async () => {
  const from = endless()
  let answered = false
  const pool = await house((socket) => {
    if (!answered) socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno')
    answered = true
  })
  expect(await ask(pool, { body: from.body })).toBe('no')
  await expect.poll(() => [from.state.released, pool.counts.open]).toEqual([true, 0])
})

test('a body that can be sent only once goes on a connection of its own, where one may be opened', async () => {
  const numbers: number[] = []
  const pool = await house((socket, text, number) => {
    numbers.push(number)
    if (/hello$|0\r\n\r\n$/.test(text)) socket.write(OK)
  })
  await ask(pool)
  await ask(pool, { body: endless(0).body })
  expect([...new Set(numbers)]).toEqual([1, 2])
})

test('a body that breaks off fails its request with the reason', async () => {
  const pool = await house(() => {})
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('a')
    throw new Error('the caller went')
  }
  await expect(ask(pool, { body: broken() as unknown as Buffer })).rejects.toThrow('the caller went')
})
