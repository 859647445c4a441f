import { expect, test } from 'vitest'
import { builtIn, catalog } from './catalog.ts'
import { MODELS } from './models.ts'
import { readRow, writeRow } from './rows.ts'

test('every line says the same when it is written again', () => {
  for (const lines of Object.values(MODELS))
    for (const line of lines.split('\n').filter((text) => text !== ''))
      expect(writeRow(line.split('|', 1)[0] as string, readRow(line, 'x'))).toBe(line)
})

test('a model at its maker: limits, abilities, a dated price with tiers', () => {
  expect(builtIn.find({ provider: 'openai', model: 'gpt-5.4' })).toMatchObject({
    contextTokens: 1_050_000,
    maxOutputTokens: 128_000,
    input: ['text', 'image', 'document'],
    tools: true,
    sampling: false,
    price: {
      asOf: '2026-07-02',
      input: 2.5,
      output: 15,
      cacheRead: 0.25,
      tiers: [{ above: 272_000, input: 5 }],
    },
  })
})

test('a snapshot, a region and a tag name the same model', () => {
  const price = builtIn.price({ provider: 'anthropic', model: 'claude-sonnet-4-5' })
  expect(price).toMatchObject({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 })
  expect(builtIn.price({ provider: 'anthropic', model: 'claude-sonnet-4-5-20991231' })).toEqual(price)
})

test('elsewhere the facts hold and the price is not known', () => {
  const entry = builtIn.find({ provider: 'openai-compatible', model: 'openai/gpt-5.4' })
  expect(entry?.contextTokens).toBe(1_050_000)
  expect(entry?.price).toBeUndefined()
  expect(builtIn.find({ provider: 'openai-compatible', model: 'nobody-knows-me' })).toBeUndefined()
})

test('what the operator says comes first, the closest place before all', () => {
  const own = catalog({
    'gpt-5.4': { contextTokens: 10 },
    'openai/gpt-5.4': { contextTokens: 20 },
    'east/gpt-5.4': { price: { asOf: 'now', input: 1 } },
  })
  const entry = own.find({ provider: 'openai', endpoint: 'east', model: 'gpt-5.4' })
  expect(entry).toMatchObject({ contextTokens: 20, price: { asOf: 'now', input: 1 }, tools: true })
})
