// Deterministic unit vectors: the same text gives the same numbers in every process.

import { createHash } from 'node:crypto'

export function fakeVector(text: string, dimensions: number): number[] {
  const raw: number[] = []
  for (let block = 0; raw.length < dimensions; block++) {
    const digest = createHash('sha256').update(`${block}:${text}`).digest()
    for (let at = 0; at + 4 <= digest.length && raw.length < dimensions; at += 4)
      raw.push(digest.readInt32LE(at) / 2 ** 31)
  }
  const norm = Math.hypot(...raw)
  return raw.map((value) => value / norm)
}

/** Little-endian float32, as the official clients decode it. */
export function vectorBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}
