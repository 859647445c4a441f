// What a worker answers to the other workers, and to nobody else: the socket lies in a folder only this user may enter, so
// there are no keys.

import { rmSync } from 'node:fs'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AdminServices } from '../admin/services.ts'
import { readBody } from '../body.ts'
import type { SharedState } from '../control/shared-state.ts'
import type { Part } from '../metrics/metric.ts'
import { ownDeployments } from '../views/deployments.ts'
import { ownCall, ownCalls, ownShares, ownTail, ownTotals } from '../views/own.ts'

/** A registry of some thousand endpoints. */
const STATE_CAP_BYTES = 64 * 1024 * 1024
/** A tail that is not read is let go. */
const TAIL_BUFFER_BYTES = 1024 * 1024

/** Listens for the other workers. Resolves when they can ask; the socket ends with the process. */
export function listenInside(path: string, slot: number, services: AdminServices): Promise<void> {
  rmSync(path, { force: true })
  const server = createServer((request, response) => {
    answer(request, response, slot, services).catch((thrown: unknown) => {
      services.control.log.error({ err: thrown, path: request.url }, 'a worker could not answer another')
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

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  slot: number,
  services: AdminServices,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://worker')
  const { control } = services
  if (pathname === '/registry' && request.method === 'POST') {
    const body = await readBody(request, STATE_CAP_BYTES)
    await control.follow(JSON.parse(body.toString()) as SharedState)
    return void response.writeHead(204).end()
  }
  if (pathname === '/registry') return say(response, control.shared())
  if (pathname === '/totals') return say(response, ownTotals(services))
  if (pathname === '/metrics') {
    const { ownValues } = await import('../metrics/collect.ts')
    const values = ownValues({ gateway: control.gateway, admin: services })
    const part: Part = { worker: String(slot), pid: process.pid, values }
    return say(response, part)
  }
  if (pathname === '/shares') return say(response, ownShares(services))
  if (pathname === '/deployments') return say(response, ownDeployments(control.gateway.runtime))
  if (pathname === '/calls') return say(response, ownCalls(services, searchParams))
  if (pathname === '/tail') return tail(response, searchParams, services)
  const id = /^\/calls\/(.+)$/.exec(pathname)?.[1]
  const found = id === undefined ? undefined : ownCall(services, decodeURIComponent(id))
  if (found) return say(response, found)
  response.writeHead(404).end()
}

/** A line of JSON for each call as it ends. */
function tail(response: ServerResponse, query: URLSearchParams, services: AdminServices): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  response.flushHeaders()
  const stop = ownTail(services, query, (row) => {
    if (response.writableLength > TAIL_BUFFER_BYTES) response.destroy()
    else response.write(`${JSON.stringify(row)}\n`)
  })
  response.once('close', stop)
}

function say(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
