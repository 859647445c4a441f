// What stands before the gateway and takes down every request that a client makes, upgrades included; and the way out,
// a proxy that lets nobody through and remembers who wanted to go where.

import { type IncomingMessage, type Server, createServer, request as ask } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

export interface Seen {
  method: string
  path: string
  /** 101 for a socket; 0: the client hung up first. */
  status: number
  /** The answer's beginning, where it is a failure. */
  text: string
}

export interface Door {
  url: string
  taken(): Seen[]
  close(): void
}

export async function openDoor(gateway: string): Promise<Door> {
  let seen: Seen[] = []
  const to = new URL(gateway)
  const options = (request: IncomingMessage) => ({
    host: to.hostname,
    port: to.port,
    method: request.method,
    path: request.url,
    headers: request.headers,
  })
  const server = createServer((request, response) => {
    const row: Seen = { method: request.method ?? '', path: request.url ?? '', status: 0, text: '' }
    seen.push(row)
    const inner = ask(options(request), (answer) => {
      row.status = answer.statusCode ?? 0
      response.writeHead(row.status, answer.headers)
      answer.on('data', (piece: Buffer) => {
        if (row.status >= 400 && row.text.length < 2_000) row.text += piece.toString('utf8')
      })
      answer.pipe(response)
    })
    inner.on('error', () => response.destroy())
    response.on('close', () => inner.destroy())
    request.pipe(inner)
  })
  server.on('upgrade', (request: IncomingMessage, socket, head: Buffer) => {
    const row: Seen = { method: 'UPGRADE', path: request.url ?? '', status: 0, text: '' }
    seen.push(row)
    const inner = connect(Number(to.port), to.hostname, () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`]
      for (let at = 0; at < request.rawHeaders.length; at += 2)
        lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`)
      inner.write(`${lines.join('\r\n')}\r\n\r\n`)
      inner.write(head)
      socket.pipe(inner)
    })
    inner.once('data', (first: Buffer) => {
      row.status = Number(/^HTTP\/1\.1 (\d+)/.exec(first.toString('latin1'))?.[1])
      socket.write(first)
      inner.pipe(socket)
    })
    inner.on('error', () => socket.destroy())
    socket.on('error', () => inner.destroy())
    socket.on('close', () => inner.destroy())
  })
  return {
    url: await listening(server),
    taken() {
      const taken = seen
      seen = []
      return taken
    },
    close: () => shut(server),
  }
}

export interface Wall {
  url: string
  /** Hosts that were asked for. */
  taken(): string[]
  close(): void
}

/** For `HTTPS_PROXY`: refuses everything. */
export async function buildWall(): Promise<Wall> {
  let wanted: string[] = []
  const server = createServer((request, response) => {
    wanted.push(request.url ?? '')
    response.writeHead(403).end()
  })
  server.on('connect', (request, socket) => {
    wanted.push(request.url ?? '')
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
  })
  return {
    url: await listening(server),
    taken() {
      const taken = [...new Set(wanted)]
      wanted = []
      return taken
    },
    close: () => shut(server),
  }
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function shut(server: Server): void {
  server.close()
  server.closeAllConnections()
}
