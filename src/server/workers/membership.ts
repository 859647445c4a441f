// What a worker needs of its parent: the shared limits, who rests, and its place among the others.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import type { Gateway } from '../../gateway/create-gateway.ts'
import type { SharedLimits } from '../../gateway/limits.ts'
import type { AdminServices } from '../admin/services.ts'
import type { Ended } from '../metrics/metric.ts'
import type { SharedState } from '../control/shared-state.ts'
import { forwarder } from './forward.ts'
import { listenInside } from './inside.ts'
import type { ToParent, ToWorker } from './messages.ts'
import { type Peers, ownSocket, peersOf } from './peers.ts'
import { remoteLimits } from './remote-limits.ts'
import { sharedRest } from './shared-rest.ts'

export interface Membership {
  /** Counted from 1; the first answers the admin API. */
  slot: number
  /** The same for all workers: a look at our own port finds one of us. */
  instance: string
  limits: SharedLimits
  peers: Peers
  /** Where the first worker listens for the others. */
  socketPath: string
  /** Hands an admin request to the first worker; undefined in the first. */
  forward?: (request: IncomingMessage, response: ServerResponse) => void
  /** Answers the other workers, and learns from them what was changed before this one started. */
  join(services: AdminServices): Promise<void>
  /** Begins sharing who rests. */
  attach(gateway: Gateway): void
  /** The port is open. */
  ready(): void
  /**
   * After the port is closed: resolves once no connection that the parent had already handed to this worker can still
   * be on its way. Such a one is given back while the worker lives, and lost when it has ended.
   */
  left(): Promise<void>
  /** Calls `fn` when the parent is gone. */
  onOrphaned(fn: () => void): void
}

/** A parent that does not answer within this is not waited for. */
const FAREWELL_MS = 1_000
const PARENT_MS = 500

/** @returns undefined in a process that is no worker. */
export function membership(env: NodeJS.ProcessEnv, clock: Clock): Membership | undefined {
  const folder = env.TRUNKLINE_WORKERS_FOLDER
  const slot = Number(env.TRUNKLINE_WORKER)
  if (!process.send || !Number.isInteger(slot) || folder === undefined) return undefined
  const own = ownSocket(folder, slot, process.pid)
  const socketPath = join(folder, 'admin')
  let outgoing: ToParent[] = []
  const flush = (): void => {
    const messages = outgoing
    outgoing = []
    if (process.connected) process.send?.(messages)
  }
  const send = (message: ToParent): void => {
    if (outgoing.length === 0) setImmediate(flush)
    outgoing.push(message)
  }
  const limits = remoteLimits(send, clock)
  const asked = new Map<number, (ended: Ended) => void>()
  let asking = 0
  const ended = (): Promise<Ended> =>
    new Promise((resolve) => {
      const n = ++asking
      const done = (counts: Ended): void => {
        timer.cancel()
        asked.delete(n)
        resolve(counts)
      }
      const timer = clock.timer(PARENT_MS, () => done({ pids: [], values: {} }))
      asked.set(n, done)
      send({ type: 'counts', n })
    })
  const peers = peersOf(folder, slot, Number(env.TRUNKLINE_WORKERS_COUNT ?? 1), ended)
  let services: AdminServices | undefined
  let rest: ReturnType<typeof sharedRest> | undefined
  let gone: (() => void) | undefined
  process.on('message', (message: ToWorker) => {
    if (message.type === 'rest') rest?.hear(message.rest)
    else if (message.type === 'left') gone?.()
    else if (message.type === 'counts') asked.get(message.n)?.(message.ended)
    else limits.hear(message)
  })
  return {
    slot,
    instance: env.TRUNKLINE_WORKERS_INSTANCE ?? '',
    limits,
    peers,
    socketPath,
    ...(slot === 1 ? {} : { forward: forwarder(socketPath) }),
    async join(joining) {
      services = joining
      // First to hear, then to ask: a change in between is not missed.
      await listenInside(own, slot, joining)
      const { answers } = await peers.ask('/registry')
      const latest = (answers as SharedState[]).toSorted((a, b) => b.version - a.version)[0]
      if (latest) await joining.control.follow(latest)
    },
    attach(gateway) {
      rest = sharedRest(
        () => gateway.runtime.vitals,
        (found) => send({ type: 'rest', rest: found }),
        clock,
      )
    },
    ready: () => send({ type: 'ready' }),
    async left() {
      if (!process.connected) return
      if (services) {
        const { lastCounts } = await import('../metrics/collect.ts')
        // Nobody finds it any more, and then its parent speaks for it.
        rmSync(own, { force: true })
        const values = lastCounts({ gateway: services.control.gateway, admin: services })
        send({ type: 'ended', pid: process.pid, values })
      }
      return new Promise((resolve) => {
        gone = resolve
        setTimeout(resolve, FAREWELL_MS).unref()
        process.once('disconnect', resolve)
        send({ type: 'leaving' })
      })
    },
    onOrphaned: (fn) => void process.once('disconnect', fn),
  }
}
