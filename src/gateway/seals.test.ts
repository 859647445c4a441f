import { expect, test } from 'vitest'
import type { Seal } from '../core/origin.ts'
import type { GenerationRequest } from '../core/request.ts'
import { seals } from './seals.ts'

const SEAL: Seal = { dialect: 'anthropic-messages', account: 'lite', kind: 'signature', value: 'c2ln' }
const request: GenerationRequest = {
  dialect: 'openai-responses',
  model: 'm',
  stream: false,
  messages: [
    { role: 'user', parts: [{ kind: 'text', text: 'hi' }] },
    { role: 'assistant', parts: [{ kind: 'reasoning', text: 'think', sealed: SEAL }] },
  ],
}

test("bug: Claude's signature that a Chat gateway issued goes back to that gateway, whatever its dialect", () => {
  const target = { account: 'lite', model: 'm', dialect: 'openai-chat' as const, caller: '' }
  const { request: sent, notes } = seals().recall(request, target)
  expect(sent.messages[1]?.parts).toEqual(request.messages[1]?.parts)
  expect(notes).toEqual([])
})

test('it goes to no other account, and the loss is told', () => {
  const target = { account: 'claude', model: 'm', dialect: 'anthropic-messages' as const, caller: '' }
  const { request: sent, notes } = seals().recall(request, target)
  expect(JSON.stringify(sent)).not.toContain(SEAL.value)
  expect(notes).toMatchObject([{ action: 'dropped' }])
})
