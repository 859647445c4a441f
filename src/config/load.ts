// From files and environment to one Config: read, substitute on parsed values, validate, merge. Precedence is the same
// everywhere: parameter, config file, environment, default. Throws ConfigError with every problem found.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { parseEnv } from 'node:util'
import type { EndpointConfig } from '../providers/endpoint.ts'
import {
  type Config,
  ConfigError,
  type ConfigProblem,
  type ProxyConfig,
  type RouteConfig,
  type ServerConfig,
} from './config.ts'
import { implicitRoutes } from './implicit-routes.ts'
import { fallbackNames } from '../routing/fallback.ts'
import { catalogOf } from './catalog.ts'
import { recordingEnv } from './recording-env.ts'
import { notEmpty } from './secret-env.ts'
import { type Flags, type Settings, readSettings, settingValue } from './settings.ts'
import { namedFromEnv, openaiFromEnv } from './sources/env.ts'
import { litellmEndpoints } from './sources/litellm.ts'
import { providersEndpoints } from './sources/providers-file.ts'
import { limitsOf } from './sources/limits.ts'
import { routesOf } from './sources/routes.ts'
import { endpointsOf } from './sources/trunkline.ts'
import { type ReadFile, readYaml } from './yaml-file.ts'

export { envKeyEndpoints, seenKeys } from './sources/env.ts'

export interface LoadOptions {
  cwd: string
  env: Readonly<Record<string, string | undefined>>
  /** The file named by --config. */
  file?: string
  /** The content of a file as a value, instead of any file; the environment then fills references and adds nothing. */
  inline?: unknown
  /** Unknown keys are errors. */
  strict?: boolean
  /** What the command line said about the gateway's own settings. */
  flags?: Flags
  /** Stands in for the content of the configuration file: a trial before it is written. */
  text?: string
}

type Env = LoadOptions['env']

const NAMES = [
  'trunkline.yaml',
  'trunkline.yml',
  'trunkline.json',
  'config.yaml',
  'config.yml',
  'config/llm.yaml',
  'config/llm.yml',
  'config/llm.json',
]

export function loadConfig(options: LoadOptions): Config {
  const { cwd } = options
  const problems: ConfigProblem[] = []
  const files: string[] = []
  const at = (path: string): string => (isAbsolute(path) ? path : join(cwd, path))
  const read = new Set<string>()
  const embedded = options.inline !== undefined
  const outside = embedded ? options.env : withDotEnv(options, problems, files)
  const env = recordingEnv(outside, read)
  const deps = { env, readFile: (path: string) => readFileSync(at(path), 'utf8') }

  const shadowed: EndpointConfig[] = []
  const path = configPath(options, env, at)
  const file = embedded
    ? inlineFile(options.inline, deps, problems)
    : path === undefined
      ? undefined
      : readConfigFile(path, options, deps, problems, files)
  const endpoints: EndpointConfig[] = []
  const routes: RouteConfig[] = []
  let defaultModel: string | undefined
  let aliases: Record<string, string> = {}
  if (file) {
    endpoints.push(...endpointsOf(file, deps, problems))
    const litellm = litellmEndpoints(file, new Set(endpoints.map((endpoint) => endpoint.id)), deps, problems)
    aliases = { ...litellm.aliases, ...file.value.aliases }
    endpoints.push(...litellm.endpoints)
    const named = providersEndpoints(file, problems)
    endpoints.push(...named.endpoints)
    defaultModel = named.defaultModel
    routes.push(...routesOf(file, endpoints, problems), ...litellm.routes)
  }
  const fromEnv = embedded ? undefined : openaiFromEnv(deps, problems)
  const named = embedded ? [] : namedFromEnv(deps, problems)
  for (const endpoint of [...(fromEnv ? [fromEnv.endpoint] : []), ...named]) {
    if (endpoints.some((row) => row.id === endpoint.id)) {
      shadowed.push(endpoint)
      problems.push({
        severity: 'warning',
        message: `endpoint "${endpoint.id}" is declared in the config file and in the environment; the file wins`,
      })
    } else endpoints.push(endpoint)
  }
  // A model named in the environment counts even where the file has the endpoint; the built-in default does not.
  if (
    fromEnv &&
    (fromEnv.modelGiven || !endpoints.some((row) => row.id === 'openai' && row.source !== 'env'))
  )
    defaultModel ??= fromEnv.defaultModel
  routes.push(...implicitRoutes(endpoints, routes))
  for (const route of routes)
    for (const name of fallbackNames(route.fallback))
      if (!routes.some((row) => row.name === name))
        problems.push({
          severity: 'error',
          message: `route "${route.name}" falls back to "${name}", which is no route (known: ${routes.map((row) => row.name).join(', ')})`,
          ...file?.place(['routes', route.name, 'fallback']),
        })
  const settings = readSettings(file, options.flags ?? {}, embedded ? { ...deps, env: {} } : deps, problems)
  const server = serverOf(settings)
  const callerLimits = file?.value.server?.caller_limits
  if (callerLimits) server.callerLimits = limitsOf(callerLimits)
  if (options.strict === true)
    for (const problem of problems) if (problem.message.startsWith('unknown key')) problem.severity = 'error'
  const errors = problems.filter((problem) => problem.severity === 'error')
  if (errors.length > 0) throw new ConfigError(errors)
  const secretKey = settingValue(settings, 'server.secret_key') ?? server.masterKey
  return {
    server,
    endpoints,
    routes,
    aliases,
    ...(file?.value.catalog ? { catalog: catalogOf(file.value.catalog) } : {}),
    ...(defaultModel === undefined ? {} : { defaultModel }),
    ...(endpoints.some((endpoint) => endpoint.id === 'openai') ? { primaryEndpoint: 'openai' } : {}),
    ...retryOf(file),
    discovery: {
      localScan: settingValue(settings, 'discovery.local_scan'),
      peers: settingValue(settings, 'discovery.peers'),
      scanIntervalS: settingValue(settings, 'discovery.scan_interval_s'),
    },
    proxy: proxyOf(settings),
    dataDir: at(settingValue(settings, 'server.data_dir')),
    ...(secretKey === undefined ? {} : { secretKey }),
    shadowed,
    settings,
    ...(path === undefined ? {} : { file: path }),
    problems,
    files,
    variablesRead: [...read],
  }
}

