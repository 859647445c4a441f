// From the rows of a store to the layers of the registry. A row that cannot be used any more is told and left alone; a
// credential that does not open flags its endpoint and no other.

import type { Logger } from 'pino'
import { endpointFromEntry } from '../../config/sources/trunkline.ts'
import { type EndpointEntry, endpointSchema, routeSchema } from '../../config/schema.ts'
import type { Override } from '../../config/merge-sources.ts'
import type { Stored, StoredEndpoint } from '../../core/ports.ts'
import type { Sealer } from '../../stores/seal.ts'
import { type SecretParts, openParts } from './secret-parts.ts'
import type { State, UiEndpoint, UiRoute } from './state.ts'

export function restore(
  stored: Stored,
  before: Pick<State, 'overrides'> & { ui: ReadonlyMap<string, Pick<UiEndpoint, 'plain'>> },
  seals: Sealer | undefined,
  log: Logger,
): Pick<State, 'ui' | 'routes' | 'overrides'> {
  const ui = new Map<string, UiEndpoint>()
  for (const row of stored.endpoints) {
    try {
      ui.set(row.id, uiEndpoint(row, seals, before.ui.get(row.id)?.plain))
    } catch (thrown) {
      log.warn({ endpoint: row.id, reason: (thrown as Error).message }, 'a stored endpoint cannot be used')
    }
  }
  for (const { stored: row, credential } of ui.values())
    if (credential === 'locked')
      log.warn(
        { endpoint: row.id, key_id: row.credential?.keyId, have: seals?.keyId ?? null },
        'a stored credential does not open with this secret key; the endpoint is not called until it is given again',
      )
  const routes = new Map<string, UiRoute>()
  for (const row of stored.routes) {
    try {
      routes.set(row.name, { stored: row, entry: routeSchema.parse(row.entry) })
    } catch (thrown) {
      log.warn({ route: row.name, reason: (thrown as Error).message }, 'a stored route cannot be used')
    }
  }
  const overrides = new Map<string, Override>(stored.overrides.map(({ id, ...change }) => [id, change]))
  // What was changed about discovered endpoints is in memory only, as they are.
  for (const [id, change] of before.overrides) if (!overrides.has(id)) overrides.set(id, change)
  return { ui, routes, overrides }
}

/**
 * A registry row as an endpoint.
 * @param plain its secret parts, where they are known without the seal.
 * @throws Error naming what is wrong with the entry.
 */
export function uiEndpoint(
  stored: StoredEndpoint,
  seals: Sealer | undefined,
  plain: SecretParts | undefined,
): UiEndpoint {
  const open: EndpointEntry = endpointSchema.parse(stored.entry)
  const parts = stored.credential ? (openParts(stored.credential, seals, stored.id) ?? plain) : plain
  const locked = stored.credential !== undefined && parts === undefined
  const entry: EndpointEntry = { ...open, ...parts?.reveal() }
  const config = endpointFromEntry(stored.id, entry, {
    source: 'ui',
    credential: () => entry.api_key ?? undefined,
  })
  if (locked) {
    config.locked = 'its stored credential does not open with this secret key; give the credential again'
    config.probe = 'gate'
  }
  const none = !parts || parts.isEmpty
  return {
    stored,
    config,
    credential: locked ? 'locked' : none ? 'none' : stored.credential ? 'present' : 'memory',
    ...(parts ? { plain: parts } : {}),
  }
}
