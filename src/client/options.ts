// Every option of the client on one page: its names on each level and how it is read. Precedence is the same for all:
// parameter > settings > config file > environment > default. docs/reference/client.md is generated from this table.

import type { EndpointConfig } from '../providers/endpoint.ts'

/** What can be given to `createClient` and, per call, to each of its methods. */
export interface ClientOptions {
  /** A name from the config file, a registered one, or a provider record (docs/reference/providers.md). */
  provider?: string
  /** The upstream's own model name, byte for byte. There is no default: an explicit model or an error. */
  model?: string
  baseUrl?: string
  /** "" or absent: no Authorization header. */
  apiKey?: string
  temperature?: number
  maxTokens?: number
  /** true: `chat` asks for a stream and collects it; false: `stream` asks for a whole answer and replays it. */
  streaming?: boolean
  /** 0 to 5; tries are one more. Absent: the retry rules of document 004. */
  maxRetries?: number
  /** Whole call, retries included; 0 is no limit. */
  timeoutMs?: number
  /** One network operation: the first byte, and each silence after it. */
  requestTimeoutMs?: number
  /** TCP and TLS; at most 5,000. */
  connectTimeoutMs?: number
  organization?: string
  /** Headers added to every request. */
  headers?: Readonly<Record<string, string>>
  /** Paces: one request every 1/n seconds. */
  requestsPerSecond?: number
  /** Waits until the minute has room. */
  requestsPerMinute?: number
  tokensPerMinute?: number
  /** PEM file of the authority that signed the endpoint's certificate. */
  caFile?: string
  /** Development only: accept any certificate. */
  insecureTls?: boolean
  /** Address of an HTTP proxy; "" is none, whatever the environment says. */
  proxy?: string
  /** Declared model names: listed, marked as not live, when the endpoint's own list fails. */
  models?: readonly string[]
  embeddingModel?: string
}

export type OptionName = keyof ClientOptions

/** Thrown by a reader: what the value should have been. */
export class BadValue extends Error {}

interface OptionRow {
  meaning: string
  /** Settings keys, first match wins; `{provider}` is the provider's name in lower case. */
  settings: readonly string[]
  /** Variables besides those made of the settings keys (`TRUNKLINE_` and `LDR_` + the key, dots as `_`). */
  env?: readonly string[]
  /** What the table of defaults says, for docs; the value itself where there is a fixed one. */
  fallback?: string | number | boolean
  /** From settings and environment, where everything may be text. Settings and variables are in seconds. */
  read(raw: unknown): unknown
  /** What a configured endpoint says about it. */
  config?(endpoint: EndpointConfig): unknown
}

const text = (raw: unknown): string => {
  if (typeof raw !== 'string') throw new BadValue('must be a text')
  return raw
}