/** The file that counts: the one named, or the first that is there. Undefined: there is none. */
function configPath(options: LoadOptions, env: Env, at: (path: string) => string): string | undefined {
  const named = options.file ?? notEmpty(env.TRUNKLINE_CONFIG)
  if (named !== undefined) return at(named)
  const found = NAMES.map(at).find((name) => existsSync(name))
  return found ?? (options.text === undefined ? undefined : at(NAMES[0] as string))
}

function inlineFile(
  value: unknown,
  deps: Parameters<typeof readYaml>[2],
  problems: ConfigProblem[],
): ReadFile {
  const file = readYaml('the configuration', JSON.stringify(value), deps)
  problems.push(...file.problems)
  return file
}

function readConfigFile(
  path: string,
  options: LoadOptions,
  deps: Parameters<typeof readYaml>[2],
  problems: ConfigProblem[],
  files: string[],
): ReadFile {
  const shown = relative(options.cwd, path).startsWith('..') ? path : relative(options.cwd, path)
  let text: string
  try {
    text = options.text ?? readFileSync(path, 'utf8')
  } catch (thrown) {
    throw new ConfigError([
      {
        severity: 'error',
        message: `the config file cannot be read: ${(thrown as Error).message}`,
        file: shown,
      },
    ])
  }
  files.push(path)
  const file = readYaml(shown, text, deps)
  problems.push(...file.problems)
  return file
}

function serverOf(settings: Settings): ServerConfig {
  const masterKey = settingValue(settings, 'server.master_key')
  const adminKey = settingValue(settings, 'server.admin_key')
  return {
    host: settingValue(settings, 'server.host'),
    port: settingValue(settings, 'server.port'),
    ...(masterKey ? { masterKey } : {}),
    ...(adminKey ? { adminKey } : {}),
    allowOpen: settingValue(settings, 'server.allow_open'),
    maxBodyBytes: settingValue(settings, 'server.max_body_bytes'),
    maxUploadBytes: settingValue(settings, 'server.max_upload_bytes'),
    strict: settingValue(settings, 'server.strict'),
  }
}

function proxyOf(settings: Settings): ProxyConfig {
  const text = (key: 'server.http_proxy' | 'server.https_proxy' | 'server.no_proxy') =>
    settingValue(settings, key)
  const [http, https, none] = [text('server.http_proxy'), text('server.https_proxy'), text('server.no_proxy')]
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    ...(none === undefined ? {} : { none }),
  }
}

function retryOf(file: ReadFile | undefined): Pick<Config, 'retry'> {
  const given = file?.value.retry
  if (!given) return {}
  const retry: NonNullable<Config['retry']> = {}
  if (given.max_attempts !== undefined) retry.maxAttempts = given.max_attempts
  if (given.initial_backoff_ms !== undefined) retry.initialBackoffMs = given.initial_backoff_ms
  if (given.max_backoff_ms !== undefined) retry.maxBackoffMs = given.max_backoff_ms
  if (given.backoff_multiplier !== undefined) retry.backoffMultiplier = given.backoff_multiplier
  return { retry }
}

/** The environment over the `.env` file beside it. */
export function withDotEnv(
  { cwd, env }: Pick<LoadOptions, 'cwd' | 'env'>,
  problems: ConfigProblem[] = [],
  files: string[] = [],
): Env {
  return merged(dotEnv(join(cwd, '.env'), problems, files), env)
}

function dotEnv(
  path: string,
  problems: ConfigProblem[],
  files: string[],
): Record<string, string | undefined> {
  if (!existsSync(path)) return {}
  files.push(path)
  if ((statSync(path).mode & 0o004) !== 0)
    problems.push({
      severity: 'warning',
      message: '.env has permissions that let every user of this machine read it; chmod 640 .env',
      file: '.env',
    })
  return parseEnv(readFileSync(path, 'utf8'))
}

/** The real environment over the file; a variable that is empty there does not hide one that the file fills. */
function merged(file: Env, real: Env): Env {
  const filled = Object.entries(real).filter(([name, value]) => value !== '' || !file[name])
  return { ...file, ...Object.fromEntries(filled) }
}
