// One configured place to call: provider, base URL, credential, models, limits and where it was declared.

import type { Abilities } from '../core/abilities.ts'
import type { Secret } from '../core/secret.ts'
import type { GoogleCredential } from './auth/google.ts'
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
  /** What the operator declared of it. */
  abilities?: Abilities
  /** US dollars per million tokens, as the operator pays them. */
  declaredPrice?: { input: number; output: number; cachedInput?: number }
}

/** Limits of an endpoint, a route or each caller. rpm, tpm and concurrency admit or refuse; the rest waits. */
export interface RateLimit {
  rpm?: number
  tpm?: number
  /** Paces instead of refusing. */
  requestsPerSecond?: number
  /** Longest wait for a paced slot (ms); beyond it the call is refused. Default 10,000. */
  maxPaceMs?: number
  /** Calls at once; more wait in the queue. */
  concurrency?: number
  /** Finds the concurrency by itself between these bounds; `concurrency` is then ignored. */
  adaptive?: { min: number; max: number }
  /** Calls that may wait for `concurrency`. Default 100; 0 refuses at once. */
  maxQueue?: number
  /** Longest wait in the queue (ms). Default 30,000. */
  queueWaitMs?: number
}

/** When a deployment is left alone because it fails. */
export interface BreakerLimits {
  /** Failures in a row that open it. */
  failures: number
  /** How long it stays open before one trial call (ms). */
  openMs: number
}

/** AWS keys: written down, or found in a profile of the shared files. */
export interface AwsAccess {
  type: 'aws'
  region: string
  accessKeyId?: string
  secretAccessKey?: Secret
  sessionToken?: Secret
  /** Default: `default`. */
  profile?: string
  /** Credentials files, in the order they are looked at. */
  files: readonly string[]
}

/** Microsoft Entra client credentials. */
export interface EntraAccess {
  type: 'entra'
  tenant: string
  clientId: string
  clientSecret: Secret
  scope: string
  /** Without a trailing slash; sovereign clouds have their own. */
  authority: string
}

/** Google tokens, and the project and location whose models they open. */
export interface GoogleAccess {
  type: 'google'
  credential: GoogleCredential
  quotaProject?: string
}

/** Access that is more than one secret: signed requests, tokens that expire. A credential goes before it. */
export type CloudAccess = AwsAccess | EntraAccess | GoogleAccess

export interface EndpointConfig {
  /** `^[a-z0-9._-]{1,64}$` */
  id: string
  provider: ProviderRecord
  /** Normalised: scheme present, no trailing slash, no operation path. */
  baseUrl: string
  credential?: Secret
  /** Further credentials; all take turns, a refused one rests. */
  moreCredentials?: Secret[]
  access?: CloudAccess
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
  /** Default: five failures, 60 seconds. */
  breaker?: BreakerLimits
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
