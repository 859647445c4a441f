// What local engines say of themselves, over real sockets: each kind's own paths, and the choice that follows.

import http from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { makeEndpoint } from '../../src/config/endpoint.ts'
import { type Gateway, createGateway } from '../../src/gateway/create-gateway.ts'
import { type RunningServer, startServer } from '../../src/server/server.ts'
import { engineState } from '../../src/upstream/engine-state.ts'
import { pools } from '../../src/upstream/pools.ts'
import { systemClock } from '../../src/upstream/system-clock.ts'
import { until } from '../acceptance/kit.ts'

const servers: http.Server[] = []
let running: RunningServer | undefined
afterEach(async () => {
  await running?.close(100)
  running = undefined
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** An engine with these GET paths; chats are answered with its name. */
async function engine(
  paths: Record<string, unknown>,
): Promise<{ port: number; asked: string[]; chats: () => number }> {
  const asked: string[] = []
  const server = http.createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(`${request.method} ${path}`)
    request.resume()
    request.on('end', () => {
      const found =
        request.method === 'POST'
          ? {
              id: 'c',
              object: 'chat.completion',
              created: 1,
              model: 'm',
              choices: [{ index: 0, message: { role: 'assistant', content: 'pong' }, finish_reason: 'stop' }],
            }
          : paths[path]
      response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(typeof found === 'string' ? found : JSON.stringify(found ?? { error: 'not found' }))
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    chats: () => asked.filter((line) => line.startsWith('POST')).length,
  }
}

const endpointAt = (id: string, provider: string, port: number) =>
  makeEndpoint({
    id,
    provider,
    baseUrl: `http://127.0.0.1:${port}/v1`,
    models: [{ name: 'm', upstream: 'm' }],
    source: 'config',
    probe: 'off',
  })

describe('each kind of engine', () => {
  test.for<[string, Record<string, unknown>, unknown]>([
    [
      'ollama',
      { '/api/ps': { models: [{ name: 'm:latest', model: 'm:latest' }] } },
      { warm: ['m:latest', 'm:latest'] },
    ],
    [
      'llamacpp',
      {
        '/slots': [
          { id: 0, is_processing: true },
          { id: 1, is_processing: false },
        ],
      },
      { slots: { total: 2, free: 1 } },
    ],
    ['llamacpp', { '/props': { total_slots: 4 } }, { slots: { total: 4, free: 4 } }],
    [
      'vllm',
      { '/metrics': 'vllm:num_requests_running{m="m"} 6\nvllm:num_requests_waiting{m="m"} 2\n' },
      { slots: { total: 6, free: 0 } },
    ],
    [
      'sglang',
      { '/metrics': 'sglang:num_running_reqs 1\nsglang:num_queue_reqs 0\n' },
      { slots: { total: 10, free: 9 } },
    ],
    [
      'lmstudio',
      {
        '/api/v1/models': {
          models: [
            { key: 'm', loaded_instances: [{ id: 'm:2' }] },
            { key: 'n', loaded_instances: [] },
          ],
        },
      },
      { warm: ['m', 'm:2'] },
    ],
    [
      'lmstudio',
      {
        '/api/v0/models': {
          data: [
            { id: 'm', state: 'loaded' },
            { id: 'n', state: 'not-loaded' },
          ],
        },
      },
      { warm: ['m'] },
    ],
    ['ollama', { '/api/ps': '<html>' }, undefined],
    ['vllm', {}, undefined],
  ])('%s %j', async ([provider, paths, wanted]) => {
    const { port } = await engine(paths)
    const connections = pools()
    try {
      const state = await engineState(endpointAt('e', provider, port), {
        pools: connections,
        clock: systemClock,
      })
      expect(state).toEqual(wanted)
    } finally {
      await connections.destroy()
    }
  })
})

test('a call goes where the model is in memory', async () => {
  const cold = await engine({ '/api/ps': { models: [] } })
  const warm = await engine({ '/api/ps': { models: [{ name: 'm:latest' }] } })
  const gateway: Gateway = createGateway(
    {
      server: { host: '127.0.0.1', port: 0, maxBodyBytes: 1 << 20, maxUploadBytes: 1 << 20, strict: false },
      endpoints: [endpointAt('cold', 'ollama', cold.port), endpointAt('warm', 'ollama', warm.port)],
      routes: [
        {
          name: 'r',
          strategy: 'least_busy',
          fallback: [],
          targets: ['cold', 'warm'].map((endpoint) => ({ endpoint, model: 'm', weight: 1 })),
        },
      ],
      aliases: {},
      problems: [],
      files: [],
    },
    { log: pino({ level: 'silent' }) },
  )
  running = await startServer({ gateway, host: '127.0.0.1', port: 0 })
  const chat = () =>
    fetch(`${running?.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'r', messages: [{ role: 'user', content: 'ping' }] }),
    })
  await (await chat()).text()
  await until(
    () => gateway.runtime.vitals.get('cold/m')?.warm === false,
    2_000,
    'the cold one is known to be cold',
  )
  await until(
    () => gateway.runtime.vitals.get('warm/m')?.warm === true,
    2_000,
    'the warm one is known to be warm',
  )
  const before = cold.chats()
  for (let i = 0; i < 6; i++) expect((await chat()).headers.get('x-trunkline-endpoint')).toBe('warm')
  expect(cold.chats()).toBe(before)
  const health = (await (await fetch(`${running.url}/health`)).json()) as {
    unhealthy_endpoints: { endpoint: string; deployments: unknown }[]
    healthy_endpoints: { endpoint: string; deployments: unknown }[]
  }
  const rows = [...health.healthy_endpoints, ...health.unhealthy_endpoints]
  expect(rows.find((row) => row.endpoint === 'warm')?.deployments).toMatchObject([
    { model: 'm', circuit: 'closed', in_memory: true, in_flight: 0 },
  ])
})

test('/health?deep=true generates, /health never does', async () => {
  const well = await engine({ '/v1/models': { data: [{ id: 'm' }] } })
  const gateway = createGateway(
    {
      server: { host: '127.0.0.1', port: 0, maxBodyBytes: 1 << 20, maxUploadBytes: 1 << 20, strict: false },
      endpoints: [endpointAt('well', 'openai-compatible', well.port)],
      routes: [],
      aliases: {},
      problems: [],
      files: [],
    },
    { log: pino({ level: 'silent' }) },
  )
  running = await startServer({ gateway, host: '127.0.0.1', port: 0 })
  await (await fetch(`${running.url}/health`)).text()
  expect(well.chats()).toBe(0)
  const deep = (await (await fetch(`${running.url}/health?deep=true`)).json()) as Record<string, unknown>
  expect(well.chats()).toBe(1)
  expect(deep).toMatchObject({ healthy_count: 1, healthy_endpoints: [{ endpoint: 'well', chat: 'ok' }] })
})

test('a breaker opened by a dead endpoint is ready for a trial soon after it is back', async () => {
  const gone = await engine({ '/v1/models': { data: [{ id: 'm' }] } })
  const server = servers.pop() as http.Server
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const gateway = createGateway(
    {
      server: { host: '127.0.0.1', port: 0, maxBodyBytes: 1 << 20, maxUploadBytes: 1 << 20, strict: false },
      endpoints: [endpointAt('gone', 'openai-compatible', gone.port)],
      routes: [
        {
          name: 'r',
          strategy: 'priority',
          fallback: [],
          targets: [{ endpoint: 'gone', model: 'm', weight: 1 }],
        },
      ],
      aliases: {},
      problems: [],
      files: [],
    },
    { log: pino({ level: 'silent' }) },
  )
  running = await startServer({ gateway, host: '127.0.0.1', port: 0 })
  const chat = async () =>
    (
      await fetch(`${running?.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'r', messages: [{ role: 'user', content: 'ping' }] }),
      })
    ).status
  for (let i = 0; i < 5; i++) expect(await chat()).toBe(503)
  expect(gateway.runtime.vitals.get('gone/m')?.breaker.openedAt).toBeDefined()
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(gone.port, '127.0.0.1', resolve))
  // The breaker itself would rest for a minute.
  await until(async () => (await chat()) === 200, 8_000, 'the endpoint serves again')
})
