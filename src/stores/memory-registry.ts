// The registry in memory: the default, and what is left when no directory can be written to.

import type {
  AuditLine,
  ConfigVersion,
  RegistryStore,
  StoredEndpoint,
  StoredOverride,
  StoredRoute,
  Sealed,
} from '../core/ports.ts'
import { chained, verify } from './audit-chain.ts'

/** @param now ms since the Unix epoch. */
export function memoryRegistry(now: () => number): RegistryStore {
  const endpoints = new Map<string, StoredEndpoint>()
  const routes = new Map<string, StoredRoute>()
  const overrides = new Map<string, StoredOverride>()
  const versions: (ConfigVersion & { text: string; sealed?: Sealed })[] = []
  const lines: AuditLine[] = []
  return {
    place: 'memory',
    read: async () => ({
      endpoints: [...endpoints.values()],
      routes: [...routes.values()],
      overrides: [...overrides.values()],
    }),
    async change(writes, draft) {
      for (const write of writes)
        switch (write.kind) {
          case 'put_endpoint':
            endpoints.set(write.row.id, write.row)
            break
          case 'delete_endpoint':
            endpoints.delete(write.id)
            break
          case 'put_route':
            routes.set(write.row.name, write.row)
            break
          case 'delete_route':
            routes.delete(write.name)
            break
          case 'put_override':
            overrides.set(write.row.id, write.row)
            break
          case 'delete_override':
            overrides.delete(write.id)
            break
          case 'add_config':
            versions.push({
              version: versions.length + 1,
              at: new Date(now()).toISOString(),
              actor: write.actor,
              hash: write.hash,
              bytes: write.bytes,
              text: write.text,
              ...(write.sealed === undefined ? {} : { sealed: write.sealed }),
              ...(write.note === undefined ? {} : { note: write.note }),
            })
            break
          case 'reseal_config': {
            const found = versions.find((row) => row.version === write.version)
            if (found) found.sealed = write.sealed
            break
          }
          default:
            write satisfies never
        }
      const line = chained(lines.at(-1), draft, now())
      lines.push(line)
      return line
    },
    audit: async (limit, beforeSeq) =>
      lines
        .filter((line) => beforeSeq === undefined || line.seq < beforeSeq)
        .slice(-limit)
        .toReversed(),
    verifyAudit: async () => verify(lines),
    configVersions: async () =>
      versions.map(({ text: _text, sealed: _sealed, ...version }) => version).toReversed(),
    configText: async (version) => {
      const found = versions.find((row) => row.version === version)
      return found && { text: found.text, ...(found.sealed === undefined ? {} : { sealed: found.sealed }) }
    },
    revision: async () => lines.length,
    close: async () => {},
  }
}
