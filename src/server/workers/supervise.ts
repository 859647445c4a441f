// The parent of the workers: starts them on one port, starts a dead one again, hands signals down, keeps the limits and
// passes on who rests. It serves nothing itself, so there is little in it that could fail.

import cluster, { type Worker } from 'node:cluster'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../../core/clock.ts'
import { endedCounts } from './ended-counts.ts'
import { limitsDesk } from './limits-desk.ts'
import type { ToParent, ToWorker } from './messages.ts'
import { ownSocket } from './peers.ts'

export interface SuperviseOptions {
  workers: number
  log: Logger
  clock: Clock
  /** How long workers may take to finish their calls. */
  drainMs: number
}

/** A worker that dies sooner than this after its start is started again ever later. */
const HEALTHY_MS = 10_000
const WORST_BACKOFF_MS = 5_000

/** Resolves with the exit code when all workers have ended for good. */
export function supervise({ workers, log, clock, drainMs }: SuperviseOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-'))
  const env = {
    TRUNKLINE_WORKERS_FOLDER: folder,
    TRUNKLINE_WORKERS_COUNT: String(workers),
    TRUNKLINE_WORKERS_INSTANCE: randomUUID(),
  }
  const desk = limitsDesk(clock)
  const ended = endedCounts()
  /** Slot by worker; the first slot answers the admin API. */
  const slots = new Map<
    Worker,
    { slot: number; since: number; ready: boolean; quick: number; leaving: boolean }
  >()
  let stopping = false
  let everReady = false
  let code = 0

  return new Promise((resolve) => {
    const settle = (): void => {
      if (slots.size > 0 || waiting > 0) return
      rmSync(folder, { recursive: true, force: true })
      resolve(code)
    }
    let waiting = 0

    const start = (slot: number, quick: number): Worker => {
      const worker = cluster.fork({ ...env, TRUNKLINE_WORKER: String(slot) })
      slots.set(worker, { slot, since: clock.monotonic(), ready: false, quick, leaving: false })
      const answer = (message: ToWorker): void => {
        if (worker.isConnected()) worker.send(message)
      }
      worker.on('message', (messages: ToParent[]) => {
        for (const message of messages) {
          if (message.type === 'rest') {
            for (const other of slots.keys()) if (other !== worker && other.isConnected()) other.send(message)
          } else if (message.type === 'ready') {
            everReady = true
            const mine = slots.get(worker)
            if (mine) mine.ready = true
            worker.emit('trunkline ready')
          } else if (message.type === 'leaving') answer({ type: 'left' })
          else if (message.type === 'ended') ended.add(message.pid, message.values)
          else if (message.type === 'counts') answer({ type: 'counts', n: message.n, ended: ended.all() })
          else if (message.type === 'loads') answer({ type: 'loads', n: message.n, loads: desk.loads() })
          else desk.hear(worker.id, message, answer)
        }
      })
      return worker
    }

    cluster.on('exit', (worker, exitCode, signal) => {
      const mine = slots.get(worker)
      slots.delete(worker)
      desk.gone(worker.id)
      if (!mine) return
      rmSync(ownSocket(folder, mine.slot, worker.process.pid), { force: true })
      if (stopping || mine.leaving) return settle()
      if (!everReady && exitCode !== 0 && exitCode !== null) {
        // It has said why (a configuration that is not valid, a port that is taken): the others would say the same.
        code = exitCode
        stopping = true
        for (const other of slots.keys()) other.process.kill('SIGTERM')
        return settle()
      }
      const quick = clock.monotonic() - mine.since < HEALTHY_MS ? mine.quick + 1 : 0
      const backoffMs = quick === 0 ? 0 : Math.min(WORST_BACKOFF_MS, 50 * 2 ** quick)
      log.error(
        { worker: mine.slot, pid: worker.process.pid, exitCode, signal, backoffMs },
        'a worker ended; it is started again',
      )
      waiting++
      setTimeout(() => {
        waiting--
        if (stopping) settle()
        else start(mine.slot, quick)
      }, backoffMs)
    })

    const stop = (): void => {
      if (stopping) return
      stopping = true
      for (const worker of slots.keys()) worker.process.kill('SIGTERM')
      setTimeout(() => {
        for (const worker of slots.keys()) worker.process.kill('SIGKILL')
      }, drainMs + 5_000).unref()
      settle()
    }

    /** One after the other: a new one listens before an old one leaves. */
    const roll = async (): Promise<void> => {
      // As they are now: the new ones come into the same map.
      const all = Array.from(slots)
      for (const [old, mine] of all) {
        if (stopping) return
        const fresh = start(mine.slot, 0)
        await new Promise<void>((done) => {
          fresh.once('trunkline ready', () => done())
          fresh.once('exit', () => done())
        })
        mine.leaving = true
        old.process.kill('SIGTERM')
      }
      log.info({ workers }, 'all workers were replaced')
    }
    let rolling: Promise<void> | undefined

    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    process.on('SIGHUP', () => {
      for (const worker of slots.keys()) worker.process.kill('SIGHUP')
    })
    process.on('SIGUSR2', () => {
      rolling ??= roll().finally(() => {
        rolling = undefined
      })
    })
    for (let slot = 1; slot <= workers; slot++) start(slot, 0)
  })
}
