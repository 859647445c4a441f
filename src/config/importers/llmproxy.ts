// LLMProxy's config.yaml (document 003): its endpoints and discovery are ours as they stand; the rest is looked at.

import { provider } from '../../providers/index.ts'
import { type EndpointEntry, endpointSchema } from '../schema.ts'
import { type Imported, asCount, asText, idOf, isRecord, reference } from './imported.ts'
import { secretOf } from './secret-of.ts'
import type { SourceTree } from './source-tree.ts'

/** Members of an endpoint that mean the same in both files. */
const SAME = ['base_url', 'api_key_env', 'auth_type', 'models', 'priority'] as const

export function importLlmproxy(tree: SourceTree): Imported {
  const made: Imported = {
    kind: 'llmproxy',
    file: { endpoints: {}, routes: {}, aliases: {} },
    verdicts: [],
    secrets: [],
  }
  const { file } = made
  const root = isRecord(tree.value) ? tree.value : {}
  for (const [name, node] of Object.entries(isRecord(root.endpoints) ? root.endpoints : {})) {
    if (!isRecord(node)) continue
    const id = idOf(name)
    const path = ['endpoints', name]
    const named = asText(node.provider) ?? 'openai-compatible'
    const known = provider(named) !== undefined
    const endpoint: EndpointEntry = { provider: known ? named : 'openai-compatible' }
    tree.claim([...path, 'provider'], known ? 'exact' : 'approximate', {
      to: `endpoints.${id}.provider`,
      ...(known ? {} : { why: `"${named}" is reached as an OpenAI-compatible server` }),
    })
    for (const key of SAME) {
      const parsed = endpointSchema.shape[key].safeParse(node[key])
      if (node[key] === undefined || !parsed.success) continue
      Object.assign(endpoint, { [key]: parsed.data })
      tree.claim([...path, key], 'exact', { to: `endpoints.${id}.${key}` })
    }
    if (node.api_key !== undefined) {
      const key = secretOf(tree, [...path, 'api_key'], node.api_key, id, made.secrets)
      if (key !== undefined) endpoint.api_key = key
    }
    const rate = isRecord(node.rate_limit) ? node.rate_limit : {}
    for (const key of ['rpm', 'tpm'] as const) {
      const value = asCount(rate[key])
      if (value === undefined) continue
      endpoint.rate_limit = { ...endpoint.rate_limit, [key]: value }
      tree.claim([...path, 'rate_limit', key], 'exact', {
        to: `endpoints.${id}.rate_limit.${key}`,
        why: 'and it is kept to here',
      })
    }
    const timeout = asCount(node.timeout)
    if (timeout !== undefined) {
      endpoint.timeouts = { first_byte: timeout * 1000 }
      tree.claim([...path, 'timeout'], 'approximate', {
        to: `endpoints.${id}.timeouts.first_byte`,
        why: 'until the first byte; streams of any length go on',
      })
    }
    file.endpoints[id] = endpoint
  }
  const discovery = isRecord(root.discovery) ? root.discovery : undefined
  if (discovery) {
    file.discovery = {
      ...(typeof discovery.local_scan === 'boolean' ? { local_scan: discovery.local_scan } : {}),
      ...(Array.isArray(discovery.peers) ? { peers: discovery.peers.map(String) } : {}),
    }
    tree.claim(['discovery', 'local_scan'], 'exact', { to: 'discovery.local_scan' })
    tree.claim(['discovery', 'peers'], 'exact', { to: 'discovery.peers' })
  }
  for (const block of ['aliases', 'model_aliases']) {
    const given = root[block]
    for (const [name, to] of Object.entries(isRecord(given) ? given : {})) {
      const target = asText(to)
      if (target === undefined) continue
      file.aliases[name] = target
      tree.claim([block, name], 'exact', { to: `aliases.${name}` })
    }
  }
  chains(tree, made, root)
  server(tree, made, root)
  made.verdicts = tree.verdicts()
  return made
}

/** `fallback_chains: { model: [{ provider, model }] }` as routes that try one target after the other. */
function chains(tree: SourceTree, made: Imported, root: Record<string, unknown>): void {
  const all = isRecord(root.fallback_chains) ? root.fallback_chains : {}
  for (const [name, list] of Object.entries(all)) {
    const own = Object.entries(made.file.endpoints).find(
      ([, entry]) => Array.isArray(entry.models) && entry.models.includes(name),
    )?.[0]
    const targets = (Array.isArray(list) ? list : []).flatMap((item: unknown) => {
      const id = isRecord(item) ? idOf(asText(item.endpoint) ?? asText(item.provider) ?? '') : ''
      const model = isRecord(item) ? (asText(item.model) ?? name) : name
      return id in made.file.endpoints ? [`${id}/${model}`] : []
    })
    if (own !== undefined && !targets.includes(`${own}/${name}`)) targets.unshift(`${own}/${name}`)
    if (targets.length === 0) continue
    made.file.routes[name] = { strategy: 'priority', targets }
    tree.claim(['fallback_chains', name], 'exact', {
      to: `routes.${name}`,
      why: 'before the first byte only, and disclosed',
    })
  }
}

function server(tree: SourceTree, made: Imported, root: Record<string, unknown>): void {
  const given = isRecord(root.server) ? root.server : {}
  const out: Record<string, unknown> = {}
  const host = asText(given.host)
  if (host !== undefined) {
    out.host = host
    tree.claim(['server', 'host'], 'exact', { to: 'server.host' })
  }
  const port = asCount(given.port)
  if (port !== undefined) {
    out.port = port
    tree.claim(['server', 'port'], 'exact', { to: 'server.port' })
  }
  const auth = isRecord(given.auth) ? given.auth : {}
  const variable = asText(auth.api_keys_env)
  if (variable !== undefined) {
    out.master_key = reference(`$${variable}`)
    tree.claim(['server', 'auth', 'api_keys_env'], 'approximate', {
      to: 'server.master_key',
      why: 'one key opens the gateway; of several keep the first',
    })
  }
  if (Object.keys(out).length > 0) made.file.server = out
}
