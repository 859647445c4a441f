// Connection pools, one per origin and TLS policy: our own (http1-pool.ts), and undici's where a proxy stands between.

import { readFileSync } from 'node:fs'
import type { Dispatcher, ProxyAgent } from 'undici'
import { guardLiteral, guardedLookup } from './guard.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { Http1Pool } from './http1-pool.ts'

export interface Pools {
  /** The pool of an endpoint's origin. */
  get(endpoint: EndpointConfig): Pick<Dispatcher, 'dispatch'>
  /** By origin; what goes through a proxy is not counted. */
  counts(): { origin: string; open: number; busy: number; waiting: number }[]
  /** Waits for what is under way, then closes every socket. */
  close(): Promise<void>
  /** Drops every socket now. */
  destroy(): Promise<void>
}

export function pools(): Pools {
  const byKey = new Map<string, Connections>()
  const own: { origin: string; pool: Http1Pool }[] = []
  const byEndpoint = new WeakMap<EndpointConfig, Connections>()
  return {
    get(endpoint) {
      const known = byEndpoint.get(endpoint)
      if (known) return known
      const origin = new URL(endpoint.baseUrl).origin
      const { connectMs } = endpoint.timeouts
      guardLiteral(origin)
      const key = JSON.stringify([origin, connectMs, endpoint.tls, endpoint.proxy])
      let pool = byKey.get(key)
      if (!pool) {
        const tls = { timeout: connectMs, ...tlsOptions(endpoint) }
        pool =
          endpoint.proxy === undefined
            ? new Http1Pool(origin, {
                connect: { ...tls, lookup: guardedLookup() },
                connections: 512,
                waiting: 10_000,
                idleMs: 30_000,
              })
            : throughProxy(origin, {
                uri: endpoint.proxy,
                requestTls: tls,
                connections: 512,
                pipelining: 1,
                keepAliveTimeout: 30_000,
                // Our own phase timer owns these waits (send.ts); two owners would race.
                headersTimeout: 0,
                bodyTimeout: 0,
              })
        byKey.set(key, pool)
        if (pool instanceof Http1Pool) own.push({ origin, pool })
      }
      byEndpoint.set(endpoint, pool)
      return pool
    },
    counts: () => own.map(({ origin, pool }) => ({ origin, ...pool.counts })),
    async close() {
      await Promise.all([...byKey.values()].map((pool) => pool.close()))
    },
    async destroy() {
      await Promise.all([...byKey.values()].map((pool) => pool.destroy()))
    },
  }
}

/** What a TLS connection to an endpoint is made with; files are read anew. */
export function tlsOptions({ tls }: Pick<EndpointConfig, 'tls'>): {
  rejectUnauthorized: boolean
  ca?: Buffer
  cert?: Buffer
  key?: Buffer
} {
  const { insecure, caFile, certFile, keyFile } = tls
  return {
    rejectUnauthorized: !insecure,
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  }
}

type Connections = Pick<Dispatcher, 'dispatch' | 'close' | 'destroy'>

/**
 * A proxy agent serves any origin and wants to be told it; a pool knows its own. undici is loaded by the first request:
 * without a proxy nobody needs it.
 */
function throughProxy(origin: string, options: ProxyAgent.Options): Connections {
  let agent: ProxyAgent | undefined
  let ended = false
  const loaded = async (): Promise<ProxyAgent> => {
    const undici = await import('undici')
    if (ended) throw new Error('the gateway is closing')
    return (agent ??= new undici.ProxyAgent(options))
  }
  return {
    dispatch(request, handler) {
      if (agent) return agent.dispatch({ ...request, origin }, handler)
      loaded()
        .then((ready) => ready.dispatch({ ...request, origin }, handler))
        .catch((error: Error) => handler.onResponseError?.(NEVER_BEGAN, error))
      return true
    },
    async close() {
      ended = true
      await agent?.close()
    },
    async destroy() {
      ended = true
      await agent?.destroy()
    },
  }
}

/** Of a request that no connection has heard of. */
const NEVER_BEGAN: Dispatcher.DispatchController = {
  aborted: true,
  paused: false,
  reason: null,
  abort() {},
  pause() {},
  resume() {},
}
