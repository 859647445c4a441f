// A request and an answer without a socket: what the server's handlers need of node:http, over plain values. Both
// adapters (fetch.ts and handle) stand on it, so an embedder gets every path exactly as the listener serves it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable, Writable } from 'node:stream'

export interface InjectedRequest {
  method: string
  /** Path and query. */
  path: string
  headers: Readonly<Record<string, string>>
  body: Buffer
}

export function incoming({ method, path, headers, body }: InjectedRequest): IncomingMessage {
  const stream = Readable.from(body.length === 0 ? [] : [body], { objectMode: false })
  return Object.assign(stream, {
    method,
    url: path,
    headers: { ...headers, 'content-length': String(body.length) },
    httpVersion: '1.1',
    complete: true,
    socket: { remoteAddress: '127.0.0.1', encrypted: false },
  }) as unknown as IncomingMessage
}

export interface Head {
  status: number
  headers: Record<string, string>
}

/** Where the body goes, piece by piece; `done` is called when the next piece is welcome. */
export interface Taker {
  head(head: Head): void
  piece(bytes: Buffer, done: () => void): void
  end(): void
}

export function answer(taker: Taker): ServerResponse {
  const headers: Record<string, string> = {}
  let said = false
  const put = (name: string, value: unknown): void => {
    headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value)
  }
  const head = (): void => {
    if (said) return
    said = true
    taker.head({ status: response.statusCode, headers: { ...headers } })
  }
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      head()
      taker.piece(chunk, done)
    },
    final(done) {
      head()
      taker.end()
      done()
    },
  })
  const response = Object.assign(stream, {
    statusCode: 200,
    setHeader(name: string, value: unknown) {
      put(name, value)
      return response
    },
    getHeader: (name: string) => headers[name.toLowerCase()],
    hasHeader: (name: string) => name.toLowerCase() in headers,
    getHeaders: () => ({ ...headers }),
    removeHeader(name: string) {
      delete headers[name.toLowerCase()]
    },
    writeHead(status: number, ...rest: unknown[]) {
      response.statusCode = status
      const given = rest.find((one) => typeof one === 'object' && one !== null)
      for (const [name, value] of Object.entries(given ?? {})) put(name, value)
      return response
    },
    flushHeaders: head,
  })
  // `headersSent` means that status and headers are decided, as node's own does after writeHead.
  Object.defineProperty(response, 'headersSent', { get: () => said })
  return response as unknown as ServerResponse
}
