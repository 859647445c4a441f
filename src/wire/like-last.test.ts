import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LikeLast } from './like-last.ts'

const event = (content: string, id = 'a', more = ''): string =>
  `{"id":"${id}","choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}}}]${more}}`

test('reads the string of an event that differs in nothing else', () => {
  const like = new LikeLast('content')
  expect(like.read(event('one'))).toBeUndefined()
  like.learn(event('one'), 'one')
  expect(like.read(event('two words'))).toBe('two words')
  expect(like.read(event('ünï 🎈'))).toBe('ünï 🎈')
  expect(like.read(event(''))).toBe('')
})

test('leaves to the parser what is escaped, and goes on', () => {
  const like = new LikeLast('content')
  like.learn(event('one'), 'one')
  for (const text of ['a "quote"', 'a\nline', 'back\\slash', '\u0001'])
    expect(like.read(event(text))).toBeUndefined()
  expect(like.read(event('two'))).toBe('two')
})

test('an event that differs elsewhere is for the parser, and can be learned', () => {
  const like = new LikeLast('content')
  like.learn(event('one'), 'one')
  expect(like.read(event('two', 'b'))).toBeUndefined()
  like.learn(event('two', 'b'), 'two')
  expect(like.read(event('three', 'b'))).toBe('three')
  expect(like.read(event('x', 'b', ',"usage":{}'))).toBeUndefined()
})

test('gives up where every event is different', () => {
  const like = new LikeLast('content')
  for (let turn = 0; turn < 20; turn++) {
    expect(like.read(event('one', `id-${turn}`))).toBeUndefined()
    like.learn(event('one', `id-${turn}`), 'one')
  }
  like.learn(event('one', 'last'), 'one')
  expect(like.read(event('two', 'last'))).toBeUndefined()
})

test('a member that is there twice is never taken', () => {
  const twice = '{"content":"a","delta":{"content":"a"}}'
  const like = new LikeLast('content')
  like.learn(twice, 'a')
  expect(like.read(twice)).toBeUndefined()
})

test('what is read is what the parser would have read (property)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (first, second, id) => {
      const like = new LikeLast('content')
      const one = JSON.stringify({ id, choices: [{ delta: { content: first } }] })
      like.learn(one, first)
      const two = JSON.stringify({ id, choices: [{ delta: { content: second } }] })
      const read = like.read(two)
      if (read !== undefined) expect(read).toBe(second)
    }),
  )
})
