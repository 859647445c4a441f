// Where the faults that are no HTTP happen: ports that refuse, hang up or never speak.

import net from 'node:net'
import type { Fake } from '../../src/testing/fake-upstream.ts'
import type { Place } from './faults.ts'

const rough: net.Server[] = []

export function closePlaces(): void {
  for (const server of rough.splice(0)) server.close()
}

/** A TCP server that misbehaves before HTTP begins. */
async function roughServer(behave: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    behave(socket)
  })
  rough.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as net.AddressInfo).port
}

/** Base URL of a place; without one, of the fake. */
export async function urlOf(place: Place | undefined, sick: Fake): Promise<string> {
  const at = (port: number) => `http://127.0.0.1:${port}/v1`
  switch (place) {
    case 'refused':
      return at(9)
    case 'unresolved':
      return 'http://no-such-host.invalid/v1'
    case 'tls':
      return `https://127.0.0.1:${sick.port}/v1`
    case 'black hole':
      return at(await roughServer((socket) => socket.resume()))
    case 'resets':
      return at(await roughServer((socket) => socket.once('data', () => socket.resetAndDestroy())))
    case 'closes':
      return at(await roughServer((socket) => socket.destroy()))
    case 'half a head':
      return at(
        await roughServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-ty'))),
      )
    default:
      place satisfies undefined
      return `${sick.url}/v1`
  }
}
