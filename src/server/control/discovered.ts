// What discovery found, as endpoints: named so that nothing configured is touched, left out where the address is
// configured already or asks for a key. Recomputed with every change, so that a name taken later gives way. Pure.

import { makeEndpoint, plainModels } from '../../config/endpoint.ts'
import type { EndpointConfig } from '../../providers/endpoint.ts'
import { provider } from '../../providers/index.ts'
import type { Identified } from '../../upstream/discovery/identify.ts'
import { namesFor } from '../../upstream/discovery/naming.ts'

export interface Named extends Identified {
  id: string
  /** The endpoint that has this address already. */
  knownAs?: string
}

/** Names and known addresses beside what every other source has. */
export function named(found: readonly Identified[], others: readonly EndpointConfig[]): Named[] {
  const addresses = new Map(others.map((endpoint) => [canonical(endpoint.baseUrl), endpoint.id]))
  const fresh = found.filter((row) => !addresses.has(canonical(row.baseUrl)))
  const ids = namesFor(fresh, new Set(others.map((endpoint) => endpoint.id)))
  return found.map((row) => {
    const knownAs = addresses.get(canonical(row.baseUrl))
    return knownAs === undefined
      ? { ...row, id: ids[fresh.indexOf(row)] as string }
      : { ...row, id: knownAs, knownAs }
  })
}

export function discoveredEndpoints(
  found: readonly Identified[],
  others: readonly EndpointConfig[],
): EndpointConfig[] {
  return named(found, others).flatMap((row) => {
    if (row.knownAs !== undefined || row.locked || row.models.length === 0) return []
    const endpoint = makeEndpoint({
      id: row.id,
      provider: row.record,
      baseUrl: row.baseUrl,
      models: plainModels(row.models),
      source: 'auto-discovery',
    })
    // Document 003 names two adapters; the record's quirks and title stay those of the server that was recognised.
    const id = row.kind === 'ollama' ? 'ollama' : 'openai-compatible'
    const title = provider(id) && row.kind !== id ? row.title : endpoint.provider.title
    return [{ ...endpoint, provider: { ...endpoint.provider, id, title } }]
  })
}

/** Two spellings of one address compare equal; whether `/v1` was written does not count. */
function canonical(baseUrl: string): string {
  try {
    const url = new URL(baseUrl.toLowerCase())
    const host = url.hostname === 'localhost' || url.hostname === '[::1]' ? '127.0.0.1' : url.hostname
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
    return `${host}:${port}${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`
  } catch {
    // The demo model has no address.
    return baseUrl
  }
}
