import { expect, test } from 'vitest'
import { makeEndpoint } from '../config/endpoint.ts'
import type { Clock } from '../core/clock.ts'
import { probes } from './probes.ts'

const clock: Clock = {
  now: () => 1_000_000,
  monotonic: () => 0,
  timer: () => ({ refresh() {}, cancel() {} }),
}

test('a swap asks again only what failed or was not known', async () => {
  const endpoints = ['good', 'bad', 'new'].map((id) =>
    makeEndpoint({
      id,
      provider: 'openai-compatible',
      baseUrl: 'http://127.0.0.1:9/v1',
      models: [],
      source: 'config',
      probe: 'report',
    }),
  )
  const asked: string[] = []
  const made = probes({
    endpoints,
    clock,
    known: ({ id }) => (id === 'new' ? undefined : { ok: id === 'good', models: ['m'], testedAt: 999_000 }),
    ask: async ({ id }) => {
      asked.push(id)
      return { ok: true, models: [], testedAt: 1_000_000 }
    },
    warn() {},
  })
  made.start()
  expect(made.status('good').result?.models).toEqual(['m'])
  expect(made.status('bad').status).toBe('down')
  expect(made.status('new').status).toBe('checking')
  expect(asked).toEqual(['bad', 'new'])
  made.stop()
})
