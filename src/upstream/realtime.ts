// Dials an upstream's realtime WebSocket. Frames pass both ways elsewhere (server/realtime.ts); here are the address, the
// headers and the limits.

import { WebSocket } from 'ws'
import { operationUrl } from '../core/url-rules.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { endpointHeaders } from './headers.ts'

/** One frame: audio comes in small ones. */
export const MOST_FRAME_BYTES = 16 * 1024 * 1024

/** Undefined: the provider has no realtime operation. */
export function dialRealtime(
  endpoint: EndpointConfig,
  model: string,
  query: URLSearchParams,
  protocols: readonly string[],
): WebSocket | undefined {
  const path = endpoint.provider.paths.realtime
  if (path === undefined) return undefined
  const url = new URL(operationUrl(endpoint.baseUrl, path, { model, providerId: endpoint.provider.id }))
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:'
  for (const [name, value] of query) url.searchParams.set(name, value)
  url.searchParams.set('model', model)
  return new WebSocket(url, [...protocols], {
    headers: endpointHeaders(endpoint),
    handshakeTimeout: endpoint.timeouts.connectMs,
    maxPayload: MOST_FRAME_BYTES,
    // Redirects would carry the credential elsewhere.
    followRedirects: false,
    rejectUnauthorized: !endpoint.tls.insecure,
    perMessageDeflate: false,
  })
}
