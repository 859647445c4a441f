// What every request to an endpoint carries besides its body's own headers: the record's, the operator's, the credential.

import type { EndpointConfig } from '../providers/endpoint.ts'
import type { AuthScheme } from '../providers/provider.ts'
import type { UpstreamRequest } from './send.ts'

/** Gives the headers to add to one request; it may wait for a token, bounded by its own timeout. */
export type Sign = (request: UpstreamRequest) => Promise<Record<string, string>>

/** Headers of every request to the endpoint, credential included; never logged. */
export function endpointHeaders(config: EndpointConfig): Record<string, string> {
  const headers: Record<string, string> = { ...config.provider.headers, ...config.headers }
  if (config.organization !== undefined) headers['openai-organization'] = config.organization
  return Object.assign(headers, authHeaders(config))
}

/**
 * The credential's header, or none at all for an endpoint without a credential.
 * @param scheme how one of the provider's dialects wants it; the provider's own by default.
 */
export function authHeaders(
  { credential, provider }: EndpointConfig,
  scheme: AuthScheme = provider.auth,
): Record<string, string> {
  if (!credential || credential.isEmpty || scheme.type === 'none') return {}
  return scheme.type === 'bearer' || scheme.type === 'aws'
    ? { authorization: `Bearer ${credential.reveal()}` }
    : { [scheme.name.toLowerCase()]: credential.reveal() }
}
