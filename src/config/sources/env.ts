// Endpoints from the environment: the OPENAI_* family of document 000, TRUNKLINE_ENDPOINT_<NAME>_* of document 003 (and
// its LLM_PROXY_ENDPOINT_* spelling), and, on request, one endpoint per well-known key variable.

import { readFileSync } from 'node:fs'
import type { EndpointConfig } from '../../providers/endpoint.ts'
import { providers } from '../../providers/index.ts'
import type { ConfigProblem } from '../config.ts'
import { makeEndpoint, plainModels } from '../endpoint.ts'
import { type SecretDeps, secretVariable } from '../secret-env.ts'

type Env = Readonly<Record<string, string | undefined>>

const set = (value: string | undefined): string | undefined => (value === undefined || value === '' ? undefined : value)

export interface OpenAiFromEnv {
  endpoint: EndpointConfig
  defaultModel: string
}

/** Exists only if one of its own variables or its key file does; a bare OPENAI_API_KEY is not enough (C-29). */
export function openaiFromEnv(deps: SecretDeps, problems: ConfigProblem[]): OpenAiFromEnv | undefined {
  const { env } = deps
  const baseUrl = set(env.OPENAI_BASE_URL)
  const model = set(env.OPENAI_MODEL)
  const chatModel = set(env.OPENAI_MODEL_CHAT)
  const keyFile = set(env.OPENAI_API_KEY_FILE)
  let credential: string | undefined
  try {
    credential = deps.readFile(keyFile ?? './secrets/openai_key').trim()
  } catch {
    // The default file need not exist; a named one that is missing means "no key", and is told.
    if (keyFile !== undefined)
      problems.push({ severity: 'warning', message: `OPENAI_API_KEY_FILE names "${keyFile}", which cannot be read; no key is sent` })
  }
  if (baseUrl === undefined && model === undefined && keyFile === undefined && credential === undefined) return undefined
  const main = model ?? 'gpt-4o-2024-08-06'
  const names = chatModel === undefined || chatModel === main ? [main] : [main, chatModel]
  try {
    const endpoint = makeEndpoint({
      id: 'openai',
      provider: 'openai',
      baseUrl,
      // A key for api.openai.com alone may come as a plain variable too; elsewhere only the file counts.
      credential: credential ?? (baseUrl === undefined ? set(env.OPENAI_API_KEY) : undefined),
      models: plainModels(names),
      source: 'env',
      probe: 'gate',
    })
    endpoint.probeModel = main
    return { endpoint, defaultModel: chatModel ?? main }
  } catch (thrown) {
    problems.push({ severity: 'error', message: `OPENAI_BASE_URL: ${(thrown as Error).message}` })
    return undefined
  }
}

const NAMED = /^(?:TRUNKLINE|LLM_PROXY)_ENDPOINT_(.+)_URL$/

export function namedFromEnv(deps: SecretDeps, problems: ConfigProblem[]): EndpointConfig[] {
  const found = new Map<string, EndpointConfig>()
  for (const [variable, value] of Object.entries(deps.env).sort((a, b) => (a[0] < b[0] ? 1 : -1))) {
    const name = NAMED.exec(variable)?.[1]
    const url = set(value)
    if (name === undefined || url === undefined) continue
    const id = name.toLowerCase()
    if (found.has(id)) continue
    const prefix = variable.slice(0, -'_URL'.length)
    try {
      const models = (deps.env[`${prefix}_MODELS`] ?? '').split(',').map((model) => model.trim())
      found.set(
        id,
        makeEndpoint({
          id,
          provider: set(deps.env[`${prefix}_PROVIDER`]) ?? 'openai-compatible',
          baseUrl: url,
          credential: secretVariable(`${prefix}_KEY`, deps),
          models: plainModels(models.filter((model) => model !== '')),
          source: 'env',
        }),
      )
    } catch (thrown) {
      problems.push({ severity: 'error', message: `${variable}: ${(thrown as Error).message}` })
    }
  }
  return [...found.values()]
}

/** Names of well-known key variables that are set: seen, told, and not used until asked. */
export function seenKeys(env: Env): string[] {
  return providers.flatMap((record) => record.env.key.filter((name) => set(env[name]) !== undefined))
}

/** One wildcard endpoint per provider whose key variable is set and whose address is known. */
export function envKeyEndpoints(env: Env): EndpointConfig[] {
  return providers.flatMap((record) => {
    const name = record.env.key.find((key) => set(env[key]) !== undefined)
    if (name === undefined || record.base === undefined) return []
    const credential = secretVariable(name, { env, readFile: (path) => readFileSync(path, 'utf8') })
    return [makeEndpoint({ id: record.id, provider: record.id, credential, models: [], source: 'env' })]
  })
}
