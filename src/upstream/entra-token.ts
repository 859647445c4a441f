// Microsoft Entra tokens by client credentials.

import type { Dispatcher } from 'undici'
import type { Clock } from '../core/clock.ts'
import type { EntraAccess } from '../providers/endpoint.ts'
import { oauthToken } from './oauth-token.ts'

export interface EntraOptions {
  access: EntraAccess
  endpoint: string
  clock: Pick<Clock, 'now'>
  /** For tests; a connection of its own otherwise. */
  dispatcher?: Dispatcher
}

/** @returns a function that gives a valid token; callers at the same time share one request. */
export function entraToken({ access, endpoint, clock, dispatcher }: EntraOptions): () => Promise<string> {
  return oauthToken({
    endpoint,
    from: access.authority,
    clock,
    ...(dispatcher ? { dispatcher } : {}),
    question: () => ({
      method: 'POST',
      url: `${access.authority}/${encodeURIComponent(access.tenant)}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: access.clientId,
        client_secret: access.clientSecret.reveal(),
        scope: access.scope,
      }).toString(),
    }),
  })
}
