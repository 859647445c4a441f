import { expect, test } from 'vitest'
import type { JsonObject } from '../core/json.ts'
import { embeddingsAnswer, toBase64 } from './embeddings.ts'
import type { ReadRequest } from './read.ts'

const list = (embedding: string | number[]): JsonObject => ({
  object: 'list',
  data: [{ object: 'embedding', index: 0, embedding }],
  model: 'm',
  usage: { prompt_tokens: 1, total_tokens: 1 },
})

function asked(encoding_format: string | undefined, wire: JsonObject): unknown {
  const read = { json: () => ({ encoding_format }) } as unknown as ReadRequest
  const answer = embeddingsAnswer(wire, Buffer.from(JSON.stringify(wire)), read, {})
  return JSON.parse(String(answer.kind === 'whole' ? answer.body : ''))
}

const VECTOR = [0.5, -0.25]

// Recorded so: voyage.
test('a caller of numbers gets numbers from a host that answers in base64', () => {
  const packed = toBase64(VECTOR)
  expect(asked(undefined, list(packed))).toEqual(list(VECTOR))
  expect(asked('float', list(packed))).toEqual(list(VECTOR))
  expect(asked('base64', list(packed))).toEqual(list(packed))
  expect(asked('base64', list(VECTOR))).toEqual(list(packed))
  expect(asked('float', list(VECTOR))).toEqual(list(VECTOR))
})
