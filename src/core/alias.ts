// Names and ids that a wire's alphabet refuses travel under a replacement that is a pure function of the original: the
// same conversation becomes the same bytes in every process, so prompt caches and prefix-bound thinking survive.

/** What one wire takes: the whole of a legal name, the characters a name may hold, and its greatest length. */
export interface Alphabet {
  legal: RegExp
  /** Matches each character that is not taken (global). */
  refused: RegExp
  most: number
}

/** 64 bits over UTF-16 code units (two FNV-1a lanes, mixed at the end); no secrecy claimed. */
export function hash64(text: string): string {
  let a = 0x811c9dc5
  let b = 0x9747b28c
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x5bd1e995)
    b ^= b >>> 15
  }
  a = Math.imul(a ^ (b >>> 13), 0x85ebca6b)
  b = Math.imul(b ^ (a >>> 16), 0xc2b2ae35)
  a ^= b >>> 15
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0')
}

/** A legal name is itself; any other keeps a readable head and is told apart by the hash of the whole. */
export function aliasOf(name: string, { legal, refused, most }: Alphabet): string {
  if (legal.test(name)) return name
  // A first character that is only wrong in its place (a digit) must not make the alias illegal too.
  const head = name.replace(refused, '_').slice(0, most - 17)
  const alias = `${head}_${hash64(name)}`
  return legal.test(alias) ? alias : `t_${alias}`.slice(0, most)
}

const PACKED = 'tlid_'

/**
 * An id for a caller whose wire takes only `legal` ones: unlike an alias it says what it stands for, because the caller
 * sends it back and the upstream that gave it wants its own.
 */
export function packId(id: string, legal: RegExp): string {
  return id === '' || legal.test(id) ? id : PACKED + Buffer.from(id, 'utf8').toString('base64url')
}

/** What `packId` packed; any other id as it is. */
export function unpackId(id: string, legal: RegExp): string {
  if (!id.startsWith(PACKED)) return id
  const meant = Buffer.from(id.slice(PACKED.length), 'base64url').toString('utf8')
  return !legal.test(meant) && packId(meant, legal) === id ? meant : id
}

/** Replacing characters one by one would make `a.b` and `a:b` the same id, so the hash stands for all of it. */
export function idAlias(id: string, legal: RegExp): string {
  return legal.test(id) ? id : `t_${hash64(id)}`
}
