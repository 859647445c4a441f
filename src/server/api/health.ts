// Health. /healthz, readiness and liveliness are open, cheap and answered from memory; /health asks every endpoint,
// in parallel, each bounded, without spending tokens.

import { answers, listModels, probeChat } from '../../upstream/ask.ts'
import { type Context, sendJson } from '../context.ts'
import { version } from '../version.ts'
import { type DeploymentState, allDeployments } from '../views/deployments.ts'

export function liveliness(context: Context): void {
  sendJson(context, 200, "I'm alive!")
}

export function readiness(context: Context): void {
  sendJson(context, 200, { status: 'healthy', db: 'Not connected', cache: null, version: version() })
}

export function healthz(context: Context): void {
  const { runtime } = context.gateway
  const { primaryEndpoint } = runtime.config
  const endpoint = primaryEndpoint === undefined ? undefined : runtime.endpoints.get(primaryEndpoint)?.config
  const body: Record<string, unknown> = {
    status: 'ok',
    version: version(),
    uptime_seconds: Math.round(process.uptime()),
    subsystems: { openai: 'not_configured' },
  }
  if (endpoint) {
    const { status, result } = runtime.probes.status(endpoint.id)
    body.subsystems = { openai: status === 'off' ? 'ok' : status }
    body.status = status === 'down' ? 'degraded' : 'ok'
    body.openai_endpoint = endpoint.baseUrl
    body.openai_capabilities = {
      models_endpoint: result === undefined ? 'untested' : result.modelsOk ? 'ok' : 'failed',
      models_endpoint_status_code: result?.modelsStatus ?? null,
      chat: result?.chatOk === undefined ? 'untested' : result.chatOk ? 'ok' : 'failed',
      failed_step: result?.failedStep ?? null,
      reason: result?.reason ?? null,
    }
  }
  sendJson(context, 200, body)
}

/**
 * LiteLLM's shape: dashboards and scripts read it. Always 200. `?model=` narrows it; `?deep=true` has each endpoint
 * generate a few tokens as well, which is the only question here that costs something.
 */
export async function health(context: Context): Promise<void> {
  const { runtime, deps } = context.gateway
  const { searchParams } = context.url
  const wanted = searchParams.get('model')
  const deep = searchParams.get('deep') === 'true'
  const endpoints = runtime.config.endpoints.filter(
    (endpoint) => wanted === null || endpoint.models.some((model) => model.name === wanted),
  )
  const states = await allDeployments(runtime, context.admin?.peers)
  const healthy: Record<string, unknown>[] = []
  const unhealthy: Record<string, unknown>[] = []
  await Promise.all(
    endpoints.map(async (endpoint) => {
      const row = {
        endpoint: endpoint.id,
        api_base: endpoint.baseUrl,
        source: endpoint.source,
        models: endpoint.models.map((model) => model.name),
        deployments: passive(states, endpoint.id, runtime.clock.now()),
      }
      if (endpoint.provider.id === 'demo') return healthy.push(row)
      const listing = await listModels(endpoint, deps)
      if (!answers(listing))
        return unhealthy.push({ ...row, error: listing.error, exception_status: listing.status })
      const model =
        endpoint.models.find(({ name }) => name === wanted)?.upstream ??
        endpoint.probeModel ??
        endpoint.models[0]?.upstream ??
        listing.models?.[0]
      if (!deep || model === undefined) return healthy.push(row)
      const error = await probeChat(endpoint, model, deps)
      return error === undefined
        ? healthy.push({ ...row, chat: 'ok' })
        : unhealthy.push({ ...row, chat: 'failed', error, exception_status: null })
    }),
  )
  sendJson(context, 200, {
    healthy_endpoints: healthy,
    unhealthy_endpoints: unhealthy,
    healthy_count: healthy.length,
    unhealthy_count: unhealthy.length,
  })
}

/** What the traffic itself has shown of an endpoint's deployments. */
function passive(all: readonly DeploymentState[], id: string, now: number): Record<string, unknown>[] {
  return all.flatMap((row) =>
    row.key.startsWith(`${id}/`)
      ? [
          {
            model: row.key.slice(id.length + 1),
            circuit: row.open ? 'open' : 'closed',
            failures_in_a_row: row.failures,
            asked_to_wait_ms: Math.max(0, row.coolUntil - now),
            in_flight: row.inFlight,
            first_byte_ms: row.firstByteMs.count === 0 ? null : Math.round(row.firstByteMs.value),
            tokens_per_second: row.tokensPerSecond.count === 0 ? null : Math.round(row.tokensPerSecond.value),
            failed_share: row.failed.count === 0 ? null : Math.round(row.failed.value * 1_000) / 1_000,
            in_memory: row.inMemory,
            slots: row.slots,
          },
        ]
      : [],
  )
}
