// Which providers a client knows by name: registered in code, declared in a config file or the environment, records of
// Trunkline's own table, and Trunkline itself. An unknown name is a loud error that lists them.

import type { Config } from '../config/config.ts'
import { nearest } from '../config/nearest.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { provider as recordOf, providers as records } from '../providers/index.ts'
import type { ProviderRecord } from '../providers/provider.ts'
import { Other } from './errors.ts'
import { type ProviderMetadata, metadataOf } from './metadata.ts'
import type { CustomModel } from './custom-model.ts'

/** A provider added in code. */
export interface RegisteredProvider {
  name: string
  /** Record it is like: its dialects, auth and quirks. Default `openai-compatible`. */
  like?: string
  /** A record of one's own, instead of `like`. */
  record?: ProviderRecord
  baseUrl?: string
  apiKey?: string
  models?: readonly string[]
  headers?: Readonly<Record<string, string>>
  metadata?: Partial<ProviderMetadata>
}

export interface NamedProvider {
  name: string
  record: ProviderRecord
  metadata: ProviderMetadata
  /** Declared in a config file or the environment. */
  endpoint?: EndpointConfig
  registered?: RegisteredProvider
}

/** What is registered with one client; nothing is global. */
export interface Registered {
  providers: Map<string, RegisteredProvider>
  models: Map<string, CustomModel>
}

const compatible = recordOf('openai-compatible') as ProviderRecord

const trunkline: ProviderRecord = {
  ...compatible,
  id: 'trunkline',
  title: 'Trunkline',
  env: { key: ['TRUNKLINE_API_KEY', 'TRUNKLINE_MASTER_KEY', 'LITELLM_MASTER_KEY'], base: 'TRUNKLINE_URL' },
  base: 'http://127.0.0.1:4000/v1',
  quirks: { streamUsage: 'ok' },
  local: true,
}

/** Document 001's provider for any compatible address; its variables are OpenAI's own. */
const openaiEndpoint: ProviderRecord = {
  ...compatible,
  env: { key: ['OPENAI_API_KEY'], base: 'OPENAI_BASE_URL' },
}

const OWN: Readonly<Record<string, ProviderRecord>> = {
  trunkline,
  openai_endpoint: openaiEndpoint,
  'openai-compatible': openaiEndpoint,
}

/** @throws Other `unknown_provider` with the nearest and all known names. */
export function namedProvider(
  name: string,
  config: Config | undefined,
  registered: Registered,
): NamedProvider {
  const key = name.trim().toLowerCase()
  const mine = registered.providers.get(key)
  if (mine) return ofRegistered(mine)
  const endpoint = config?.endpoints.find((row) => row.id === key)
  const record = endpoint?.provider ?? OWN[key] ?? recordOf(key)
  if (record) return { name: key, record, metadata: metadataOf(record), ...(endpoint ? { endpoint } : {}) }
  const known = knownNames(config, registered)
  const near = nearest(key, known)
  throw new Other(
    `unknown provider "${name}"${near === undefined ? '' : ` (did you mean "${near}"?)`}; known: ${known.join(', ')}`,
    { status: 0, kind: 'unknown_provider', attempts: 0, provider: name },
  )
}

function ofRegistered(registered: RegisteredProvider): NamedProvider {
  const like = registered.like ?? 'openai-compatible'
  const record = registered.record ?? OWN[like] ?? recordOf(like)
  if (!record)
    throw new Other(
      `provider "${registered.name}" is registered like "${like}", which is no known provider`,
      {
        status: 0,
        kind: 'unknown_provider',
        attempts: 0,
      },
    )
  return {
    name: registered.name.toLowerCase(),
    record,
    metadata: { ...metadataOf(record), ...registered.metadata },
    registered,
  }
}

export function knownNames(config: Config | undefined, registered: Registered): string[] {
  return [
    ...new Set([
      ...registered.providers.keys(),
      ...registered.models.keys(),
      ...(config?.endpoints.map(({ id }) => id) ?? []),
      ...Object.keys(OWN),
      ...records.map(({ id }) => id),
    ]),
  ]
}
