// Health. /healthz, readiness and liveliness are open, cheap and answered from memory; /health asks every endpoint,
// in parallel, each bounded, without spending tokens.

import { listModels } from '../../upstream/ask.ts'
import { type Context, sendJson } from '../context.ts'
import { version } from '../version.ts'

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

/** LiteLLM's shape: dashboards and scripts read it. Always 200; `?model=` narrows it. */
export async function health(context: Context): Promise<void> {
  const { runtime, deps } = context.gateway
  const wanted = context.url.searchParams.get('model')
  const endpoints = runtime.config.endpoints.filter(
    (endpoint) => wanted === null || endpoint.models.some((model) => model.name === wanted),
  )
  const healthy: Record<string, unknown>[] = []
  const unhealthy: Record<string, unknown>[] = []
  await Promise.all(
    endpoints.map(async (endpoint) => {
      const row = {
        endpoint: endpoint.id,
        api_base: endpoint.baseUrl,
        source: endpoint.source,
        models: endpoint.models.map((model) => model.name),
      }
      if (endpoint.provider.id === 'demo') return healthy.push(row)
      const listing = await listModels(endpoint, deps)
      // A host without a models list is reachable all the same: 404 and 405 are answers.
      if (listing.models || listing.status === 404 || listing.status === 405) return healthy.push(row)
      return unhealthy.push({ ...row, error: listing.error, exception_status: listing.status })
    }),
  )
  sendJson(context, 200, {
    healthy_endpoints: healthy,
    unhealthy_endpoints: unhealthy,
    healthy_count: healthy.length,
    unhealthy_count: unhealthy.length,
  })
}
