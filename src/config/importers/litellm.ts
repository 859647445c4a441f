// LiteLLM's config.yaml. Rows with one address and key become one endpoint; rows with one name become one route.

import { type Imported, asCount, asText, idOf, isRecord, reference } from './imported.ts'
import { litellmKind } from '../sources/litellm.ts'
import { secretOf } from './secret-of.ts'
import type { Path, SourceTree } from './source-tree.ts'

/** LiteLLM's router strategies and what comes nearest. */
const STRATEGIES: Readonly<
  Record<string, { strategy: 'weighted' | 'least_busy' | 'fastest' | 'cheapest' | 'headroom'; why?: string }>
> = {
  'simple-shuffle': { strategy: 'weighted' },
  'least-busy': { strategy: 'least_busy' },
  'latency-based-routing': { strategy: 'fastest' },
  'cost-based-routing': { strategy: 'cheapest' },
  'usage-based-routing': {
    strategy: 'headroom',
    why: 'by the limits declared and the headers upstreams send',
  },
  'usage-based-routing-v2': {
    strategy: 'headroom',
    why: 'by the limits declared and the headers upstreams send',
  },
}

export function importLitellm(tree: SourceTree): Imported {
  const made: Imported = {
    kind: 'litellm',
    file: { endpoints: {}, routes: {}, aliases: {} },
    verdicts: [],
    secrets: [],
  }
  const { file } = made
  const root = isRecord(tree.value) ? tree.value : {}
  const rows = Array.isArray(root.model_list) ? root.model_list : []
  const byAddress = new Map<string, string>()
  const targets = new Map<string, { to: string; weight?: number }[]>()
  rows.forEach((row: unknown, index) => {
    const params = isRecord(row) && isRecord(row.litellm_params) ? row.litellm_params : {}
    const name = isRecord(row) ? asText(row.model_name) : undefined
    const model = asText(params.model)
    const path: Path = ['model_list', index]
    if (!isRecord(row) || name === undefined || model === undefined) return
    const base = asText(params.api_base)
    const { kind, upstream } = litellmKind(model, base)
    const address = JSON.stringify([kind, base, params.api_key, params.api_version])
    const before = byAddress.get(address)
    const id = before ?? freeId(idOf(base === undefined ? kind : `${kind}-${hostOf(base)}`), file.endpoints)
    byAddress.set(address, id)
    const endpoint = (file.endpoints[id] ??= { provider: kind })
    const at = (key: string): Path => [...path, 'litellm_params', key]
    if (base !== undefined) {
      const version = asText(params.api_version)
      endpoint.base_url = (reference(base) ?? base) + (version === undefined ? '' : `?api-version=${version}`)
      tree.claim(at('api_base'), 'exact', { to: `endpoints.${id}.base_url` })
      tree.claim(at('api_version'), 'exact', { to: `endpoints.${id}.base_url` })
    }
    if (params.api_key !== undefined) {
      const key = secretOf(tree, at('api_key'), params.api_key, id, made.secrets)
      if (key !== undefined) endpoint.api_key = key
    }
    if (base !== undefined && params.api_key === undefined) endpoint.auth_type = 'none'
    tree.claim(at('model'), 'exact', { to: `endpoints.${id}.models` })
    if (upstream === '*') {
      endpoint.models = []
      tree.claim([...path, 'model_name'], 'approximate', {
        to: `endpoints.${id}`,
        why: 'any name that nobody else has',
      })
    } else {
      const models = (endpoint.models ??= []) as { name: string; upstream: string }[]
      if (!models.some((one) => one.name === name)) models.push({ name, upstream })
      tree.claim([...path, 'model_name'], 'exact', { to: `routes.${name}` })
      const weight = asCount(params.weight)
      targets.set(name, [
        ...(targets.get(name) ?? []),
        { to: `${id}/${name}`, ...(weight === undefined ? {} : { weight }) },
      ])
      tree.claim(at('weight'), 'exact', { to: `routes.${name}.targets` })
    }
    for (const limit of ['rpm', 'tpm'] as const) {
      const value = asCount(params[limit])
      if (value === undefined) continue
      endpoint.rate_limit ??= {}
      const held = endpoint.rate_limit[limit]
      endpoint.rate_limit[limit] ??= value
      tree.claim(at(limit), held === undefined || held === value ? 'approximate' : 'not_supported', {
        to: `endpoints.${id}.rate_limit.${limit}`,
        why:
          held === undefined || held === value
            ? 'a limit is the endpoint’s here, and the row’s there'
            : `the endpoint has ${held} already`,
      })
    }
    const timeout = asCount(params.timeout)
    if (timeout !== undefined) {
      endpoint.timeouts ??= { first_byte: timeout * 1000 }
      tree.claim(at('timeout'), 'approximate', {
        to: `endpoints.${id}.timeouts.first_byte`,
        why: 'until the first byte; streams of any length go on',
      })
    }
    if (params.organization !== undefined) {
      endpoint.organization = asText(params.organization) ?? ''
      tree.claim(at('organization'), 'exact', { to: `endpoints.${id}.organization` })
    }
    const headers = params.extra_headers ?? params.headers
    if (isRecord(headers)) {
      endpoint.headers = Object.fromEntries(
        Object.entries(headers).map(([key, value]) => [key, String(value)]),
      )
      tree.claim(at('extra_headers'), 'exact', { to: `endpoints.${id}.headers` })
      tree.claim(at('headers'), 'exact', { to: `endpoints.${id}.headers` })
    }
    tree.claim([...path, 'model_info'], 'not_supported', { why: 'prices and sizes come from the catalogue' })
    for (const key of ['temperature', 'max_tokens', 'top_p', 'stream'])
      tree.claim(at(key), 'not_supported', { why: 'the gateway sets no parameter for its callers' })
  })
  const settings = ['router_settings', 'litellm_settings', 'general_settings'] as const
  const [router, litellm, general] = settings.map((name) => (isRecord(root[name]) ? root[name] : {}))
  const chosen = STRATEGIES[asText(router?.routing_strategy) ?? 'simple-shuffle']
  if (router?.routing_strategy !== undefined && chosen)
    tree.claim(['router_settings', 'routing_strategy'], chosen.why === undefined ? 'exact' : 'approximate', {
      to: 'routes.*.strategy',
      ...(chosen.why === undefined ? {} : { why: chosen.why }),
    })
  for (const [name, list] of targets)
    if (list.length > 1) file.routes[name] = { strategy: chosen?.strategy ?? 'weighted', targets: list }
  for (const [block, source] of [
    ['router_settings', router],
    ['litellm_settings', litellm],
  ] as const) {
    fallbacks(tree, file, targets, block, source ?? {})
    aliases(tree, file, block, source ?? {})
    const retries = asCount(source?.num_retries)
    if (retries !== undefined) {
      for (const endpoint of Object.values(file.endpoints)) endpoint.max_retries = Math.min(5, retries)
      tree.claim([block, 'num_retries'], retries > 5 ? 'approximate' : 'exact', {
        to: 'endpoints.*.max_retries',
      })
    }
    if (source?.num_retries === 0) tree.claim([block, 'num_retries'], 'exact', { why: 'the default here' })
    const timeout = asCount(source?.timeout) ?? asCount(source?.request_timeout)
    if (timeout !== undefined) {
      for (const endpoint of Object.values(file.endpoints))
        endpoint.timeouts ??= { first_byte: timeout * 1000 }
      for (const key of ['timeout', 'request_timeout'])
        tree.claim([block, key], 'approximate', {
          to: 'endpoints.*.timeouts.first_byte',
          why: 'until the first byte; streams of any length go on',
        })
    }
    if (source?.drop_params === true)
      tree.claim([block, 'drop_params'], 'exact', { why: 'the default here, and every loss is noted' })
    if (source?.set_verbose !== undefined)
      tree.claim([block, 'set_verbose'], 'not_supported', { why: 'see --log-level' })
    for (const key of ['cache', 'cache_params'])
      tree.claim([block, key], 'not_supported', { why: 'there is no answer cache to configure in this file' })
  }
  const master = asText(general?.master_key)
  if (master !== undefined) {
    const known = reference(master)
    file.server = { master_key: known ?? '${TRUNKLINE_MASTER_KEY}' }
    if (known === undefined)
      made.secrets.push({ variable: 'TRUNKLINE_MASTER_KEY', foundAt: 'general_settings.master_key' })
    tree.claim(['general_settings', 'master_key'], known === undefined ? 'approximate' : 'exact', {
      to: 'server.master_key',
      ...(known === undefined ? { why: 'a key written out is not copied: set TRUNKLINE_MASTER_KEY' } : {}),
    })
  }
  for (const key of ['database_url', 'store_model_in_db'])
    tree.claim(['general_settings', key], 'not_supported', {
      why: 'no database is needed: what is edited at run time is in TRUNKLINE_DATA_DIR',
    })
  tree.claim(['environment_variables'], 'not_supported', { why: 'set them in the environment or in .env' })
  made.verdicts = tree.verdicts()
  return made
}

