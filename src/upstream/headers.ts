// What every request to an endpoint carries besides its body's own headers: the record's, the operator's, the credential.

import type { EndpointConfig } from '../providers/endpoint.ts'
import type { UpstreamRequest } from './send.ts'

/** Gives the headers to add to one request; it may wait for a token, bounded by its own timeout. */
export type Sign = (request: UpstreamRequest) => Promise<Record<string, string>>

/** Headers of every request to the endpoint, credential included; never logged. */
export function endpointHeaders(config: EndpointConfig): Record<string, string> {
  const headers: Record<string, string> = { ...config.provider.headers, ...config.headers }
  if (config.organization !== undefined) headers['openai-organization'] = config.organization
  return Object.assign(headers, authHeaders(config))
}

/** The credential's header, or none at all for an endpoint without a credential. */
export function authHeaders(config: EndpointConfig): Record<string, string> {
  const { credential, provider } = config
  if (!credential || credential.isEmpty || provider.auth.type === 'none') return {}
  return provider.auth.type === 'bearer'
    ? { authorization: `Bearer ${credential.reveal()}` }
    : { [provider.auth.name.toLowerCase()]: credential.reveal() }
}
