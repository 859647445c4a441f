// Which endpoints need headers made for each request, and how: AWS signatures, Entra and Google tokens.

import type { Clock } from '../core/clock.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { tokenRequest } from '../providers/auth/google.ts'
import { awsKeys } from './aws-credentials.ts'
import { entraToken } from './entra-token.ts'
import type { Sign } from './headers.ts'
import { oauthToken } from './oauth-token.ts'
import type { UpstreamRequest } from './send.ts'
import { sigV4 } from './sign-aws.ts'

const known = new WeakMap<EndpointConfig, { sign: Sign | undefined }>()

/** Headers to add to one request of the endpoint; none for most. Tokens are kept as long as the endpoint. */
export async function signed(
  config: EndpointConfig,
  clock: Pick<Clock, 'now'>,
  request: UpstreamRequest,
): Promise<UpstreamRequest> {
  let found = known.get(config)
  if (!found) known.set(config, (found = { sign: signer(config, clock) }))
  return found.sign
    ? { ...request, headers: { ...request.headers, ...(await found.sign(request)) } }
    : request
}

/** The endpoint refused its token: the next request gets a new one. */
export function forgetToken(config: EndpointConfig): void {
  known.delete(config)
}

/** Undefined where the headers of every request are the same. */
export function signer(config: EndpointConfig, clock: Pick<Clock, 'now'>): Sign | undefined {
  const { access, credential } = config
  // A key of the endpoint's own goes as a plain header; it and a signature exclude each other.
  if (!access || (credential && !credential.isEmpty)) return undefined
  if (access.type === 'entra') {
    const token = entraToken({ access, endpoint: config.id, clock })
    return async () => ({ authorization: `Bearer ${await token()}` })
  }
  if (access.type === 'google') {
    const { credential, quotaProject } = access
    const token = oauthToken({
      endpoint: config.id,
      from: 'Google',
      clock,
      question: () => tokenRequest(credential, Math.floor(clock.now() / 1000)),
    })
    return async () => ({
      authorization: `Bearer ${await token()}`,
      ...(quotaProject === undefined ? {} : { 'x-goog-user-project': quotaProject }),
    })
  }
  const { auth } = config.provider
  return sigV4({
    service: auth.type === 'aws' ? auth.service : 'bedrock',
    region: access.region,
    host: new URL(config.baseUrl).host,
    keys: awsKeys(access, config.id),
    now: () => clock.now(),
  })
}
