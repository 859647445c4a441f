// Looks for model servers at the start and after every interval, and tells the control plane what it found. Who is gone
// for two scans running is forgotten; nothing of it is ever stored.

import { isDeepStrictEqual } from 'node:util'
import type { Timer } from '../../core/clock.ts'
import type { Identified } from '../../upstream/discovery/identify.ts'
import { scan as scanOnce } from '../../upstream/discovery/scan.ts'
import type { Control } from './control.ts'
import { type Named, named } from './discovered.ts'

export interface ScanOutcome {
  found: Named[]
  asked: number
  ms: number
}

export interface Scanner {
  readonly running: boolean
  /** ms since the Unix epoch. */
  readonly lastAt: number | undefined
  /** Asks everybody and changes nothing. */
  scan(): Promise<ScanOutcome>
  /** The first scan, and one after every interval. Resolves when the first one is done. */
  start(): Promise<void>
  stop(): void
}

export interface ScannerOptions {
  control: Control
  /** The port we listen on. */
  ownPort(): number
  instance: string
}

export function scanner({ control, ownPort, instance }: ScannerOptions): Scanner {
  const { log, clock } = control
  let running = false
  let lastAt: number | undefined
  let stopped = false
  let timer: Timer | undefined
  /** Missed by how many scans running, by address. */
  const missed = new Map<string, number>()
  const told = new Set<string>()

  const ask = async (): Promise<{ found: Identified[]; asked: number; ms: number }> => {
    const started = clock.monotonic()
    const { found, asked } = await scanOnce({
      peers: control.state.declared.discovery?.peers ?? [],
      instance,
      ownPort: ownPort(),
      warn(message) {
        // Once per trouble, not once per scan.
        if (told.has(message)) return
        told.add(message)
        log.warn({ problem: message }, 'discovery')
      },
    })
    return { found, asked, ms: Math.round(clock.monotonic() - started) }
  }

  const adopt = (found: readonly Identified[]): void => {
    const before = control.state.discovered
    const now = new Map(found.map((row) => [row.baseUrl, row]))
    for (const { baseUrl } of before) {
      if (now.has(baseUrl)) missed.delete(baseUrl)
      else missed.set(baseUrl, (missed.get(baseUrl) ?? 0) + 1)
    }
    // In the order in which they were first seen: a name once given stays with its server.
    const next = [
      ...before.flatMap((row) => {
        const again = now.get(row.baseUrl)
        if (again) return [again]
        return (missed.get(row.baseUrl) ?? 0) < 2 ? [row] : []
      }),
      ...found.filter((row) => !before.some((one) => one.baseUrl === row.baseUrl)),
    ]
    if (isDeepStrictEqual(next, before)) return
    control.adopt((state) => ({ ...state, discovered: next }))
    for (const row of found) {
      if (before.some((one) => one.baseUrl === row.baseUrl)) continue
      const facts = { url: row.baseUrl, kind: row.kind, evidence: row.evidence, models: row.models.length }
      if (row.locked) log.info(facts, 'discovery: found but locked, it asks for a key')
      else log.info(facts, 'discovery: found')
    }
  }

  const round = async (): Promise<void> => {
    running = true
    try {
      // Switched off meanwhile: nobody is asked, and what was found goes.
      if (control.state.declared.discovery?.localScan !== true) {
        if (control.state.discovered.length > 0) control.adopt((state) => ({ ...state, discovered: [] }))
        return
      }
      const { found } = await ask()
      lastAt = clock.now()
      if (!stopped) await control.exclusively(async () => adopt(found))
    } catch (thrown) {
      log.warn({ reason: String(thrown) }, 'discovery failed')
    } finally {
      running = false
      const seconds = control.state.declared.discovery?.scanIntervalS ?? 0
      if (!stopped && seconds > 0) timer = clock.timer(seconds * 1000, () => void round())
    }
  }

  return {
    get running() {
      return running
    },
    get lastAt() {
      return lastAt
    },
    async scan() {
      const { found, asked, ms } = await ask()
      const others = control.merged.endpoints
        .map((row) => row.endpoint)
        .filter((endpoint) => endpoint.source !== 'auto-discovery')
      return { found: named(found, others), asked, ms }
    },
    start: round,
    stop() {
      stopped = true
      timer?.cancel()
    },
  }
}
