// Voyage's embeddings: OpenAI's shape but for the name of the size, its own `input_type`, and batches of at most 1,000.

import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { PlainShape } from '../shape.ts'
import { batches, dimensionsOf, embeddingList, notVectors, passed, summed, textsOf } from './embed.ts'

const MOST_TEXTS = 1_000

/** Vectors of an OpenAI list, in the order of its indexes. */
export function listVectors(answer: Json): Json[] {
  if (!isObject(answer) || !Array.isArray(answer.data)) throw notVectors(answer)
  return answer.data
    .filter(isObject)
    .toSorted((a, b) => (asNumber(a.index) ?? 0) - (asNumber(b.index) ?? 0))
    .map((row) => row.embedding ?? null)
}

export function listTokens(answer: Json): number | undefined {
  const usage = isObject(answer) && isObject(answer.usage) ? answer.usage : {}
  return asNumber(usage.prompt_tokens) ?? asNumber(usage.total_tokens)
}

function bodies(body: JsonObject, model: string): JsonObject[] {
  const size = dimensionsOf(body)
  return batches(textsOf(body, 'Voyage'), MOST_TEXTS).map((input) => ({
    model,
    input,
    ...(size === undefined ? {} : { output_dimension: size }),
    ...passed(body, ['input_type', 'truncation', 'output_dtype']),
  }))
}

export const voyageEmbed: PlainShape = {
  requests: (body, { model }) => bodies(body, model),
  answer: (answers, _body, { model }) =>
    embeddingList(
      answers.flatMap(({ body }) => listVectors(body)),
      model,
      summed(answers.map(({ body }) => listTokens(body))),
    ),
}
