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
  type RouteConfig,
  type ServerConfig,
} from './config.ts'
import { recordingEnv } from './recording-env.ts'
import { notEmpty, secretVariable } from './secret-env.ts'
import { namedFromEnv, openaiFromEnv } from './sources/env.ts'
import { litellmEndpoints } from './sources/litellm.ts'
import { providersEndpoints } from './sources/providers-file.ts'
import { endpointsOf, routesOf, secretOf } from './sources/trunkline.ts'
import { type ReadFile, readYaml } from './yaml-file.ts'

export { envKeyEndpoints, seenKeys } from './sources/env.ts'

export interface LoadOptions {
  cwd: string
  env: Readonly<Record<string, string | undefined>>
  /** The file named by --config. */
  file?: string
  /** Unknown keys are errors. */
  strict?: boolean
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
const DEFAULT_BODY_BYTES = 25 * 1024 * 1024

export function loadConfig(options: LoadOptions): Config {
  const { cwd } = options
  const problems: ConfigProblem[] = []
  const files: string[] = []
  const at = (path: string): string => (isAbsolute(path) ? path : join(cwd, path))
  const read = new Set<string>()
  const env = recordingEnv(withDotEnv(options, problems, files), read)
  const deps = { env, readFile: (path: string) => readFileSync(at(path), 'utf8') }

  const file = readConfigFile(options, env, at, deps, problems, files)
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
  const fromEnv = openaiFromEnv(deps, problems)
  for (const endpoint of [...(fromEnv ? [fromEnv.endpoint] : []), ...namedFromEnv(deps, problems)]) {
    if (endpoints.some((row) => row.id === endpoint.id))
      problems.push({
        severity: 'warning',
        message: `endpoint "${endpoint.id}" is declared in the config file and in the environment; the file wins`,
      })
    else endpoints.push(endpoint)
  }
  // A model named in the environment counts even where the file has the endpoint; the built-in default does not.
  if (
    fromEnv &&
    (fromEnv.modelGiven || !endpoints.some((row) => row.id === 'openai' && row.source !== 'env'))
  )
    defaultModel ??= fromEnv.defaultModel
  addImplicitRoutes(endpoints, routes)
  for (const route of routes)
    for (const name of route.fallback)
      if (!routes.some((row) => row.name === name))
        problems.push({
          severity: 'error',
          message: `route "${route.name}" falls back to "${name}", which is no route (known: ${routes.map((row) => row.name).join(', ')})`,
          ...file?.place(['routes', route.name, 'fallback']),
        })
  const server = serverOf(file, deps, problems)
  if (options.strict === true)
    for (const problem of problems) if (problem.message.startsWith('unknown key')) problem.severity = 'error'
  const errors = problems.filter((problem) => problem.severity === 'error')
  if (errors.length > 0) throw new ConfigError(errors)
  return {
    server,
    endpoints,
    routes,
    aliases,
    ...(defaultModel === undefined ? {} : { defaultModel }),
    ...(endpoints.some((endpoint) => endpoint.id === 'openai') ? { primaryEndpoint: 'openai' } : {}),
    ...retryOf(file),
    problems,
    files,
    variablesRead: [...read],
  }
}

function readConfigFile(
  options: LoadOptions,
  env: Readonly<Record<string, string | undefined>>,
  at: (path: string) => string,
  deps: Parameters<typeof readYaml>[2],
  problems: ConfigProblem[],
  files: string[],
): ReadFile | undefined {
  const named = options.file ?? notEmpty(env.TRUNKLINE_CONFIG)
  const path = named === undefined ? NAMES.map(at).find((name) => existsSync(name)) : at(named)
  if (path === undefined) return undefined
  const shown = relative(options.cwd, path).startsWith('..') ? path : relative(options.cwd, path)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
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

function serverOf(
  file: ReadFile | undefined,
  deps: { env: Readonly<Record<string, string | undefined>>; readFile(path: string): string },
  problems: ConfigProblem[],
): ServerConfig {
  const given = file?.value.server ?? {}
  const { env } = deps
  const port = given.port ?? Number(notEmpty(env.TRUNKLINE_PORT) ?? 4000)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    problems.push({
      severity: 'error',
      message: `TRUNKLINE_PORT must be 0 to 65535, not "${env.TRUNKLINE_PORT}"`,
    })
  let fromEnv: string | undefined
  try {
    fromEnv = secretVariable('TRUNKLINE_MASTER_KEY', deps) ?? secretVariable('LITELLM_MASTER_KEY', deps)
  } catch (thrown) {
    problems.push({ severity: 'error', message: (thrown as Error).message })
  }
  const masterKey =
    secretOf(given.master_key) ?? secretOf(file?.value.general_settings?.master_key) ?? secretOf(fromEnv)
  const host = given.host ?? notEmpty(env.TRUNKLINE_HOST) ?? '127.0.0.1'
  if (!masterKey && !/^(127\.|::1$|localhost$)/.test(host))
    problems.push({
      severity: 'warning',
      message: `the gateway listens on ${host} without a master key: whoever reaches it may use it; set TRUNKLINE_MASTER_KEY`,
    })
  return {
    host,
    port,
    ...(masterKey ? { masterKey } : {}),
    maxBodyBytes: given.max_body_bytes ?? DEFAULT_BODY_BYTES,
    strict: given.strict ?? false,
  }
}

/** Every declared model is reachable by its name; of several unrelated endpoints the one with priority has it. */
function addImplicitRoutes(endpoints: readonly EndpointConfig[], routes: RouteConfig[]): void {
  const names = new Set(routes.map((route) => route.name))
  for (const endpoint of [...endpoints].sort((a, b) => b.priority - a.priority))
    for (const model of endpoint.models) {
      if (names.has(model.name)) continue
      names.add(model.name)
      routes.push({
        name: model.name,
        targets: [{ endpoint: endpoint.id, model: model.upstream, weight: 1 }],
        strategy: 'priority',
        fallback: [],
      })
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
