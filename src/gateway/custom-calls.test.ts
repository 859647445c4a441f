import { expect, test } from 'vitest'
import type { StreamEvent } from '../core/event.ts'
import type { GenerationRequest } from '../core/request.ts'
import { customCalls, inputReader } from './custom-calls.ts'

function readIn(pieces: readonly string[]): { text: string; pieces: string[] } {
  const given: string[] = []
  const reader = inputReader((text) => given.push(text))
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return { text: given.join(''), pieces: given }
}

const PATCH = '*** Begin Patch\n"é\\😀"\t\u{1f600}\n*** End Patch'

test('case 27: the text of a patch cut at every place, in escapes and surrogate pairs too', () => {
  const plain = JSON.stringify({ input: PATCH })
  const escaped = plain.replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  for (const text of [plain, escaped, ` { "input" : "${escaped.slice(10)}`])
    for (let at = 0; at <= text.length; at++) {
      const read = readIn([text.slice(0, at), text.slice(at)])
      expect(read.text).toBe(PATCH)
      // No piece ends in half of a pair: it would not be text on its own.
      expect(read.pieces.filter((piece) => /[\ud800-\udbff]$/.test(piece))).toEqual([])
    }
})

test('arguments that are not the wrapper pass as they are', () => {
  for (const text of ['*** Begin Patch', '{"patch":"x"}', '[]', ''])
    for (let at = 0; at <= text.length; at++)
      expect(readIn([text.slice(0, at), text.slice(at)]).text).toBe(text)
})

test('what a limit cut off is given out as far as it came', () => {
  expect(readIn(['{"input":"abc']).text).toBe('abc')
})

const REQUEST: GenerationRequest = {
  dialect: 'openai-responses',
  model: 'm',
  messages: [],
  tools: [{ type: 'custom', name: 'apply_patch' }],
  stream: true,
}

test('case 19: a function call of a free-text tool becomes the free-text call', () => {
  const calls = customCalls(REQUEST)
  const seen: StreamEvent[] = []
  const events: StreamEvent[] = [
    { type: 'open', choice: 0, part: 0, open: { kind: 'tool_call', id: 'c', name: 'apply_patch' } },
    { type: 'delta', choice: 0, part: 0, text: '{"input":"a\\' },
    { type: 'delta', choice: 0, part: 0, text: 'nb"}' },
    { type: 'close', choice: 0, part: 0 },
  ]
  for (const event of events) calls?.(event, (step) => seen.push(step))
  expect(seen).toEqual([
    {
      type: 'open',
      choice: 0,
      part: 0,
      open: { kind: 'tool_call', id: 'c', name: 'apply_patch', custom: true },
    },
    { type: 'delta', choice: 0, part: 0, text: 'a' },
    { type: 'delta', choice: 0, part: 0, text: '\nb' },
    { type: 'close', choice: 0, part: 0 },
  ])
})
