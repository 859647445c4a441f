import { expect, test } from 'vitest'
import { Secret } from '../core/secret.ts'
import { memoryRegistry } from './memory-registry.ts'
import { CONFIG_TEXT, rekey } from './rekey.ts'
import { sealer } from './seal.ts'

test('what the old key opens is under the new one afterwards; what it does not stays; a second run does nothing', async () => {
  const [old, fresh, stranger] = ['old', 'new', 'other'].map((text) => sealer(new Secret(text))) as [
    ReturnType<typeof sealer>,
    ReturnType<typeof sealer>,
    ReturnType<typeof sealer>,
  ]
  const store = memoryRegistry(Date.now)
  const row = { url: 'http://h/v1', enabled: true, entry: {}, updatedAt: 'now' }
  const draft = { actor: 'a', from: 'f', action: 'add', target: 't' }
  await store.change(
    [
      { kind: 'put_endpoint', row: { ...row, id: 'mine', credential: old.seal(new Secret('sk-1'), 'mine') } },
      {
        kind: 'put_endpoint',
        row: { ...row, id: 'lost', credential: stranger.seal(new Secret('sk-2'), 'lost') },
      },
      { kind: 'put_endpoint', row: { ...row, id: 'bare' } },
      {
        kind: 'add_config',
        text: '',
        sealed: old.seal(new Secret('a: 1'), CONFIG_TEXT),
        actor: 'a',
        hash: 'h',
        bytes: 4,
      },
    ],
    draft,
  )
  expect(await rekey(store, [old], fresh, 'me')).toEqual({
    endpoints: ['mine'],
    versions: [1],
    kept: 0,
    locked: ['lost'],
  })
  const sealed = (await store.read()).endpoints.find(({ id }) => id === 'mine')?.credential
  expect(sealed && fresh.open(sealed, 'mine')?.reveal()).toBe('sk-1')
  const text = (await store.configText(1))?.sealed
  expect(text && fresh.open(text, CONFIG_TEXT)?.reveal()).toBe('a: 1')
  expect(await rekey(store, [old], fresh, 'me')).toEqual({
    endpoints: [],
    versions: [],
    kept: 2,
    locked: ['lost'],
  })
  expect((await store.audit(10)).map(({ action }) => action)).toEqual(['config.rekey', 'add'])
})
