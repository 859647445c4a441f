// A configuration file as a checked value: parsed with positions, interpolated scalar by scalar, keys looked up against
// the schema. Every problem has its file, line, column and, for a key, the nearest valid one.

import { LineCounter, type Node, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { ConfigProblem } from './config.ts'
import { type InterpolateDeps, interpolate } from './interpolate.ts'
import { nearest } from './nearest.ts'
import { type File, fileSchema, knownKeys } from './schema.ts'

export interface ReadFile {
  value: File
  problems: ConfigProblem[]
  /** Line and column of a path in the file. */
  place(path: readonly (string | number)[]): { file: string; line?: number; column?: number }
  /** Whether a scalar was written as a literal, without any interpolation. */
  literal(path: readonly (string | number)[]): boolean
}

export function readYaml(file: string, text: string, deps: InterpolateDeps): ReadFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, merge: true })
  const problems: ConfigProblem[] = []
  const offsets = new Map<string, number>()
  const interpolated = new Set<string>()

  const at = (offset: number): { file: string; line: number; column: number } => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  const place: ReadFile['place'] = (path) => {
    for (let length = path.length; length >= 0; length--) {
      const offset = offsets.get(path.slice(0, length).join('\u0000'))
      if (offset !== undefined) return at(offset)
    }
    return { file }
  }
  for (const error of document.errors)
    problems.push({ severity: 'error', message: error.message.split('\n')[0] ?? error.message, ...at(error.pos[0]) })

  const convert = (node: Node | null | undefined, path: string[]): unknown => {
    const key = path.join('\u0000')
    if (node?.range && !offsets.has(key)) offsets.set(key, node.range[0])
    if (isAlias(node)) return convert(node.resolve(document), path)
    if (isSeq(node)) return node.items.map((item, index) => convert(item as Node, [...path, String(index)]))
    if (isMap(node)) {
      const known = knownKeys(path)
      const value: Record<string, unknown> = {}
      for (const pair of node.items) {
        const given = String(isScalar(pair.key) ? pair.key.value : pair.key)
        const name = known && !known.includes(given) ? snake(given) : given
        const offset = (pair.key as Node).range?.[0]
        if (offset !== undefined) offsets.set([...path, name].join('\u0000'), offset)
        if (known && !known.includes(name)) {
          const near = nearest(name, known)
          problems.push({
            severity: 'warning',
            message: `unknown key "${[...path, given].join('.')}"${near === undefined ? `; known: ${known.join(', ')}` : `; did you mean "${near}"?`}`,
            ...(offset === undefined ? { file } : at(offset)),
          })
          continue
        }
        value[name] = convert(pair.value as Node | null, [...path, name])
      }
      return value
    }
    const scalar = isScalar(node) ? node.value : null
    if (typeof scalar !== 'string') return scalar
    try {
      const text = interpolate(scalar, deps)
      if (text !== scalar) interpolated.add(key)
      return text
    } catch (thrown) {
      problems.push({ severity: 'error', message: `${path.join('.')}: ${(thrown as Error).message}`, ...place(path) })
      return ''
    }
  }

  const raw = convert(document.contents, []) ?? {}
  const parsed = fileSchema.safeParse(raw)
  if (!parsed.success)
    for (const issue of parsed.error.issues) {
      const path = issue.path.map(String)
      problems.push({ severity: 'error', message: `${path.join('.')}: ${issue.message}`, ...place(path) })
    }
  return {
    value: parsed.success ? parsed.data : {},
    problems,
    place,
    literal: (path) => !interpolated.has(path.map(String).join('\u0000')),
  }
}

function snake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
