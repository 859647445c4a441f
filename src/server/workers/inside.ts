// What a worker answers to the other workers, and to nobody else: the socket lies in a folder only this user may enter, so
// there are no keys. Loaded views only; nothing here changes a call.

import { rmSync } from 'node:fs'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { Control } from '../control/control.ts'
import type { SharedState } from '../control/shared-state.ts'
import { readBody } from '../body.ts'

/** A registry of some thousand endpoints. */
const STATE_CAP_BYTES = 64 * 1024 * 1024

/** Listens for the other workers. Resolves when they can ask; the socket ends with the process. */
export function listenInside(path: string, control: Control): Promise<void> {
  rmSync(path, { force: true })
  const server = createServer((request, response) => {
    answer(request, response, control).catch((thrown: unknown) => {
      control.log.error({ err: thrown, path: request.url }, 'a worker could not answer another')
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path, exclusive: true }, () => {
      server.unref()
      resolve()
    })
  })
}

async function answer(request: IncomingMessage, response: ServerResponse, control: Control): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://worker')
  if (pathname === '/registry' && request.method === 'POST') {
    const body = await readBody(request, STATE_CAP_BYTES)
    await control.follow(JSON.parse(body.toString()) as SharedState)
    return void response.writeHead(204).end()
  }
  if (pathname === '/registry') return say(response, control.shared())
  response.writeHead(404).end()
}

function say(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
