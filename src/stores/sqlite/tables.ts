// The tables of endpoints.db and how they came to be, one migration after the other. What is here is never changed; a
// new need is a new migration.

import { type Generated, type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export interface Tables {
  endpoints: {
    id: string
    url: string
    /** 1: in use, 0: switched off. */
    status: number
    /** The entry, as JSON; no credential in it. */
    metadata: string
    last_verified: string | null
    latency_ms: number | null
    success_rate: number | null
    /** Sealed; with the id of the key that opens it. */
    credential: string | null
    key_id: string | null
    updated_at: string
  }
  routes: { name: string; entry: string; updated_at: string }
  endpoint_overrides: { id: string; enabled: number | null; priority: number | null }
  config_versions: {
    version: Generated<number>
    at: string
    actor: string
    hash: string
    bytes: number
    note: string | null
    text: string
    sealed: string | null
    key_id: string | null
  }
  audit_log: {
    seq: number
    at: string
    actor: string
    origin: string
    action: string
    target: string
    before: string | null
    after: string | null
    previous: string
    hash: string
  }
}

async function first(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('endpoints')
    .ifNotExists()
    .addColumn('id', 'text', (column) => column.primaryKey())
    // Not unique, unlike the original's: two ids may share an address, and neither deletes the other (K-26).
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('status', 'integer', (column) => column.notNull())
    .addColumn('metadata', 'text', (column) => column.notNull())
    .addColumn('last_verified', 'text')
    .addColumn('latency_ms', 'real')
    .addColumn('success_rate', 'real')
    .addColumn('credential', 'text')
    .addColumn('key_id', 'text')
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('routes')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('entry', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('endpoint_overrides')
    .ifNotExists()
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('enabled', 'integer')
    .addColumn('priority', 'integer')
    .execute()
  await db.schema
    .createTable('config_versions')
    .ifNotExists()
    .addColumn('version', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('bytes', 'integer', (column) => column.notNull())
    .addColumn('note', 'text')
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('sealed', 'text')
    .addColumn('key_id', 'text')
    .execute()
  await db.schema
    .createTable('audit_log')
    .ifNotExists()
    .addColumn('seq', 'integer', (column) => column.primaryKey())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('before', 'text')
    .addColumn('after', 'text')
    .addColumn('previous', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute()
  // Append-only for everybody who goes through SQL; the chain tells of everybody else.
  for (const verb of ['update', 'delete'])
    await sql
      .raw(
        `create trigger if not exists audit_log_no_${verb} before ${verb} on audit_log begin select raise(abort, 'the audit trail is append-only'); end`,
      )
      .execute(db)
}

export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_registry': { up: first },
}
