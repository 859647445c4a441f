import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { compileSchemas } from './schema.ts'

const SCHEMAS: JsonObject = {
  answer: {
    type: 'object',
    required: ['id', 'choices'],
    properties: {
      id: { type: 'string', pattern: '^[a-z]+$' },
      object: { type: 'string', const: 'answer' },
      choices: { type: 'array', minItems: 1, items: { $ref: '#/components/schemas/choice' } },
      usage: { $ref: '#/components/schemas/usage', nullable: true },
      created: { type: 'string', format: 'date-time' },
    },
  },
  choice: {
    anyOf: [
      {
        type: 'object',
        required: ['text'],
        properties: { type: { enum: ['text'] }, text: { type: 'string' } },
      },
      { type: 'object', required: ['name'], properties: { type: { const: 'call' }, name: { minLength: 1 } } },
      { type: 'null' },
    ],
  },
  usage: {
    type: 'object',
    properties: { tokens: { type: 'integer', minimum: 0 }, rest: { $ref: '#/components/schemas/answer' } },
    additionalProperties: false,
  },
  counts: { type: 'object', additionalProperties: { type: 'number' } },
}

const named = compileSchemas(SCHEMAS)
const check = named('answer')
const good = { id: 'a', choices: [{ type: 'text', text: '' }] }

test.each([
  [good, []],
  [{ ...good, more: 1, usage: null, created: '2026-01-01T00:00:00.5Z' }, []],
  [{ ...good, choices: [null, { type: 'call', name: 'x' }] }, []],
  [5, [' is no object: 5']],
  [{}, ['.id is missing', '.choices is missing']],
  [{ ...good, id: null }, ['.id is no string: null']],
  [{ ...good, id: 'A' }, ['.id is not like "^[a-z]+$": "A"']],
  [{ ...good, object: 'x' }, ['.object is not "answer": "x"']],
  [{ ...good, choices: [] }, ['.choices has fewer than 1 items: []']],
  [{ ...good, choices: [{ type: 'call' }] }, ['.choices[0].name is missing']],
  [{ ...good, choices: [null, { type: 'x' }] }, ['.choices[1] has a type of no option: "x"']],
  [{ ...good, usage: { tokens: -1, x: 1 } }, ['.usage.tokens is below 0: -1', '.usage.x is not allowed']],
  [{ ...good, usage: { rest: { id: 'a' } } }, ['.usage.rest.choices is missing']],
  [{ ...good, created: 'now' }, ['.created is no RFC 3339 date and time: "now"']],
])('%j', (value, broken) => {
  expect(check(value)).toEqual(broken)
})

test('members of a map are checked', () => {
  expect(named('counts')({ a: 1, b: 'x' })).toEqual(['.b is no number: "x"'])
})

test('a keyword that would go unchecked is an error, and so is a name that is none', () => {
  expect(() => compileSchemas({ x: { dependentRequired: {} } })('x')).toThrow(/dependentRequired/)
  expect(() => named('nobody')).toThrow('no schema nobody')
})
