// One try to open a realtime session at one deployment. The commit point is the upstream's 101: until then a failure may
// move on like that of any other call.

import { type Dialed, dialRealtime } from '../upstream/realtime.ts'
import { forgetToken, signed } from '../upstream/signer.ts'
import type { Answer } from './answer.ts'
import type { CallRecord } from './record.ts'
import { refusal } from './refused.ts'
import type { Deployment } from './route-table.ts'
import type { EndpointState, Runtime } from './runtime.ts'
import { RealtimeSession, type RealtimeCall } from './realtime-session.ts'
import { sessionRequest } from './upstream-request.ts'

export async function openSession(
  call: RealtimeCall,
  deployment: Deployment,
  state: EndpointState,
  runtime: Runtime,
  record: CallRecord,
): Promise<Answer> {
  const { endpoint } = deployment
  const { clock } = runtime
  record.path = 'relay'
  const plain = sessionRequest(call, deployment, state)
  const dial = async (): Promise<Dialed> =>
    dialRealtime({
      endpoint,
      request: await signed(endpoint, clock, plain),
      protocols: call.protocols,
      cancel: call.cancel,
    })
  record.overheadMs = clock.monotonic() - record.startedAt
  record.phase = 'connect'
  let dialed = await dial()
  if (dialed.status === 401 && endpoint.access && endpoint.access.type !== 'aws') {
    // A token may be withdrawn before its time: one more try with a new one.
    forgetToken(endpoint)
    dialed = await dial()
  }
  record.upstreamStatus = dialed.status
  record.firstByteMs = clock.monotonic() - record.startedAt
  if (!('socket' in dialed)) {
    record.phase = 'firstByte'
    throw refusal(dialed, call.dialect, deployment, clock.now())
  }
  record.phase = 'stream'
  return { kind: 'session', live: new RealtimeSession(dialed.socket), headers: {} }
}
