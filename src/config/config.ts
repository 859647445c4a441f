// The canonical configuration, whatever file or environment it came from: what the gateway is built from.

import type { Secret } from '../core/secret.ts'
import type { ProviderRecord } from '../providers/provider.ts'

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
  tls: { insecure: boolean; caFile?: string }
}

export interface RouteTarget {
  endpoint: string
  /** Upstream model name. */
  model: string
  weight: number
}

export interface RouteConfig {
  /** Public model name. */
  name: string
  targets: RouteTarget[]
  strategy: 'priority' | 'round_robin' | 'weighted'
  /** Names of routes to fall back to, declared only. */
  fallback: string[]
}

export interface ServerConfig {
  host: string
  port: number
  /** Every key that opens the data plane (the master key). Absent: no key is asked for. */
  masterKey?: Secret
  maxBodyBytes: number
  /** Refuse a translation that would lose something. */
  strict: boolean
}

export interface ConfigProblem {
  severity: 'error' | 'warning'
  message: string
  file?: string
  line?: number
  column?: number
}

export interface Config {
  server: ServerConfig
  endpoints: EndpointConfig[]
  routes: RouteConfig[]
  aliases: Record<string, string>
  /** Used when a request names no model (OPENAI_MODEL_CHAT, else OPENAI_MODEL). */
  defaultModel?: string
  /** Endpoint id that `/healthz` reports as subsystems.openai. */
  primaryEndpoint?: string
  /** Warnings met on the way. Errors are thrown as ConfigError instead. */
  problems: ConfigProblem[]
  /** Files read, for the watcher. */
  files: string[]
}

/** Thrown when no runtime can be built; carries every error found, each with its place. */
export class ConfigError extends Error {
  readonly problems: ConfigProblem[]
  constructor(problems: ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** `file:line:column: severity: message` */
export function formatProblem(problem: ConfigProblem): string {
  const place = [problem.file, problem.line, problem.column].filter((piece) => piece !== undefined).join(':')
  return `${place === '' ? '' : `${place}: `}${problem.severity}: ${problem.message}`
}
