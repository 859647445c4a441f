// Builds one endpoint from what any source says about it, with the defaults that hold everywhere.

import { GatewayError } from '../core/error.ts'
import { Secret } from '../core/secret.ts'
import { cleanBaseUrl } from '../core/url-rules.ts'
import type { EndpointConfig, EndpointModel, RateLimit, Source } from '../providers/endpoint.ts'
import { plannedProviders, provider, providers } from '../providers/index.ts'
import { nearest } from './nearest.ts'

export interface EndpointDraft {
  id: string
  provider: string
  baseUrl?: string | undefined
  credential?: string | undefined
  models: EndpointModel[]
  source: Source
  probe?: EndpointConfig['probe'] | undefined
  rateLimit?: RateLimit
  firstByteMs?: number | undefined
}

export const DEFAULT_TIMEOUTS = { connectMs: 5_000, firstByteMs: 600_000, idleMs: 300_000, totalMs: 0 } as const

/** @throws Error with a message that names the thing and the remedy; the caller adds the place. */
export function makeEndpoint(draft: EndpointDraft): EndpointConfig {
  if (!/^[a-z0-9._-]{1,64}$/.test(draft.id))
    throw new Error(`endpoint id "${draft.id}" must be 1 to 64 of a-z, 0-9, ".", "_" and "-"`)
  const record = provider(draft.provider)
  if (!record) throw new Error(unknownProvider(draft.provider))
  const base = draft.baseUrl ?? record.base
  if (base === undefined || base === '')
    throw new Error(`endpoint "${draft.id}" needs a base_url: ${record.title} has no default one`)
  let baseUrl: string
  try {
    baseUrl = cleanBaseUrl(base, record.id)
  } catch (thrown) {
    throw new Error(`endpoint "${draft.id}": ${thrown instanceof GatewayError ? thrown.message : String(thrown)}`, {
      cause: thrown,
    })
  }
  const credential = draft.credential?.trim()
  return {
    id: draft.id,
    provider: record,
    baseUrl,
    ...(credential === undefined || credential === '' ? {} : { credential: new Secret(credential) }),
    models: draft.models,
    wildcard: draft.models.length === 0,
    source: draft.source,
    probe: draft.probe ?? 'report',
    probeRequireModels: true,
    timeouts: { ...DEFAULT_TIMEOUTS, ...(draft.firstByteMs === undefined ? {} : { firstByteMs: draft.firstByteMs }) },
    rateLimit: draft.rateLimit ?? {},
    maxRetries: 0,
    headers: {},
    priority: 0,
    tls: { insecure: false },
  }
}

export function unknownProvider(name: string): string {
  if (plannedProviders.includes(name))
    return `provider "${name}" is not spoken natively yet; reach it through an OpenAI-compatible address with provider "openai-compatible"`
  const known = providers.map((record) => record.id)
  const near = nearest(name, [...known, ...plannedProviders])
  const hint = near === undefined ? '' : ` (did you mean "${near}"?)`
  return `unknown provider "${name}"${hint}; known: ${known.join(', ')}; not spoken yet: ${plannedProviders.join(', ')}`
}

export function plainModels(names: readonly string[]): EndpointModel[] {
  return names.map((name) => ({ name, upstream: name }))
}
