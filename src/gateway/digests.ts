// Short digests of texts that come again and again. Making one costs more than the rest of a call's bookkeeping, so those
// made lately are kept, up to a thousand.

import { createHash } from 'node:crypto'

const MOST = 1_000

/** @param length characters of base64url */
export function digester(length: number): (text: string) => string {
  const known = new Map<string, string>()
  return (text) => {
    let found = known.get(text)
    if (found === undefined) {
      found = createHash('sha256').update(text).digest('base64url').slice(0, length)
      if (known.size >= MOST) known.clear()
      known.set(text, found)
    }
    return found
  }
}
