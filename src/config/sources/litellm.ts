// LiteLLM's config.yaml as it stands: `model_list`, its fallbacks, aliases and retries. One endpoint per address, key and
// provider; the same model_name twice is a declared pair of replicas.

import type { EndpointConfig } from '../../providers/endpoint.ts'
import { provider } from '../../providers/index.ts'
import type { ConfigProblem, RouteConfig } from '../config.ts'
import { type Cause, type Fallbacks, fallbacks } from '../../routing/fallback.ts'
import { makeEndpoint } from '../endpoint.ts'
import type { File } from '../schema.ts'
import { type SecretDeps, notEmpty, secretVariable } from '../secret-env.ts'
import type { ReadFile } from '../yaml-file.ts'
import { warnOfLiteral } from './trunkline.ts'

/** LiteLLM's prefixes that are not provider ids here. */
const PREFIXES: Readonly<Record<string, string>> = {
  ollama_chat: 'ollama',
  hosted_vllm: 'vllm',
  lm_studio: 'lmstudio',
  llamafile: 'llamacpp',
  litellm_proxy: 'litellm',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  nvidia_nim: 'nvidia-nim',
  dashscope: 'qwen',
  openai_like: 'openai-compatible',
  custom_openai: 'openai-compatible',
  'text-completion-openai': 'openai',
  vertex_ai: 'vertex',
  cohere_chat: 'cohere',
}

const MAX_RETRIES = 5

type Row = NonNullable<File['model_list']>[number]

interface Read {
  row: Row
  index: number
  kind: string
  upstream: string
  base: string | undefined
  /** Rows with the same address share an endpoint. */
  address: string
}

export interface FromLitellm {
  endpoints: EndpointConfig[]
  routes: RouteConfig[]
  aliases: Record<string, string>
}

export function litellmEndpoints(
  file: ReadFile,
  taken: ReadonlySet<string>,
  deps: SecretDeps,
  problems: ConfigProblem[],
): FromLitellm {
  const rows = (file.value.model_list ?? []).map(readRow)
  const ids = idsOf(rows, taken)
  const byAddress = new Map<string, EndpointConfig | undefined>()
  const routes = new Map<string, RouteConfig>()
  for (const read of rows) {
    const { row, upstream, address } = read
    if (!byAddress.has(address))
      byAddress.set(address, endpointOf(read, ids.get(address) ?? read.kind, file, deps, problems))
    const endpoint = byAddress.get(address)
    if (!endpoint) continue
    limit(endpoint, read, file, problems)
    // LiteLLM's `*` and `openai/*`: whatever name nobody else has.
    if (upstream === '*') {
      endpoint.wildcard = true
      continue
    }
    const name = row.model_name
    if (!endpoint.models.some((model) => model.name === name)) endpoint.models.push({ name, upstream })
    const target = { endpoint: endpoint.id, model: upstream, weight: 1 }
    const route = routes.get(name)
    if (route) {
      route.targets.push(target)
      route.strategy = 'round_robin'
    } else routes.set(name, { name, targets: [target], strategy: 'priority', fallback: [] })
  }
  const endpoints = [...byAddress.values()].filter((endpoint) => endpoint !== undefined)
  return { endpoints, routes: [...routes.values()], aliases: settle(file, endpoints, routes, problems) }
}

/** The provider that LiteLLM means by a model's prefix, and the upstream's own name of the model. */
export function litellmKind(model: string, base: string | undefined): { kind: string; upstream: string } {
  const slash = model.indexOf('/')
  const prefix = slash < 0 ? '' : model.slice(0, slash)
  const named = PREFIXES[prefix] ?? prefix
  const known = provider(named) !== undefined
  // A name without a prefix is OpenAI's, but for the one family LiteLLM tells by its name.
  const plain = slash < 0 && model.startsWith('claude-') ? 'anthropic' : 'openai'
  const vendor = known ? named : plain
  // An OpenAI model behind an address of its own is some OpenAI-compatible server.
  const kind = vendor === 'openai' && base !== undefined ? 'openai-compatible' : vendor
  return { kind, upstream: known ? model.slice(slash + 1) : model }
}

function readRow(row: Row, index: number): Read {
  const { model, api_base: apiBase, api_key: key, api_version: version } = row.litellm_params
  const base = notEmpty(apiBase ?? undefined)
  const { kind, upstream } = litellmKind(model, base)
  const versioned = kind === 'azure' && version && base ? `${base}?api-version=${version}` : base
  return {
    row,
    index,
    kind,
    upstream,
    base: versioned,
    address: JSON.stringify([kind, versioned ?? '', key ?? '']),
  }
}

