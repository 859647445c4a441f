// Everything that is sealed, sealed anew under another key: one change with one audit line, so that a crash leaves all
// of it under the old key or all of it under the new one.

import type { RegistryStore, Write } from '../core/ports.ts'
import type { Sealer } from './seal.ts'

/** Binds a sealed configuration text to what it is, so that it cannot pose as a credential. */
export const CONFIG_TEXT = 'configuration file'

export interface Rekeyed {
  endpoints: string[]
  versions: number[]
  /** Under the new key already. */
  kept: number
  /** What none of the keys opens; it stays as it is. */
  locked: string[]
}

export async function rekey(
  store: RegistryStore,
  before: readonly Sealer[],
  after: Sealer,
  actor: string,
): Promise<Rekeyed> {
  const done: Rekeyed = { endpoints: [], versions: [], kept: 0, locked: [] }
  const writes: Write[] = []
  const open = (sealed: { keyId: string; text: string }, boundTo: string) =>
    before.map((key) => key.open(sealed, boundTo)).find((plain) => plain !== undefined)
  for (const row of (await store.read()).endpoints) {
    if (!row.credential) continue
    if (row.credential.keyId === after.keyId) {
      done.kept++
      continue
    }
    const plain = open(row.credential, row.id)
    if (!plain) {
      done.locked.push(row.id)
      continue
    }
    done.endpoints.push(row.id)
    writes.push({ kind: 'put_endpoint', row: { ...row, credential: after.seal(plain, row.id) } })
  }
  for (const { version } of await store.configVersions()) {
    const sealed = (await store.configText(version))?.sealed
    if (!sealed) continue
    if (sealed.keyId === after.keyId) {
      done.kept++
      continue
    }
    const plain = open(sealed, CONFIG_TEXT)
    if (!plain) {
      done.locked.push(`configuration version ${version}`)
      continue
    }
    done.versions.push(version)
    writes.push({ kind: 'reseal_config', version, sealed: after.seal(plain, CONFIG_TEXT) })
  }
  if (writes.length > 0)
    await store.change(writes, { actor, from: 'command line', action: 'config.rekey', target: after.keyId })
  return done
}
