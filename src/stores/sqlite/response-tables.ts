// The tables of responses.db and how they came to be. What is here is never changed; a new need is a new migration.

import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export interface ResponseTables {
  responses: {
    id: string
    owner: string
    /** `pin` and `kept` of the row, as JSON. */
    body: string
    /** What it counts against the bound. */
    bytes: number
    /** When it was last named, ms since the Unix epoch. */
    named_at: number
  }
  /** One row: the sum of all bytes, kept by triggers, for a sum over the table costs more the fuller it is. */
  response_total: { bytes: number }
}

async function first(db: Kysely<ResponseTables>): Promise<void> {
  await db.schema
    .createTable('responses')
    .ifNotExists()
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('bytes', 'integer', (column) => column.notNull())
    .addColumn('named_at', 'integer', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('responses_named_at').ifNotExists().on('responses').column('named_at').execute()
  await db.schema
    .createTable('response_total')
    .ifNotExists()
    .addColumn('bytes', 'integer', (column) => column.notNull())
    .execute()
  await sql`insert into response_total (bytes) select 0 where not exists (select 1 from response_total)`.execute(
    db,
  )
  const triggers = {
    added: 'after insert on responses begin update response_total set bytes = bytes + new.bytes; end',
    gone: 'after delete on responses begin update response_total set bytes = bytes - old.bytes; end',
    changed:
      'after update of bytes on responses begin update response_total set bytes = bytes - old.bytes + new.bytes; end',
  }
  for (const [name, text] of Object.entries(triggers))
    await sql.raw(`create trigger if not exists responses_${name} ${text}`).execute(db)
}

export const RESPONSE_MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_responses': { up: first },
}
