// Every numbered case of the wire references for Google's dialects is a test that names it, or is left out for a reason.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const LEFT_OUT: Readonly<Record<number, string>> = {
  53: 'CONTINUATION is told as an answer that ended by length: asking again bills the prompt again, which nobody asked for',
  // 157 in part: external_account and impersonated_service_account files are refused by name, their exchanges are not made.
  161: 'the provider google-openai is an OpenAI-compatible host like any other; recorded as google/chat-completions',
}

/** Gemini upstream and inbound, the recorded additions about it, and Vertex. */
const CASES = [...range(41, 62), 63, ...range(72, 73), 75, 77, ...range(153, 161)]

const FILES = [
  'src/dialects/gemini/gemini.test.ts',
  'src/providers/auth/google.test.ts',
  'test/e2e/gemini.test.ts',
  'test/e2e/vertex.test.ts',
]

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

test('each case is named by a test or left out for a reason', () => {
  const named = new Set(
    FILES.flatMap((file) =>
      [
        ...readFileSync(join(import.meta.dirname, '../..', file), 'utf8').matchAll(/'((?:\d+, )*\d+): /g),
      ].flatMap((match) => (match[1] as string).split(', ').map(Number)),
    ),
  )
  expect(CASES.filter((number) => !named.has(number) && LEFT_OUT[number] === undefined)).toEqual([])
  expect(Object.keys(LEFT_OUT).filter((number) => named.has(Number(number)))).toEqual([])
})
