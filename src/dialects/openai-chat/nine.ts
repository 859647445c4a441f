// Tool call ids for hosts that take nothing but nine letters and digits: a hash of the caller's id, so that the same
// conversation becomes the same bytes in every process and prompt caches stay warm.

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Ids that already fit stay; so do vLLM's, which models of other vendors on the same host hand out and expect back. */
export function nineOf(id: string): string {
  if (/^[a-zA-Z0-9]{9}$/.test(id) || id.startsWith('chatcmpl-tool-')) return id
  // Two 32-bit FNV-1a hashes: 64 bits hold more than nine base-62 digits (53.6 bits).
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let index = 0; index < id.length; index++) {
    const code = id.charCodeAt(index)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x85ebca6b)
  }
  let rest = (BigInt(a >>> 0) << 32n) | BigInt(b >>> 0)
  let text = ''
  for (let digit = 0; digit < 9; digit++) {
    text += ALPHABET[Number(rest % 62n)] as string
    rest /= 62n
  }
  return text
}
