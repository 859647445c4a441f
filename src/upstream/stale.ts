// Failures of connections that were kept alive: the upstream had closed its end while we thought it open. Nothing was
// processed there, so the same request may go out again at once, on a new connection.

import type { Dispatcher } from 'undici'

const opened = new WeakMap<object, number>()
const stale = new WeakSet<Error>()

/** Counts the connections a pool opens from now on. */
export function countConnections(pool: Dispatcher): void {
  opened.set(pool, 0)
  pool.on('connect', () => opened.set(pool, (opened.get(pool) ?? 0) + 1))
}

/**
 * Connections opened so far: a request during which none was opened went out on one that had been idle. undefined: the
 * pool is not counted (a proxy's), nothing can be said.
 */
export function connectionsOf(pool: object): number | undefined {
  return opened.get(pool)
}

export function markStale(error: Error): void {
  stale.add(error)
}

export function wasStale(error: Error): boolean {
  return stale.has(error)
}
