// Between any two dialects nothing is lost without a word.

import { describe, expect, test } from 'vitest'
import { CALLERS, UPSTREAMS, answerCell, requestCell } from './matrix.ts'
import { ANSWERS, REQUESTS } from './scenarios.ts'

const pairs = CALLERS.flatMap((caller) => UPSTREAMS.map((upstream) => ({ caller, upstream })))

describe.each(pairs)('$caller.id to $upstream.id', ({ caller, upstream }) => {
  test.each(Object.entries(REQUESTS))('request: %s', (_name, asked) => {
    expect(requestCell(asked, caller, upstream)).not.toMatchObject({ verdict: 'silent' })
  })
  test.each(Object.entries(ANSWERS))('answer: %s', (_name, given) => {
    expect(answerCell(given, upstream, caller)).not.toMatchObject({ verdict: 'silent' })
  })
})

test('what a dialect can say, it says to itself', () => {
  const lossy = CALLERS.flatMap((dialect) =>
    Object.entries(REQUESTS).flatMap(([name, asked]) => {
      const { verdict } = requestCell(asked, dialect, dialect)
      return verdict === 'kept' || verdict === 'unsayable' ? [] : [`${dialect.id}: ${name}: ${verdict}`]
    }),
  )
  expect(lossy).toEqual([])
})
