// What every API file gets: the request, its answer, and the gateway behind them.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Cancel } from '../core/cancel.ts'
import type { Gateway } from '../gateway/create-gateway.ts'
import type { AdminServices } from './admin/services.ts'

export interface Context {
  request: IncomingMessage
  response: ServerResponse
  readonly url: URL
  /** `x-request-id`. */
  id: string
  gateway: Gateway
  /** Absent: this server has no admin API. */
  admin: AdminServices | undefined
  cancel: Cancel
  startedAt: number
}

export type Handler = (context: Context) => Promise<void> | void

export function sendJson(
  context: Context,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body)
  context.response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    'x-request-id': context.id,
    ...headers,
  })
  context.response.end(context.request.method === 'HEAD' ? undefined : text)
}
