import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collect, replay } from './collect.ts'
import { GatewayError } from './error.ts'
import type { StreamEvent } from './event.ts'
import { checkGrammar } from './grammar.ts'
import type { Part } from './part.ts'
import type { GenerationResponse } from './response.ts'

const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text: fc.string() }),
  fc.record({ kind: fc.constant('refusal' as const), text: fc.string() }),
  fc.record({
    kind: fc.constant('reasoning' as const),
    text: fc.string(),
    sealed: fc.record({
      dialect: fc.constant('anthropic-messages' as const),
      kind: fc.constant('signature' as const),
      value: fc.string(),
    }),
  }),
  fc.record({
    kind: fc.constant('tool_call' as const),
    id: fc.string(),
    name: fc.string(),
    arguments: fc.string(),
  }),
  fc.record({
    kind: fc.constant('opaque' as const),
    dialect: fc.constant('anthropic-messages' as const),
    type: fc.string(),
    value: fc.jsonValue().map((value) => value as never),
  }),
)

const response: fc.Arbitrary<GenerationResponse> = fc.record({
  id: fc.string(),
  model: fc.string(),
  created: fc.nat(),
  choices: fc
    .array(
      fc.record({
        parts: fc.array(part, { maxLength: 5 }),
        reason: fc.constantFrom('stop' as const, 'length' as const),
      }),
      {
        maxLength: 3,
      },
    )
    .map((rows) => rows.map(({ parts, reason }, index) => ({ index, parts, finish: { reason } }))),
  usage: fc.record({ input: fc.nat(), output: fc.nat() }),
})

test('collect(replay(r)) equals r, and the events obey the grammar (property)', () => {
  fc.assert(
    fc.property(response, (answer) => {
      const events: StreamEvent[] = []
      replay(answer, (event) => events.push(event))
      expect(checkGrammar(events)).toBeUndefined()
      expect(collect(events)).toEqual(answer)
    }),
  )
})

test('a stream without an end is an interrupted stream, not an answer', () => {
  expect(() => collect([{ type: 'start', id: '', model: '', created: 0 }])).toThrow(GatewayError)
})

test.each<[string, StreamEvent[]]>([
  ['delta before start', [{ type: 'delta', choice: 0, part: 0, text: '' }]],
  ['no terminal event', [{ type: 'start', id: '', model: '', created: 0 }]],
  [
    'delta for 0/0, which is not open',
    [
      { type: 'start', id: '', model: '', created: 0 },
      { type: 'delta', choice: 0, part: 0, text: '' },
      { type: 'end' },
    ],
  ],
  [
    'finish while 0/0 is open',
    [
      { type: 'start', id: '', model: '', created: 0 },
      { type: 'open', choice: 0, part: 0, open: { kind: 'text' } },
      { type: 'finish', choice: 0, finish: { reason: 'stop' } },
    ],
  ],
])('the grammar refuses: %s', (rule, events) => {
  expect(checkGrammar(events)).toContain(rule)
})
