// A browser opens WebSockets for any page it shows, whatever that page's origin, and says in `origin` which one. Where no
// key is asked for, a page from elsewhere could so make calls in its reader's name.

import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../core/error.ts'

const THIS_MACHINE = /^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** @throws GatewayError 403 for a page that is neither this gateway's host's nor this machine's. Programs send no origin. */
export function refuseForeignPage({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const { origin, host } = headers
  if (origin === undefined) return
  const page = hostnameOf(origin)
  if (page !== undefined && (THIS_MACHINE.test(page) || page === hostnameOf(`http://${host ?? ''}`))) return
  throw new GatewayError(
    'invalid_request',
    `a page of ${origin} may not open a WebSocket here; let its own server do so`,
    { status: 403, code: 'origin_not_allowed' },
  )
}

function hostnameOf(url: string): string | undefined {
  try {
    return new URL(url).hostname
  } catch {
    return undefined
  }
}
