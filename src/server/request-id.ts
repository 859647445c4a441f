// Ids of requests: 128 random bits each, drawn for many at once, for a draw costs as much as routing.

import { randomFillSync } from 'node:crypto'

const BYTES = 16
const pool = Buffer.alloc(BYTES * 256)
let text = ''
let at = 0

/** `req_` and 32 hexadecimal digits. */
export function requestId(): string {
  if (at === text.length) {
    text = randomFillSync(pool).toString('hex')
    at = 0
  }
  const from = at
  at += 2 * BYTES
  return `req_${text.slice(from, at)}`
}
