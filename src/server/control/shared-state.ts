// What was changed while serving, as one process of a gateway tells it to the others: the registry with its secrets in the
// clear, and what discovery found. It travels between processes of one user, over sockets in a folder of their own.

import type { Stored } from '../../core/ports.ts'
import type { Identified } from '../../upstream/discovery/identify.ts'
import { SecretParts } from './secret-parts.ts'
import type { State, UiEndpoint } from './state.ts'

export interface SharedState {
  /**
   * Grows with every change, in whichever process it is made: ms since the Unix epoch, so that one that starts again, and
   * hears nobody, is not behind.
   */
  version: number
  /** When an operator last asked for file and environment to be read, in the same measure; 0: never. */
  readAt: number
  stored: Stored
  /** Secret parts by endpoint. */
  plain: Record<string, ReturnType<SecretParts['reveal']>>
  discovered: readonly Identified[]
  /** Of the registry's database, where one is open. */
  revision?: number
}

export function sharedOf(
  state: State,
  of: Pick<SharedState, 'version' | 'readAt'> & { revision: number | undefined },
): SharedState {
  const { version, readAt, revision } = of
  const ui = [...state.ui.values()]
  return {
    version,
    readAt,
    stored: {
      endpoints: ui.map((row) => row.stored),
      routes: [...state.routes.values()].map((row) => row.stored),
      overrides: [...state.overrides].map(([id, change]) => ({ id, ...change })),
    },
    plain: Object.fromEntries(ui.flatMap((row) => (row.plain ? [[row.stored.id, row.plain.reveal()]] : []))),
    discovered: state.discovered,
    ...(revision === undefined ? {} : { revision }),
  }
}

/** What `restore` needs to know beforehand, as the other process has it. */
export function knownOf({ plain }: SharedState): {
  ui: Map<string, Pick<UiEndpoint, 'plain'>>
  overrides: State['overrides']
} {
  const ui = Object.entries(plain).map(([id, parts]) => [id, { plain: new SecretParts(parts) }] as const)
  return { ui: new Map(ui), overrides: new Map() }
}
