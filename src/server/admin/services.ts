// What the admin API works on; made once, beside the listener.

import type { Access } from './access.ts'
import type { Checks } from '../control/checks.ts'
import type { Control } from '../control/control.ts'
import type { Scanner } from '../control/scanner.ts'
import type { LiveCalls } from '../live-calls.ts'

export interface AdminServices {
  control: Control
  checks: Checks
  scanner: Scanner
  access: Access
  live: LiveCalls
  /** Tells this process from every other gateway. */
  instance: string
}
