import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Seal } from './origin.ts'
import { carrySeal, readSeal } from './seal.ts'

test('a seal passes its own wire as it is', () => {
  const seal: Seal = { dialect: 'gemini', kind: 'signature', value: 'CiQB' }
  expect(carrySeal(seal, 'gemini')).toBe('CiQB')
  expect(readSeal('CiQB', 'gemini', 'signature')).toEqual(seal)
})

test('a seal comes back whole from any other wire (property)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.option(fc.string()), (value, account) => {
      const seal: Seal = {
        dialect: 'gemini',
        model: 'gemini-4-pro',
        ...(account === null ? {} : { account }),
        kind: 'signature',
        value,
      }
      const carried = carrySeal(seal, 'anthropic-messages')
      expect(carried).toMatch(/^[A-Za-z0-9+/=]+$/)
      expect(readSeal(carried, 'anthropic-messages', 'signature')).toEqual(seal)
    }),
  )
})

test('what is no pack is the value of the wire it stands on (property)', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((tail) => `eyJ0bCI6M${tail}`),
      ),
      (text) => {
        const seal = readSeal(text, 'anthropic-messages', 'signature')
        expect(seal.value).toBe(text)
        expect(seal.dialect).toBe('anthropic-messages')
      },
    ),
  )
})
