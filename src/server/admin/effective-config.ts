// What every source together comes to, as it would stand in trunkline.yaml, secrets masked.

import { Secret } from '../../core/secret.ts'
import type { EndpointConfig } from '../../providers/endpoint.ts'
import type { Control } from '../control/control.ts'

export function effectiveConfig(control: Control): Record<string, unknown> {
  const { config } = control.gateway.runtime
  const settings: Record<string, Record<string, unknown>> = {}
  for (const [key, row] of config.settings ?? []) {
    const [block, name] = key.split('.') as [string, string]
    if (row.value === undefined) continue
    ;(settings[block] ??= {})[name] = row.value instanceof Secret ? '[secret]' : row.value
  }
  return {
    ...settings,
    endpoints: Object.fromEntries(
      config.endpoints.map((endpoint) => [endpoint.id, effectiveEndpoint(endpoint)]),
    ),
    routes: Object.fromEntries(
      config.routes.map((route) => [
        route.name,
        {
          strategy: route.strategy,
          targets: route.targets.map(({ endpoint, model, weight }) => ({
            to: `${endpoint}/${model}`,
            weight,
          })),
          fallback: route.fallback,
        },
      ]),
    ),
    aliases: config.aliases,
    default_model: config.defaultModel ?? null,
  }
}

/** One endpoint as an entry. Header values may be secrets of their own; names are enough to know. */
export function effectiveEndpoint(endpoint: EndpointConfig): Record<string, unknown> {
  const { rateLimit, timeouts, tls } = endpoint
  return {
    provider: endpoint.provider.id,
    base_url: endpoint.baseUrl,
    ...(endpoint.credential === undefined ? { auth_type: 'none' } : { api_key: '[secret]' }),
    models: endpoint.models.map((model) =>
      model.name === model.upstream ? model.name : { name: model.name, upstream: model.upstream },
    ),
    priority: endpoint.priority,
    rate_limit: { rpm: rateLimit.rpm, tpm: rateLimit.tpm, requests_per_second: rateLimit.requestsPerSecond },
    timeouts: {
      connect: timeouts.connectMs,
      first_byte: timeouts.firstByteMs,
      idle: timeouts.idleMs,
      total: timeouts.totalMs,
    },
    max_retries: endpoint.maxRetries,
    probe: endpoint.probe,
    tls: { insecure: tls.insecure, ca_file: tls.caFile, cert_file: tls.certFile, key_file: tls.keyFile },
    headers: Object.fromEntries(Object.keys(endpoint.headers).map((name) => [name, '[secret]'])),
    ...(endpoint.organization === undefined ? {} : { organization: endpoint.organization }),
  }
}
