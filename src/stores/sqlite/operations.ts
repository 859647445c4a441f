// What the registry's worker does, as functions of one open database. Every change is one immediate transaction with
// its audit line inside: both are there after a crash, or neither is.

import { type Kysely, type Selectable, sql } from 'kysely'
import type {
  AuditDraft,
  AuditLine,
  AuditVerdict,
  ConfigVersion,
  Sealed,
  Stored,
  StoredEndpoint,
  Write,
} from '../../core/ports.ts'
import type { Json } from '../../core/json.ts'
import { chained, verify } from '../audit-chain.ts'
import type { Tables } from './tables.ts'

type Db = Kysely<Tables>

/** What the main thread may ask for. */
export interface Operations {
  read(): Promise<Stored>
  change(writes: readonly Write[], draft: AuditDraft): Promise<AuditLine>
  audit(limit: number, beforeSeq?: number): Promise<AuditLine[]>
  verifyAudit(): Promise<AuditVerdict>
  configVersions(): Promise<ConfigVersion[]>
  configText(version: number): Promise<{ text: string; sealed?: Sealed } | undefined>
  revision(): Promise<number>
}

export function operations(db: Db): Operations {
  return {
    read: () => read(db),
    change: (writes, draft) =>
      immediately(db, async (open) => {
        for (const write of writes) await apply(open, write)
        const last = await open
          .selectFrom('audit_log')
          .select(['seq', 'hash'])
          .orderBy('seq', 'desc')
          .limit(1)
          .executeTakeFirst()
        const { from, ...line } = chained(last, draft, Date.now())
        await open
          .insertInto('audit_log')
          .values({ ...line, origin: from, before: line.before ?? null, after: line.after ?? null })
          .execute()
        return { ...line, from }
      }),
    async audit(limit, beforeSeq) {
      let query = db.selectFrom('audit_log').selectAll().orderBy('seq', 'desc').limit(limit)
      if (beforeSeq !== undefined) query = query.where('seq', '<', beforeSeq)
      return (await query.execute()).map(lineOf)
    },
    async verifyAudit() {
      // A line is a few hundred bytes; a trail that does not fit into memory is far away.
      const rows = await db.selectFrom('audit_log').selectAll().orderBy('seq').execute()
      return verify(rows.map(lineOf))
    },
    async configVersions() {
      const rows = await db
        .selectFrom('config_versions')
        .select(['version', 'at', 'actor', 'hash', 'bytes', 'note'])
        .orderBy('version', 'desc')
        .execute()
      return rows.map(({ note, ...row }) => ({ ...row, ...(note === null ? {} : { note }) }))
    },
    async configText(version) {
      const row = await db
        .selectFrom('config_versions')
        .select(['text', 'sealed', 'key_id'])
        .where('version', '=', version)
        .executeTakeFirst()
      return row && { text: row.text, ...sealedOf(row.sealed, row.key_id) }
    },
    async revision() {
      const row = await db
        .selectFrom('audit_log')
        .select((expression) => expression.fn.max('seq').as('seq'))
        .executeTakeFirst()
      return row?.seq ?? 0
    },
  }
}

/** Takes the write lock at once: a transaction that reads first and writes then could find somebody in between. */
async function immediately<T>(db: Db, work: (open: Db) => Promise<T>): Promise<T> {
  return db.connection().execute(async (open) => {
    await sql`begin immediate`.execute(open)
    try {
      const result = await work(open)
      await sql`commit`.execute(open)
      return result
    } catch (thrown) {
      await sql`rollback`.execute(open)
      throw thrown
    }
  })
}

async function read(db: Db): Promise<Stored> {
  const endpoints = await db.selectFrom('endpoints').selectAll().orderBy('id').execute()
  const routes = await db.selectFrom('routes').selectAll().orderBy('name').execute()
  const overrides = await db.selectFrom('endpoint_overrides').selectAll().orderBy('id').execute()
  return {
    endpoints: endpoints.map(endpointOf),
    routes: routes.map((row) => ({
      name: row.name,
      entry: JSON.parse(row.entry) as Json,
      updatedAt: row.updated_at,
    })),
    overrides: overrides.map((row) => ({
      id: row.id,
      ...(row.enabled === null ? {} : { enabled: row.enabled === 1 }),
      ...(row.priority === null ? {} : { priority: row.priority }),
    })),
  }
}

function endpointOf(row: Selectable<Tables['endpoints']>): StoredEndpoint {
  const { sealed } = sealedOf(row.credential, row.key_id)
  return {
    id: row.id,
    url: row.url,
    enabled: row.status === 1,
    entry: JSON.parse(row.metadata) as Json,
    ...(sealed === undefined ? {} : { credential: sealed }),
    updatedAt: row.updated_at,
  }
}

function sealedOf(text: string | null, keyId: string | null): { sealed?: Sealed } {
  return text === null || keyId === null ? {} : { sealed: { text, keyId } }
}

function lineOf({ origin, before, after, ...row }: Selectable<Tables['audit_log']>): AuditLine {
  return {
    ...row,
    from: origin,
    ...(before === null ? {} : { before }),
    ...(after === null ? {} : { after }),
  }
}

async function apply(db: Db, write: Write): Promise<void> {
  switch (write.kind) {
    case 'put_endpoint': {
      const { row } = write
      const values = {
        url: row.url,
        status: row.enabled ? 1 : 0,
        metadata: JSON.stringify(row.entry),
        credential: row.credential?.text ?? null,
        key_id: row.credential?.keyId ?? null,
        updated_at: row.updatedAt,
      }
      await db
        .insertInto('endpoints')
        .values({ id: row.id, ...values, last_verified: null, latency_ms: null, success_rate: null })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute()
      return
    }
    case 'delete_endpoint':
      await db.deleteFrom('endpoints').where('id', '=', write.id).execute()
      return
    case 'put_route': {
      const values = { entry: JSON.stringify(write.row.entry), updated_at: write.row.updatedAt }
      await db
        .insertInto('routes')
        .values({ name: write.row.name, ...values })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
        .execute()
      return
    }
    case 'delete_route':
      await db.deleteFrom('routes').where('name', '=', write.name).execute()
      return
    case 'put_override': {
      const { id, enabled, priority } = write.row
      const values = { enabled: enabled === undefined ? null : enabled ? 1 : 0, priority: priority ?? null }
      await db
        .insertInto('endpoint_overrides')
        .values({ id, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute()
      return
    }
    case 'delete_override':
      await db.deleteFrom('endpoint_overrides').where('id', '=', write.id).execute()
      return
    case 'add_config':
      await db
        .insertInto('config_versions')
        .values({
          at: new Date().toISOString(),
          actor: write.actor,
          hash: write.hash,
          bytes: write.bytes,
          note: write.note ?? null,
          text: write.text,
          sealed: write.sealed?.text ?? null,
          key_id: write.sealed?.keyId ?? null,
        })
        .execute()
      return
    case 'reseal_config':
      await db
        .updateTable('config_versions')
        .set({ sealed: write.sealed.text, key_id: write.sealed.keyId })
        .where('version', '=', write.version)
        .execute()
      return
    default:
      write satisfies never
  }
}
