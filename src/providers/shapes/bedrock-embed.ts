// Embeddings by InvokeModel: Titan takes one text a request, Cohere's models take their vendor's body. Token counts come
// in a header where the body has none.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { PlainShape, ShapedAnswer } from '../shape.ts'
import { cohereEmbedBodies, cohereVectors } from './cohere-embed.ts'
import { dimensionsOf, embeddingList, notVectors, passed, summed, textsOf } from './embed.ts'

const isCohere = (model: string): boolean => /(^|[./])cohere\./.test(model)
const isTitan = (model: string): boolean => /(^|[./])amazon\.titan-embed/.test(model)

function titanBodies(body: JsonObject, model: string): JsonObject[] {
  const size = dimensionsOf(body)
  // Only the second generation has sizes.
  const sized = size !== undefined && !/titan-embed-text-v1|titan-embed-g1/.test(model)
  return textsOf(body, 'Amazon Titan').map((inputText) => ({
    inputText,
    ...(sized ? { dimensions: size } : {}),
    ...passed(body, ['normalize']),
  }))
}

function titanVector(answer: Json): Json {
  if (!isObject(answer) || !Array.isArray(answer.embedding)) throw notVectors(answer)
  return answer.embedding
}

function counted({ body, headers }: ShapedAnswer): number | undefined {
  const inside = isObject(body) ? asNumber(body.inputTextTokenCount) : undefined
  if (inside !== undefined) return inside
  const header = Number(headers['x-amzn-bedrock-input-token-count'] ?? Number.NaN)
  return Number.isFinite(header) ? header : undefined
}

export const bedrockEmbed: PlainShape = {
  requests(body, { model }) {
    if (isCohere(model)) return cohereEmbedBodies(body)
    if (isTitan(model)) return titanBodies(body, model)
    throw invalid('model', `"${model}" is no embedding model of Amazon Titan or Cohere on Amazon Bedrock`)
  },
  answer: (answers, _body, { model }) =>
    embeddingList(
      isCohere(model)
        ? answers.flatMap(({ body }) => cohereVectors(body))
        : answers.map(({ body }) => titanVector(body)),
      model,
      summed(answers.map(counted)),
    ),
}
