// The control plane: the one place that changes what is served while serving. Whatever the source of a change, it makes
// a complete new configuration out of every layer, builds a runtime of it and swaps; a change that cannot be built
// leaves the old one in force and says why. Changes happen one after the other and each leaves one audit line.

import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { type Merged, mergeSources } from '../../config/merge-sources.ts'
import type { Clock, Timer } from '../../core/clock.ts'
import type { AuditLine, RegistryStore, ResponseStore, Write } from '../../core/ports.ts'
import { type Gateway, type GatewayOptions, createGateway } from '../../gateway/create-gateway.ts'
import { type Sealer, sealer } from '../../stores/seal.ts'
import { memoryRegistry } from '../../stores/memory-registry.ts'
import { discoveredEndpoints } from './discovered.ts'
import { restore } from './restore.ts'
import { type SharedState, knownOf, sharedOf } from './shared-state.ts'
import type { Actor, State } from './state.ts'
import { type StoreSlot, storeSlot } from './store-slot.ts'

export interface ControlOptions {
  /** Reads file and environment; `text` stands in for the file. @throws ConfigError */
  load(text?: string): Config
  /** Last touch on every configuration, e.g. the demo model. */
  finish?: (config: Config) => Config
  /** @see StoreSlotOptions.open */
  openStore(dir: string, create: boolean): Promise<RegistryStore | undefined>
  /** Responses kept in a directory; absent: in memory. @param unusable told why they are kept in memory after all. */
  openResponses?: (dir: string, unusable: (why: string) => void) => ResponseStore & { close(): Promise<void> }
  /** Hears every reading of file and environment that comes into force, the first one before anything else. */
  declared?: (config: Config) => void
  /** Tells a change to the other processes of this gateway; a change is done when they have it, or are too slow. */
  spread?: (shared: SharedState) => Promise<void>
  log: Logger
  clock: Clock
  gateway?: Partial<GatewayOptions>
}

export interface Change {
  actor: Actor
  action: string
  target: string
  /** Anything that says how it was and how it is; only hashes of it are kept. */
  before?: unknown
  after?: unknown
  writes: readonly Write[]
  /** The state that follows; throws when the change is not possible. */
  apply(state: State): State
}

export interface Control {
  readonly gateway: Gateway
  readonly state: State
  readonly merged: Merged
  readonly store: StoreSlot
  readonly sealer: Sealer | undefined
  readonly log: Logger
  readonly clock: Clock
  readonly startedAt: number
  load(text?: string): Config
  /** @returns what the operator should know about the change, e.g. that it will not survive a restart. */
  change(change: Change): Promise<{ warning?: string }>
  /** Runs `work` when no change is under way; for changes that must look before they write. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
  /** A change without a trace in the audit trail: what discovery found, what the file says now. */
  adopt(next: (state: State) => State): void
  /** What the other processes of this gateway need to know. */
  shared(): SharedState
  /** Takes over what another process of this gateway changed; what is older than what we have is left. */
  follow(shared: SharedState): Promise<void>
  /** Reads file and environment again. @throws ConfigError, and the old configuration stays in force. */
  reload(): Config
  close(): Promise<void>
}

/** How often another process's changes on the same database are looked for. */
const LOOK_MS = 2_000

