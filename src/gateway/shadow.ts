// A copy of a call for a deployment on trial: sent beside the real one, read to its end, and thrown away. The caller
// never waits for it and never sees it; its attempt stands in the call's decision record.

import { cancel } from '../core/cancel.ts'
import { normalise } from '../core/error.ts'
import type { Sink } from './call.ts'
import { type Attempting, NoRoom, guarded } from './guarded.ts'

/** More at once would be a load of its own. */
const MOST = 32

const NOWHERE: Sink = { write: () => true, end() {}, onDrain() {} }

export function copyToShadow(attempting: Omit<Attempting, 'reason' | 'patient'>): void {
  const { call, record, deployment, runtime } = attempting
  const { shadows } = runtime
  if (shadows.running >= MOST) return
  shadows.running++
  // Its own hang-up: the caller's going must not end it, for then slow answers would never be compared.
  const copy: Attempting = {
    ...attempting,
    call: { ...call, cancel: cancel() },
    record: { ...record, notes: [], waits: [], attempts: 0 },
    reason: 'shadow',
    patient: false,
  }
  guarded(copy).then(
    (answer) => {
      if (answer.kind === 'whole') shadows.running--
      else {
        answer.live.onEnd(() => {
          shadows.running--
        })
        if (answer.kind === 'stream') answer.live.attach(NOWHERE)
      }
    },
    (thrown: unknown) => {
      shadows.running--
      const error = thrown instanceof NoRoom ? thrown.error : normalise(thrown)
      runtime.telemetry.log.debug(
        { id: call.id, endpoint: deployment.endpoint.id, error: error.kind, reason: error.message },
        'shadow',
      )
    },
  )
}
