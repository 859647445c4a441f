// Between any two dialects nothing is lost without a word, and every answer holds by the caller's vendor's own schemas.

import { describe, expect, test } from 'vitest'
import { ERRORS, type ErrorKind, GatewayError } from '../../src/core/error.ts'
import { CALLERS, UPSTREAMS, answerCell, answerViolations, failureViolations, requestCell } from './matrix.ts'
import { ANSWERS, REQUESTS } from './scenarios.ts'

const pairs = CALLERS.flatMap((caller) => UPSTREAMS.map((upstream) => ({ caller, upstream })))

describe.each(pairs)('$caller.id to $upstream.id', ({ caller, upstream }) => {
  test.each(Object.entries(REQUESTS))('request: %s', (_name, asked) => {
    expect(requestCell(asked, caller, upstream)).not.toMatchObject({ verdict: 'silent' })
  })
  test.each(Object.entries(ANSWERS))('answer: %s', (_name, given) => {
    expect(answerCell(given, upstream, caller)).not.toMatchObject({ verdict: 'silent' })
    expect(answerViolations(given, upstream, caller)).toEqual([])
  })
})

describe.each(CALLERS)('failures told to $id', (caller) => {
  test.each(Object.keys(ERRORS) as ErrorKind[])('%s', (kind) => {
    expect(failureViolations(new GatewayError(kind, 'what happened'), caller)).toEqual([])
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
