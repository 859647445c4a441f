// Embedding answers: OpenAI's public shape, in the encoding the caller asked for and in input order. The official
// clients ask for base64 (little-endian float32) unless told otherwise; many hosts only do floats, some only base64.

import { GatewayError } from '../core/error.ts'
import { type Json, type JsonObject, asNumber, isObject } from '../core/json.ts'
import type { Usage } from '../core/usage.ts'
import type { Answer } from './answer.ts'
import type { ReadRequest } from './read.ts'

export function embeddingsAnswer(
  wire: Json,
  body: Buffer,
  read: ReadRequest,
  headers: Record<string, string>,
): Answer {
  if (!isObject(wire) || !Array.isArray(wire.data)) {
    const said =
      isObject(wire) && wire.error !== undefined ? `: ${JSON.stringify(wire.error).slice(0, 300)}` : ''
    throw new GatewayError('bad_upstream_response', `the upstream answered 200 without embeddings${said}`)
  }
  const wantsBase64 = read.json().encoding_format === 'base64'
  const rows = wire.data.filter(isObject)
  const inOrder = rows.every((row, index) => row.index === index)
  const encoded = rows.every((row) => (typeof row.embedding === 'string') === wantsBase64)
  const usage = usageOf(wire)
  const answer = (bytes: Buffer | string): Answer => ({
    kind: 'whole',
    body: bytes,
    headers,
    ...(usage ? { usage } : {}),
  })
  // The usual case: the bytes pass.
  if (inOrder && encoded) return answer(body)
  const sorted = [...rows].sort((a, b) => (asNumber(a.index) ?? 0) - (asNumber(b.index) ?? 0))
  const data = sorted.map((row) => ({ ...row, embedding: encodedAs(wantsBase64, row.embedding) }))
  return answer(JSON.stringify({ ...wire, data }))
}

function encodedAs(base64: boolean, vector: Json | undefined): Json | undefined {
  if (base64) return Array.isArray(vector) ? toBase64(vector) : vector
  return typeof vector === 'string' ? fromBase64(vector) : vector
}

function fromBase64(text: string): number[] {
  const bytes = Buffer.from(text, 'base64')
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4))
}

/** Little-endian float32, base64: what openai-node and openai-python decode. */
export function toBase64(vector: readonly Json[]): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(asNumber(value) ?? 0, index * 4)
  return bytes.toString('base64')
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
