import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scan, splice, valueAt } from './json-splice.ts'

const text = (bytes: Buffer): string => bytes.toString('utf8')

describe('splice', () => {
  test('replaces a member and leaves every other byte alone', () => {
    const body = Buffer.from('{ "a" : 1.0,\n"model":"x", "big": 12345678901234567890 }')
    expect(text(splice(body, { model: 'y' }))).toBe(
      '{ "a" : 1.0,\n"model":"y", "big": 12345678901234567890 }',
    )
  })
  test('adds a member that is absent', () => {
    expect(text(splice(Buffer.from('{"a":1}'), { model: 'y' }))).toBe('{"model":"y","a":1}')
    expect(text(splice(Buffer.from(' {} '), { model: 'y' }))).toBe(' {"model":"y"} ')
  })
  test('removes first, middle, last and only members', () => {
    const body = Buffer.from('{"a":1,"b":2,"c":3}')
    expect(JSON.parse(text(splice(body, { a: undefined })))).toEqual({ b: 2, c: 3 })
    expect(JSON.parse(text(splice(body, { b: undefined })))).toEqual({ a: 1, c: 3 })
    expect(JSON.parse(text(splice(body, { c: undefined })))).toEqual({ a: 1, b: 2 })
    expect(JSON.parse(text(splice(body, { a: undefined, b: undefined, c: undefined })))).toEqual({})
  })
  test('a nested member of the same name is not touched', () => {
    expect(text(splice(Buffer.from('{"x":{"model":"in"},"model":"out"}'), { model: 'y' }))).toBe(
      '{"x":{"model":"in"},"model":"y"}',
    )
  })
  test('keys written with escapes are found', () => {
    expect(text(splice(Buffer.from('{"mod\\u0065l":"x"}'), { model: 'y' }))).toBe('{"mod\\u0065l":"y"}')
  })
  test.each(['', '[]', '{', '{"a"}', '{"a":}', '{"a":1', '{"a":"x}', '{"a":1}{', 'null'])(
    'refuses %j',
    (body) => {
      expect(() => scan(Buffer.from(body), ['model'])).toThrow(/not a valid JSON object/)
    },
  )

  test('equals parse, assign, stringify (property)', () => {
    const value = fc.jsonValue({ maxDepth: 3 })
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('model', 'stream', 'a', 'b', 'ü"\\', ''), value),
        fc.dictionary(fc.constantFrom('model', 'stream', 'new', 'a'), fc.option(value, { nil: undefined })),
        fc.constantFrom(0, 1, 4),
        (object, changes, indent) => {
          const body = Buffer.from(JSON.stringify(object, null, indent))
          const expected: Record<string, unknown> = { ...object }
          for (const [key, change] of Object.entries(changes))
            if (change === undefined) delete expected[key]
            else expected[key] = change
          const out = splice(body, changes)
          expect(JSON.parse(text(out))).toEqual(JSON.parse(JSON.stringify(expected)))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('random bytes throw nothing but a GatewayError (property)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          const top = scan(Buffer.from(bytes), ['model'])
          for (const { span } of top.all) valueAt(Buffer.from(bytes), span)
        } catch (thrown) {
          expect((thrown as Error).name).toBe('GatewayError')
        }
      }),
      { numRuns: 500 },
    )
  })
})
