// Cohere's embeddings: at most 96 texts a request, the kind of input must be said, vectors by type. Bedrock serves the
// same models with the same body.

import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { PlainShape } from '../shape.ts'
import { batches, dimensionsOf, embeddingList, notVectors, passed, summed, textsOf } from './embed.ts'

const MOST_TEXTS = 96

export function cohereEmbedBodies(body: JsonObject): JsonObject[] {
  const size = dimensionsOf(body)
  return batches(textsOf(body, 'Cohere'), MOST_TEXTS).map((texts) => ({
    texts,
    // What is stored is the usual case; a query says so by `input_type`.
    input_type: typeof body.input_type === 'string' ? body.input_type : 'search_document',
    embedding_types: ['float'],
    ...(size === undefined ? {} : { output_dimension: size }),
    ...passed(body, ['truncate', 'max_tokens', 'priority']),
  }))
}

/** Vectors of one answer, by type or as a bare list. */
export function cohereVectors(answer: Json): Json[] {
  const found = isObject(answer) ? answer.embeddings : undefined
  const vectors = isObject(found) ? found.float : found
  if (!Array.isArray(vectors)) throw notVectors(answer)
  return vectors
}

function billed(answer: Json): number | undefined {
  const meta = isObject(answer) && isObject(answer.meta) ? answer.meta : {}
  return isObject(meta.billed_units) ? asNumber(meta.billed_units.input_tokens) : undefined
}

export const cohereEmbed: PlainShape = {
  requests: (body, { model }) => cohereEmbedBodies(body).map((one) => ({ model, ...one })),
  answer: (answers, _body, { model }) =>
    embeddingList(
      answers.flatMap(({ body }) => cohereVectors(body)),
      model,
      summed(answers.map(({ body }) => billed(body))),
    ),
}
