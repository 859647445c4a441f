// What the admin API works on; made once, beside the listener.

import type { Holding } from '../../core/holding.ts'
import type { Access } from './access.ts'
import type { Checks } from '../control/checks.ts'
import type { Control } from '../control/control.ts'
import type { Scanner } from '../control/scanner.ts'
import type { LiveCalls } from '../live-calls.ts'
import type { Peers } from '../workers/peers.ts'

export interface AdminServices {
  control: Control
  checks: Checks
  scanner: Scanner
  access: Access
  live: LiveCalls
  /** What the server itself remembers, by name. */
  holdings: Map<string, () => Holding>
  /** The other workers; absent: this process is alone. */
  peers?: Peers
  /** Tells this process from every other gateway. */
  instance: string
}
