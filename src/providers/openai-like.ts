// The record of a host that copies OpenAI's Chat Completions: what such hosts have in common, so that a provider's own
// file says only what is its own.

import type { Quirks } from '../core/dialect.ts'
import type { ProviderRecord, Spoken } from './provider.ts'
import { openRerank } from './shapes/reranks.ts'

/** Plain operations at their usual places. */
export const OPENAI_PATHS = {
  embeddings: '/embeddings',
  completions: '/completions',
  models: '/models',
} as const

/** The host answers `stream_options.include_usage`; it may be asked for usage on the gateway's own account. */
export const USAGE_ON_REQUEST: Quirks = { streamUsage: 'ok' }

const CHAT: Spoken = { dialect: 'openai-chat', path: '/chat/completions' }

/** OpenAI Responses at its usual place; who keeps responses says so in the record. */
export const RESPONSES: Spoken = { dialect: 'openai-responses', path: '/responses' }

interface Like {
  id: string
  title: string
  /** Names of the key's environment variable, preferred first. */
  key?: readonly string[]
  base?: string
  quirks?: Quirks
  local?: boolean
  cacheSalt?: boolean
  /** `completions` is the legacy dialect's path: a prompt is relayed there, and sent as a chat where there is none. */
  paths?: ProviderRecord['paths'] & { readonly completions?: string }
  /** Upstream models that have completions, where not all do. */
  completionsOnly?: RegExp
  auth?: ProviderRecord['auth']
  entra?: ProviderRecord['entra']
  /** Dialects spoken beside Chat Completions, at their own paths. */
  also?: readonly Spoken[]
}

export function openaiLike({
  id,
  title,
  key = [],
  base,
  quirks = {},
  local,
  cacheSalt,
  paths = OPENAI_PATHS,
  auth = { type: 'bearer' },
  entra,
  completionsOnly,
  also = [],
}: Like): ProviderRecord {
  const { completions, ...plain } = paths
  return {
    id,
    title,
    env: { key },
    ...(base === undefined ? {} : { base }),
    auth,
    ...(entra === undefined ? {} : { entra }),
    speaks: [
      CHAT,
      ...also,
      ...(completions === undefined
        ? []
        : [
            {
              dialect: 'openai-completions' as const,
              path: completions,
              ...(completionsOnly === undefined ? {} : { only: completionsOnly }),
            },
          ]),
    ],
    paths: plain,
    ...(plain.rerank === undefined ? {} : { shapes: { rerank: openRerank } }),
    quirks,
    ...(local === true ? { local } : {}),
    ...(cacheSalt === true ? { cacheSalt } : {}),
  }
}
