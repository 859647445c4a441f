// What the control plane holds: the layers of the configuration that change while serving, and what is known of each.

import type { Config } from '../../config/config.ts'
import type { Override } from '../../config/merge-sources.ts'
import type { RouteEntry } from '../../config/schema.ts'
import type { StoredEndpoint, StoredRoute } from '../../core/ports.ts'
import type { EndpointConfig } from '../../providers/endpoint.ts'
import type { Identified } from '../../upstream/discovery/identify.ts'
import type { SecretParts } from './secret-parts.ts'

/** none: it has no credential; memory: it is lost at a restart; locked: sealed under a key that is not here. */
export type CredentialState = 'none' | 'present' | 'memory' | 'locked'

export interface UiEndpoint {
  stored: StoredEndpoint
  config: EndpointConfig
  credential: CredentialState
  /** Absent when locked. */
  plain?: SecretParts
}

export interface UiRoute {
  stored: StoredRoute
  entry: RouteEntry
}

export interface State {
  /** The last good reading of file and environment. */
  declared: Config
  ui: ReadonlyMap<string, UiEndpoint>
  routes: ReadonlyMap<string, UiRoute>
  overrides: ReadonlyMap<string, Override>
  /** In the order in which they were first seen. */
  discovered: readonly Identified[]
}

/** Who changes something, for the audit trail. */
export interface Actor {
  name: string
  /** The address it comes from. */
  from: string
}
