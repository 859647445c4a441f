// One database behind one worker thread, seen from the main thread: questions go there, answers come back by number.

import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { KindName, Question, Reply } from './worker.ts'

export interface DatabaseThread {
  /** @throws Error what the operation threw, or that the database is closed. */
  ask(name: string, args: readonly unknown[]): Promise<unknown>
  close(): Promise<void>
}

/** Makes the file and its folder, for their owner only. */
export function makePrivateFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (existsSync(file)) return
  closeSync(openSync(file, 'a', 0o600))
  // The umask may have taken something away, never added: still, say it.
  chmodSync(file, 0o600)
}

/** @throws Error when the file cannot be opened or its tables cannot be brought up to date. */
export async function databaseThread(file: string, kind: KindName): Promise<DatabaseThread> {
  // From source it is TypeScript, from the package it is not.
  const script = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  const worker = new Worker(new URL(script, import.meta.url), { workerData: { file, kind }, name: kind })
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
      over(new Error(`${file} is closed`))
      reject(new Error(`${file} could not be opened`))
    })
  })
  worker.unref()

  const ask = (name: string, args: readonly unknown[]): Promise<unknown> => {
    if (gone) return Promise.reject(gone)
    return new Promise((resolve, reject) => {
      const id = ++serial
      pending.set(id, { resolve, reject })
      worker.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
      worker.postMessage({ id, name, args } satisfies Question)
    })
  }
  return {
    ask,
    async close() {
      if (gone) return
      await ask('close', [])
      await worker.terminate()
    },
  }
}
