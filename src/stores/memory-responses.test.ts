import { expect, test } from 'vitest'
import type { StoredResponse } from '../core/ports.ts'
import { memoryResponses } from './memory-responses.ts'

const row = (id: string, text = ''): StoredResponse => ({
  id,
  owner: 'me',
  kept: { input: [{ role: 'user', content: text }], answer: { id } },
})

test('what was put is found, and gone once it is deleted', async () => {
  const store = memoryResponses()
  await store.put(row('resp_1', 'hi'))
  expect(await store.get('resp_1')).toEqual(row('resp_1', 'hi'))
  expect(await store.get('resp_2')).toBeUndefined()
  expect(await store.delete('resp_1')).toBe(true)
  expect(await store.delete('resp_1')).toBe(false)
  expect(await store.get('resp_1')).toBeUndefined()
})

test('beyond its bytes the response that was named longest ago goes first', async () => {
  const store = memoryResponses({ maxBytes: 10_000 })
  await store.put(row('resp_1', 'a'.repeat(1_500)))
  await store.put(row('resp_2', 'b'.repeat(1_500)))
  await store.get('resp_1')
  await store.put(row('resp_3', 'c'.repeat(1_500)))
  expect(await store.get('resp_2')).toBeUndefined()
  expect((await store.get('resp_1'))?.id).toBe('resp_1')
})

test('a response larger than the whole store is not kept at all', async () => {
  const store = memoryResponses({ maxBytes: 10_000 })
  await store.put(row('resp_1', 'a'.repeat(20_000)))
  expect(await store.get('resp_1')).toBeUndefined()
})

test('a response is forgotten when nobody has named it for its time', async () => {
  let now = 1_000
  const store = memoryResponses({ maxAgeMs: 100, now: () => now })
  await store.put(row('resp_1'))
  now += 90
  expect((await store.get('resp_1'))?.id).toBe('resp_1')
  now += 90
  expect((await store.get('resp_1'))?.id).toBe('resp_1')
  now += 101
  expect(await store.get('resp_1')).toBeUndefined()
})
