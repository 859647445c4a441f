// From the five levels to one place to call: parameter > settings > config file > environment > default. The same walk
// answers `explain`, so what is said is what is done.

import type { Config } from '../config/config.ts'
import { withVendorPath } from '../config/endpoint.ts'
import { notEmpty, secretVariable } from '../config/secret-env.ts'
import { GatewayError } from '../core/error.ts'
import { Secret } from '../core/secret.ts'
import { goesThroughProxy } from '../core/proxy-rule.ts'
import { cleanBaseUrl } from '../core/url-rules.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { Other } from './errors.ts'
import { type NamedProvider, type Registered, namedProvider } from './named.ts'
import {
  BadValue,
  type ClientOptions,
  OPTIONS,
  type OptionName,
  checkParameter,
  variablesOf,
} from './options.ts'
import { type Settings, settingOf } from './settings.ts'

export type Level = 'param' | 'settings' | 'config' | 'env' | 'default'

export interface Supplied {
  level: Level
  /** `llm.openai_endpoint.url`, `OPENAI_BASE_URL`, `config/llm.yaml` ... */
  source: string
  /** A credential shows as "[secret]". */
  value: unknown
}

export interface Explanation {
  option: OptionName
  /** undefined: no level supplies one. */
  value: unknown
  level: Level | undefined
  source: string | undefined
  /** Values of lower levels that this one hides, highest first. */
  hides: Supplied[]
}

export interface Levels {
  param: ClientOptions
  settings: Settings
  config: Config | undefined
  env: Readonly<Record<string, string | undefined>>
  readFile(path: string): string
  registered: Registered
  /** A value on a lower level that cannot be used; the next level counts instead. */
  warn(message: string): void
}

/** Where one call goes, and how. */
export interface Resolved {
  name: string
  provider: NamedProvider
  endpoint: EndpointConfig
  options: Omit<ClientOptions, 'apiKey'>
}

export function resolve(levels: Levels): Resolved {
  const provider = namedProvider(providerName(levels), levels.config, levels.registered)
  const options: Record<string, unknown> = {}
  for (const name of Object.keys(OPTIONS) as OptionName[]) {
    const first = supplied(name, provider, levels)[0]
    if (first?.value !== undefined) options[name] = first.value
  }
  const { apiKey, ...rest } = options as ClientOptions
  return { name: provider.name, provider, endpoint: endpointOf(provider, rest, apiKey), options: rest }
}

/** Which level supplies an option, and what it hides. */
export function explain(name: OptionName, levels: Levels): Explanation {
  const provider = namedProvider(providerName(levels), levels.config, levels.registered)
  const shown = supplied(name, provider, levels).map((one) =>
    name === 'apiKey' && one.value !== '' ? { ...one, value: '[secret]' } : one,
  )
  const [first, ...hides] = shown
  return { option: name, value: first?.value, level: first?.level, source: first?.source, hides }
}

/** Every value there is for an option, highest level first. */
function supplied(name: OptionName, provider: NamedProvider, levels: Levels): Supplied[] {
  const row = OPTIONS[name]
  const found: Supplied[] = []
  const add = (level: Level, source: string, raw: unknown, read: (raw: unknown) => unknown): void => {
    try {
      const value = read(raw)
      if (value !== undefined) found.push({ level, source, value })
    } catch (thrown) {
      if (!(thrown instanceof BadValue)) throw thrown
      if (level === 'param')
        throw new Other(`${source} ${thrown.message}, not ${JSON.stringify(raw)}`, {
          status: 0,
          kind: 'invalid_request',
          param: name,
          attempts: 0,
        })
      levels.warn(`${source} ${thrown.message}, not ${JSON.stringify(raw)}; the next level counts instead`)
    }
  }
  const given = levels.param[name]
  if (given !== undefined) add('param', name, given, (raw) => checkParameter(name, raw))
  const keys = row.settings.map((key) => key.replace('{provider}', provider.name.replaceAll('-', '_')))
  for (const key of keys) {
    const raw = settingOf(levels.settings, key)
    if (raw !== undefined) add('settings', key, raw, row.read)
  }
  const declared = declaredValue(name, provider, levels)
  if (declared) add(declared.level, declared.source, declared.value, (raw) => raw)
  for (const variable of [
    ...keys.flatMap(variablesOf),
    ...(row.env ?? []),
    ...vendorVariables(name, provider, levels),
  ]) {
    const raw = variableOf(variable, levels)
    if (raw !== undefined) add('env', variable, raw, row.read)
  }
  if (name === 'proxy' && found.length === 0) {
    const proxy = proxyFromEnv(supplied('baseUrl', provider, levels)[0]?.value, levels.env)
    if (proxy) add('env', proxy.source, proxy.value, row.read)
  }
  const fixed = defaultOf(name, provider)
  if (fixed !== undefined)
    found.push({ level: 'default', source: `default of ${provider.record.title}`, value: fixed })
  // An endpoint of the environment stands below the settings, and below a config file, as its level says.
  return found.toSorted((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level))
}

