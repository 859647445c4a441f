// The one thread of a database: owns the connection, does one thing after the other, and answers by number.

import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { operations } from './operations.ts'
import { responseOperations } from './response-operations.ts'
import { RESPONSE_MIGRATIONS } from './response-tables.ts'
import { MIGRATIONS } from './tables.ts'

export interface Question {
  id: number
  /** An operation of the database's kind, or `close`. */
  name: string
  args: readonly unknown[]
}

export type Reply =
  | { id: number; value: unknown }
  | { id: number; error: string }
  | { ready: true }
  | { failed: string }

type Operation = (...given: readonly unknown[]) => Promise<unknown>

interface Kind {
  pragmas: readonly string[]
  migrations: Readonly<Record<string, Migration>>
  operations(db: Kysely<unknown>): Record<string, Operation>
}

/** What a database may hold. */
const KINDS = {
  registry: {
    // Acknowledged means durable, also when the power goes.
    pragmas: ['synchronous = FULL'],
    migrations: MIGRATIONS,
    operations: (db) => operations(db) as unknown as Record<string, Operation>,
  },
  responses: {
    // A row may be gone at any time: no write waits for the disk. What is deleted is overwritten.
    pragmas: ['synchronous = NORMAL', 'secure_delete = ON', 'journal_size_limit = 8388608'],
    migrations: RESPONSE_MIGRATIONS,
    operations: (db) => responseOperations(db) as unknown as Record<string, Operation>,
  },
} satisfies Record<string, Kind>

export type KindName = keyof typeof KINDS

const port = parentPort
if (!port) throw new Error('this file runs as a worker thread')
const say = (reply: Reply): void => port.postMessage(reply)
const textOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

async function opened(file: string, kind: Kind): Promise<{ db: Kysely<unknown>; raw: Database.Database }> {
  const raw = new Database(file)
  raw.pragma('busy_timeout = 5000')
  raw.pragma('journal_mode = WAL')
  for (const pragma of kind.pragmas) raw.pragma(pragma)
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: raw }) })
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...kind.migrations }) },
    migrationTableName: '_migrations',
    migrationLockTableName: '_migrations_lock',
  })
  // Two processes may find the same new file at once: the one that comes second finds it done.
  for (let turn = 1; ; turn++) {
    const { error } = await migrator.migrateToLatest()
    if (!error) break
    if (turn === 5) throw error
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50 * turn)
  }
  return { db, raw }
}

async function run(): Promise<void> {
  const { file, kind: name } = workerData as { file: string; kind: KindName }
  const kind: Kind = KINDS[name]
  const { db, raw } = await opened(file, kind)
  const known = kind.operations(db)
  let last: Promise<unknown> = Promise.resolve()
  port?.on('message', ({ id, name: asked, args }: Question) => {
    last = last.then(async () => {
      try {
        if (asked === 'close') {
          await db.destroy()
          if (raw.open) raw.close()
          say({ id, value: undefined })
          port?.close()
          return
        }
        const operation = known[asked]
        if (!operation) throw new Error(`${name} has no operation ${asked}`)
        say({ id, value: await operation(...args) })
      } catch (thrown) {
        say({ id, error: textOf(thrown) })
      }
    })
  })
  say({ ready: true })
}

run().catch((thrown: unknown) => {
  say({ failed: textOf(thrown) })
  port.close()
})
