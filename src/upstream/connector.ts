// Opens sockets to one origin: TCP or TLS, with a limit on the whole of it, and TLS sessions taken up again.

import { type LookupFunction, type Socket, connect as tcpConnect, isIP } from 'node:net'
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls'

export interface ConnectorOptions
  extends Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'> {
  /** The ms that looking the name up, connecting and the TLS handshake may take together. */
  timeout: number
  lookup?: LookupFunction
}

export class ConnectTimeout extends Error {
  readonly code = CONNECT_TIMEOUT
}

/** Code of the error that says that `timeout` was over. */
export const CONNECT_TIMEOUT = 'CONNECT_TIMEOUT'

export type Connector = (done: (error: Error | null, socket: Socket | null) => void) => void

/** @param origin scheme, host and port; https speaks HTTP/1.1 only. */
export function connector(origin: URL, { timeout, lookup, ...tls }: ConnectorOptions): Connector {
  const secure = origin.protocol === 'https:'
  const host = origin.hostname.startsWith('[') ? origin.hostname.slice(1, -1) : origin.hostname
  const port = Number(origin.port) || (secure ? 443 : 80)
  const place = { host, port, ...(lookup ? { lookup } : {}) }
  const plain = { ...place, highWaterMark: READ_BYTES }
  // A session of the last handshake makes the next one a round trip and a signature shorter.
  let session: Buffer | undefined
  const open = (): Socket => {
    if (!secure) return tcpConnect(plain)
    const socket = tlsConnect({
      ...place,
      ...tls,
      ALPNProtocols: ['http/1.1'],
      // An address is no server name.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(session ? { session } : {}),
    })
    socket.on('session', (next) => {
      session = next
    })
    return socket
  }
  return (done) => {
    const socket = open()
    const timer = setTimeout(
      () => socket.destroy(new ConnectTimeout(`no connection within ${timeout} ms`)),
      timeout,
    )
    const end = (error: Error | null): void => {
      clearTimeout(timer)
      socket.removeListener('error', end)
      socket.removeListener('close', closed)
      done(error, error ? null : socket)
    }
    const closed = (): void => end(new Error('the connection was closed while it was opened'))
    socket.on('error', end)
    socket.on('close', closed)
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      socket.setNoDelay(true)
      socket.setKeepAlive(true, KEEPALIVE_MS)
      end(null)
    })
  }
}

const READ_BYTES = 64 * 1024
const KEEPALIVE_MS = 60_000