function fallbacks(
  tree: SourceTree,
  file: Imported['file'],
  targets: ReadonlyMap<string, { to: string }[]>,
  block: string,
  source: Record<string, unknown>,
): void {
  for (const [key, cause] of [
    ['fallbacks', undefined],
    ['context_window_fallbacks', 'context_too_long'],
    ['content_policy_fallbacks', 'content_refused'],
  ] as const) {
    const list = source[key]
    if (!Array.isArray(list)) continue
    list.forEach((item: unknown, index) => {
      for (const [name, to] of Object.entries(isRecord(item) ? item : {})) {
        const names = Array.isArray(to) ? to.map(String) : []
        const own = targets.get(name)
        if (!own) {
          tree.claim([block, key, index], 'not_supported', { why: `no model "${name}" is declared` })
          continue
        }
        const route = (file.routes[name] ??= { targets: own })
        const before = route.fallback
        if (cause === undefined && before === undefined) route.fallback = names
        else {
          const causes = Array.isArray(before)
            ? { unavailable: before, rate_limited: before, timeout: before }
            : { ...before }
          if (cause === undefined)
            Object.assign(causes, { unavailable: names, rate_limited: names, timeout: names })
          else causes[cause] = names
          route.fallback = causes
        }
        tree.claim([block, key, index], 'exact', { to: `routes.${name}.fallback` })
      }
    })
  }
}

function aliases(
  tree: SourceTree,
  file: Imported['file'],
  block: string,
  source: Record<string, unknown>,
): void {
  if (!isRecord(source.model_group_alias)) return
  for (const [name, to] of Object.entries(source.model_group_alias)) {
    const target = asText(isRecord(to) ? to.model : to)
    if (target === undefined) continue
    file.aliases[name] = target
    tree.claim([block, 'model_group_alias', name], 'exact', { to: `aliases.${name}` })
  }
}

function hostOf(base: string): string {
  return base
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/[/?].*$/, '')
    .replace(/^os\.environ\//, '')
}

/** The same host behind two keys is two endpoints. */
function freeId(id: string, taken: Readonly<Record<string, unknown>>): string {
  if (!(id in taken)) return id
  for (let count = 2; ; count++) if (!(`${id}-${count}` in taken)) return `${id}-${count}`
}
