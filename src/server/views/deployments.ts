// What the traffic has shown of every deployment, of this process and of all workers together.

import type { Runtime } from '../../gateway/runtime.ts'
import type { Peers } from '../workers/peers.ts'

interface Mean {
  value: number
  /** How often it was fed; 0: the value means nothing. */
  count: number
}

export interface DeploymentState {
  /** `endpoint/model`. */
  key: string
  open: boolean
  failures: number
  /** ms since the Unix epoch. */
  coolUntil: number
  inFlight: number
  firstByteMs: Mean
  tokensPerSecond: Mean
  failed: Mean
  inMemory: boolean | null
  slots: { total: number; free: number } | null
}

export function ownDeployments({ vitals }: Runtime): DeploymentState[] {
  return [...vitals.values()].map((row) => ({
    key: row.key,
    open: row.breaker.openedAt !== undefined,
    failures: row.breaker.failures,
    coolUntil: row.coolUntil,
    inFlight: row.inFlight,
    firstByteMs: meanOf(row.firstByteMs),
    tokensPerSecond: meanOf(row.tokensPerSecond),
    failed: meanOf(row.failed),
    inMemory: row.warm ?? null,
    slots: row.slots ? { total: row.slots.total, free: row.slots.free } : null,
  }))
}

export async function allDeployments(runtime: Runtime, peers: Peers | undefined): Promise<DeploymentState[]> {
  const own = ownDeployments(runtime)
  if (!peers) return own
  const { answers } = await peers.ask('/deployments')
  const byKey = new Map<string, DeploymentState>()
  for (const row of [own, ...(answers as DeploymentState[][])].flat()) {
    const before = byKey.get(row.key)
    byKey.set(row.key, before ? together(before, row) : row)
  }
  return [...byKey.values()]
}

/** Calls are added, the worst state counts, and speeds weigh by how often they were seen. */
export function together(a: DeploymentState, b: DeploymentState): DeploymentState {
  return {
    key: a.key,
    open: a.open || b.open,
    failures: Math.max(a.failures, b.failures),
    coolUntil: Math.max(a.coolUntil, b.coolUntil),
    inFlight: a.inFlight + b.inFlight,
    firstByteMs: mean(a.firstByteMs, b.firstByteMs),
    tokensPerSecond: mean(a.tokensPerSecond, b.tokensPerSecond),
    failed: mean(a.failed, b.failed),
    // The engine's own word, which every worker asks for itself.
    inMemory: a.inMemory ?? b.inMemory,
    slots: a.slots ?? b.slots,
  }
}

function meanOf({ value, count }: Mean): Mean {
  return { value, count }
}

function mean(a: Mean, b: Mean): Mean {
  const count = a.count + b.count
  return { value: count === 0 ? 0 : (a.value * a.count + b.value * b.count) / count, count }
}
