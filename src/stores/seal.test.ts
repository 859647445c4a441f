import { expect, test } from 'vitest'
import { Secret } from '../core/secret.ts'
import { sealer } from './seal.ts'

test('what is sealed opens again, only with its key and for its row', () => {
  const one = sealer(new Secret('first'))
  const other = sealer(new Secret('second'))
  const sealed = one.seal(new Secret('sk-plain'), 'east')
  expect(sealed.text).not.toContain('sk-plain')
  expect(Buffer.from(sealed.text, 'base64').toString('latin1')).not.toContain('sk-plain')
  expect(one.open(sealed, 'east')?.reveal()).toBe('sk-plain')
  expect(one.open(sealed, 'west')).toBeUndefined()
  expect(other.open(sealed, 'east')).toBeUndefined()
  expect(other.open({ ...sealed, keyId: other.keyId }, 'east')).toBeUndefined()
  expect(one.keyId).not.toBe(other.keyId)
})

test('a changed byte does not open, and nothing throws', () => {
  const one = sealer(new Secret('first'))
  const bytes = Buffer.from(one.seal(new Secret('sk-plain'), 'east').text, 'base64')
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes)
    changed[index] = (changed[index] as number) ^ 1
    expect(one.open({ keyId: one.keyId, text: changed.toString('base64') }, 'east')).toBeUndefined()
  }
  expect(one.open({ keyId: one.keyId, text: '' }, 'east')).toBeUndefined()
})

test('sealing twice gives two texts', () => {
  const one = sealer(new Secret('first'))
  expect(one.seal(new Secret('x'), 'a').text).not.toBe(one.seal(new Secret('x'), 'a').text)
})
