// The ports through which state outlives the process. Each store in src/stores honours them; memory is the default.

import type { Holding } from './holding.ts'
import type { Json, JsonObject } from './json.ts'

/** A credential as it lies in a store: ciphertext, nonce and tag in one text, and the id of the key that opens it. */
export interface Sealed {
  keyId: string
  text: string
}

export interface StoredEndpoint {
  id: string
  url: string
  enabled: boolean
  /** The entry as it would stand under `endpoints.<id>` in trunkline.yaml, without any credential. */
  entry: Json
  credential?: Sealed
  /** ISO 8601. */
  updatedAt: string
}

export interface StoredRoute {
  name: string
  /** The entry as it would stand under `routes.<name>`. */
  entry: Json
  updatedAt: string
}

/** What an operator changed about an endpoint that is declared elsewhere. */
export interface StoredOverride {
  id: string
  enabled?: boolean
  priority?: number
}

export interface ConfigVersion {
  version: number
  /** ISO 8601. */
  at: string
  actor: string
  hash: string
  bytes: number
  note?: string
}

export interface Stored {
  endpoints: StoredEndpoint[]
  routes: StoredRoute[]
  overrides: StoredOverride[]
}

/** One step of a change; the steps of one change happen together or not at all. */
export type Write =
  | { kind: 'put_endpoint'; row: StoredEndpoint }
  | { kind: 'delete_endpoint'; id: string }
  | { kind: 'put_route'; row: StoredRoute }
  | { kind: 'delete_route'; name: string }
  | { kind: 'put_override'; row: StoredOverride }
  | { kind: 'delete_override'; id: string }
  | {
      kind: 'add_config'
      /** Empty where it is sealed. */
      text: string
      sealed?: Sealed
      actor: string
      hash: string
      bytes: number
      note?: string
    }
  /** The same text under another key. */
  | { kind: 'reseal_config'; version: number; sealed: Sealed }

/** What an audit line says; never a value, only hashes of what was there before and after. */
export interface AuditDraft {
  actor: string
  /** The address the change came from. */
  from: string
  action: string
  target: string
  before?: string
  after?: string
}

export interface AuditLine extends AuditDraft {
  seq: number
  /** ISO 8601. */
  at: string
  /** Hash of the line before it; the first one has 64 zeros. */
  previous: string
  /** SHA-256 over `previous` and everything this line says. */
  hash: string
}

export interface AuditVerdict {
  ok: boolean
  lines: number
  /** The first line whose hash is not what its content and its predecessor make. */
  brokenAt?: number
  reason?: string
}

/** The registry: what is edited at run time, with its audit trail. */
export interface RegistryStore {
  /** Where it lies, for messages: a path, or `memory`. */
  readonly place: string
  read(): Promise<Stored>
  /** Applies the writes and appends the audit line in one step. Acknowledged means durable. */
  change(writes: readonly Write[], audit: AuditDraft): Promise<AuditLine>
  /** Newest first. */
  audit(limit: number, beforeSeq?: number): Promise<AuditLine[]>
  verifyAudit(): Promise<AuditVerdict>
  configVersions(): Promise<ConfigVersion[]>
  configText(version: number): Promise<{ text: string; sealed?: Sealed } | undefined>
  /** Grows with every change, also one by another process on the same file. */
  revision(): Promise<number>
  close(): Promise<void>
}

/**
 * A response that later requests may name. Either its endpoint keeps it (`pin`), or we do: what was said in this turn
 * and before which other response it stands.
 */
export interface StoredResponse {
  id: string
  /** Whose it is; nobody else finds it. */
  owner: string
  /** Where it was made, and where questions about it go. */
  pin?: { endpoint: string; model: string }
  kept?: {
    /** Items of this turn's input alone. */
    input: Json[]
    /** The turn before it. */
    previous?: string
    /** The answer as the caller saw it. */
    answer: JsonObject
  }
}

/** Bounded: a row may be gone at any time. */
export interface ResponseStore {
  get(id: string): Promise<StoredResponse | undefined>
  put(row: StoredResponse): Promise<void>
  /** false: there was none. */
  delete(id: string): Promise<boolean>
  /** Of what lies in this process's memory. */
  holding?(): Holding
}
