import { type AddressInfo, type Socket, connect } from 'node:net'
import { type IncomingMessage, type Server, ServerResponse, createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { JOINED_BYTES, chunked } from './chunked.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** What comes back for these bytes, until the server closes or `until` is seen. */
async function raw(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  bytes: string,
  until: string,
): Promise<string> {
  server = createServer(handler)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const socket: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(bytes)
  let said = ''
  return new Promise((resolve) => {
    socket.on('data', (piece: Buffer) => {
      said += piece.toString('latin1')
      if (said.includes(until)) socket.destroy()
    })
    socket.on('close', () => resolve(said))
  })
}

const HEAD = { 'content-type': 'text/event-stream' }
const get = (version: string): string => `GET / HTTP/${version}\r\nhost: x\r\n\r\n`

test('text, bytes and large bytes are chunks of the right length, and the connection goes on', async () => {
  const large = Buffer.alloc(JOINED_BYTES + 1, 'a')
  const said = await raw(
    (request, response) => {
      const sink = chunked(response, 200, { ...HEAD }, false)
      if (request.url === '/') {
        sink.write('ünï')
        sink.write(Buffer.from([0xff, 0x00, 0x80]))
        sink.write(large)
      } else sink.write('last')
      sink.end()
    },
    `${get('1.1')}GET /2 HTTP/1.1\r\nhost: x\r\n\r\n`,
    'last\r\n0\r\n\r\n',
  )
  expect(said.match(/transfer-encoding: chunked/gi)).toHaveLength(2)
  expect(said).toContain(
    `\r\n\r\n5\r\n${Buffer.from('ünï').toString('latin1')}\r\n3\r\n\xff\x00\x80\r\n${(JOINED_BYTES + 1).toString(16)}\r\n${large.toString('latin1')}\r\n0\r\n\r\n`,
  )
})

test('HTTP/1.0 gets bytes until the end', async () => {
  const said = await raw(
    (_request, response) => {
      const sink = chunked(response, 200, { ...HEAD }, false)
      sink.write('a')
      sink.end()
    },
    get('1.0'),
    'never',
  )
  expect(said.endsWith('\r\n\r\na')).toBe(true)
  expect(said).not.toContain('chunked')
})

test('a response that somebody else writes through is left to them', async () => {
  const said = await raw(
    (_request, response) => {
      const write = response.write.bind(response)
      response.write = ((bytes: string) => write(bytes.toUpperCase())) as typeof response.write
      const sink = chunked(response, 200, { ...HEAD }, false)
      sink.write('shout')
      sink.end()
    },
    get('1.1'),
    '0\r\n\r\n',
  )
  expect(said).toContain('5\r\nSHOUT\r\n0\r\n\r\n')
})
