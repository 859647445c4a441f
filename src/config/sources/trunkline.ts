// The `endpoints:` block of trunkline.yaml.

import { Secret } from '../../core/secret.ts'
import type { CloudAccess, EndpointConfig, EndpointModel, Source } from '../../providers/endpoint.ts'
import type { Abilities } from '../../core/abilities.ts'
import { type AccessDeps, cloudAccess, googleBase } from '../cloud-access.ts'
import type { ConfigProblem } from '../config.ts'
import type { DialectId } from '../../core/origin.ts'
import { provider } from '../../providers/index.ts'
import { RESPONSES } from '../../providers/openai-like.ts'
import type { ProviderRecord, Spoken } from '../../providers/provider.ts'
import { DraftError, makeEndpoint } from '../endpoint.ts'
import { hostRecord } from '../hosts.ts'
import type { EndpointEntry } from '../schema.ts'
import { limitsOf } from './limits.ts'
import { type SecretDeps, isPlaceholder, secretVariable } from '../secret-env.ts'
import type { Path, ReadFile } from '../yaml-file.ts'

export function endpointsOf(file: ReadFile, deps: SecretDeps, problems: ConfigProblem[]): EndpointConfig[] {
  return Object.entries(file.value.endpoints ?? {}).flatMap(([id, entry]) => {
    const path = ['endpoints', id]
    try {
      return [endpointOf(id, entry, file, deps, problems)]
    } catch (thrown) {
      const key = thrown instanceof DraftError ? thrown.key : undefined
      problems.push({
        severity: 'error',
        message: (thrown as Error).message,
        ...file.place(key === undefined ? path : [...path, key]),
      })
      return []
    }
  })
}

function endpointOf(
  id: string,
  entry: EndpointEntry,
  file: ReadFile,
  deps: SecretDeps,
  problems: ConfigProblem[],
): EndpointConfig {
  const endpoint = endpointFromEntry(id, entry, {
    source: 'config',
    credential: () => credentialOf(id, entry, file, deps, problems),
    hosts: file.value.hosts ?? {},
    reads: deps,
    warn: (message) => problems.push({ severity: 'warning', message, ...file.place(['endpoints', id]) }),
  })
  for (const [index, key] of (entry.api_keys ?? []).entries())
    warnOfLiteral(key, ['endpoints', id, 'api_keys', index], file, problems)
  if (endpoint.tls.insecure)
    problems.push({
      severity: 'warning',
      message: `endpoint "${id}": tls.insecure is on, certificates are not checked`,
      ...file.place(['endpoints', id, 'tls']),
    })
  return endpoint
}

export interface EntryContext {
  source: Source
  /** Asked for only where the entry wants one. */
  credential(): string | undefined
  /** The `hosts:` block, by name. */
  hosts?: NonNullable<ReadFile['value']['hosts']>
  /** Where variables and files that the entry names are read; absent: nowhere. */
  reads?: SecretDeps
  /** Something is missing that the endpoint can be made without. */
  warn?(message: string): void
}

/**
 * One entry as it stands under `endpoints.<id>`, whoever wrote it.
 * @throws DraftError or Error with a message that names the thing and the remedy.
 */
export function endpointFromEntry(
  id: string,
  entry: EndpointEntry,
  { source, credential, hosts = {}, reads = NO_SECRETS, warn }: EntryContext,
): EndpointConfig {
  const name = entry.provider ?? (provider(id) ? id : 'openai-compatible')
  const host = hosts[name]
  const endpoint = makeEndpoint({
    id,
    // `groq: { api_key_env: ... }` says all there is to say.
    provider: name,
    ...(host === undefined ? {} : { record: hostRecord(name, host) }),
    baseUrl: entry.base_url ?? baseOf(id, name, entry, reads),
    credential: entry.auth_type === 'none' ? undefined : credential(),
    access: accessOf(id, name, entry, {
      ...reads,
      warn: (message) => warn?.(`endpoint "${id}": ${message}`),
    }),
    models: modelsOf(entry),
    source,
    probe: entry.probe,
  })
  if (entry.auth_type === 'bearer') endpoint.provider = { ...endpoint.provider, auth: { type: 'bearer' } }
  if (entry.dialects) endpoint.provider = onlySpeaking(endpoint.provider, entry.dialects)
  if (entry.models && !Array.isArray(entry.models)) endpoint.wildcard = Object.keys(entry.models).length === 0
  const { timeouts, rate_limit: rate, tls } = entry
  endpoint.timeouts = {
    connectMs: timeouts?.connect ?? endpoint.timeouts.connectMs,
    firstByteMs: timeouts?.first_byte ?? endpoint.timeouts.firstByteMs,
    idleMs: timeouts?.idle ?? endpoint.timeouts.idleMs,
    totalMs: timeouts?.total ?? endpoint.timeouts.totalMs,
  }
  if (rate) endpoint.rateLimit = limitsOf(rate)
  endpoint.maxRetries = entry.max_retries ?? 0
  if (entry.breaker)
    endpoint.breaker = { failures: entry.breaker.failures ?? 5, openMs: entry.breaker.open_ms ?? 60_000 }
  const keys = entry.auth_type === 'none' ? [] : (entry.api_keys ?? []).filter((key) => key !== '')
  const secrets = keys.map((key) => new Secret(key))
  if (!endpoint.credential && secrets[0]) endpoint.credential = secrets.shift() as Secret
  if (secrets.length > 0) endpoint.moreCredentials = secrets
  endpoint.headers = headersOf(id, { ...entry.headers, ...entry.custom_headers })
  if (entry.organization !== undefined) endpoint.organization = entry.organization
  endpoint.priority = entry.priority ?? 0
  endpoint.probeRequireModels = entry.probe_require_models ?? true
  endpoint.tls = {
    insecure: tls?.insecure ?? false,
    ...(tls?.ca_file === undefined ? {} : { caFile: tls.ca_file }),
    ...(tls?.cert_file === undefined ? {} : { certFile: tls.cert_file }),
    ...(tls?.key_file === undefined ? {} : { keyFile: tls.key_file }),
  }
  return endpoint
}

