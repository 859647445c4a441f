// What a provider record says: a vendor or server kind as data. Records live in index.ts; docs, config enum and
// conformance runs are derived from them.

import type { Quirks } from '../core/dialect.ts'
import type { DialectId } from '../core/origin.ts'

/** How the credential goes on the wire. An endpoint without a credential sends no header at all. */
export type AuthScheme = { type: 'bearer' } | { type: 'header'; name: string } | { type: 'none' }

export type Operation = 'chat' | 'embeddings' | 'completions' | 'models' | 'count_tokens'

export interface ProviderRecord {
  id: string
  title: string
  /** Usual names of the environment variables, preferred first. */
  env: { key: readonly string[]; base?: string }
  /** Default base URL; absent: the operator must give one. */
  base?: string
  auth: AuthScheme
  /** The generation dialect spoken at `paths.chat`. */
  dialect: DialectId
  /** Paths below the base URL; an operation without a path is not offered. */
  paths: Partial<Record<Operation, string>>
  /** Headers every request carries, e.g. anthropic-version. */
  headers?: Readonly<Record<string, string>>
  quirks: Quirks
  /** Runs on the operator's own box: private data stays here, a model may need time to load. */
  local?: boolean
}
