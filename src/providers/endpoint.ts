// One configured place to call: provider, base URL, credential, models, limits and where it was declared.

import type { Secret } from '../core/secret.ts'
import type { ProviderRecord } from './provider.ts'

export type Source = 'config' | 'env' | 'ui' | 'auto-discovery' | 'demo'

export interface Timeouts {
  /** TCP and TLS, at most 5,000 by default. */
  connectMs: number
  /** From the request's last byte to the answer's first good frame. */
  firstByteMs: number
  /** Between two reads of a stream. */
  idleMs: number
  /** Whole attempt; 0 is no limit (streams of any length are legal). */
  totalMs: number
}

export interface EndpointModel {
  /** The name callers use. */
  name: string
  /** The upstream's own name, byte for byte. */
  upstream: string
}

export interface RateLimit {
  rpm?: number
  tpm?: number
  /** Paces instead of refusing. */
  requestsPerSecond?: number
}

export interface EndpointConfig {
  /** `^[a-z0-9._-]{1,64}$` */
  id: string
  provider: ProviderRecord
  /** Normalised: scheme present, no trailing slash, no operation path. */
  baseUrl: string
  credential?: Secret
  /** Declared models. Empty and `wildcard`: any name is passed on, as a last resort. */
  models: EndpointModel[]
  wildcard: boolean
  source: Source
  /** gate: refuse until the probe passes; report: probe and tell; off. */
  probe: 'gate' | 'report' | 'off'
  /** The model the probe asks for (default: the first declared). */
  probeModel?: string
  /** false: a missing models list does not fail the probe. */
  probeRequireModels: boolean
  timeouts: Timeouts
  rateLimit: RateLimit
  /** Timed retries of the same deployment. Default 0: clients retry themselves. */
  maxRetries: number
  headers: Record<string, string>
  organization?: string
  priority: number
  /** Model that embeds where a caller of the client library names none. */
  embeddingModel?: string
  /** Why it must not be called, e.g. a credential that does not open; its probe gate stays shut. */
  locked?: string
  /** Files in PEM; certificate and key together are our own (mutual TLS). */
  tls: { insecure: boolean; caFile?: string; certFile?: string; keyFile?: string }
  /** Address of an HTTP proxy that all requests go through. */
  proxy?: string
}
