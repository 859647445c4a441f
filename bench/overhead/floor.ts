// The floor: the least a Node gateway can do. node:http in, undici dispatch out, bytes passed on. No keys, no routing,
// no limits, no log, no metering.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'

const pool = new Pool(process.argv[2] as string, {
  connections: Number(process.argv[3] ?? 64),
})

const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const body = Buffer.concat(pieces)
    pool.dispatch(
      {
        method: 'POST',
        path: request.url as string,
        headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
        body,
      },
      {
        onRequestStart() {},
        onResponseStart(_controller, status, headers) {
          response.writeHead(status, { 'content-type': String(headers['content-type']) })
        },
        onResponseData(_controller, piece) {
          response.write(piece)
        },
        onResponseEnd() {
          response.end()
        },
        onResponseError() {
          response.destroy()
        },
      },
    )
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log(`port ${(server.address() as AddressInfo).port}`))
