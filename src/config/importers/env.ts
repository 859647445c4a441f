// A plain environment: the OPENAI_* family, LLM_PROXY_ENDPOINT_* and the vendors' own key variables. Values of secrets
// are never read; the file refers to the variables by name. Variables of other programs are passed over.

import { providers } from '../../providers/index.ts'
import type { EndpointEntry } from '../schema.ts'
import { type Imported, idOf } from './imported.ts'
import { environmentTree } from './source-tree.ts'

const OURS = /^(TRUNKLINE_|LLM_PROXY_|LITELLM_|OPENAI_)/

export function importEnv(env: Readonly<Record<string, string | undefined>>): Imported {
  const keys = new Map(providers.flatMap((record) => record.env.key.map((name) => [name, record] as const)))
  const seen = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && entry[1] !== '' && (OURS.test(entry[0]) || keys.has(entry[0])),
  )
  const value = Object.fromEntries(seen)
  const tree = environmentTree(value)
  const made: Imported = {
    kind: 'env',
    file: { endpoints: {}, routes: {}, aliases: {} },
    verdicts: [],
    secrets: [],
  }
  const { file } = made
  const has = (name: string): boolean => name in value

  if (has('OPENAI_BASE_URL') || has('OPENAI_MODEL') || has('OPENAI_API_KEY_FILE')) {
    const names = ['OPENAI_MODEL', 'OPENAI_MODEL_CHAT'].flatMap((name) =>
      has(name) ? [value[name] as string] : [],
    )
    file.endpoints.openai = {
      provider: 'openai',
      ...(has('OPENAI_BASE_URL') ? { base_url: '${OPENAI_BASE_URL}' } : {}),
      ...(has('OPENAI_API_KEY_FILE') || has('OPENAI_API_KEY') ? { api_key_env: 'OPENAI_API_KEY' } : {}),
      models: [...new Set(names)],
      probe: 'gate',
    }
    for (const name of ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'OPENAI_API_KEY_FILE', 'OPENAI_MODEL'])
      tree.claim([name], 'exact', { to: 'endpoints.openai' })
    tree.claim(['OPENAI_MODEL_CHAT'], 'approximate', {
      to: 'endpoints.openai.models',
      why: 'keep the variable: it also names the model of a call that names none',
    })
  }
  for (const [name] of seen) {
    const found = /^(TRUNKLINE|LLM_PROXY)_ENDPOINT_(.+)_URL$/.exec(name)
    if (!found) continue
    const prefix = name.slice(0, -'_URL'.length)
    const id = idOf((found[2] as string).toLowerCase())
    if (id in file.endpoints) continue
    const models = (value[`${prefix}_MODELS`] ?? '').split(',').map((item) => item.trim())
    const entry: EndpointEntry = {
      provider: value[`${prefix}_PROVIDER`] ?? 'openai-compatible',
      base_url: `\${${name}}`,
      models: models.filter((item) => item !== ''),
      ...(has(`${prefix}_KEY`) || has(`${prefix}_KEY_FILE`)
        ? { api_key_env: `${prefix}_KEY` }
        : { auth_type: 'none' }),
    }
    file.endpoints[id] = entry
    for (const part of ['URL', 'KEY', 'KEY_FILE', 'MODELS', 'PROVIDER'])
      tree.claim([`${prefix}_${part}`], 'exact', { to: `endpoints.${id}` })
  }
  for (const [name, record] of keys) {
    if (!has(name)) continue
    if (!(record.id in file.endpoints) && record.base !== undefined)
      file.endpoints[record.id] = { provider: record.id, api_key_env: name, models: [] }
    tree.claim([name], record.base === undefined ? 'approximate' : 'exact', {
      to: `endpoints.${record.id}`,
      ...(record.base === undefined
        ? { why: `${record.title} has no default address: give its base_url` }
        : {}),
    })
  }
  const master = ['TRUNKLINE_MASTER_KEY', 'LITELLM_MASTER_KEY'].find(has)
  if (master !== undefined) {
    file.server = { master_key: `\${${master}}` }
    tree.claim([master], 'exact', { to: 'server.master_key' })
  }
  const peers = ['TRUNKLINE_DISCOVERY_PEERS', 'LLM_PROXY_DISCOVERY_PEERS'].find(has)
  if (peers !== undefined) {
    file.discovery = { peers: (value[peers] as string).split(',').map((item) => item.trim()) }
    tree.claim([peers], 'exact', { to: 'discovery.peers' })
  }
  for (const name of ['TRUNKLINE_LOCAL_DISCOVERY', 'LLM_PROXY_LOCAL_DISCOVERY']) {
    if (!has(name)) continue
    file.discovery = { ...file.discovery, local_scan: !/^(0|false|off|no)$/i.test(value[name] as string) }
    tree.claim([name], 'exact', { to: 'discovery.local_scan' })
  }
  for (const [name] of seen) {
    if (/^(TRUNKLINE_|LITELLM_SALT_KEY)/.test(name))
      tree.claim([name], 'exact', { why: 'read from the environment as it stands' })
    else if (keys.has(name))
      tree.claim([name], 'not_supported', { why: 'another variable names this endpoint' })
  }
  made.verdicts = tree.verdicts()
  return made
}
