// The registry's one thread: owns the database connection, does one thing after the other, and answers by number.

import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { type Operations, operations } from './operations.ts'
import { MIGRATIONS, type Tables } from './tables.ts'

export interface Question {
  id: number
  name: keyof Operations | 'close'
  args: unknown[]
}

export type Reply =
  | { id: number; value: unknown }
  | { id: number; error: string }
  | { ready: true }
  | { failed: string }

const port = parentPort
if (!port) throw new Error('this file runs as a worker thread')
const say = (reply: Reply): void => port.postMessage(reply)
const textOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

async function opened(file: string): Promise<{ db: Kysely<Tables>; raw: Database.Database }> {
  const raw = new Database(file)
  raw.pragma('busy_timeout = 5000')
  raw.pragma('journal_mode = WAL')
  // Acknowledged means durable, also when the power goes.
  raw.pragma('synchronous = FULL')
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: raw }) })
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
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
  const { db, raw } = await opened((workerData as { file: string }).file)
  const known = operations(db)
  let last: Promise<unknown> = Promise.resolve()
  port?.on('message', ({ id, name, args }: Question) => {
    last = last.then(async () => {
      try {
        if (name === 'close') {
          await db.destroy()
          if (raw.open) raw.close()
          say({ id, value: undefined })
          port?.close()
          return
        }
        const operation = known[name] as (...given: unknown[]) => Promise<unknown>
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
