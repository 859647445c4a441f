// Files of other programs, changed so that it can be taken back: what stood there before is kept beside the file, and is
// put back only over what we wrote ourselves.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

interface Kept {
  /** null: there was no file. */
  before: string | null
  /** Of what we wrote. */
  wrote: string
}

const beside = (path: string): string => `${path}.before-trunkline.json`
const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

export function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

export function writeChanged(path: string, text: string): void {
  const now = textOf(path)
  const kept = keptOf(path)
  // A second run must not take our own first change for what stood there before.
  const before = kept && now !== undefined && hash(now) === kept.wrote ? kept.before : (now ?? null)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(beside(path), JSON.stringify({ before, wrote: hash(text) } satisfies Kept), { mode: 0o600 })
  // The file holds a key.
  writeFileSync(path, text, { mode: 0o600 })
}

export type Undone = 'restored' | 'removed' | 'nothing to undo' | 'changed since'

/** @param force put back what stood there even over later changes. */
export function undo(path: string, force: boolean): Undone {
  const kept = keptOf(path)
  if (!kept) return 'nothing to undo'
  const now = textOf(path)
  if (now !== undefined && hash(now) !== kept.wrote && !force) return 'changed since'
  if (kept.before === null) rmSync(path, { force: true })
  else writeFileSync(path, kept.before)
  rmSync(beside(path))
  return kept.before === null ? 'removed' : 'restored'
}

function keptOf(path: string): Kept | undefined {
  const text = textOf(beside(path))
  return text === undefined ? undefined : (JSON.parse(text) as Kept)
}
