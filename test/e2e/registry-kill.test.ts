// A gateway killed in the middle of many registry writes: what it acknowledged is there afterwards, the file is sound,
// the audit chain holds.

import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { at, list, testDir, up } from '../acceptance/kit.ts'

const WRITES = 200

test('kill -9 in the middle of 200 registry writes loses nothing that was acknowledged', async () => {
  const dir = testDir()
  const env = { LITELLM_SALT_KEY: 'a salt' }
  const first = await up({ dir, env })
  const acknowledged: string[] = []
  const write = async (index: number): Promise<void> => {
    const id = `e${index}`
    try {
      const reply = await first.post('/api/v1/registry', {
        id,
        url: `http://127.0.0.1:9/${index}/v1`,
        models: [`m-${index}`],
        api_key: `sk-${index}`,
      })
      if (reply.status === 201 && reply.at('persisted') === true) acknowledged.push(id)
      // The kill comes in the middle, while others are under way.
      if (acknowledged.length === WRITES / 2) process.kill(first.pid, 'SIGKILL')
    } catch {
      // The process is gone: this one was not acknowledged.
    }
  }
  let next = 0
  const worker = async (): Promise<void> => {
    for (let mine = next++; mine < WRITES; mine = next++) await write(mine)
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  await first.ended
  expect(acknowledged.length).toBeGreaterThanOrEqual(WRITES / 2)
  expect(acknowledged.length).toBeLessThan(WRITES)

  const second = await up({ dir, env })
  const rows = list((await second.get('/api/v1/registry')).at('data'))
  const there = new Map(rows.map((row) => [String(at(row, 'id')), row]))
  expect(acknowledged.filter((id) => !there.has(id))).toEqual([])
  expect([...there.values()].every((row) => at(row, 'credential') === 'present')).toBe(true)
  const verdict = await second.get('/api/v1/audit/verify')
  expect([verdict.at('ok'), verdict.at('lines')]).toEqual([true, there.size])
  await second.close()

  const db = new Database(join(dir, '.trunkline', 'endpoints.db'), { readonly: true })
  expect(db.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }])
  expect(db.prepare('select count(*) as n from audit_log').get()).toEqual({ n: there.size })
  db.close()
})
