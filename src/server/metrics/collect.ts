// The values of this process, and those of all workers together.

import { loadsOf } from '../../gateway/limits.ts'
import type { Gateway } from '../../gateway/create-gateway.ts'
import type { AdminServices } from '../admin/services.ts'
import { joined } from './join.ts'
import type { Part, Source, Values } from './metric.ts'
import { METRICS } from './table.ts'

/** @param own what only the process that was asked tells. */
export function ownValues(source: Omit<Source, 'limits'>, own?: Pick<Source, 'limits'>): Values {
  const from: Source = { ...source, limits: own?.limits ?? [] }
  return Object.fromEntries(METRICS.map((metric) => [metric.name, [...metric.read(from)]]))
}

/** What a process that ends leaves behind: all that only grows, and that the workers have together. */
export function lastCounts(source: Omit<Source, 'limits'>): Values {
  const values = ownValues(source)
  return Object.fromEntries(
    METRICS.flatMap(({ name, kind, join }) =>
      kind !== 'gauge' && join === 'sum' ? [[name, values[name] ?? []]] : [],
    ),
  )
}

export async function allValues(gateway: Gateway, admin: AdminServices | undefined): Promise<Values> {
  const peers = admin?.peers
  const limits = await limitLoads(gateway)
  const values = ownValues({ gateway, admin }, { limits })
  if (!peers) return joined(METRICS, [{ worker: undefined, values }])
  const { answers } = await peers.ask('/metrics')
  // Asked after the workers: who ended meanwhile is in here, and in here only.
  const ended = await peers.ended()
  const others = (answers as Part[]).filter(({ pid }) => !ended.pids.includes(pid))
  return joined(METRICS, [
    { worker: String(peers.slot), values },
    ...others,
    { worker: undefined, values: ended.values },
  ])
}

/** Of all workers, where they share their limits. */
function limitLoads({ runtime }: Gateway): ReturnType<typeof loadsOf> | Promise<ReturnType<typeof loadsOf>> {
  if (runtime.limits) return runtime.limits.loads()
  const { config, endpoints, routes, callers } = runtime
  return loadsOf([
    ...[...endpoints.values()].flatMap(({ scope }) => scope ?? []),
    ...config.routes.flatMap(({ name }) => routes.known(name)?.scope ?? []),
    ...callers.values(),
  ])
}
