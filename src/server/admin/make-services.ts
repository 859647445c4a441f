// Everything the admin API works on, made around one control plane.

import { randomUUID } from 'node:crypto'
import { checks } from '../control/checks.ts'
import type { Control } from '../control/control.ts'
import { scanner } from '../control/scanner.ts'
import { liveCalls } from '../live-calls.ts'
import type { Peers } from '../workers/peers.ts'
import { access } from './access.ts'
import type { AdminServices } from './services.ts'

/**
 * @param ownPort the port we listen on, known once we do.
 * @param instance who we say we are to one who looks for model servers: several processes on one port are one.
 */
export function adminServices(
  control: Control,
  ownPort: () => number,
  instance: string = randomUUID(),
  peers?: Peers,
): AdminServices {
  const asked = checks(() => control.gateway)
  const door = access(() => control.gateway.runtime.config, control.clock)
  return {
    control,
    checks: asked,
    scanner: scanner({ control, ownPort, instance }),
    access: door,
    live: liveCalls(),
    holdings: new Map([
      ['endpoint_checks', asked.holding],
      ['admin_sessions', door.holding],
    ]),
    ...(peers ? { peers } : {}),
    instance,
  }
}
