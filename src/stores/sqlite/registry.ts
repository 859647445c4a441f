// The registry in endpoints.db.

import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { RegistryStore } from '../../core/ports.ts'
import type { Operations } from './operations.ts'
import { RESPONSES_FILE } from './responses.ts'
import { databaseThread, makePrivateFile } from './thread.ts'

export const FILE = 'endpoints.db'

/** Databases of the directory that other users of the machine may read. */
export function readableByOthers(dir: string): string[] {
  return [FILE, RESPONSES_FILE].filter((name) => {
    const file = join(dir, name)
    return existsSync(file) && (statSync(file).mode & 0o044) !== 0
  })
}

/**
 * @param create false: undefined where there is no database yet.
 * @throws Error when the directory or the file cannot be used.
 */
export async function sqliteRegistry(dir: string, create: boolean): Promise<RegistryStore | undefined> {
  const file = join(dir, FILE)
  if (!existsSync(file)) {
    if (!create) return undefined
    makePrivateFile(file)
  }
  const { ask, close } = await databaseThread(file, 'registry')
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
    close,
  }
}
