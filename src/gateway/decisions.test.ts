import { expect, test } from 'vitest'
import { type Decision, decisions } from './decisions.ts'

const decision = (id: string): Decision => ({
  id,
  at: 0,
  operation: 'chat',
  dialect: 'openai-chat',
  stream: false,
  picks: [],
  attempts: [],
  waits: [],
  notes: [],
  ms: 1,
  endedBy: 'upstream',
  phase: 'settle',
})

test('the ring keeps the newest and forgets the oldest', () => {
  const ring = decisions(3)
  for (const id of ['a', 'b', 'c', 'd']) ring.add(decision(id))
  expect(ring.recent().map((row) => row.id)).toEqual(['d', 'c', 'b'])
  expect(ring.recent(1).map((row) => row.id)).toEqual(['d'])
  expect(ring.byId('a')).toBeUndefined()
  expect(ring.byId('b')?.id).toBe('b')
})

test('an id used twice is found as the newest, also after the older one left', () => {
  const ring = decisions(2)
  const newest = decision('a')
  ring.add(decision('a'))
  ring.add(newest)
  ring.add(decision('b'))
  expect(ring.byId('a')).toBe(newest)
})
