// Where changes are kept: nowhere until something must be, then the database of the data directory, and memory when
// that directory cannot be written to. Whichever it is, the operator is told.

import type { Logger } from 'pino'
import type { RegistryStore } from '../../core/ports.ts'

export interface StoreSlotOptions {
  /** The database in a directory; `create: false` gives undefined where there is none. */
  open(dir: string, create: boolean): Promise<RegistryStore | undefined>
  memory(): RegistryStore
  dir: string
  log: Logger
}

export type StoreState = 'none' | 'open' | 'memory' | 'failed'

export interface StoreSlot {
  readonly state: StoreState
  /** Why the state is what it is, where that is a trouble. */
  readonly message: string | undefined
  readonly place: string
  /** The store that is there already, if any. */
  existing(): Promise<RegistryStore | undefined>
  /** A store to write to; made when there is none. */
  writable(): Promise<RegistryStore>
  /** The database gave up under a write: memory from now on. */
  fail(thrown: unknown): RegistryStore
  close(): Promise<void>
}

export function storeSlot({ open, memory, dir, log }: StoreSlotOptions): StoreSlot {
  let store: RegistryStore | undefined
  let state: StoreState = 'none'
  let message: string | undefined

  const failed = (thrown: unknown): RegistryStore => {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    message = `${dir} cannot keep changes (${why}): they hold until the next restart. Make the directory writable or name another in TRUNKLINE_DATA_DIR.`
    log.warn({ dir, reason: why }, 'changes are kept in memory only')
    state = 'failed'
    return (store = memory())
  }

  return {
    get state() {
      return state
    },
    get message() {
      return message
    },
    get place() {
      return store?.place ?? dir
    },
    async existing() {
      if (store) return store
      try {
        store = await open(dir, false)
        if (store) state = 'open'
      } catch (thrown) {
        failed(thrown)
      }
      return store
    },
    async writable() {
      if (store) return store
      try {
        const opened = await open(dir, true)
        if (!opened) throw new Error('no database could be made')
        store = opened
        state = 'open'
        return opened
      } catch (thrown) {
        return failed(thrown)
      }
    },
    fail: failed,
    async close() {
      await store?.close()
      store = undefined
    },
  }
}
