// From what the gateway holds to what the admin API shows. Never a credential, only whether there is one.

import type { SourcedEndpoint } from '../../config/merge-sources.ts'
import type { EndpointConfig } from '../../providers/endpoint.ts'
import type { Runtime } from '../../gateway/runtime.ts'
import type { Check } from '../control/checks.ts'
import { endpointTag } from '../control/registry.ts'
import type { EndpointRow, HealthReport } from './schemas.ts'
import type { AdminServices } from './services.ts'

type CircuitState = EndpointRow['circuit_state']
type HealthState = EndpointRow['health']

/** As the pipeline has it (gateway/attempts.ts). */
const BREAKER = { threshold: 5, openMs: 60_000 }

export interface Circuit {
  model: string
  circuit_state: CircuitState
  failure_count: number
}

/** The breakers of an endpoint's deployments. */
export function circuits(runtime: Runtime, endpointId: string): Circuit[] {
  const found: Circuit[] = []
  for (const key of runtime.vitals.keys())
    if (key.startsWith(`${endpointId}/`))
      found.push(circuitAt(runtime, endpointId, key.slice(endpointId.length + 1)))
  return found
}

/** The breaker of one deployment; closed where nobody called it yet. */
export function circuitAt(runtime: Runtime, endpointId: string, model: string): Circuit {
  const state = runtime.vitals.get(`${endpointId}/${model}`)?.breaker
  const openMs = runtime.endpoints.get(endpointId)?.config.breaker?.openMs ?? BREAKER.openMs
  const open = state?.openedAt !== undefined
  const half = open && state.openedAt !== undefined && state.openedAt + openMs <= runtime.clock.now()
  return {
    model,
    circuit_state: half ? 'half_open' : open ? 'open' : 'closed',
    failure_count: state?.failures ?? 0,
  }
}

/** The worst of them stands for the endpoint. */
export function circuitOf(runtime: Runtime, endpointId: string): Omit<Circuit, 'model'> {
  const all = circuits(runtime, endpointId)
  const worst =
    all.find((row) => row.circuit_state === 'open') ?? all.find((row) => row.circuit_state === 'half_open')
  return {
    circuit_state: worst?.circuit_state ?? 'closed',
    failure_count: Math.max(0, ...all.map((row) => row.failure_count)),
  }
}

export interface Health {
  state: HealthState
  step: string | null
  reason: string | null
  /** HTTP status of its model list. */
  modelsStatus: number | null
  latencyMs: number | null
  /** ms since the Unix epoch. */
  at: number | null
  models: string[]
}

/** The probe of its own accord or the last check on an operator's word, whichever is younger. */
export function healthOf({ control, checks }: AdminServices, row: SourcedEndpoint): Health {
  const none: Health = {
    state: 'unknown',
    step: null,
    reason: null,
    modelsStatus: null,
    latencyMs: null,
    at: null,
    models: [],
  }
  if (row.shadowedBy !== undefined) return none
  const check: Check | undefined = checks.last(row.endpoint)
  const probe = control.gateway.runtime.probes.status(row.endpoint.id)
  const { result } = probe
  if (check && (!result || check.at >= result.testedAt))
    return {
      state: check.ok ? 'ok' : 'down',
      step: check.ok ? null : 'models',
      reason: check.ok ? null : (check.detail ?? `HTTP ${check.status}`),
      modelsStatus: check.status === 0 ? null : check.status,
      latencyMs: check.latencyMs,
      at: check.at,
      models: check.models.length > 0 ? check.models : (result?.models ?? []),
    }
  return {
    state: row.enabled ? (probe.status === 'off' ? 'unknown' : probe.status) : 'unknown',
    step: result?.failedStep ?? null,
    reason: result?.reason ?? null,
    modelsStatus: result?.modelsStatus ?? null,
    latencyMs: check?.latencyMs ?? null,
    at: result?.testedAt ?? null,
    models: result?.models ?? [],
  }
}

