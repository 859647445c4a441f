// Endpoints from the environment: the OPENAI_* family of document 000, TRUNKLINE_ENDPOINT_<NAME>_* of document 003 (and
// its LLM_PROXY_ENDPOINT_* spelling), and, on request, one endpoint per well-known key variable.

import type { EndpointConfig } from '../../providers/endpoint.ts'
import { providers } from '../../providers/index.ts'
import type { Config, ConfigProblem } from '../config.ts'
import { makeEndpoint, plainModels } from '../endpoint.ts'
import { type SecretDeps, notEmpty, secretVariable } from '../secret-env.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface OpenAiFromEnv {
  endpoint: EndpointConfig
  defaultModel: string
  /** OPENAI_MODEL or OPENAI_MODEL_CHAT was given: it names the default model even if the file has this endpoint. */
  modelGiven: boolean
}

/** Exists only if one of its own variables or its key file does; a bare OPENAI_API_KEY is not enough (C-29). */
export function openaiFromEnv(deps: SecretDeps, problems: ConfigProblem[]): OpenAiFromEnv | undefined {
  const { env } = deps
  const baseUrl = notEmpty(env.OPENAI_BASE_URL)
  const model = notEmpty(env.OPENAI_MODEL)
  const chatModel = notEmpty(env.OPENAI_MODEL_CHAT)
  const keyFile = notEmpty(env.OPENAI_API_KEY_FILE)
  let credential: string | undefined
  try {
    credential = deps.readFile(keyFile ?? './secrets/openai_key').trim()
  } catch {
    // The default file need not exist; a named one that is missing means "no key", and is told.
    if (keyFile !== undefined)
      problems.push({
        severity: 'warning',
        message: `OPENAI_API_KEY_FILE names "${keyFile}", which cannot be read; no key is sent`,
      })
  }
  if (baseUrl === undefined && model === undefined && keyFile === undefined && credential === undefined)
    return undefined
  const main = model ?? 'gpt-4o-2024-08-06'
  const names = chatModel === undefined || chatModel === main ? [main] : [main, chatModel]
  try {
    const endpoint = makeEndpoint({
      id: 'openai',
      provider: 'openai',
      baseUrl,
      // The plain variable belongs to the same family (C-05), behind any file; alone it makes no endpoint (C-29).
      credential: notEmpty(credential) ?? notEmpty(env.OPENAI_API_KEY),
      models: plainModels(names),
      source: 'env',
      probe: 'gate',
    })
    endpoint.probeModel = main
    return { endpoint, defaultModel: chatModel ?? main, modelGiven: (chatModel ?? model) !== undefined }
  } catch (thrown) {
    problems.push({ severity: 'error', message: `OPENAI_BASE_URL: ${(thrown as Error).message}` })
    return undefined
  }
}

/** Our own spelling first: it wins where both name one endpoint. */
const PREFIXES = ['TRUNKLINE_ENDPOINT_', 'LLM_PROXY_ENDPOINT_']

export function namedFromEnv(deps: SecretDeps, problems: ConfigProblem[]): EndpointConfig[] {
  const found = new Map<string, EndpointConfig>()
  const variables = Object.keys(deps.env).toSorted()
  for (const start of PREFIXES)
    for (const variable of variables) {
      if (!variable.startsWith(start) || !variable.endsWith('_URL')) continue
      const prefix = variable.slice(0, -'_URL'.length)
      const id = prefix.slice(start.length).toLowerCase()
      const baseUrl = notEmpty(deps.env[variable])
      if (id === '' || baseUrl === undefined || found.has(id)) continue
      const names = (deps.env[`${prefix}_MODELS`] ?? '').split(',').map((name) => name.trim())
      try {
        const endpoint = makeEndpoint({
          id,
          provider: notEmpty(deps.env[`${prefix}_PROVIDER`]) ?? 'openai-compatible',
          baseUrl,
          credential: secretVariable(`${prefix}_KEY`, deps),
          models: plainModels(names.filter((name) => name !== '')),
          source: 'env',
        })
        found.set(id, endpoint)
      } catch (thrown) {
        problems.push({ severity: 'error', message: `${variable}: ${(thrown as Error).message}` })
      }
    }
  return [...found.values()]
}

/** Names of well-known key variables that are set and that nothing in the configuration read: seen, told, not used. */
export function seenKeys(env: Env, config?: Pick<Config, 'variablesRead'>): string[] {
  const read = new Set(config?.variablesRead)
  return providers.flatMap((record) =>
    record.env.key.filter((name) => notEmpty(env[name]) !== undefined && !read.has(name)),
  )
}

/** One wildcard endpoint per provider whose key variable is set and whose address is known. */
export function envKeyEndpoints(env: Env): EndpointConfig[] {
  return providers.flatMap((record) => {
    const name = record.env.key.find((key) => notEmpty(env[key]) !== undefined)
    // A host with a region in its name needs more than a key.
    if (name === undefined || record.base === undefined || record.base.includes('{')) return []
    return [
      makeEndpoint({ id: record.id, provider: record.id, credential: env[name], models: [], source: 'env' }),
    ]
  })
}