/** Stable names: the provider's where it has one address, the host added where there are more. */
function idsOf(rows: readonly Read[], taken: ReadonlySet<string>): Map<string, string> {
  const ids = new Map<string, string>()
  const used = new Set(taken)
  for (const { address, kind, base } of rows) {
    if (ids.has(address)) continue
    const several = new Set(rows.filter((row) => row.kind === kind).map((row) => row.address)).size > 1
    const host = (base ?? '').replace(/^https?:\/\//i, '').replace(/[/?].*$/, '')
    const longer = `${kind}-${host.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.replace(/-+$/, '').slice(0, 60)
    let id = several ? longer : kind
    if (used.has(id)) id = longer
    for (let count = 2; used.has(id); count++) id = `${longer}-${count}`
    used.add(id)
    ids.set(address, id)
  }
  return ids
}

function endpointOf(
  { row, index, kind, base }: Read,
  id: string,
  file: ReadFile,
  deps: SecretDeps,
  problems: ConfigProblem[],
): EndpointConfig | undefined {
  const { api_key: key, timeout } = row.litellm_params
  const path = ['model_list', index, 'litellm_params']
  warnOfLiteral(key, [...path, 'api_key'], file, problems)
  try {
    // Without a key LiteLLM looks for the vendor's usual variable; never for somebody else's address.
    const usual = base === undefined ? (provider(kind)?.env.key ?? []) : []
    const credential =
      key ?? usual.map((name) => secretVariable(name, deps)).find((value) => value !== undefined)
    const endpoint = makeEndpoint({
      id,
      provider: kind,
      baseUrl: base,
      credential,
      models: [],
      source: 'config',
      ...(timeout === undefined ? {} : { firstByteMs: timeout * 1000 }),
    })
    endpoint.wildcard = false
    return endpoint
  } catch (thrown) {
    problems.push({
      severity: 'error',
      message: (thrown as Error).message,
      ...file.place([...path, 'model']),
    })
    return undefined
  }
}

/** Limits are the endpoint's here and the row's there: the first row's hold, a different one is told. */
function limit(
  endpoint: EndpointConfig,
  { row, index }: Read,
  file: ReadFile,
  problems: ConfigProblem[],
): void {
  for (const name of ['rpm', 'tpm'] as const) {
    const value = row.litellm_params[name]
    if (value === undefined) continue
    const held = endpoint.rateLimit[name]
    if (held === undefined) endpoint.rateLimit[name] = value
    else if (held !== value)
      problems.push({
        severity: 'warning',
        message: `model_list.${index}: ${name} ${value} is not used; endpoint "${endpoint.id}" already has ${name} ${held}`,
        ...file.place(['model_list', index, 'litellm_params', name]),
      })
  }
}

/** LiteLLM's three lists; the causes of the first are those of a plain list here. */
const FALLBACKS: readonly (readonly [
  'fallbacks' | 'context_window_fallbacks' | 'content_policy_fallbacks',
  readonly Cause[],
])[] = [
  ['fallbacks', Object.keys(fallbacks(['any'])) as Cause[]],
  ['context_window_fallbacks', ['context_too_long']],
  ['content_policy_fallbacks', ['content_refused']],
]

function withFallback(
  before: RouteConfig['fallback'],
  causes: readonly Cause[],
  to: readonly string[],
): Fallbacks {
  const all = { ...fallbacks(before) }
  for (const cause of causes) all[cause] = [...new Set([...(all[cause] ?? []), ...to])]
  return all
}

/** Fallbacks, retries and aliases, which both settings blocks may hold. */
function settle(
  file: ReadFile,
  endpoints: readonly EndpointConfig[],
  routes: ReadonlyMap<string, RouteConfig>,
  problems: ConfigProblem[],
): Record<string, string> {
  const aliases: Record<string, string> = {}
  for (const block of ['router_settings', 'litellm_settings'] as const) {
    const settings = file.value[block]
    for (const [key, causes] of FALLBACKS)
      for (const [from, to] of (settings?.[key] ?? []).flatMap((row) => Object.entries(row))) {
        const route = routes.get(from)
        if (route) route.fallback = withFallback(route.fallback, causes, to)
        else
          problems.push({
            severity: 'warning',
            message: `${block}.${key}: "${from}" is no model_name (known: ${[...routes.keys()].join(', ')})`,
            ...file.place([block, key]),
          })
      }
    for (const [name, to] of Object.entries(settings?.model_group_alias ?? {}))
      aliases[name] = typeof to === 'string' ? to : to.model
    const retries = settings?.num_retries
    if (retries !== undefined && retries !== null)
      for (const endpoint of endpoints) endpoint.maxRetries = Math.min(retries, MAX_RETRIES)
  }
  return aliases
}
