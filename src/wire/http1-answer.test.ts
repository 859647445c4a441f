import { expect, test } from 'vitest'
import { AnswerReader } from './http1-answer.ts'

interface Read {
  status?: number
  headers?: Record<string, string | string[]>
  body: string
  ended: boolean
  keepAlive: boolean
  whole: boolean
  pieces: number
}

function read(chunks: readonly Buffer[], withoutBody = false): Read {
  const seen: Read = { body: '', ended: false, keepAlive: false, whole: false, pieces: 0 }
  const reader = new AnswerReader({
    head(status, headers) {
      Object.assign(seen, { status, headers })
    },
    data(piece) {
      seen.body += piece.toString('latin1')
      seen.pieces++
    },
    end() {
      seen.ended = true
    },
  })
  reader.begin(withoutBody)
  for (const chunk of chunks) reader.push(Buffer.from(chunk))
  seen.keepAlive = reader.keepAlive
  const { ended } = seen
  seen.whole = reader.closed()
  return { ...seen, ended }
}

const CHUNKED =
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n' +
  '5\r\nhello\r\nB; name=value\r\n, \r\n world!\r\n0\r\nX-Sum: 1\r\n\r\n'

test('a chunked answer reads the same whole, cut at every byte, and byte by byte', () => {
  const bytes = Buffer.from(CHUNKED)
  const whole = read([bytes])
  expect(whole).toMatchObject({
    status: 200,
    body: 'hello, \r\n world!',
    ended: true,
    keepAlive: true,
    whole: true,
  })
  expect(whole.headers).toEqual({ 'transfer-encoding': 'chunked', 'set-cookie': ['a', 'b'] })
  expect(whole.pieces).toBe(1)
  for (let at = 1; at < bytes.length; at++)
    expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toMatchObject({ body: whole.body, ended: true })
  expect(read([...bytes].map((byte) => Buffer.from([byte])))).toMatchObject({ body: whole.body, ended: true })
})

test('an answer that is cut anywhere is never taken for a whole one', () => {
  const bytes = Buffer.from(CHUNKED)
  for (let at = 0; at < bytes.length; at++) {
    const cut = read([bytes.subarray(0, at)])
    expect(cut.whole, `cut at ${at}`).toBe(false)
    expect('hello, \r\n world!'.startsWith(cut.body)).toBe(true)
  }
})

test.each([
  ['a length', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', 'ok', true],
  ['no length', 'HTTP/1.0 200\r\n\r\nuntil the end', 'until the end', false],
  [
    'a length said twice alike',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok',
    'ok',
    true,
  ],
  ['close', 'HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 2\r\n\r\nok', 'ok', false],
  ['no content', 'HTTP/1.1 204 No Content\r\n\r\n', '', true],
  [
    'bytes behind the end',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n',
    'ok',
    false,
  ],
  [
    'a length beside a coding: the coding counts, the connection is not used again',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'ok',
    false,
  ],
])('%s', (_name, text, body, keepAlive) => {
  expect(read([Buffer.from(text)])).toMatchObject({ body, keepAlive, whole: true })
})

test.each([
  'SSH-2.0-OpenSSH_9.6\r\n\r\n',
  'HTTP/2 200\r\n\r\n',
  'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
  'HTTP/1.1 200 OK\r\nfolded: a\r\n b\r\n\r\n',
  'HTTP/1.1 200 OK\r\nna me: a\r\n\r\n',
  'HTTP/1.1 200 OK\r\nname: a\rb\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok',
  'HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\nok\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffff\r\n',
  `HTTP/1.1 200 OK\r\nbig: ${'x'.repeat(70_000)}`,
  'HTTP/1.1 101 Switching Protocols\r\n\r\n',
])('what is no answer, or could be read in two ways, is refused: %j', (text) => {
  expect(() => read([Buffer.from(text)])).toThrow(/its|it /)
})
