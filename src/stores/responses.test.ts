// One suite for every store of responses: what the port promises, each keeps.

import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ResponseStore, StoredResponse } from '../core/ports.ts'
import { memoryResponses } from './memory-responses.ts'
import type { ResponseBounds } from './response-bounds.ts'
import { type DurableResponses, RESPONSES_FILE, sqliteResponses } from './sqlite/responses.ts'

const row = (id: string, text = '', owner = 'me'): StoredResponse => ({
  id,
  owner,
  kept: { input: [{ role: 'user', content: text }], answer: { id } },
})

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'trunkline-responses-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

type Limits = Partial<ResponseBounds> & { now?: () => number }

function sqlite(limits: Limits = {}, dir = folder(), troubles: string[] = []): DurableResponses {
  const store = sqliteResponses(dir, { ...limits, unusable: (why) => troubles.push(why) })
  onTestFinished(() => store.close())
  return store
}

/** A clock that goes on by itself, so that what is named later is later. */
function ticking(): () => number {
  let now = 1_000_000
  return () => ++now
}

describe.each([
  ['memory', (limits?: Limits): ResponseStore => memoryResponses(limits)],
  ['sqlite', (limits?: Limits): ResponseStore => sqlite(limits)],
])('%s', (_name, make) => {
  test('what was put is found, and gone once it is deleted', async () => {
    const store = make()
    const pinned: StoredResponse = { id: 'resp_p', owner: '', pin: { endpoint: 'e', model: 'm' } }
    await store.put(row('resp_1', 'hi\u2028😀'))
    await store.put(pinned)
    expect(await store.get('resp_1')).toEqual(row('resp_1', 'hi\u2028😀'))
    expect(await store.get('resp_p')).toEqual(pinned)
    expect(await store.get('resp_2')).toBeUndefined()
    expect(await store.delete('resp_1')).toBe(true)
    expect(await store.delete('resp_1')).toBe(false)
    expect(await store.get('resp_1')).toBeUndefined()
  })

  test('a response that is put again is the newer one', async () => {
    const store = make()
    await store.put(row('resp_1', 'old'))
    await store.put(row('resp_1', 'new'))
    expect(await store.get('resp_1')).toEqual(row('resp_1', 'new'))
  })

  test('beyond its bytes the response that was named longest ago goes first', async () => {
    const store = make({ maxBytes: 10_000, now: ticking() })
    await store.put(row('resp_1', 'a'.repeat(1_700)))
    await store.put(row('resp_2', 'b'.repeat(1_700)))
    for (const id of ['resp_1', 'resp_2']) expect((await store.get(id))?.id).toBe(id)
    await store.get('resp_1')
    for (let turn = 3; turn < 7; turn++) {
      await store.put(row(`resp_${turn}`, 'c'.repeat(1_700)))
      expect((await store.get('resp_1'))?.id).toBe('resp_1')
    }
    expect(await store.get('resp_2')).toBeUndefined()
  })

  test('a response larger than the whole store is not kept at all', async () => {
    const store = make({ maxBytes: 10_000 })
    await store.put(row('resp_1', 'a'.repeat(20_000)))
    expect(await store.get('resp_1')).toBeUndefined()
  })

  test('a response is forgotten when nobody has named it for its time', async () => {
    let now = 1_000
    const store = make({ maxAgeMs: 100, now: () => now })
    await store.put(row('resp_1'))
    now += 90
    expect((await store.get('resp_1'))?.id).toBe('resp_1')
    now += 90
    expect((await store.get('resp_1'))?.id).toBe('resp_1')
    now += 101
    expect(await store.get('resp_1')).toBeUndefined()
  })
})

describe('responses.db', () => {
  test('is made by the first response, for its owner only, and opened again', async () => {
    const dir = join(folder(), 'data')
    const first = sqlite({}, dir)
    expect(await first.get('resp_1')).toBeUndefined()
    expect(existsSync(dir)).toBe(false)
    // Not awaited: what was put is written before the store is closed.
    const written = first.put(row('resp_1', 'hi'))
    await first.close()
    await written
    expect(statSync(join(dir, RESPONSES_FILE)).mode & 0o777).toBe(0o600)
    expect(await sqlite({}, dir).get('resp_1')).toEqual(row('resp_1', 'hi'))
  })

  test('a row that is still being written by another process is waited for', async () => {
    const dir = folder()
    const [one, two] = [sqlite({}, dir), sqlite({}, dir)]
    await one.put(row('resp_0'))
    await two.get('resp_0')
    const written = one.put(row('resp_1', 'x'.repeat(1_000_000)))
    expect((await two.get('resp_1'))?.id).toBe('resp_1')
    await written
  })

  test('two stores on one file keep one bound, and see each other’s deletions', async () => {
    const dir = folder()
    const limits = { maxBytes: 20_000, now: ticking() }
    const [one, two] = [sqlite(limits, dir), sqlite(limits, dir)]
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? one : two).put(row(`resp_${index}`, 'x'.repeat(1_000))),
      ),
    )
    const db = new Database(join(dir, RESPONSES_FILE))
    onTestFinished(() => void db.close())
    const held = db.prepare('select sum(bytes) as bytes, count(*) as n from responses').get() as {
      bytes: number
      n: number
    }
    expect(held.bytes).toBeLessThanOrEqual(limits.maxBytes)
    expect(held.n).toBeGreaterThan(5)
    expect(db.prepare('select bytes from response_total').all()).toEqual([{ bytes: held.bytes }])
    const { id } = db.prepare('select id from responses limit 1').get() as { id: string }
    expect((await one.get(id))?.id).toBe(id)
    expect(await two.delete(id)).toBe(true)
    expect(await one.get(id)).toBeUndefined()
  })

  test('a folder that cannot be used is told once, and memory serves', async () => {
    const file = join(folder(), 'no-folder')
    writeFileSync(file, '')
    chmodSync(file, 0o600)
    const troubles: string[] = []
    const store = sqlite({}, join(file, 'data'), troubles)
    await store.put(row('resp_1', 'hi'))
    await store.put(row('resp_2', 'hi'))
    expect(await store.get('resp_1')).toEqual(row('resp_1', 'hi'))
    expect(await store.delete('resp_1')).toBe(true)
    expect(await store.get('resp_1')).toBeUndefined()
    expect(troubles).toHaveLength(1)
  })
})
