// LiteLLM's config.yaml as it stands: `model_list`, its fallbacks and its master key. One endpoint per address, key and
// provider; the same model_name twice is a declared pair of replicas.

import type { EndpointConfig } from '../../providers/endpoint.ts'
import { provider } from '../../providers/index.ts'
import type { ConfigProblem, RouteConfig } from '../config.ts'
import { makeEndpoint } from '../endpoint.ts'
import type { ReadFile } from '../yaml-file.ts'

/** LiteLLM's prefixes that are not provider ids here. */
const PREFIXES: Readonly<Record<string, string>> = {
  ollama_chat: 'ollama',
  hosted_vllm: 'vllm',
  lm_studio: 'lmstudio',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  custom_openai: 'openai-compatible',
  text_completion_openai: 'openai',
  moonshot: 'moonshot',
}

export function litellmEndpoints(
  file: ReadFile,
  taken: ReadonlySet<string>,
  problems: ConfigProblem[],
): { endpoints: EndpointConfig[]; routes: RouteConfig[] } {
  const byAddress = new Map<string, EndpointConfig>()
  const ids = new Set(taken)
  const routes = new Map<string, RouteConfig>()
  for (const [index, { model_name: name, litellm_params: params }] of (file.value.model_list ?? []).entries()) {
    const path = ['model_list', String(index)]
    const slash = params.model.indexOf('/')
    const prefix = slash < 0 ? '' : params.model.slice(0, slash)
    const known = provider(PREFIXES[prefix] ?? prefix)
    const providerId = known ? (PREFIXES[prefix] ?? prefix) : 'openai'
    const upstream = known ? params.model.slice(slash + 1) : params.model
    // An OpenAI model behind an own address is some OpenAI-compatible server.
    const kind = providerId === 'openai' && params.api_base !== undefined ? 'openai-compatible' : providerId
    const address = `${kind} ${params.api_base ?? ''} ${params.api_key ?? ''}`
    let endpoint = byAddress.get(address)
    if (!endpoint) {
      try {
        endpoint = makeEndpoint({
          id: freeId(kind, params.api_base, ids),
          provider: kind,
          baseUrl: params.api_base,
          credential: params.api_key ?? undefined,
          models: [],
          source: 'config',
          ...(params.timeout === undefined ? {} : { firstByteMs: params.timeout * 1000 }),
        })
      } catch (thrown) {
        problems.push({ severity: 'error', message: (thrown as Error).message, ...file.place(path) })
        continue
      }
      endpoint.wildcard = false
      if (params.rpm !== undefined) endpoint.rateLimit.rpm = params.rpm
      if (params.tpm !== undefined) endpoint.rateLimit.tpm = params.tpm
      ids.add(endpoint.id)
      byAddress.set(address, endpoint)
    }
    if (!endpoint.models.some((model) => model.name === name)) endpoint.models.push({ name, upstream })
    const target = { endpoint: endpoint.id, model: upstream, weight: 1 }
    const route = routes.get(name)
    if (route) {
      route.targets.push(target)
      route.strategy = 'round_robin'
    } else routes.set(name, { name, targets: [target], strategy: 'priority', fallback: [] })
  }
  const declared = [...(file.value.router_settings?.fallbacks ?? []), ...(file.value.litellm_settings?.fallbacks ?? [])]
  for (const row of declared)
    for (const [from, to] of Object.entries(row)) routes.get(from)?.fallback.push(...to)
  return { endpoints: [...byAddress.values()], routes: [...routes.values()] }
}

/** The provider's name; with its host, and then a number, when that is taken. */
function freeId(kind: string, base: string | undefined, ids: ReadonlySet<string>): string {
  const host = base === undefined ? '' : base.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  const named = `${kind}-${host.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.replace(/-+$/, '').slice(0, 60)
  for (const candidate of [kind, named]) if (!ids.has(candidate)) return candidate
  for (let index = 2; ; index++) if (!ids.has(`${named}-${index}`)) return `${named}-${index}`
}
