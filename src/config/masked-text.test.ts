import { expect, test } from 'vitest'
import { maskText, unmaskText } from './masked-text.ts'

const TEXT = `# ours
server: { master_key: sk-master } # keep
endpoints:
  one:
    api_key: "sk-\\"one"
    headers: { X-Token: t-1 }
  two: { api_key: "\${TWO}", models: [a] }
  three: { api_key: none }
model_list:
  - model_name: x
    litellm_params: { api_key: sk-lite, model: openai/x }
`

test('only what is written out is hidden, and everything else stays byte for byte', () => {
  const masked = maskText(TEXT)
  for (const secret of ['sk-master', 'sk-\\"one', 't-1', 'sk-lite']) expect(masked).not.toContain(secret)
  for (const kept of ['# ours', '# keep', '${TWO}', 'api_key: none', 'model: openai/x'])
    expect(masked).toContain(kept)
})

test('a masked text that comes back means the same as before', () => {
  const back = unmaskText(maskText(TEXT), TEXT)
  for (const secret of ['sk-master', 'sk-\\"one', 't-1', 'sk-lite']) expect(back).toContain(secret)
  expect(maskText(back)).toBe(maskText(TEXT))
})

test('a mark without anything behind it is refused by its name', () => {
  expect(() => unmaskText('endpoints: { new: { api_key: "[secret]" } }', TEXT)).toThrow(
    /endpoints\.new\.api_key/,
  )
})

test('a broken file hides its keys too', () => {
  expect(maskText('endpoints: { one: { api_key: sk-broken')).not.toContain('sk-broken')
})