const ORDER: readonly Level[] = ['param', 'settings', 'config', 'env', 'default']

/** What a config file, the environment or code declares about the provider as a whole. */
function declaredValue(name: OptionName, provider: NamedProvider, levels: Levels): Supplied | undefined {
  const { registered, endpoint } = provider
  if (registered) {
    const { baseUrl, apiKey, models, headers } = registered
    const value = ({ baseUrl, apiKey, models, headers } as Partial<Record<OptionName, unknown>>)[name]
    return value === undefined
      ? undefined
      : { level: 'config', source: `registered provider "${registered.name}"`, value }
  }
  const { config } = levels
  if (name === 'model' && config?.defaultModel !== undefined) {
    const own = `${provider.name}/`
    const fromFile = config.defaultModel.startsWith(own)
    if (fromFile)
      return {
        level: 'config',
        source: config.files[0] ?? 'config',
        value: config.defaultModel.slice(own.length),
      }
  }
  const value = endpoint && OPTIONS[name].config?.(endpoint)
  if (value === undefined) return undefined
  return endpoint?.source === 'env'
    ? { level: 'env', source: `environment of endpoint "${endpoint.id}"`, value }
    : { level: 'config', source: config?.files.find((file) => !file.endsWith('.env')) ?? 'config', value }
}

function defaultOf(name: OptionName, { record }: NamedProvider): unknown {
  if (name === 'baseUrl') return record.base
  const { fallback } = OPTIONS[name]
  return typeof fallback === 'string' ? undefined : fallback
}

/**
 * Variables that belong to the vendor: its key and its address. Empty is unset; `X_FILE` names a file. The key goes only
 * to an address that is the vendor's or the environment's: a host named elsewhere is not handed OPENAI_API_KEY.
 */
function vendorVariables(name: OptionName, provider: NamedProvider, levels: Levels): readonly string[] {
  const { record, endpoint } = provider
  if (name === 'apiKey' && endpoint?.source !== 'config') {
    const level = supplied('baseUrl', provider, levels)[0]?.level
    return level === 'env' || level === 'default' ? record.env.key : []
  }
  if (name === 'baseUrl' && record.env.base !== undefined) return [record.env.base]
  if (name === 'baseUrl' && record.id === 'openai') return ['OPENAI_BASE_URL']
  if (name === 'model' && (record.id === 'openai' || record.id === 'openai-compatible'))
    return ['OPENAI_MODEL']
  return []
}

function variableOf(variable: string, levels: Levels): string | undefined {
  try {
    return secretVariable(variable, levels)
  } catch (thrown) {
    levels.warn((thrown as Error).message)
    return undefined
  }
}

