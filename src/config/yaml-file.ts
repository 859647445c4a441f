// A configuration file as a checked value: parsed with positions, interpolated scalar by scalar, keys looked up against
// the schema. Every problem has its file, line, column and, for a key, the nearest valid one.

import { LineCounter, type Node, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { ConfigProblem } from './config.ts'
import { interpolate } from './interpolate.ts'
import { nearest } from './nearest.ts'
import { type File, fileSchema, knownKeys } from './schema.ts'
import type { SecretDeps } from './secret-env.ts'

export type Path = readonly (string | number)[]

export interface Place {
  file: string
  line?: number
  column?: number
}

export interface ReadFile {
  value: File
  problems: ConfigProblem[]
  /** Endpoint ids written in the file, also those whose entry is faulty: a route to them is no second problem. */
  endpointIds: ReadonlySet<string>
  /** Line and column of a path in the file. */
  place(path: Path): Place
  /** Whether a scalar was written as a literal, without any interpolation. */
  literal(path: Path): boolean
}

/** Deeper than any configuration; an anchor that contains itself would never end. */
const MAX_DEPTH = 64

export function readYaml(file: string, text: string, deps: SecretDeps): ReadFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const problems: ConfigProblem[] = []
  const offsets = new Map<string, number>()
  const interpolated = new Set<string>()
  const keyOf = (path: Path): string => path.join('\u0000')

  const at = (offset: number): Required<Place> => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  const place = (path: Path): Place => {
    for (let length = path.length; length >= 0; length--) {
      const offset = offsets.get(keyOf(path.slice(0, length)))
      if (offset !== undefined) return at(offset)
    }
    return { file }
  }
  for (const error of document.errors)
    problems.push({
      severity: 'error',
      message: (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, ''),
      ...at(error.pos[0]),
    })

  // LiteLLM's own block of variables stands behind the real environment.
  const declared: unknown = document.errors.length === 0 ? document.toJS() : undefined
  const block = isRecord(declared) ? declared.environment_variables : undefined
  const fallback: Readonly<Record<string, unknown>> = isRecord(block) ? block : {}
  const resolved: SecretDeps = {
    env: new Proxy(deps.env, {
      get(target, name) {
        if (typeof name !== 'string') return undefined
        const own = fallback[name]
        const plain = typeof own === 'string' && !own.startsWith('os.environ/') ? own : undefined
        return target[name] ?? plain
      },
    }),
    readFile: deps.readFile,
  }

  const scalarOf = (value: unknown, path: string[]): unknown => {
    if (typeof value !== 'string') return value
    try {
      const filled = interpolate(value, resolved)
      if (filled !== value) interpolated.add(keyOf(path))
      return filled
    } catch (thrown) {
      problems.push({
        severity: 'error',
        message: `${path.join('.')}: ${(thrown as Error).message}`,
        ...place(path),
      })
      interpolated.add(keyOf(path))
      return ''
    }
  }
  const mapOf = (
    node: { items: { key: unknown; value: unknown }[] },
    path: string[],
  ): Record<string, unknown> => {
    const known = knownKeys(path)
    const value: Record<string, unknown> = {}
    const merged: Record<string, unknown> = {}
    for (const pair of node.items) {
      const given = String(isScalar(pair.key) ? pair.key.value : pair.key)
      if (given === '<<') {
        const source = convert(pair.value as Node | null, path)
        for (const one of Array.isArray(source) ? source : [source])
          Object.assign(merged, isRecord(one) ? one : {})
        continue
      }
      const name = known && !known.includes(given) ? snakeCase(given) : given
      const offset = (pair.key as Node).range?.[0]
      if (offset !== undefined) offsets.set(keyOf([...path, name]), offset)
      if (known && !known.includes(name)) {
        const near = nearest(name, known)
        const hint = near === undefined ? `known: ${known.join(', ')}` : `did you mean "${near}"?`
        problems.push({
          severity: 'warning',
          message: `unknown key "${[...path, given].join('.')}"; ${hint}`,
          ...(offset === undefined ? { file } : at(offset)),
        })
        continue
      }
      value[name] = convert(pair.value as Node | null, [...path, name])
    }
    return { ...merged, ...value }
  }
  const convert = (node: Node | null | undefined, path: string[]): unknown => {
    if (path.length > MAX_DEPTH) throw new RangeError('too deep')
    if (node?.range && !offsets.has(keyOf(path))) offsets.set(keyOf(path), node.range[0])
    if (isAlias(node)) return convert(node.resolve(document), path)
    if (isSeq(node)) return node.items.map((item, index) => convert(item as Node, [...path, String(index)]))
    if (isMap(node)) return mapOf(node, path)
    return scalarOf(isScalar(node) ? node.value : null, path)
  }

  let raw: unknown = {}
  try {
    raw = convert(document.contents, []) ?? {}
  } catch (thrown) {
    // The only ways here: an anchor inside itself, which overflows either our limit or the stack.
    if (!(thrown instanceof RangeError)) throw thrown
    problems.push({
      severity: 'error',
      message: 'an anchor refers to itself, or the file is nested too deeply',
      file,
    })
  }
  const endpoints = isRecord(raw) ? raw.endpoints : undefined
  const endpointIds = new Set(isRecord(endpoints) ? Object.keys(endpoints) : [])
  return {
    value: checked(raw, problems, place),
    problems,
    endpointIds,
    place,
    literal: (path) => !interpolated.has(keyOf(path)),
  }
}

/** The value against the schema. A faulty entry is reported and left out, so that the others are still looked at. */
function checked(raw: unknown, problems: ConfigProblem[], place: ReadFile['place']): File {
  const parsed = fileSchema.safeParse(raw)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) {
    const path = issue.path.map(String)
    const where = path.length === 0 ? 'the file' : path.join('.')
    problems.push({ severity: 'error', message: `${where}: ${issue.message}`, ...place(path) })
    const [block, entry] = path
    const parent = isRecord(raw) && block !== undefined ? raw[block] : undefined
    if (isRecord(parent) && entry !== undefined) delete parent[entry]
    else if (isRecord(raw) && block !== undefined) delete raw[block]
  }
  const rest = fileSchema.safeParse(raw)
  return rest.success ? rest.data : {}
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