export function endpointRow(services: AdminServices, row: SourcedEndpoint): EndpointRow {
  const { control } = services
  const { endpoint } = row
  const own = endpoint.source === 'ui' ? control.state.ui.get(endpoint.id) : undefined
  const health = healthOf(services, row)
  return {
    id: endpoint.id,
    name: hostOf(endpoint),
    url: endpoint.baseUrl,
    provider: endpoint.provider.id,
    type: endpoint.provider.title,
    source: endpoint.source,
    shadowed: row.shadowedBy !== undefined,
    shadowed_by: row.shadowedBy ?? null,
    enabled: own ? own.stored.enabled : row.enabled,
    editable: own !== undefined,
    persisted: own
      ? control.store.state === 'open' && own.credential !== 'memory'
      : endpoint.source === 'config' || endpoint.source === 'env',
    status: statusOf(row, own ? own.stored.enabled : row.enabled, health),
    health: health.state,
    health_reason: health.reason ?? endpoint.locked ?? null,
    latency: health.latencyMs === null ? '--' : `${Math.round(health.latencyMs)}ms`,
    latency_ms: health.latencyMs,
    last_checked_at: iso(health.at),
    priority: endpoint.priority,
    models: endpoint.models.map((model) => model.name),
    models_found: health.models,
    wildcard: endpoint.wildcard,
    ...circuitOf(control.gateway.runtime, endpoint.id),
    failure_threshold: BREAKER.threshold,
    has_credential: endpoint.credential !== undefined || own?.credential === 'locked',
    credential: own?.credential ?? (endpoint.credential === undefined ? 'none' : 'present'),
    rate_limit: {
      ...(endpoint.rateLimit.rpm === undefined ? {} : { rpm: endpoint.rateLimit.rpm }),
      ...(endpoint.rateLimit.tpm === undefined ? {} : { tpm: endpoint.rateLimit.tpm }),
      ...(endpoint.rateLimit.requestsPerSecond === undefined
        ? {}
        : { requests_per_second: endpoint.rateLimit.requestsPerSecond }),
    },
    etag: endpointTag(row, own),
  }
}

/** Document 003's four words. */
function statusOf(row: SourcedEndpoint, enabled: boolean, health: Health): EndpointRow['status'] {
  if (!enabled || row.shadowedBy !== undefined) return 'IGNORED'
  if (health.state === 'down') return 'FOUND'
  return row.endpoint.source === 'auto-discovery' && health.state !== 'ok' ? 'DISCOVERED' : 'Live'
}

function hostOf(endpoint: EndpointConfig): string {
  try {
    return new URL(endpoint.baseUrl).hostname
  } catch {
    // The demo model has no address.
    return endpoint.baseUrl
  }
}

export function iso(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString()
}

/** What an operator can do about it. */
export function adviceFor(health: Health, endpoint: EndpointConfig): string | null {
  if (health.state !== 'down') return null
  const reason = health.reason ?? ''
  if (health.modelsStatus === 401 || health.modelsStatus === 403)
    return endpoint.credential === undefined
      ? 'It wants a key: give it one.'
      : 'It refuses the key: give it another.'
  if (health.modelsStatus === 404)
    return 'The address answers, but not there: is "/v1" missing or one too many?'
  if (health.step === 'model_listed') return 'Correct the model name, or load the model there.'
  if (/refused/.test(reason)) {
    const local = /\/\/(127\.|localhost|\[::1\])/.test(endpoint.baseUrl)
    return local
      ? 'Nothing listens there. In a container, localhost is the container itself: use host.docker.internal.'
      : 'Nothing listens there: is the server up, and bound to an address other machines can reach (OLLAMA_HOST=0.0.0.0)?'
  }
  if (/resolve/.test(reason)) return 'The name does not resolve: check the spelling, or use the address.'
  if (/TLS/.test(reason))
    return 'Name its certificate authority in tls.ca_file, or set tls.insecure knowingly.'
  if (/timeout|longer than/i.test(reason))
    return 'It accepts but does not answer in time: is it busy, or a firewall in between?'
  return null
}

export function healthReport(services: AdminServices): HealthReport {
  const { control } = services
  const rows = control.merged.endpoints.filter((row) => row.shadowedBy === undefined && row.enabled)
  const endpoints = rows.map((row) => {
    const health = healthOf(services, row)
    return {
      id: row.endpoint.id,
      url: row.endpoint.baseUrl,
      source: row.endpoint.source,
      health: health.state,
      step: health.step,
      reason: health.reason,
      advice: adviceFor(health, row.endpoint),
      models_endpoint_status_code: health.modelsStatus,
      latency_ms: health.latencyMs,
      last_checked_at: iso(health.at),
      ...circuitOf(control.gateway.runtime, row.endpoint.id),
    }
  })
  return { status: endpoints.some((row) => row.health === 'down') ? 'degraded' : 'ok', endpoints }
}
