// embedContent and batchEmbedContents, as a caller of this dialect writes them: OpenAI's form in between, which every
// provider of embeddings is reached by. What only Google reads rides along whole, in the member `google`.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import { camelled } from './spelling.ts'

const REQUEST = new Set(['taskType', 'outputDimensionality'])

/**
 * @param batch the body holds `requests`, one for each vector
 * @throws GatewayError `invalid_request` for a content without text
 */
export function decodeEmbeddings(body: JsonObject, model: string, batch: boolean): JsonObject {
  const given = batch ? body.requests : [body]
  if (!Array.isArray(given) || given.length === 0)
    throw invalid('requests', 'requests must be a list, and not empty')
  const requests = given.map((one, index) => {
    if (!isObject(one)) throw invalid(`requests[${index}]`, `requests[${index}] must be an object`)
    return camelled(one, REQUEST, [])
  })
  const size = requests.map((one) => asNumber(one.outputDimensionality)).find((one) => one !== undefined)
  return {
    model,
    input: requests.map((one, index) =>
      textOf(one.content, batch ? `requests[${index}].content` : 'content'),
    ),
    encoding_format: 'float',
    ...(size === undefined ? {} : { dimensions: size }),
    google: requests,
  }
}

/** Several parts of one content make one vector. */
function textOf(content: Json | undefined, at: string): string {
  const parts = isObject(content) && Array.isArray(content.parts) ? content.parts.filter(isObject) : []
  if (parts.length === 0) throw invalid(at, `${at} must hold parts`)
  return parts.map((part) => (typeof part.text === 'string' ? part.text : '')).join('\n')
}

/** OpenAI's list as this dialect answers. */
export function encodeEmbeddings(list: Json, batch: boolean): JsonObject {
  const rows = isObject(list) && Array.isArray(list.data) ? list.data.filter(isObject) : []
  const vectors = rows.map((row) => ({ values: row.embedding ?? [] }))
  const usage = isObject(list) && isObject(list.usage) ? asNumber(list.usage.prompt_tokens) : undefined
  return {
    ...(batch ? { embeddings: vectors } : { embedding: vectors[0] ?? { values: [] } }),
    ...(usage === undefined ? {} : { usageMetadata: { promptTokenCount: usage } }),
  }
}
