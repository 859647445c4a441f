// Responses in responses.db of the data directory: they outlive the process, and every process on that directory finds
// them. The database is opened by the first response that is kept; all work on it is its thread's. It is a file of its
// own, so that no change of the registry waits behind the traffic.

import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ResponseStore, StoredResponse } from '../../core/ports.ts'
import { memoryResponses } from '../memory-responses.ts'
import { RESPONSE_BOUNDS, ROW_BYTES, type ResponseBounds } from '../response-bounds.ts'
import type { ResponseOperations } from './response-operations.ts'
import { type DatabaseThread, databaseThread, makePrivateFile } from './thread.ts'

export const RESPONSES_FILE = 'responses.db'

/** Rows on their way to the thread; a disk that is slower than the traffic loses rows, not the process. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024
/** A question is answered by then, or fails: SQLite itself waits 5 s for another process. */
const ASK_MS = 15_000
/** Another process may have said a response's id a moment before its row is written: a miss is looked at again. */
const LOOK_AGAIN_MS = [20, 80, 200] as const

export interface SqliteResponsesOptions extends Partial<ResponseBounds> {
  /** Told once, when the directory cannot be used: responses are then kept in memory. */
  unusable(why: string): void
  now?: () => number
}

export interface DurableResponses extends ResponseStore {
  /** After what was put is written. */
  close(): Promise<void>
}

export function sqliteResponses(dir: string, options: SqliteResponsesOptions): DurableResponses {
  const { maxBytes, maxAgeMs } = { ...RESPONSE_BOUNDS, ...options }
  const now = options.now ?? Date.now
  const file = join(dir, RESPONSES_FILE)
  const memory = memoryResponses({ maxBytes, maxAgeMs, now: options.now })
  let opening: Promise<DatabaseThread | undefined> | undefined
  let waitingBytes = 0

  const open = (): Promise<DatabaseThread | undefined> =>
    (opening ??= (async () => {
      try {
        makePrivateFile(file)
        return await databaseThread(file, 'responses')
      } catch (thrown) {
        options.unusable(thrown instanceof Error ? thrown.message : String(thrown))
        return undefined
      }
    })())
  /** The database where there is one; a question is no reason to make it. */
  const existing = async (): Promise<DatabaseThread | undefined> => {
    if (opening) return opening
    return (await exists(file)) ? open() : undefined
  }
  const ask = <K extends keyof ResponseOperations>(
    thread: DatabaseThread,
    name: K,
    ...args: Parameters<ResponseOperations[K]>
  ): ReturnType<ResponseOperations[K]> => thread.ask(name, args) as ReturnType<ResponseOperations[K]>

  return {
    async get(id) {
      const thread = await existing()
      if (!thread) return memory.get(id)
      let row = await inTime(ask(thread, 'get', id, now(), maxAgeMs))
      for (const ms of LOOK_AGAIN_MS) {
        if (row) break
        await delay(ms)
        row = await inTime(ask(thread, 'get', id, now(), maxAgeMs))
      }
      return row && rowOf(id, row.owner, row.body)
    },
    async put(row) {
      const { id, owner, pin, kept } = row
      const body = JSON.stringify({ pin, kept })
      const bytes = ROW_BYTES + Buffer.byteLength(body)
      if (waitingBytes + bytes > MOST_WAITING_BYTES)
        throw new Error(`${file} is written too slowly: ${waitingBytes} bytes wait`)
      waitingBytes += bytes
      try {
        const thread = await open()
        if (!thread) return await memory.put(row)
        if (bytes > maxBytes) return void (await ask(thread, 'remove', id))
        await ask(thread, 'put', { id, owner, body, bytes, now: now(), maxBytes, maxAgeMs })
      } finally {
        waitingBytes -= bytes
      }
    },
    async delete(id) {
      const thread = await existing()
      return thread ? inTime(ask(thread, 'remove', id)) : memory.delete(id)
    },
    holding() {
      const kept = memory.holding()
      const waiting = { bytes: waitingBytes, mostBytes: MOST_WAITING_BYTES }
      // In memory only where there is no database.
      return kept.entries === 0 ? waiting : kept
    },
    async close() {
      await (await opening)?.close()
    },
  }
}

function rowOf(id: string, owner: string, body: string): StoredResponse {
  return { ...(JSON.parse(body) as Pick<StoredResponse, 'pin' | 'kept'>), id, owner }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch {
    return false
  }
}

/** @throws Error when the thread says nothing in time. */
function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${RESPONSES_FILE} gives no answer`)), ASK_MS)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