const NO_SECRETS: SecretDeps = {
  env: {},
  readFile(path) {
    throw new Error(`"${path}" is not read here`)
  },
}

function accessOf(id: string, name: string, entry: EndpointEntry, deps: AccessDeps): CloudAccess | undefined {
  const record = provider(name)
  try {
    return record && cloudAccess(record, entry, deps)
  } catch (thrown) {
    throw new DraftError(`endpoint "${id}": ${(thrown as Error).message}`)
  }
}

/** The address that a project and a location make, on the clouds that have them. */
function baseOf(id: string, name: string, entry: EndpointEntry, deps: SecretDeps): string | undefined {
  const record = provider(name)
  try {
    return record && googleBase(record, entry, deps)
  } catch (thrown) {
    throw new DraftError(`endpoint "${id}": ${(thrown as Error).message}`)
  }
}

/** Dialects that hosts of OpenAI's kind may speak beside Chat, at the places where they all have them. */
const USUAL: readonly Spoken[] = [
  { ...RESPONSES, stateless: true },
  { dialect: 'anthropic-messages', path: '/messages' },
]

/** Of what the provider speaks only these; a host of OpenAI's kind may be said to speak more. @throws DraftError */
function onlySpeaking(record: ProviderRecord, names: readonly DialectId[]): ProviderRecord {
  const usual = record.speaks.some(({ dialect }) => dialect === 'openai-chat') ? USUAL : []
  const known = [
    ...record.speaks,
    ...usual.filter(({ dialect }) => !record.speaks.some((spoken) => spoken.dialect === dialect)),
  ]
  const speaks = known.filter(({ dialect }) => names.includes(dialect))
  if (speaks.length === 0)
    throw new DraftError(
      `${record.title} speaks none of these dialects (it speaks ${record.speaks.map((row) => row.dialect).join(', ')})`,
      'dialects',
    )
  return { ...record, speaks }
}

function credentialOf(
  id: string,
  entry: EndpointEntry,
  file: ReadFile,
  deps: SecretDeps,
  problems: ConfigProblem[],
): string | undefined {
  const path = ['endpoints', id]
  if (entry.api_key_file !== undefined) {
    try {
      return deps.readFile(entry.api_key_file)
    } catch {
      throw new Error(`endpoint "${id}": api_key_file "${entry.api_key_file}" cannot be read`)
    }
  }
  if (entry.api_key_env !== undefined) {
    const value = secretVariable(entry.api_key_env, deps)
    if (value === undefined)
      problems.push({
        severity: 'warning',
        message: `endpoint "${id}": api_key_env names ${entry.api_key_env}, which is not set; it is called without a key`,
        ...file.place([...path, 'api_key_env']),
      })
    return value
  }
  warnOfLiteral(entry.api_key, [...path, 'api_key'], file, problems)
  return entry.api_key ?? undefined
}

/** A key written out in a file ends up in a repository sooner or later. */
export function warnOfLiteral(
  key: string | null | undefined,
  path: Path,
  file: ReadFile,
  problems: ConfigProblem[],
): void {
  if (key === undefined || key === null || isPlaceholder(key) || !file.literal(path)) return
  problems.push({
    severity: 'warning',
    message: `${path.join('.')} is written out in the file; use \${VARIABLE} or \${file:path} in its place`,
    ...file.place(path),
  })
}

function modelsOf(entry: EndpointEntry): EndpointModel[] {
  const { models } = entry
  if (models === undefined || models === null) return []
  if (!Array.isArray(models)) return Object.entries(models).map(([name, upstream]) => ({ name, upstream }))
  return models.map((model) =>
    typeof model === 'string'
      ? { name: model, upstream: model }
      : {
          name: model.name,
          upstream: model.upstream ?? model.name,
          ...(model.abilities === undefined ? {} : { abilities: abilitiesOf(model.abilities) }),
          ...(model.price === undefined ? {} : { declaredPrice: priceOf(model.price) }),
        },
  )
}

function priceOf({
  input,
  output,
  cached_input: cachedInput,
}: {
  input: number
  output: number
  cached_input?: number | undefined
}): NonNullable<EndpointModel['declaredPrice']> {
  return { input, output, ...(cachedInput === undefined ? {} : { cachedInput }) }
}

function abilitiesOf({
  json_schema: jsonSchema,
  context_tokens: contextTokens,
  ...same
}: {
  json_schema?: boolean | undefined
  context_tokens?: number | undefined
  [name: string]: boolean | number | undefined
}): Abilities {
  const all = { ...same, jsonSchema, contextTokens }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function headersOf(id: string, headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      // Checked here, where the line is known, and not at the first call.
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[\r\n\0]/.test(value))
        throw new Error(`endpoint "${id}": the header "${name}" is not one HTTP allows`)
      return [name.toLowerCase(), value]
    }),
  )
}

export function secretOf(text: string | null | undefined): Secret | undefined {
  return text === undefined || text === null || text === '' ? undefined : new Secret(text)
}
