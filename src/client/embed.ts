// Embeddings: OpenAI's public shape out, vectors in the order of the input back.

import { GatewayError } from '../core/error.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../core/json.ts'
import type { Usage } from '../core/usage.ts'

export interface EmbedAnswer {
  /** One per input, in its order. */
  vectors: number[][]
  model: string
  usage: Usage | undefined
  provider: string
  attempts: number
}

export function embedBody(model: string, input: readonly string[]): JsonObject {
  return { model, input: [...input] }
}

/** @throws GatewayError `bad_upstream_response` for a 200 that holds no vectors, or not one for each input. */
export function embedAnswer(
  wire: Json,
  count: number,
): Pick<EmbedAnswer, 'vectors' | 'usage'> & { model: string | undefined } {
  const rows = isObject(wire) && Array.isArray(wire.data) ? wire.data.filter(isObject) : undefined
  if (!rows) {
    const said =
      isObject(wire) && wire.error !== undefined ? `: ${JSON.stringify(wire.error).slice(0, 300)}` : ''
    throw new GatewayError('bad_upstream_response', `the upstream answered 200 without embeddings${said}`)
  }
  const vectors: number[][] = []
  for (const [at, row] of rows.entries()) {
    const vector = vectorOf(row.embedding)
    if (vector) vectors[asNumber(row.index) ?? at] = vector
  }
  if (vectors.length !== count || Object.keys(vectors).length !== count)
    throw new GatewayError(
      'bad_upstream_response',
      `the upstream answered ${Object.keys(vectors).length} vectors for ${count} inputs`,
    )
  return { vectors, usage: usageOf(wire as JsonObject), model: asString((wire as JsonObject).model) }
}

/** Numbers, or little-endian float32 in base64, which some hosts send unasked. */
function vectorOf(embedding: Json | undefined): number[] | undefined {
  if (Array.isArray(embedding)) return embedding.map((value) => asNumber(value) ?? 0)
  if (typeof embedding !== 'string') return undefined
  const bytes = Buffer.from(embedding, 'base64')
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4))
}

function usageOf(wire: JsonObject): Usage | undefined {
  if (!isObject(wire.usage)) return undefined
  const usage: Usage = {}
  const input = asNumber(wire.usage.prompt_tokens)
  const total = asNumber(wire.usage.total_tokens)
  if (input !== undefined) usage.input = input
  if (total !== undefined) usage.total = total
  return usage
}
