// Bifrost's config.json: one provider, one endpoint; its keys take turns.

import { provider } from '../../providers/index.ts'
import { type Imported, asCount, asText, idOf, isRecord, reference } from './imported.ts'
import { secretOf } from './secret-of.ts'
import type { SourceTree } from './source-tree.ts'

const NAMES: Readonly<Record<string, string>> = {
  vertex: 'vertex',
  sgl: 'sglang',
  gemini: 'google',
  parasail: 'openai-compatible',
}

export function importBifrost(tree: SourceTree): Imported {
  const made: Imported = {
    kind: 'bifrost',
    file: { endpoints: {}, routes: {}, aliases: {} },
    verdicts: [],
    secrets: [],
  }
  const root = isRecord(tree.value) ? tree.value : {}
  for (const [name, node] of Object.entries(isRecord(root.providers) ? root.providers : {})) {
    if (!isRecord(node)) continue
    const id = idOf(name)
    const path = ['providers', name]
    const custom = isRecord(node.custom_provider_config)
      ? asText(node.custom_provider_config.base_provider_type)
      : undefined
    const named = NAMES[custom ?? name] ?? custom ?? name
    const known = provider(named) !== undefined
    const endpoint = (made.file.endpoints[id] = {
      provider: known ? named : 'openai-compatible',
    } as Imported['file']['endpoints'][string])
    tree.claim([...path, 'custom_provider_config', 'base_provider_type'], known ? 'exact' : 'approximate', {
      to: `endpoints.${id}.provider`,
    })
    keys(tree, made, node, path, id)
    const network = isRecord(node.network_config) ? node.network_config : {}
    const at = (key: string): string[] => [...path, 'network_config', key]
    const base = asText(network.base_url)
    if (base !== undefined) {
      endpoint.base_url = reference(base) ?? base
      tree.claim(at('base_url'), 'exact', { to: `endpoints.${id}.base_url` })
    }
    const seconds = asCount(network.default_request_timeout_in_seconds)
    if (seconds !== undefined) {
      endpoint.timeouts = { first_byte: seconds * 1000 }
      tree.claim(at('default_request_timeout_in_seconds'), 'approximate', {
        to: `endpoints.${id}.timeouts.first_byte`,
        why: 'until the first byte; streams of any length go on',
      })
    }
    const retries = asCount(network.max_retries)
    if (retries !== undefined) endpoint.max_retries = Math.min(5, retries)
    tree.claim(at('max_retries'), retries !== undefined && retries > 5 ? 'approximate' : 'exact', {
      to: `endpoints.${id}.max_retries`,
    })
    for (const key of [
      'retry_backoff_initial',
      'retry_backoff_max',
      'retry_backoff_initial_ms',
      'retry_backoff_max_ms',
    ])
      tree.claim(at(key), 'approximate', { why: 'back-off is a route’s: routes.*.retry.base_ms and cap_ms' })
    if (isRecord(network.extra_headers)) {
      endpoint.headers = Object.fromEntries(
        Object.entries(network.extra_headers).map(([key, value]) => [key, String(value)]),
      )
      tree.claim(at('extra_headers'), 'exact', { to: `endpoints.${id}.headers` })
    }
    const room = isRecord(node.concurrency_and_buffer_size) ? node.concurrency_and_buffer_size : {}
    const [concurrency, queue] = [asCount(room.concurrency), asCount(room.buffer_size)]
    if (concurrency !== undefined)
      endpoint.rate_limit = { concurrency, ...(queue === undefined ? {} : { max_queue: queue }) }
    tree.claim([...path, 'concurrency_and_buffer_size'], 'exact', { to: `endpoints.${id}.rate_limit` })
    tree.claim([...path, 'proxy_config'], 'not_supported', {
      why: 'proxies are the gateway’s: server.http_proxy and https_proxy',
    })
  }
  for (const block of ['config_store', 'logs_store', 'vector_store'])
    tree.claim([block], 'not_supported', { why: 'what is edited at run time is in TRUNKLINE_DATA_DIR' })
  tree.claim(['mcp'], 'not_supported', { why: 'tools are the caller’s' })
  tree.claim(['plugins'], 'not_supported', { why: 'there are no plug-ins' })
  made.verdicts = tree.verdicts()
  return made
}

function keys(
  tree: SourceTree,
  made: Imported,
  node: Record<string, unknown>,
  path: string[],
  id: string,
): void {
  const endpoint = made.file.endpoints[id]
  const list = Array.isArray(node.keys) ? node.keys.filter(isRecord) : []
  if (!endpoint || list.length === 0) return
  const models = new Set<string>()
  const weights = new Set<number>()
  const found: string[] = []
  list.forEach((key, index) => {
    const at = (name: string): (string | number)[] => [...path, 'keys', index, name]
    const value = secretOf(
      tree,
      at('value'),
      key.value,
      list.length === 1 ? id : `${id}-${index + 1}`,
      made.secrets,
    )
    if (value !== undefined) found.push(value)
    for (const model of Array.isArray(key.models) ? key.models : []) models.add(String(model))
    tree.claim(at('models'), list.length === 1 ? 'exact' : 'approximate', {
      to: `endpoints.${id}.models`,
      ...(list.length === 1 ? {} : { why: 'every key may be used for every model' }),
    })
    weights.add(asCount(key.weight) ?? 1)
    tree.claim(at('name'), 'not_supported', { why: 'keys have no names here' })
  })
  list.forEach((_key, index) =>
    tree.claim([...path, 'keys', index, 'weight'], weights.size > 1 ? 'approximate' : 'exact', {
      to: `endpoints.${id}.api_keys`,
      ...(weights.size > 1 ? { why: 'keys take turns, each as often as the others' } : {}),
    }),
  )
  const [first] = found
  if (found.length === 1 && first !== undefined) endpoint.api_key = first
  else if (found.length > 1) endpoint.api_keys = found
  if (models.size > 0 && !models.has('*')) endpoint.models = [...models]
}
