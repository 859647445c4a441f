import { describe, expect, test } from 'vitest'
import { type CallFacts, type Condition, compile } from './condition.ts'

const facts = (more: Partial<CallFacts> = {}): CallFacts => ({
  header: (name) => ({ 'x-team': 'blue', 'user-agent': 'claude-cli/2.1' })[name],
  metadata: (name) => ({ tier: 'gold', number: 3 })[name],
  model: 'gpt-5',
  bytes: 2_000,
  tokens: () => 500,
  stream: true,
  text: () => 'please translate this poem',
  ...more,
})
const TUESDAY_NOON = Date.UTC(2026, 10, 24, 12, 0)

describe('a rule holds or says what does not', () => {
  test.for<[Condition, string | undefined]>([
    [{ header: { 'X-Team': 'blue' } }, undefined],
    [{ header: { 'x-team': 'red' } }, 'header x-team'],
    [{ header: { 'user-agent': '/^claude-cli\\//' } }, undefined],
    [{ metadata: { tier: 'gold', number: '3' } }, undefined],
    [{ metadata: { nothing: '/./' } }, 'metadata nothing'],
    [{ model: '/^GPT/i' }, undefined],
    [{ model: 'gpt' }, 'model'],
    [{ maxBytes: 1_000 }, '2000 bytes'],
    [{ minTokens: 500, maxTokens: 500 }, undefined],
    [{ minTokens: 501 }, '500 tokens'],
    [{ stream: false }, 'stream'],
    [{ text: '/translate/' }, undefined],
    [{ text: '/summarise/' }, 'text'],
    [{ time: { from: '08:00', to: '18:00', days: ['mon', 'tue'] } }, undefined],
    [{ time: { from: '08:00', to: '12:00' } }, 'time'],
    [{ time: { from: '22:00', to: '13:00', days: ['Monday'] } }, undefined],
    [{ time: { from: '20:00', zone: 'Asia/Tokyo' } }, undefined],
    [{}, undefined],
  ])('%j', ([condition, verdict]) => expect(compile(condition)(facts(), TUESDAY_NOON)).toBe(verdict))
})

test('what a rule does not ask for is never looked up', () => {
  const untouched = (): never => {
    throw new Error('the body was read')
  }
  const rule = compile({ header: { 'x-team': 'red' }, text: '/x/', metadata: { a: 'b' }, minTokens: 1 })
  expect(rule(facts({ text: untouched, metadata: untouched, tokens: untouched }), 0)).toBe('header x-team')
})

test.for<[Condition, RegExp]>([
  [{ text: '/(/' }, /^text: /],
  [{ header: { a: '/[/' } }, /^header\.a: /],
  [{ time: { from: '25:00' } }, /time\.from: "25:00" is no time/],
  [{ time: { days: ['xyz'] } }, /time\.days: "xyz" is no day/],
  [{ time: { zone: 'Nowhere/Land' } }, /time\.zone/],
])('%j is refused when it is compiled', ([condition, message]) =>
  expect(() => compile(condition)).toThrow(message),
)