export async function createControl(options: ControlOptions): Promise<Control> {
  const { log, clock, load } = options
  const finish = options.finish ?? ((config) => config)
  const declared = load()
  options.declared?.(declared)
  const slot = storeSlot({
    open: options.openStore,
    memory: () => memoryRegistry(clock.now),
    dir: declared.dataDir ?? './.trunkline',
    log,
  })
  const sealing = (config: Config): Sealer | undefined =>
    config.secretKey && !config.secretKey.isEmpty ? sealer(config.secretKey) : undefined
  let seals = sealing(declared)

  let state: State = {
    declared,
    ui: new Map(),
    routes: new Map(),
    overrides: new Map(),
    discovered: [],
  }
  const existing = await slot.existing()
  let seen = existing ? await existing.revision() : 0
  if (existing) state = { ...state, ...restore(await existing.read(), state, seals, log) }
  let merged = layered(state)
  const { dataDir } = declared
  const responses =
    dataDir === undefined
      ? undefined
      : options.openResponses?.(dataDir, (reason) =>
          log.warn({ dir: dataDir, reason }, 'responses are kept in memory only'),
        )
  const gateway = createGateway(finish(merged.config), {
    log,
    clock,
    ...(responses ? { responses } : {}),
    ...options.gateway,
  })

  const swap = (next: State): void => {
    const made = layered(next)
    gateway.reload(finish(made.config))
    const read = next.declared !== state.declared
    state = next
    merged = made
    if (read) options.declared?.(next.declared)
  }

  let version = 0
  let readAt = 0
  const shared = (): SharedState =>
    sharedOf(state, { version, readAt, revision: slot.state === 'open' ? seen : undefined })
  const spread = async (): Promise<void> => {
    version = Math.max(version + 1, clock.now())
    await options.spread?.(shared())
  }

  let last: Promise<unknown> = Promise.resolve()
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work, work)
    last = mine.catch(() => {})
    return mine
  }

  const perform = async (change: Change): Promise<{ warning?: string }> => {
    const { declared: read } = state
    swap(change.apply(state))
    if (state.declared !== read) readAt = Math.max(readAt + 1, clock.now())
    const draft = {
      actor: change.actor.name,
      from: change.actor.from,
      action: change.action,
      target: change.target,
      ...(change.before === undefined ? {} : { before: hashed(change.before) }),
      ...(change.after === undefined ? {} : { after: hashed(change.after) }),
    }
    let line: AuditLine
    try {
      line = await (await slot.writable()).change(change.writes, draft)
    } catch (thrown) {
      line = await slot.fail(thrown).change(change.writes, draft)
    }
    seen = line.seq
    log.info(line, 'audit')
    await spread()
    return slot.state === 'open' ? {} : { warning: slot.message ?? 'the change holds until the next restart' }
  }

  /** Another process on the same directory may have changed the registry. */
  const look = async (): Promise<void> => {
    // It may have made the database only now.
    if (slot.state !== 'open' && slot.state !== 'none') return
    await exclusively(async () => {
      const store = await slot.existing()
      if (slot.state !== 'open') return
      const revision = (await store?.revision()) ?? seen
      if (!store || revision === seen) return
      swap({ ...state, ...restore(await store.read(), state, seals, log) })
      seen = revision
      log.info({ place: store.place }, 'the registry was changed by another process')
    })
  }
  let closed = false
  let timer: Timer | undefined
  const lookLater = (): void => {
    if (closed) return
    timer = clock.timer(LOOK_MS, () => {
      look()
        .catch((thrown: unknown) => log.warn({ reason: String(thrown) }, 'the registry cannot be read'))
        .finally(lookLater)
    })
  }
  lookLater()

  const reload = (): Config => {
    const next = load()
    swap({ ...state, declared: next })
    seals = sealing(next)
    return next
  }

  const readAgain = (): void => {
    try {
      reload()
    } catch (thrown) {
      log.error(
        { problem: (thrown as Error).message },
        'the configuration another worker took is not valid here',
      )
    }
  }

  return {
    gateway,
    get state() {
      return state
    },
    get merged() {
      return merged
    },
    get sealer() {
      return seals
    },
    store: slot,
    log,
    clock,
    startedAt: clock.now(),
    load,
    change: (change) => exclusively(() => perform(change)),
    exclusively,
    adopt(next) {
      swap(next(state))
      void spread()
    },
    shared,
    follow: (from) =>
      exclusively(async () => {
        if (from.version <= version) return
        if (from.readAt > readAt) readAgain()
        swap({
          ...state,
          ...restore(from.stored, knownOf(from), seals, log),
          discovered: from.discovered,
        })
        version = from.version
        readAt = from.readAt
        if (from.revision !== undefined && slot.state === 'open') seen = from.revision
      }),
    reload,
    async close() {
      closed = true
      timer?.cancel()
      await exclusively(() => slot.close())
      await responses?.close()
    },
  }
}

function layered(state: State): Merged {
  const ui = [...state.ui.values()]
  const others = [
    ...state.declared.endpoints,
    ...(state.declared.shadowed ?? []),
    ...ui.map((row) => row.config),
  ]
  return mergeSources({
    declared: state.declared,
    ui: ui.map((row) => row.config),
    off: new Set(ui.filter((row) => !row.stored.enabled).map((row) => row.stored.id)),
    routes: Object.fromEntries([...state.routes].map(([name, row]) => [name, row.entry])),
    discovered: discoveredEndpoints(state.discovered, others),
    overrides: state.overrides,
  })
}

/** SHA-256 of a value's JSON; credentials print as "[secret]" and never get in. */
export function hashed(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
