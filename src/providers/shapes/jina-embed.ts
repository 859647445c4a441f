// Jina's embeddings: OpenAI's shape, with a task of its own and floats unless another type is asked for.

import type { PlainShape } from '../shape.ts'
import { batches, dimensionsOf, embeddingList, passed, summed, textsOf } from './embed.ts'
import { listTokens, listVectors } from './voyage-embed.ts'

const MOST_TEXTS = 512

export const jinaEmbed: PlainShape = {
  requests(body, { model }) {
    const dimensions = dimensionsOf(body)
    return batches(textsOf(body, 'Jina'), MOST_TEXTS).map((input) => ({
      model,
      input,
      ...(dimensions === undefined ? {} : { dimensions }),
      ...passed(body, ['task', 'late_chunking', 'truncate', 'normalized']),
    }))
  },
  answer: (answers, _body, { model }) =>
    embeddingList(
      answers.flatMap(({ body }) => listVectors(body)),
      model,
      summed(answers.map(({ body }) => listTokens(body))),
    ),
}
