// Vectors of the demo model: directions drawn from a hash of the text. Equal texts are equal; nothing else is meant.

/** Unit vectors, in the order of the texts. The same text gives the same vector in every process. */
export function demoEmbedding(texts: readonly string[], dimensions = 128): number[][] {
  return texts.map((text) => vector(text, dimensions))
}

function vector(text: string, dimensions: number): number[] {
  let state = seed(text)
  const raw = Array.from({ length: dimensions }, () => {
    // mulberry32: small, and the same on every platform.
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1
  })
  const norm = Math.hypot(...raw)
  return raw.map((value) => value / norm)
}

/** FNV-1a over UTF-16 code units. */
function seed(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}
