// The `endpoints:` and `routes:` blocks of trunkline.yaml.

import { Secret } from '../../core/secret.ts'
import type { EndpointConfig, EndpointModel } from '../../providers/endpoint.ts'
import type { ConfigProblem, RouteConfig } from '../config.ts'
import { makeEndpoint } from '../endpoint.ts'
import type { EndpointEntry } from '../schema.ts'
import type { SecretDeps } from '../secret-env.ts'
import type { ReadFile } from '../yaml-file.ts'

export function endpointsOf(file: ReadFile, deps: SecretDeps, problems: ConfigProblem[]): EndpointConfig[] {
  return Object.entries(file.value.endpoints ?? {}).flatMap(([id, entry]) => {
    const path = ['endpoints', id]
    try {
      return [endpointOf(id, entry, file, deps, problems)]
    } catch (thrown) {
      const message = (thrown as Error).message
      const at = message.startsWith('unknown provider') || message.startsWith('provider "') ? [...path, 'provider'] : path
      problems.push({ severity: 'error', message, ...file.place(at) })
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
  const path = ['endpoints', id]
  const endpoint = makeEndpoint({
    id,
    provider: entry.provider ?? 'openai-compatible',
    baseUrl: entry.base_url,
    credential: entry.auth_type === 'none' ? undefined : credentialOf(id, entry, file, deps, problems),
    models: modelsOf(entry),
    source: 'config',
    probe: entry.probe,
  })
  if (entry.models && !Array.isArray(entry.models)) endpoint.wildcard = Object.keys(entry.models).length === 0
  const { timeouts, rate_limit: rate, tls } = entry
  endpoint.timeouts = {
    connectMs: timeouts?.connect ?? endpoint.timeouts.connectMs,
    firstByteMs: timeouts?.first_byte ?? endpoint.timeouts.firstByteMs,
    idleMs: timeouts?.idle ?? endpoint.timeouts.idleMs,
    totalMs: timeouts?.total ?? endpoint.timeouts.totalMs,
  }
  if (rate?.rpm !== undefined) endpoint.rateLimit.rpm = rate.rpm
  if (rate?.tpm !== undefined) endpoint.rateLimit.tpm = rate.tpm
  if (rate?.requests_per_second !== undefined) endpoint.rateLimit.requestsPerSecond = rate.requests_per_second
  endpoint.maxRetries = entry.max_retries ?? 0
  endpoint.headers = lower({ ...entry.headers, ...entry.custom_headers })
  if (entry.organization !== undefined) endpoint.organization = entry.organization
  endpoint.priority = entry.priority ?? 0
  endpoint.probeRequireModels = entry.probe_require_models ?? true
  endpoint.tls = { insecure: tls?.insecure ?? false, ...(tls?.ca_file === undefined ? {} : { caFile: tls.ca_file }) }
  if (endpoint.tls.insecure)
    problems.push({
      severity: 'warning',
      message: `endpoint "${id}": tls.insecure is on, certificates are not checked`,
      ...file.place([...path, 'tls']),
    })
  return endpoint
}

function credentialOf(
  id: string,
  entry: EndpointEntry,
  file: ReadFile,
  { env, readFile }: SecretDeps,
  problems: ConfigProblem[],
): string | undefined {
  const path = ['endpoints', id]
  if (entry.api_key_file !== undefined) {
    try {
      return readFile(entry.api_key_file)
    } catch {
      throw new Error(`endpoint "${id}": api_key_file "${entry.api_key_file}" cannot be read`)
    }
  }
  if (entry.api_key_env !== undefined) {
    const value = env[entry.api_key_env]
    if (value === undefined || value === '')
      problems.push({
        severity: 'warning',
        message: `endpoint "${id}": api_key_env names ${entry.api_key_env}, which is not set; it is called without a key`,
        ...file.place([...path, 'api_key_env']),
      })
    return value
  }
  const key = entry.api_key
  if (key !== undefined && key !== null && key !== '' && file.literal([...path, 'api_key']))
    problems.push({
      severity: 'warning',
      message: `endpoint "${id}": api_key is written out in the file; use api_key_env or \${file:...}`,
      ...file.place([...path, 'api_key']),
    })
  return key ?? undefined
}

function modelsOf(entry: EndpointEntry): EndpointModel[] {
  const { models } = entry
  if (models === undefined || models === null) return []
  if (!Array.isArray(models)) return Object.entries(models).map(([name, upstream]) => ({ name, upstream }))
  return models.map((model) =>
    typeof model === 'string'
      ? { name: model, upstream: model }
      : { name: model.name, upstream: model.upstream ?? model.name },
  )
}

function lower(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

export function routesOf(file: ReadFile, endpoints: readonly EndpointConfig[], problems: ConfigProblem[]): RouteConfig[] {
  const known = endpoints.map((endpoint) => endpoint.id)
  return Object.entries(file.value.routes ?? {}).map(([name, entry]) => ({
    name,
    strategy: entry.strategy ?? 'priority',
    fallback: entry.fallback ?? [],
    targets: entry.targets.flatMap((target, index) => {
      const to = typeof target === 'string' ? target : target.to
      const slash = to.indexOf('/')
      const endpoint = endpoints.find((row) => row.id === (slash < 0 ? to : to.slice(0, slash)))
      if (!endpoint || slash < 0) {
        const problem = endpoint
          ? `needs a model: write "${to}/<model>"`
          : `names endpoint "${slash < 0 ? to : to.slice(0, slash)}", which is not configured (known: ${known.join(', ') || 'none'})`
        problems.push({
          severity: 'error',
          message: `route "${name}": deployment ${index + 1} ${problem}`,
          ...file.place(['routes', name, 'targets', String(index)]),
        })
        return []
      }
      const model = to.slice(slash + 1)
      const upstream = endpoint.models.find((row) => row.name === model)?.upstream ?? model
      return [{ endpoint: endpoint.id, model: upstream, weight: typeof target === 'string' ? 1 : (target.weight ?? 1) }]
    }),
  }))
}

export function secretOf(text: string | null | undefined): Secret | undefined {
  return text === undefined || text === null || text === '' ? undefined : new Secret(text)
}
