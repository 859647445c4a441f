import { expect, test } from 'vitest'
import { frameReader } from './frames.ts'

function read(pieces: readonly Uint8Array[]): string[] {
  const lines: string[] = []
  const reader = frameReader('ndjson', { frame: ({ data }) => lines.push(data) })
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return lines
}

test('lines come out alike, wherever the bytes are cut', () => {
  const bytes = Buffer.from('{"a":"é"}\r\n\n{"b":2}\n{"c":3}')
  const whole = read([bytes])
  expect(whole).toEqual(['{"a":"é"}', '{"b":2}', '{"c":3}'])
  for (let at = 0; at <= bytes.length; at++)
    expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole)
})

test('a line past the cap is refused', async () => {
  const { lineSplitter } = await import('./ndjson.ts')
  const lines = lineSplitter(() => {}, 8)
  expect(() => lines.push(Buffer.from('123456789'))).toThrow('larger than 8 bytes')
})
