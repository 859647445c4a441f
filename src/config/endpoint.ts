// Builds one endpoint from what any source says about it, with the defaults that hold everywhere.

import { GatewayError } from '../core/error.ts'
import { Secret } from '../core/secret.ts'
import { cleanBaseUrl } from '../core/url-rules.ts'
import type { CloudAccess, EndpointConfig, EndpointModel, RateLimit, Source } from '../providers/endpoint.ts'
import { provider, providers, retiredProviders } from '../providers/index.ts'
import type { ProviderRecord } from '../providers/provider.ts'
import { nearest } from './nearest.ts'
import { notEmpty } from './secret-env.ts'

export interface EndpointDraft {
  id: string
  provider: string
  /** A record the operator declared, in place of the one of that name. */
  record?: ProviderRecord
  baseUrl?: string | undefined
  credential?: string | undefined
  access?: CloudAccess | undefined
  models: EndpointModel[]
  source: Source
  probe?: EndpointConfig['probe'] | undefined
  rateLimit?: RateLimit
  firstByteMs?: number | undefined
}

export const DEFAULT_TIMEOUTS = {
  connectMs: 5_000,
  firstByteMs: 600_000,
  idleMs: 300_000,
  totalMs: 0,
} as const

/** What is wrong with a draft, and which of its keys says so; the caller knows the place. */
export class DraftError extends Error {
  readonly key: 'provider' | 'base_url' | 'dialects' | undefined
  constructor(message: string, key?: DraftError['key']) {
    super(message)
    this.name = 'DraftError'
    this.key = key
  }
}

/** @throws DraftError with a message that names the thing and the remedy. */
export function makeEndpoint(draft: EndpointDraft): EndpointConfig {
  if (!/^[a-z0-9._-]{1,64}$/.test(draft.id))
    throw new DraftError(`endpoint id "${draft.id}" must be 1 to 64 of a-z, 0-9, ".", "_" and "-"`)
  const record = draft.record ?? provider(draft.provider)
  if (!record) throw new DraftError(`endpoint "${draft.id}": ${unknownProvider(draft.provider)}`, 'provider')
  const base = withRegion(notEmpty(draft.baseUrl) ?? record.base, draft)
  if (base === undefined)
    throw new DraftError(
      `endpoint "${draft.id}" needs a base_url: ${record.title} has no default one`,
      'base_url',
    )
  let baseUrl: string
  try {
    baseUrl = withVendorPath(cleanBaseUrl(base, record.id), record)
  } catch (thrown) {
    throw new DraftError(
      `endpoint "${draft.id}": ${thrown instanceof GatewayError ? thrown.message : String(thrown)}`,
      'base_url',
    )
  }
  const credential = draft.credential?.trim()
  return {
    id: draft.id,
    provider: record,
    baseUrl,
    ...(credential === undefined || credential === '' ? {} : { credential: new Secret(credential) }),
    ...(draft.access === undefined ? {} : { access: draft.access }),
    models: draft.models,
    wildcard: draft.models.length === 0,
    source: draft.source,
    // Nobody is asked anything unbidden, except for names that only the endpoint itself knows.
    probe: draft.probe ?? (draft.models.length === 0 ? 'report' : 'off'),
    probeRequireModels: true,
    timeouts: {
      ...DEFAULT_TIMEOUTS,
      ...(draft.firstByteMs === undefined ? {} : { firstByteMs: draft.firstByteMs }),
    },
    rateLimit: draft.rateLimit ?? {},
    maxRetries: 0,
    headers: {},
    priority: 0,
    tls: { insecure: false },
  }
}

/** Clouds have one host a region. */
function withRegion(base: string | undefined, draft: EndpointDraft): string | undefined {
  if (base?.includes('{region}') !== true) return base
  const region = draft.access?.type === 'aws' ? draft.access.region : undefined
  if (region === undefined)
    throw new DraftError(`endpoint "${draft.id}" needs a region (or AWS_REGION in the environment)`)
  if (!/^[a-z0-9-]+$/.test(region))
    throw new DraftError(`endpoint "${draft.id}": region "${region}" is not the name of one`)
  return base.replace('{region}', region)
}

/** A vendor's bare host answers nothing; its API root is known, and document 004 writes MiniMax that way. */
export function withVendorPath(baseUrl: string, record?: ProviderRecord): string {
  const url = new URL(baseUrl)
  if (url.pathname !== '/') return baseUrl
  // One origin may have several roots (Google's own API and its compatible one): the provider's own comes first.
  const vendor = [...(record ? [record] : []), ...providers].find(
    (row) => row.local !== true && row.base?.startsWith(`${url.origin}/`),
  )
  return vendor?.base ?? baseUrl
}

function unknownProvider(name: string): string {
  const retired = retiredProviders[name]
  if (retired !== undefined) return retired
  const known = providers.map((record) => record.id)
  const near = nearest(name, known)
  const hint = near === undefined ? '' : ` (did you mean "${near}"?)`
  return `unknown provider "${name}"${hint}; known: ${known.join(', ')}`
}

export function plainModels(names: readonly string[]): EndpointModel[] {
  return names.map((name) => ({ name, upstream: name }))
}