/** A bare address is a compatible endpoint; else what is declared; else OpenAI where its variables are set. */
function providerName(levels: Levels): string {
  const { param, settings, config, env } = levels
  const named = param.provider ?? settingOf(settings, 'llm.provider')
  if (typeof named === 'string') return named
  if (param.baseUrl !== undefined) return 'openai-compatible'
  const inFile = config?.endpoints.filter((row) => row.source === 'config') ?? []
  const byModel = inFile.find((row) => config?.defaultModel?.startsWith(`${row.id}/`))
  const declared = byModel ?? inFile[0]
  if (declared) return declared.id
  for (const variable of variablesOf('llm.provider')) {
    const value = notEmpty(env[variable])
    if (value !== undefined) return value
  }
  if (notEmpty(env.TRUNKLINE_URL) !== undefined) return 'trunkline'
  const inEnv = config?.endpoints[0]
  if (inEnv) return inEnv.id
  return (notEmpty(env.OPENAI_BASE_URL) ?? notEmpty(env.OPENAI_API_KEY)) ? 'openai' : 'trunkline'
}

function endpointOf(
  { name, record, endpoint, registered }: NamedProvider,
  options: Omit<ClientOptions, 'apiKey'>,
  apiKey: string | undefined,
): EndpointConfig {
  if (options.baseUrl === undefined)
    throw new Other(
      `provider "${name}" (${record.title}) has no address: give baseUrl, the setting llm.${name.replaceAll('-', '_')}.url, or base_url in config/llm.yaml`,
      { status: 0, kind: 'not_configured', attempts: 0, provider: name },
    )
  let baseUrl: string
  try {
    const written = record.id === 'trunkline' ? withV1(options.baseUrl) : options.baseUrl
    baseUrl = withVendorPath(cleanBaseUrl(written, record.id))
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown
    throw new Other(thrown.message, {
      status: 0,
      kind: 'not_configured',
      attempts: 0,
      provider: name,
      cause: thrown,
    })
  }
  const key = apiKey?.trim() ?? ''
  const requestMs = options.requestTimeoutMs ?? 1_800_000
  const models = options.models ?? []
  return {
    id: name,
    provider: record,
    baseUrl,
    ...(key === '' ? {} : { credential: new Secret(key) }),
    models: models.map((model) => {
      const known = endpoint?.models.find((row) => row.name === model)
      return known ?? { name: model, upstream: model }
    }),
    wildcard: models.length === 0,
    source: endpoint?.source ?? 'config',
    probe: 'off',
    ...(endpoint?.access ? { access: endpoint.access } : {}),
    ...(options.model === undefined ? {} : { probeModel: options.model }),
    probeRequireModels: true,
    timeouts: {
      connectMs: Math.min(5_000, options.connectTimeoutMs ?? 5_000),
      firstByteMs: requestMs,
      idleMs: requestMs,
      totalMs: 0,
    },
    rateLimit: {},
    maxRetries: 0,
    headers: { ...options.headers, ...registered?.record?.headers },
    ...(options.organization === undefined ? {} : { organization: options.organization }),
    priority: 0,
    tls: {
      insecure: options.insecureTls ?? false,
      ...(options.caFile === undefined ? {} : { caFile: options.caFile }),
    },
    ...(options.proxy === undefined || options.proxy === '' ? {} : { proxy: options.proxy }),
  }
}

/** The gateway is known by its root; its API is below `/v1`. */
function withV1(url: string): string {
  const bare = url.trim().replace(/\/+$/, '')
  return /\/v1(\/|$)/.test(bare) ? bare : `${bare}/v1`
}

/** The usual variables, for hosts that are neither private nor excepted. */
function proxyFromEnv(baseUrl: unknown, env: Levels['env']): { source: string; value: string } | undefined {
  if (typeof baseUrl !== 'string') return undefined
  let url: URL
  try {
    url = new URL(cleanBaseUrl(baseUrl))
  } catch {
    // What is wrong with the address is told where it is used.
    return undefined
  }
  if (!goesThroughProxy(url.hostname, env.NO_PROXY ?? env.no_proxy ?? '')) return undefined
  const names = url.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy']
  for (const source of [...names, 'ALL_PROXY', 'all_proxy']) {
    const value = notEmpty(env[source])
    if (value !== undefined) return { source, value }
  }
  return undefined
}
