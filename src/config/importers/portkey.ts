// A Portkey configuration: a tree of targets under a strategy. Each target becomes an endpoint, the tree a route.

import { provider } from '../../providers/index.ts'
import type { RouteEntry } from '../schema.ts'
import { type Imported, asCount, asText, idOf, isRecord, reference } from './imported.ts'
import { secretOf } from './secret-of.ts'
import type { Path, SourceTree } from './source-tree.ts'

/** Portkey's provider names that differ from ours. */
const NAMES: Readonly<Record<string, string>> = {
  'azure-openai': 'azure',
  'together-ai': 'together',
  'fireworks-ai': 'fireworks',
  'mistral-ai': 'mistral',
  'perplexity-ai': 'perplexity',
  'vertex-ai': 'vertex',
  'x-ai': 'xai',
}

type Targets = RouteEntry['targets']

export function importPortkey(tree: SourceTree, name = 'portkey'): Imported {
  const made: Imported = {
    kind: 'portkey',
    file: { endpoints: {}, routes: {}, aliases: {} },
    verdicts: [],
    secrets: [],
  }
  const root = isRecord(tree.value) ? tree.value : {}
  const route = group(tree, made, root, [], name)
  if (route) made.file.routes[name] = route
  for (const key of [
    'cache',
    'input_guardrails',
    'output_guardrails',
    'before_request_hooks',
    'after_request_hooks',
  ])
    tree.claim([key], 'not_supported', { why: 'there is nothing like it in this file' })
  made.verdicts = tree.verdicts()
  return made
}

function group(
  tree: SourceTree,
  made: Imported,
  node: Record<string, unknown>,
  path: Path,
  name: string,
): RouteEntry | undefined {
  const list = Array.isArray(node.targets) ? node.targets : [node]
  const base = Array.isArray(node.targets) ? [...path, 'targets'] : undefined
  const mode = isRecord(node.strategy) ? asText(node.strategy.mode) : undefined
  const weighted = mode === 'loadbalance'
  const targets: Targets = []
  list.forEach((item: unknown, index) => {
    if (!isRecord(item)) return
    const at = base ? [...base, index] : path
    if (base && Array.isArray(item.targets)) {
      const inner = `${name}-${index + 1}`
      const below = group(tree, made, item, at, inner)
      if (below) {
        made.file.routes[inner] = below
        targets.push(...below.targets)
        tree.claim([...at, 'strategy'], 'approximate', {
          to: `routes.${inner}`,
          why: `its targets also stand in "${name}" one by one: a route does not hold another`,
        })
      }
      return
    }
    const to = target(tree, made, item, at)
    if (to === undefined) return
    const weight = asCount(item.weight)
    if (weight !== undefined)
      tree.claim([...at, 'weight'], weighted ? 'exact' : 'approximate', { to: `routes.${name}.targets` })
    targets.push(weighted && weight !== undefined ? { to, weight } : to)
  })
  if (mode !== undefined) {
    const known = mode === 'loadbalance' || mode === 'fallback' || mode === 'single'
    tree.claim(
      [...path, 'strategy', 'mode'],
      known ? 'exact' : 'not_supported',
      known ? { to: `routes.${name}.strategy` } : { why: 'write its conditions as `when` of each target' },
    )
    tree.claim([...path, 'strategy', 'on_status_codes'], 'approximate', {
      why: 'which failures move on is fixed: see the table of errors',
    })
  }
  retries(tree, made, node, path)
  return targets.length === 0 ? undefined : { strategy: weighted ? 'weighted' : 'priority', targets }
}

/** One target as an endpoint. @returns `endpoint/model`, or undefined where no model is named */
function target(
  tree: SourceTree,
  made: Imported,
  item: Record<string, unknown>,
  path: Path,
): string | undefined {
  const given = asText(item.provider)?.replace(/^@/, '') ?? asText(item.virtual_key)
  if (given === undefined) return undefined
  const named = NAMES[given] ?? given
  const known = provider(named) !== undefined
  const host = asText(item.custom_host)
  let id = idOf(asText(item.name) ?? named)
  for (let count = 2; id in made.file.endpoints; count++) id = `${idOf(asText(item.name) ?? named)}-${count}`
  const endpoint = (made.file.endpoints[id] = {
    provider: known ? named : 'openai-compatible',
  } as Imported['file']['endpoints'][string])
  tree.claim([...path, 'name'], 'exact', { to: `endpoints.${id}` })
  tree.claim([...path, 'provider'], known ? 'exact' : 'approximate', {
    to: `endpoints.${id}.provider`,
    ...(known ? {} : { why: 'as an OpenAI-compatible server; give its base_url' }),
  })
  if (host !== undefined) {
    endpoint.base_url = reference(host) ?? host
    tree.claim([...path, 'custom_host'], 'exact', { to: `endpoints.${id}.base_url` })
  }
  if (item.api_key !== undefined) {
    const key = secretOf(tree, [...path, 'api_key'], item.api_key, id, made.secrets)
    if (key !== undefined) endpoint.api_key = key
  } else if (item.virtual_key !== undefined) {
    const variable = `${id.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_API_KEY`
    endpoint.api_key_env = variable
    made.secrets.push({ variable, foundAt: [...path, 'virtual_key'].join('.') })
    tree.claim([...path, 'virtual_key'], 'approximate', {
      to: `endpoints.${id}.api_key_env`,
      why: `the key behind it is with Portkey: set ${variable}`,
    })
  }
  const timeout = asCount(item.request_timeout)
  if (timeout !== undefined) {
    endpoint.timeouts = { first_byte: timeout }
    tree.claim([...path, 'request_timeout'], 'approximate', {
      to: `endpoints.${id}.timeouts.first_byte`,
      why: 'until the first byte; streams of any length go on',
    })
  }
  retries(tree, made, item, path, id)
  const override = isRecord(item.override_params) ? item.override_params : {}
  const model = asText(override.model)
  tree.claim([...path, 'cache'], 'not_supported', {
    why: 'there is no answer cache to configure in this file',
  })
  if (model === undefined) {
    tree.claim([...path, 'override_params'], 'not_supported', {
      why: 'the gateway sets no parameter for its callers',
    })
    endpoint.models = []
    return undefined
  }
  endpoint.models = [model]
  tree.claim([...path, 'override_params', 'model'], 'exact', { to: `endpoints.${id}.models` })
  tree.claim([...path, 'override_params'], 'not_supported', {
    why: 'the gateway sets no parameter for its callers',
  })
  return `${id}/${model}`
}

function retries(
  tree: SourceTree,
  made: Imported,
  node: Record<string, unknown>,
  path: Path,
  id?: string,
): void {
  if (!isRecord(node.retry)) return
  const attempts = asCount(node.retry.attempts)
  const ids = id === undefined ? Object.keys(made.file.endpoints) : [id]
  if (attempts !== undefined)
    for (const one of ids) {
      const endpoint = made.file.endpoints[one]
      if (endpoint) endpoint.max_retries ??= Math.min(5, attempts)
    }
  tree.claim([...path, 'retry', 'attempts'], 'exact', { to: `endpoints.${id ?? '*'}.max_retries` })
  tree.claim([...path, 'retry'], 'approximate', {
    why: 'which failures are retried is fixed: see the table of errors',
  })
}
