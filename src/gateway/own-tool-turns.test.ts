import { describe, expect, test } from 'vitest'
import type { Part } from '../core/part.ts'
import type { GenerationRequest, Message } from '../core/request.ts'
import { type SealTarget, seals, watchParts } from './seals.ts'

const TARGET: SealTarget = { account: 'claude', model: 'm', dialect: 'anthropic-messages', caller: 'ann' }
const block = (type: string, more: object = {}): Part => ({
  kind: 'opaque',
  dialect: 'anthropic-messages',
  type,
  value: { type, ...more },
})
const CITED: Part = {
  kind: 'text',
  text: 'It is blue.',
  citations: [{ kind: 'url', dialect: 'anthropic-messages', raw: { encrypted_index: 'x' } }],
}
const SAID: Part[] = [
  { kind: 'text', text: 'Let me look. ' },
  block('server_tool_use', { id: 's' }),
  block('web_search_tool_result', { encrypted_content: 'y' }),
  CITED,
]
const ASKED: Message = { role: 'user', parts: [{ kind: 'text', text: 'Is the sky blue?' }] }
const request = (...messages: Message[]): GenerationRequest => ({
  dialect: 'openai-chat',
  model: 'm',
  stream: false,
  messages,
})
const SHOWN: Message = { role: 'assistant', parts: [{ kind: 'text', text: 'Let me look. It is blue.' }] }
const THEN: Message = { role: 'user', parts: [{ kind: 'text', text: 'Sure?' }] }

/** What the upstream gets of the assistant's turn after it said `said`. */
function second(said: Part[], shown: Message, target: Partial<SealTarget> = {}, asked = ASKED): Part[] {
  const store = seals()
  watchParts(structuredClone(said), store.watch(TARGET, request(ASKED)))
  const { request: sent } = store.recall(request(asked, shown, THEN), { ...TARGET, ...target })
  return sent.messages[1]?.parts ?? []
}

test("the blocks of the vendor's own tools stand in their turn again, with the citations that point into them", () => {
  expect(second(SAID, SHOWN)).toEqual(SAID)
})

test('a turn with calls takes the arguments, and the cache mark, as the caller sends them', () => {
  const call: Part = { kind: 'tool_call', id: 'c', name: 'f', arguments: '{"a":1}' }
  const said: Part[] = [
    block('server_tool_use'),
    { ...call, origin: { dialect: 'anthropic-messages', extras: { caller: 'code' } } },
  ]
  const cache = { raw: { type: 'ephemeral' } }
  expect(second(said, { role: 'assistant', parts: [{ ...call, arguments: '{"a":2}', cache }] })).toEqual([
    said[0],
    { ...said[1], arguments: '{"a":2}', cache },
  ])
})

describe('the turn is left as the caller shows it', () => {
  const edited: Message = { role: 'assistant', parts: [{ kind: 'text', text: 'It is green.' }] }
  test.each<[string, () => Part[], Part[]]>([
    ['where it was edited', () => second(SAID, edited), edited.parts],
    ['for another account', () => second(SAID, SHOWN, { account: 'other' }), SHOWN.parts],
    ['for another caller', () => second(SAID, SHOWN, { caller: 'bob' }), SHOWN.parts],
    ['for another question', () => second(SAID, SHOWN, {}, THEN), SHOWN.parts],
    ['where no tool ran', () => second([{ kind: 'text', text: 'Let me look. ' }, CITED], SHOWN), SHOWN.parts],
    [
      'where it was larger than is kept',
      () => second([...SAID, block('x', { data: 'a'.repeat(3_000_000) })], SHOWN),
      SHOWN.parts,
    ],
  ])('%s', (_why, got, want) => {
    expect(got()).toEqual(want)
  })
})

test('what is remembered is counted', () => {
  const store = seals()
  watchParts(structuredClone(SAID), store.watch(TARGET, request(ASKED)))
  expect(store.holding()).toMatchObject({ entries: 1, mostBytes: 96 * 1024 * 1024 })
})
