// Embeddings, the common part: the texts of an OpenAI request, batches, and the list that an answer becomes.

import { GatewayError, invalid } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'

/** The input as a list of texts. Token arrays are OpenAI's alone. @throws GatewayError `invalid_request`. */
export function textsOf(body: JsonObject, vendor: string): string[] {
  const { input } = body
  if (typeof input === 'string') return [input]
  if (!Array.isArray(input) || input.length === 0)
    throw invalid('input', 'input must be a text or a list of texts')
  if (input.some((item) => typeof item === 'number' || Array.isArray(item)))
    throw invalid('input', `token arrays are unsupported by ${vendor}: send the texts`)
  if (!input.every((item) => typeof item === 'string'))
    throw invalid('input', 'input must be a text or a list of texts')
  return input
}

export function batches<T>(items: readonly T[], most: number): T[][] {
  const found: T[][] = []
  for (let at = 0; at < items.length; at += most) found.push(items.slice(at, at + most))
  return found
}

/** `dimensions`, if given. @throws GatewayError `invalid_request`. */
export function dimensionsOf(body: JsonObject): number | undefined {
  const { dimensions } = body
  if (dimensions === undefined || dimensions === null) return undefined
  const size = asNumber(dimensions)
  if (size === undefined || !Number.isInteger(size) || size < 1)
    throw invalid('dimensions', 'dimensions must be a whole number above 0')
  return size
}

/** Members of the body that the host takes under the same name. */
export function passed(body: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])))
}

/** OpenAI's list. @param tokens what the host counted; undefined where it did not say. */
export function embeddingList(
  vectors: readonly Json[],
  model: string,
  tokens: number | undefined,
): JsonObject {
  return {
    object: 'list',
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    model,
    ...(tokens === undefined ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
  }
}

/** The sum of the counts that were reported; undefined where none was. */
export function summed(counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0)
}

export function notVectors(body: Json): GatewayError {
  const said =
    isObject(body) && typeof body.message === 'string' ? body.message : JSON.stringify(body).slice(0, 300)
  return new GatewayError('bad_upstream_response', `the upstream answered 200 without embeddings: ${said}`)
}
