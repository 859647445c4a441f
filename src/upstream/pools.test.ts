import type { Dispatcher } from 'undici'
import { expect, test } from 'vitest'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { pools } from './pools.ts'

/** How a request through that proxy fails. */
function failure(proxy: string, before?: (all: ReturnType<typeof pools>) => Promise<void>): Promise<Error> {
  const all = pools()
  const endpoint = {
    baseUrl: 'http://127.0.0.1:9/v1',
    timeouts: { connectMs: 1_000 },
    tls: {},
    proxy,
  } as unknown as EndpointConfig
  return new Promise((resolve, reject) => {
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart: () => reject(new Error('it was answered')),
      onResponseData() {},
      onResponseEnd() {},
      onResponseError: (_controller, error) => resolve(error),
    }
    const pool = all.get(endpoint)
    const closed = before?.(all) ?? Promise.resolve()
    void closed.then(() => pool.dispatch({ method: 'GET', path: '/' }, handler))
  })
}

test('a proxy that cannot be made fails the request that wanted it, and nothing else', async () => {
  expect((await failure('no address')).message).toMatch(/URL/i)
})

test('after the end no proxy is opened any more', async () => {
  expect((await failure('http://127.0.0.1:9', (all) => all.close())).message).toMatch(/closing/)
})