const number =
  (least: number, most = Number.POSITIVE_INFINITY, factor = 1) =>
  (raw: unknown): number => {
    const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw
    if (typeof value !== 'number' || Number.isNaN(value) || value < least || value > most)
      throw new BadValue(
        `must be a number ${most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`}`,
      )
    return value * factor
  }

const whole = (least: number) => (raw: unknown) => {
  const value = number(least)(raw)
  if (!Number.isInteger(value)) throw new BadValue('must be a whole number')
  return value
}

const flag = (raw: unknown): boolean => {
  if (typeof raw === 'boolean') return raw
  const word = typeof raw === 'string' ? raw.trim().toLowerCase() : ''
  if (['true', '1', 'yes', 'on'].includes(word)) return true
  if (['false', '0', 'no', 'off'].includes(word)) return false
  throw new BadValue('must be true or false')
}

const list = (raw: unknown): string[] => {
  const rows: unknown = typeof raw === 'string' ? raw.split(',').map((name) => name.trim()) : raw
  if (!Array.isArray(rows) || rows.some((row) => typeof row !== 'string'))
    throw new BadValue('must be a list of names')
  return (rows as string[]).filter((name) => name !== '')
}

const map = (raw: unknown): Record<string, string> => {
  let value = raw
  if (typeof raw === 'string') {
    try {
      value = JSON.parse(raw)
    } catch {
      throw new BadValue('must be a JSON object of header names and values')
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadValue('must be an object of header names and values')
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name.toLowerCase(), String(one)]))
}

/** 0 is how document 001's settings say "unset"; a parameter of 0 is refused instead. */
const unsetAtZero = (raw: unknown): number | undefined => {
  const value = whole(0)(raw)
  return value === 0 ? undefined : value
}

const SECONDS = 1_000

export const OPTIONS: Readonly<Record<OptionName, OptionRow>> = {
  provider: { meaning: 'Which provider is asked.', settings: ['llm.provider'], read: text },
  model: {
    meaning: 'Model name, byte for byte.',
    settings: ['llm.{provider}.model', 'llm.model'],
    read: text,
    config: (endpoint) => endpoint.probeModel,
  },
  baseUrl: {
    meaning: 'Where the endpoint is.',
    settings: ['llm.{provider}.url', 'llm.{provider}.base_url'],
    read: text,
    fallback: "the provider record's",
    config: ({ baseUrl, provider }) => (baseUrl === provider.base ? undefined : baseUrl),
  },
  apiKey: {
    meaning: 'Credential; empty sends none.',
    settings: ['llm.{provider}.api_key'],
    read: text,
    config: ({ credential }) => credential?.reveal(),
  },
  temperature: { meaning: 'Sampling temperature.', settings: ['llm.temperature'], read: number(0) },
  maxTokens: { meaning: 'Longest answer in tokens.', settings: ['llm.max_tokens'], read: unsetAtZero },
  streaming: {
    meaning: 'Stream or whole answer, whichever method is called.',
    settings: ['llm.streaming'],
    read: flag,
  },
  maxRetries: {
    meaning: 'Retries after the first try.',
    settings: ['llm.max_retries'],
    read: (raw) => Math.min(5, whole(0)(raw)),
    fallback: '429: 4, 5xx: 2',
    config: ({ maxRetries }) => (maxRetries === 0 ? undefined : maxRetries),
  },
  timeoutMs: {
    meaning: 'Limit of the whole call, in seconds in settings and environment.',
    settings: ['llm.timeout'],
    read: number(0, Number.POSITIVE_INFINITY, SECONDS),
    fallback: 0,
  },
  requestTimeoutMs: {
    meaning: 'Limit of one network operation, in seconds in settings and environment.',
    settings: ['llm.request_timeout'],
    read: number(1, Number.POSITIVE_INFINITY, SECONDS),
    fallback: 1_800_000,
    config: ({ timeouts }) => (timeouts.firstByteMs === 600_000 ? undefined : timeouts.firstByteMs),
  },
  connectTimeoutMs: {
    meaning: 'Limit of TCP and TLS, in seconds in settings and environment.',
    settings: ['llm.connect_timeout'],
    read: number(0.001, 5, SECONDS),
    fallback: 5_000,
    config: ({ timeouts }) => (timeouts.connectMs === 5_000 ? undefined : timeouts.connectMs),
  },
  organization: {
    meaning: 'OpenAI-Organization header.',
    settings: ['llm.{provider}.organization', 'llm.organization'],
    env: ['OPENAI_ORG_ID'],
    read: text,
    config: ({ organization }) => organization,
  },
  headers: {
    meaning: 'Headers added to every request.',
    settings: ['llm.{provider}.custom_headers', 'llm.custom_headers'],
    read: map,
    config: ({ headers }) => (Object.keys(headers).length === 0 ? undefined : headers),
  },
  requestsPerSecond: {
    meaning: 'Pace of requests.',
    settings: ['llm.{provider}.requests_per_second', 'llm.rate_limit.requests_per_second'],
    read: number(0.001),
    config: ({ rateLimit }) => rateLimit.requestsPerSecond,
  },
  requestsPerMinute: {
    meaning: 'Requests in any minute; the client waits for room.',
    settings: ['llm.{provider}.rpm', 'llm.rate_limit.rpm'],
    read: number(1),
    config: ({ rateLimit }) => rateLimit.rpm,
  },
  tokensPerMinute: {
    meaning: 'Tokens in any minute; the client waits for room.',
    settings: ['llm.{provider}.tpm', 'llm.rate_limit.tpm'],
    read: number(1),
    config: ({ rateLimit }) => rateLimit.tpm,
  },
  caFile: {
    meaning: 'PEM file of a private certificate authority.',
    settings: ['llm.{provider}.ca_file', 'llm.ca_file'],
    read: text,
    config: ({ tls }) => tls.caFile,
  },
  insecureTls: {
    meaning: 'Accept any certificate (development only).',
    settings: ['llm.{provider}.insecure', 'llm.insecure'],
    read: flag,
    fallback: false,
    config: ({ tls }) => (tls.insecure ? true : undefined),
  },
  proxy: {
    meaning: 'HTTP proxy. HTTPS_PROXY, HTTP_PROXY and NO_PROXY count for hosts that are not private.',
    settings: ['llm.{provider}.proxy', 'llm.proxy'],
    read: text,
    config: ({ proxy }) => proxy,
  },
  models: {
    meaning: 'Declared model names.',
    settings: ['llm.{provider}.models'],
    read: list,
    config: ({ models }) => (models.length === 0 ? undefined : models.map(({ name }) => name)),
  },
  embeddingModel: {
    meaning: 'Model of `embed`.',
    settings: ['llm.{provider}.embedding_model', 'llm.embedding_model'],
    read: text,
    fallback: 'model',
    config: ({ embeddingModel }) => embeddingModel,
  },
}

/** Variables that a settings key stands for on the environment level, preferred first. */
export function variablesOf(key: string): string[] {
  const name = key.replaceAll(/[.-]/g, '_').toUpperCase()
  return [`TRUNKLINE_${name}`, `LDR_${name}`]
}

/** @throws BadValue for a parameter that cannot be. Durations are milliseconds here. */
export function checkParameter(name: OptionName, value: unknown): unknown {
  switch (name) {
    case 'timeoutMs':
      return number(0)(value)
    case 'requestTimeoutMs':
    case 'connectTimeoutMs':
      return number(1)(value)
    case 'maxTokens':
      return whole(1)(value)
    case 'apiKey':
    case 'proxy':
      return text(value)
    default:
      return OPTIONS[name].read(value)
  }
}
