// The canonical configuration, whatever file or environment it came from: what the gateway is built from.

import type { ModelEntry } from '../catalog/entry.ts'
import type { Secret } from '../core/secret.ts'
import type { EndpointConfig, RateLimit } from '../providers/endpoint.ts'
import type { RetryPolicy } from '../routing/backoff.ts'
import type { Condition } from '../routing/condition.ts'
import type { Fallbacks } from '../routing/fallback.ts'
import type { HedgePolicy } from '../routing/hedge.ts'
import type { StrategyName } from '../routing/strategy.ts'
import type { Settings } from './settings.ts'

export { fallbackNames } from '../routing/fallback.ts'
export type { EndpointConfig } from '../providers/endpoint.ts'

export interface RouteTarget {
  endpoint: string
  /** Upstream model name. */
  model: string
  weight: number
  /** Lower tiers are tried first. Default 0. */
  tier?: number
  /** Share of calls (0 to 1) it gets on trial, and no others. */
  canary?: number
  /** Only calls for which this holds. */
  when?: Condition
}

export interface RouteConfig {
  /** Public model name. */
  name: string
  targets: RouteTarget[]
  strategy: StrategyName
  /** Names of routes to fall back to, declared only: one list for what makes a model unreachable, or one per cause. */
  fallback: string[] | Fallbacks
  /** Leaves out targets that are known to lack what the request needs. */
  byAbility?: boolean
  /** hints: what the client says of its session. prefix: also the beginning of the conversation. Default off. */
  sticky?: 'off' | 'hints' | 'prefix'
  /** A share of calls is copied to it; its answers go nowhere. */
  shadow?: { endpoint: string; model: string; share: number }
  /** Over the endpoint's own max_retries. */
  retry?: Partial<RetryPolicy>
  /** Retries per call over the long run. Default 0.2. */
  retryBudget?: number
  /** From arrival to the first good byte, over all attempts (ms). */
  deadlineMs?: number
  hedge?: HedgePolicy
  /** Silence after which a streamed call is begun and kept alive (ms). Default: 15,000 for local engines, else never. */
  keepAliveAfterMs?: number
  /** A stream slower than this over ten seconds is ended. */
  minTokensPerSecond?: number
  limits?: RateLimit
  /** Its place in the queues of its endpoints; higher first. Default 0. */
  priority?: number
  /** Made of a declared model, not written down by anybody; absent: declared. */
  implicit?: true
}

export interface ServerConfig {
  host: string
  port: number
  /** Every key that opens the data plane (the master key). Absent: no key is asked for. */
  masterKey?: Secret
  /** Opens the admin API and the console. Absent: the master key does. */
  adminKey?: Secret
  /** A public address may be bound without any key. */
  allowOpen?: boolean
  /** Of a body that is held, and of what is held of a form before its model is known. */
  maxBodyBytes: number
  /** Of a form, which goes on while it comes. */
  maxUploadBytes: number
  /** Refuse a translation that would lose something. */
  strict: boolean
  /** Limits of each caller, told apart by key. */
  callerLimits?: RateLimit
}

export interface DiscoveryConfig {
  /** false: nobody is asked, peers neither. */
  localScan: boolean
  /** `host`, `host:port` or `[v6]:port`. */
  peers: readonly string[]
  /** Seconds between scans; 0: at the start only. */
  scanIntervalS: number
}

export interface ProxyConfig {
  http?: string
  https?: string
  /** Hosts, comma separated, as in NO_PROXY. */
  none?: string
}

export interface ConfigProblem {
  severity: 'error' | 'warning'
  message: string
  file?: string
  line?: number
  column?: number
}

export interface RetryConfig {
  maxAttempts?: number
  initialBackoffMs?: number
  maxBackoffMs?: number
  backoffMultiplier?: number
}

export interface Config {
  server: ServerConfig
  endpoints: EndpointConfig[]
  routes: RouteConfig[]
  aliases: Record<string, string>
  /** What the operator says of models, by model, `provider/model` or `endpoint/model`. */
  catalog?: Record<string, ModelEntry>
  /** Used when a request names no model (OPENAI_MODEL_CHAT, else OPENAI_MODEL). */
  defaultModel?: string
  /** Endpoint id that `/healthz` reports as subsystems.openai. */
  primaryEndpoint?: string
  /** Document 004's `retry:` block, for the client library; the gateway's own retries are per endpoint. */
  retry?: RetryConfig
  discovery?: DiscoveryConfig
  /** Proxies towards upstreams, only where the operator names them. */
  proxy?: ProxyConfig
  /** Where what is edited at run time is kept. */
  dataDir?: string
  /** Seals stored credentials. */
  secretKey?: Secret
  /** Endpoints of the environment whose id the file has too: seen, told, not served. */
  shadowed?: EndpointConfig[]
  /** The gateway's own settings with the level each came from. */
  settings?: Settings
  /** The configuration file, absolute; absent: there is none. */
  file?: string
  /** Warnings met on the way. Errors are thrown as ConfigError instead. */
  problems: ConfigProblem[]
  /** Files read, secrets among them, for the watcher. */
  files: string[]
  /** Environment variables that were read on the way, so that the unused ones can be named. */
  variablesRead?: string[]
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
