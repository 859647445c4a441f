// A configuration file as an editor may show it: secrets that are written out stand there as "[secret]", and a text
// that comes back with that mark gets the old value at the same place. References (${X}, os.environ/X) are no secrets.

import { type Document, type Node, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { isPlaceholder } from './secret-env.ts'

export const MASK = '[secret]'

const SECRET_KEYS = new Set([
  'api_key',
  'master_key',
  'admin_key',
  'secret_key',
  'apiKey',
  'masterKey',
  'adminKey',
  'secretKey',
])
/** Everything below these is a value somebody may have to keep to themselves. */
const SECRET_BLOCKS = new Set(['headers', 'custom_headers', 'customHeaders', 'environment_variables'])

interface Leaf {
  path: string
  /** Where the value stands in the text. */
  range: [number, number]
  value: string
}

/** Scalars under secret keys, wherever they stand, in the order of the text. */
function secretLeaves(document: Document, keep: (value: string) => boolean): Leaf[] {
  const found: Leaf[] = []
  const walk = (node: unknown, path: string[], secret: boolean, depth: number): void => {
    if (depth > 64 || node === null || isAlias(node)) return
    if (isMap(node))
      for (const pair of node.items) {
        const key = String(isScalar(pair.key) ? pair.key.value : pair.key)
        walk(pair.value, [...path, key], secret || SECRET_KEYS.has(key) || SECRET_BLOCKS.has(key), depth + 1)
      }
    else if (isSeq(node))
      node.items.forEach((item, index) => walk(item, [...path, String(index)], secret, depth + 1))
    else if (secret && isScalar(node)) {
      const { range } = node as Node
      const value = typeof node.value === 'string' ? node.value : JSON.stringify(node.value ?? '')
      if (range && keep(value)) found.push({ path: path.join('\u0000'), range: [range[0], range[1]], value })
    }
  }
  walk(document.contents, [], false, 0)
  return found.toSorted((a, b) => a.range[0] - b.range[0])
}

function isLiteral(value: string): boolean {
  return value !== '' && !value.includes('${') && !value.startsWith('os.environ/') && !isPlaceholder(value)
}

function replaced(text: string, parts: readonly { range: [number, number]; by: string }[]): string {
  let out = ''
  let from = 0
  for (const { range, by } of parts) {
    out += text.slice(from, range[0]) + by
    from = range[1]
  }
  return out + text.slice(from)
}

/** The text with every secret that is written out in it replaced by the mark. A text that is no YAML shows nothing. */
export function maskText(text: string): string {
  const document = parseDocument(text)
  if (document.errors.length > 0) return maskBroken(text)
  const leaves = secretLeaves(document, (value) => isLiteral(value) && value !== MASK)
  return replaced(
    text,
    leaves.map(({ range }) => ({ range, by: JSON.stringify(MASK) })),
  )
}

/** Where the positions cannot be known, to the end of the line: too much is hidden rather than too little. */
function maskBroken(text: string): string {
  return text.replace(
    /((?:api|master|admin|secret)_?key["']?\s*[:=][ \t]*)(\S.*)$/gim,
    (whole: string, head: string, value: string) =>
      /^["']?(\$\{|os\.environ\/)/.test(value) ? whole : `${head}${JSON.stringify(MASK)}`,
  )
}

/**
 * The text with each mark replaced by what stands at the same path of `current`.
 * @throws Error naming a mark for which nothing stands there.
 */
export function unmaskText(text: string, current: string): string {
  const document = parseDocument(text)
  if (document.errors.length > 0) return text
  const marks = secretLeaves(document, (value) => value === MASK)
  if (marks.length === 0) return text
  const before = new Map(
    secretLeaves(parseDocument(current), isLiteral).map((leaf) => [leaf.path, leaf.value] as const),
  )
  return replaced(
    text,
    marks.map(({ path, range }) => {
      const value = before.get(path)
      if (value === undefined)
        throw new Error(
          `${path.replaceAll('\u0000', '.')} is "${MASK}", but there is no secret there to keep`,
        )
      return { range, by: JSON.stringify(value) }
    }),
  )
}
