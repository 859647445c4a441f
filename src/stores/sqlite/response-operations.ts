// What the thread of responses.db does. Several processes may do so at once: each step is one statement or one immediate
// transaction, and the bounds are those of the file, whoever writes.

import { type Kysely, sql } from 'kysely'
import type { ResponseTables } from './response-tables.ts'

export interface PutRow {
  id: string
  owner: string
  body: string
  bytes: number
  /** ms since the Unix epoch. */
  now: number
  maxBytes: number
  maxAgeMs: number
}

export interface ResponseOperations {
  /** Also counts as naming it: who goes on with a conversation keeps it. */
  get(id: string, now: number, maxAgeMs: number): Promise<{ owner: string; body: string } | undefined>
  put(row: PutRow): Promise<void>
  remove(id: string): Promise<boolean>
}

/** Rows looked at in one step of making room. */
const STEP = 64

export function responseOperations(db: Kysely<ResponseTables>): ResponseOperations {
  return {
    async get(id, now, maxAgeMs) {
      return db
        .updateTable('responses')
        .set({ named_at: now })
        .where('id', '=', id)
        .where('named_at', '>=', now - maxAgeMs)
        .returning(['owner', 'body'])
        .executeTakeFirst()
    },
    async put({ id, owner, body, bytes, now, maxBytes, maxAgeMs }) {
      const values = { owner, body, bytes, named_at: now }
      await db.connection().execute(async (open) => {
        await sql`begin immediate`.execute(open)
        try {
          await open
            .insertInto('responses')
            .values({ id, ...values })
            .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
            .execute()
          await open
            .deleteFrom('responses')
            .where('named_at', '<', now - maxAgeMs)
            .execute()
          await makeRoom(open, maxBytes)
          await sql`commit`.execute(open)
        } catch (thrown) {
          await sql`rollback`.execute(open)
          throw thrown
        }
      })
    },
    async remove(id) {
      const { numDeletedRows } = await db.deleteFrom('responses').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n
    },
  }
}

/** What was named longest ago goes first. */
async function makeRoom(db: Kysely<ResponseTables>, maxBytes: number): Promise<void> {
  for (;;) {
    const total = await db.selectFrom('response_total').select('bytes').executeTakeFirst()
    let over = (total?.bytes ?? 0) - maxBytes
    if (over <= 0) return
    const oldest = await db
      .selectFrom('responses')
      .select(['id', 'bytes'])
      .orderBy('named_at')
      .orderBy('rowid' as 'id')
      .limit(STEP)
      .execute()
    if (oldest.length === 0) return
    const going: string[] = []
    for (const row of oldest) {
      if (over <= 0) break
      going.push(row.id)
      over -= row.bytes
    }
    await db.deleteFrom('responses').where('id', 'in', going).execute()
  }
}
