// One suite for every registry store: what the port promises, each keeps.

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import type { AuditDraft, RegistryStore, StoredEndpoint } from '../core/ports.ts'
import { memoryRegistry } from './memory-registry.ts'
import { FILE, sqliteRegistry } from './sqlite/registry.ts'

const open: RegistryStore[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()))
})

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'trunkline-store-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function sqlite(dir = folder()): Promise<RegistryStore> {
  const store = await sqliteRegistry(dir, true)
  if (!store) throw new Error('no store')
  open.push(store)
  return store
}

const draft = (action: string): AuditDraft => ({ actor: 'test', from: '127.0.0.1', action, target: 't' })
const row = (id: string, more: Partial<StoredEndpoint> = {}): StoredEndpoint => ({
  id,
  url: 'http://h/v1',
  enabled: true,
  entry: { provider: 'openai-compatible', models: ['a'] },
  updatedAt: '2026-01-01T00:00:00.000Z',
  ...more,
})

describe.each([
  ['memory', async () => memoryRegistry(Date.now)],
  ['sqlite', () => sqlite()],
])('%s', (_name, make) => {
  test('rows are put, changed and taken away; an audit line follows each change', async () => {
    const store = await make()
    const sealed = { keyId: 'k', text: 'cipher' }
    await store.change(
      [
        { kind: 'put_endpoint', row: row('b') },
        { kind: 'put_endpoint', row: row('a', { credential: sealed }) },
      ],
      draft('add'),
    )
    // Two ids with one address stay two rows (K-26).
    expect((await store.read()).endpoints.map(({ id }) => id).toSorted()).toEqual(['a', 'b'])
    await store.change([{ kind: 'put_endpoint', row: row('a', { enabled: false }) }], draft('toggle'))
    await store.change([{ kind: 'delete_endpoint', id: 'b' }], draft('delete'))
    expect((await store.read()).endpoints).toEqual([row('a', { enabled: false })])
    await store.change(
      [
        { kind: 'put_route', row: { name: 'r', entry: { targets: ['a/x'] }, updatedAt: 'now' } },
        { kind: 'put_override', row: { id: 'c', enabled: false } },
        { kind: 'put_override', row: { id: 'd', priority: -5 } },
      ],
      draft('more'),
    )
    const { routes, overrides } = await store.read()
    expect(routes).toEqual([{ name: 'r', entry: { targets: ['a/x'] }, updatedAt: 'now' }])
    expect(overrides).toEqual([
      { id: 'c', enabled: false },
      { id: 'd', priority: -5 },
    ])
    expect((await store.audit(10)).map((line) => line.action)).toEqual(['more', 'delete', 'toggle', 'add'])
    expect((await store.audit(1, 3)).map((line) => line.seq)).toEqual([2])
    expect(await store.verifyAudit()).toEqual({ ok: true, lines: 4 })
    expect(await store.revision()).toBe(4)
  })

  test('versions of the configuration are kept in order', async () => {
    const store = await make()
    for (const text of ['one', 'two'])
      await store.change(
        [{ kind: 'add_config', text, actor: 'me', hash: text, bytes: 3, note: `n ${text}` }],
        draft('apply'),
      )
    expect((await store.configVersions()).map(({ version, note }) => [version, note])).toEqual([
      [2, 'n two'],
      [1, 'n one'],
    ])
    expect(await store.configText(1)).toEqual({ text: 'one' })
    expect(await store.configText(9)).toBeUndefined()
  })
})

describe('endpoints.db', () => {
  test('is made only when asked for, and for its owner only', async () => {
    const dir = folder()
    expect(await sqliteRegistry(dir, false)).toBeUndefined()
    await sqlite(dir)
    expect(statSync(join(dir, FILE)).mode & 0o777).toBe(0o600)
  })

  test('what one process writes another reads, and both may write', async () => {
    const dir = folder()
    const [one, two] = await Promise.all([sqlite(dir), sqlite(dir)])
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : two).change([{ kind: 'put_endpoint', row: row(`e${index}`) }], draft('add')),
      ),
    )
    expect((await one.read()).endpoints).toHaveLength(20)
    expect(await two.verifyAudit()).toEqual({ ok: true, lines: 20 })
  })

  test('the audit trail is append-only, and a line changed behind its back is found', async () => {
    const dir = folder()
    const store = await sqlite(dir)
    for (const action of ['one', 'two', 'three']) await store.change([], draft(action))
    const raw = new Database(join(dir, FILE))
    expect(() => raw.prepare(`update audit_log set actor = 'x' where seq = 2`).run()).toThrow(/append-only/)
    expect(() => raw.prepare('delete from audit_log').run()).toThrow(/append-only/)
    raw.exec('drop trigger audit_log_no_update')
    raw.prepare(`update audit_log set actor = 'x' where seq = 2`).run()
    raw.close()
    expect(await store.verifyAudit()).toMatchObject({ ok: false, brokenAt: 2 })
  })

  test('a directory that cannot be made is an error that says why', async () => {
    await expect(sqliteRegistry('/dev/null/nowhere', true)).rejects.toThrow(/ENOTDIR|not a directory/i)
  })

  test('a file that is no database is an error that says why', async () => {
    const dir = folder()
    writeFileSync(join(dir, FILE), 'this is no database, and long enough to be told apart from an empty one')
    await expect(sqliteRegistry(dir, true)).rejects.toThrow(/not a database/)
  })
})
