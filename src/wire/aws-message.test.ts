import { EventStreamCodec } from '@smithy/eventstream-codec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeMessage, encodeMessage } from './aws-message.ts'

const theirs = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
)
const name = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => text !== '__proto__')

test('what Smithy encodes is read, whatever types its headers have', () => {
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.string({ unit: 'binary', maxLength: 300 }), { maxKeys: 8 }),
      fc.uint8Array({ maxLength: 2_000 }),
      (texts, body) => {
        const bytes = theirs.encode({
          headers: {
            'a-yes': { type: 'boolean', value: true },
            'a-byte': { type: 'byte', value: 1 },
            'a-short': { type: 'short', value: -2 },
            'an-int': { type: 'integer', value: 3 },
            'some-bytes': { type: 'binary', value: new Uint8Array([1, 2, 3]) },
            'a-time': { type: 'timestamp', value: new Date(0) },
            'an-id': { type: 'uuid', value: '01234567-89ab-cdef-0123-456789abcdef' },
            ...Object.fromEntries(
              Object.entries(texts).map(([key, value]) => [key, { type: 'string' as const, value }]),
            ),
          },
          body,
        })
        const read = decodeMessage(bytes)
        expect({ ...read.headers }).toEqual(roundTrip(texts))
        expect(Buffer.compare(read.payload, body)).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})

test('what is encoded, Smithy reads', () => {
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.string({ unit: 'binary', maxLength: 300 }), { maxKeys: 8 }),
      fc.uint8Array({ maxLength: 2_000 }),
      (headers, body) => {
        const read = theirs.decode(encodeMessage({ headers, payload: Buffer.from(body) }))
        expect(
          Object.fromEntries(Object.entries(read.headers).map(([key, { value }]) => [key, value])),
        ).toEqual(roundTrip(headers))
        expect(Buffer.compare(read.body, body)).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})

test('no bytes make it read beyond the message', () => {
  const good = encodeMessage({ headers: { ':event-type': 'a' }, payload: Buffer.from('{}') })
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good)
    bad.writeUInt8(bad.readUInt8(at) ^ 0x41, at)
    expect(() => decodeMessage(bad)).toThrow(/./)
  }
  for (let length = 0; length < good.length; length++)
    expect(() => decodeMessage(good.subarray(0, length))).toThrow(/bytes/)
})

/** Text as UTF-8 keeps it: half a surrogate pair does not pass. */
function roundTrip(texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([key, value]) => [Buffer.from(key).toString(), Buffer.from(value).toString()]),
  )
}
