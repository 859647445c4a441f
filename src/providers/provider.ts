// What a provider record says: a vendor or server kind as data. Records live in index.ts; docs, config enum and
// conformance runs are derived from them.

import type { Quirks } from '../core/dialect.ts'
import type { DialectId } from '../core/origin.ts'
import type { Carrier } from './carrier.ts'
import type { PlainShape } from './shape.ts'

/** How the credential goes on the wire. An endpoint without a credential sends no header at all. */
export type AuthScheme =
  | { type: 'bearer' }
  | { type: 'header'; name: string }
  /** A key goes as a bearer token; without one, requests are signed (Signature Version 4) for that service. */
  | { type: 'aws'; service: string }
  | { type: 'none' }

/** Everything but generation: OpenAI's public shapes inbound, one path each upstream. */
export type PlainOperation =
  | 'embeddings'
  | 'rerank'
  | 'models'
  | 'images'
  | 'image_edits'
  | 'image_variations'
  | 'speech'
  | 'transcriptions'
  | 'translations'
  | 'moderations'
  | 'files'
  | 'batches'
  | 'realtime'

/** What a call can want. `chat` is generation in any dialect. */
export type Operation = PlainOperation | 'chat' | 'count_tokens' | 'compact'

/**
 * A generation dialect as one provider offers it. Paths are below the base URL; `{model}` stands for the upstream's
 * model name, percent-encoded, and leading `/..` climb out of the base (`/../api/chat` below `http://host/v1`).
 */
export interface Spoken {
  dialect: DialectId
  path: string
  /** Path of a streamed answer, where it differs. */
  streamPath?: string
  /** Path that counts the tokens of a request in this dialect. */
  countPath?: string
  /** Path that shortens a conversation of this dialect (`/responses/compact`). */
  compactPath?: string
  /** Nothing is kept upstream: what a request refers to by id is put in by the gateway. */
  stateless?: boolean
  /** Of tools only functions are taken: a request with others is translated to the first dialect instead. */
  functionsOnly?: boolean
  /** Member of the count's body that holds the request; absent: the request is the body. */
  countIn?: string
  /** How the credential goes here, where it differs from the provider's other dialects. */
  auth?: AuthScheme
  /** Spoken only for upstream models whose name matches, or for all but those. */
  only?: RegExp
  except?: RegExp
  /** Spoken only for requests that hold this member; any other goes in the first dialect. */
  onlyWith?: string
  /** How the host carries the dialect in an envelope of its own. */
  carrier?: Carrier
  /** Deviations of this dialect. Absent: the record's own for its first dialect, none for any other. */
  quirks?: Quirks
}

export interface ProviderRecord {
  id: string
  title: string
  /** Usual names of the environment variables, preferred first. */
  env: { key: readonly string[]; base?: string }
  /** Default base URL; absent: the operator must give one. */
  base?: string
  auth: AuthScheme
  /** Microsoft Entra tokens may stand for the key; their default scope. */
  entra?: { scope: string }
  /** Below which publisher of a Google Cloud project the models stand; Google tokens may stand for the key. */
  google?: { publisher: 'google' | 'anthropic' }
  /** The generation dialects spoken; a caller of none of them is translated to the first. Empty: no generation. */
  speaks: readonly Spoken[]
  /** Plain operations below the base URL; one without a path is not offered. */
  paths: Readonly<Partial<Record<PlainOperation, string>>>
  /** Plain operations in a shape of the host's own. */
  shapes?: Readonly<Partial<Record<PlainOperation, PlainShape>>>
  /** Headers every request carries, e.g. anthropic-version. */
  headers?: Readonly<Record<string, string>>
  quirks: Quirks
  /** `cache_salt` keeps the prompt caches of different callers apart; set for a caller that presents a key. */
  cacheSalt?: boolean
  /** Runs on the operator's own box: private data stays here, a model may need time to load. */
  local?: boolean
}

/**
 * The dialect a call of `dialect` is served in: the caller's own where the provider speaks it to that model, else the
 * first that it does.
 */
export function spokenTo(record: ProviderRecord, dialect: DialectId, model: string): Spoken | undefined {
  let first: Spoken | undefined
  for (const spoken of record.speaks) {
    if (spoken.only?.test(model) === false || spoken.except?.test(model) === true) continue
    if (spoken.dialect === dialect) return spoken
    first ??= spoken
  }
  return first
}

/** The deviations that hold for one dialect of a provider. */
export function quirksOf(record: ProviderRecord, spoken: Spoken | undefined): Quirks {
  return spoken?.quirks ?? (spoken === undefined || spoken === record.speaks[0] ? record.quirks : {})
}

/** Names of all operations a provider offers, for lists and docs. */
export function operationsOf(record: ProviderRecord): Operation[] {
  return [
    ...(record.speaks.length > 0 ? (['chat'] as const) : []),
    ...(record.speaks.some((spoken) => spoken.countPath !== undefined) ? (['count_tokens'] as const) : []),
    ...(record.speaks.some((spoken) => spoken.compactPath !== undefined) ? (['compact'] as const) : []),
    ...(Object.keys(record.paths) as PlainOperation[]),
  ]
}
