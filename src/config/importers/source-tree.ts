// A foreign file as a tree of leaves, each with its line. An importer claims what it understands, with a verdict; what
// nobody claimed is reported as not supported. So no line is lost without a word.

import { LineCounter, type Node, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'

export type Judgement = 'exact' | 'approximate' | 'not_supported'

export interface Verdict {
  /** Where it stands, from 1; absent for an environment. */
  line?: number
  /** `model_list.0.litellm_params.api_key` */
  path: string
  judgement: Judgement
  /** Where it went in trunkline.yaml. */
  to?: string
  why?: string
}

interface Leaf {
  path: string[]
  line: number | undefined
  verdict?: Verdict
}

export type Path = readonly (string | number)[]

export interface SourceTree {
  /** The file as plain values, nothing interpolated. */
  readonly value: unknown
  /** Says what became of a leaf, or of every leaf below. The first word on a leaf counts. */
  claim(path: Path, judgement: Judgement, said?: { to?: string; why?: string }): void
  /** One per leaf, in the order of the file. */
  verdicts(): Verdict[]
}

const MAX_DEPTH = 64

/** @throws Error when the text is neither YAML nor JSON. */
export function sourceTree(text: string): SourceTree {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [error] = document.errors
  if (error) throw new Error(`the file cannot be read: ${error.message.split('\n')[0]}`)
  const leaves = new Map<string, Leaf>()
  const walk = (node: unknown, path: string[], near: number | undefined): void => {
    const range = (node as Node | null)?.range
    const line = range ? lines.linePos(range[0]).line : near
    const target = isAlias(node) ? node.resolve(document) : node
    if (path.length < MAX_DEPTH && isMap(target) && target.items.length > 0)
      for (const pair of target.items) {
        const key = String(isScalar(pair.key) ? pair.key.value : pair.key)
        const at = (pair.key as Node | null)?.range?.[0]
        walk(pair.value, [...path, key], at === undefined ? line : lines.linePos(at).line)
      }
    else if (path.length < MAX_DEPTH && isSeq(target) && target.items.length > 0)
      target.items.forEach((item, index) => walk(item, [...path, String(index)], line))
    else if (path.length > 0) leaves.set(path.join('\u0000'), { path, line: isScalar(node) ? line : near })
  }
  walk(document.contents, [], undefined)
  return treeOf(document.toJS() as unknown, leaves)
}

/** An environment (or a .env file) as a tree with one leaf per variable. */
export function environmentTree(variables: Readonly<Record<string, string>>): SourceTree {
  return treeOf(
    variables,
    new Map(Object.keys(variables).map((name): [string, Leaf] => [name, { path: [name], line: undefined }])),
  )
}

function treeOf(value: unknown, leaves: Map<string, Leaf>): SourceTree {
  return {
    value,
    claim(path, judgement, said = {}) {
      const key = path.map(String).join('\u0000')
      for (const [name, leaf] of leaves) {
        if (leaf.verdict || (name !== key && !name.startsWith(`${key}\u0000`) && key !== '')) continue
        leaf.verdict = { ...placeOf(leaf), judgement, ...said }
      }
    },
    verdicts: () =>
      [...leaves.values()].map(
        (leaf) =>
          leaf.verdict ?? {
            ...placeOf(leaf),
            judgement: 'not_supported',
            why: 'there is nothing like it here',
          },
      ),
  }
}

function placeOf({ path, line }: { path: string[]; line: number | undefined }): {
  path: string
  line?: number
} {
  return { path: path.join('.'), ...(line === undefined ? {} : { line }) }
}
