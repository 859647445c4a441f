// The registry in endpoints.db, seen from the main thread: questions go to the worker, answers come back by number.

import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { RegistryStore } from '../../core/ports.ts'
import type { Operations } from './operations.ts'
import type { Question, Reply } from './worker.ts'

export const FILE = 'endpoints.db'

/** Whether other users of the machine may read the database. */
export function readableByOthers(dir: string): boolean {
  const file = join(dir, FILE)
  return existsSync(file) && (statSync(file).mode & 0o044) !== 0
}

/**
 * @param create false: undefined where there is no database yet.
 * @throws Error when the directory or the file cannot be used.
 */
export async function sqliteRegistry(dir: string, create: boolean): Promise<RegistryStore | undefined> {
  const file = join(dir, FILE)
  if (!existsSync(file)) {
    if (!create) return undefined
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    closeSync(openSync(file, 'a', 0o600))
    // The umask may have taken something away, never added: still, say it.
    chmodSync(file, 0o600)
  }
  // From source it is TypeScript, from the package it is not.
  const script = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  const worker = new Worker(new URL(script, import.meta.url), { workerData: { file }, name: 'registry' })
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let gone: Error | undefined
  let serial = 0
  const over = (error: Error): void => {
    gone = error
    for (const { reject } of pending.values()) reject(error)
    pending.clear()
  }
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (reply: Reply) => {
      if ('ready' in reply) return resolve()
      if ('failed' in reply) return reject(new Error(reply.failed))
      const waiting = pending.get(reply.id)
      pending.delete(reply.id)
      // It must not keep a process alive that waits for nothing.
      if (pending.size === 0) worker.unref()
      if ('error' in reply) waiting?.reject(new Error(reply.error))
      else waiting?.resolve(reply.value)
    })
    worker.once('error', (error: Error) => {
      over(error)
      reject(error)
    })
    worker.once('exit', () => {
      over(new Error('the registry is closed'))
      reject(new Error('the registry could not be opened'))
    })
  })
  worker.unref()

  const ask = (name: Question['name'], args: unknown[]): Promise<unknown> => {
    if (gone) return Promise.reject(gone)
    return new Promise((resolve, reject) => {
      const id = ++serial
      pending.set(id, { resolve, reject })
      worker.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
      worker.postMessage({ id, name, args } satisfies Question)
    })
  }
  const remote =
    <K extends keyof Operations>(name: K) =>
    (...args: Parameters<Operations[K]>) =>
      ask(name, args) as ReturnType<Operations[K]>

  return {
    place: file,
    read: remote('read'),
    change: remote('change'),
    audit: remote('audit'),
    verifyAudit: remote('verifyAudit'),
    configVersions: remote('configVersions'),
    configText: remote('configText'),
    revision: remote('revision'),
    async close() {
      if (gone) return
      await ask('close', [])
      await worker.terminate()
    },
  }
}
