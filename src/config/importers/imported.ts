// What an importer makes: entries for trunkline.yaml, gathered while it walks the foreign file. Secrets never move:
// references stay references, and a key that is written out becomes a reference to a variable to be set.

import type { EndpointEntry, RouteEntry } from '../schema.ts'
import type { Verdict } from './source-tree.ts'

export type ImportKind = 'litellm' | 'portkey' | 'bifrost' | 'llmproxy' | 'env'

/** As it will stand in the file: any subset of its blocks. */
export interface TrunklineFile {
  server?: Record<string, unknown>
  endpoints: Record<string, EndpointEntry>
  routes: Record<string, RouteEntry>
  aliases: Record<string, string>
  discovery?: { local_scan?: boolean; peers?: string[] }
}

export interface Imported {
  kind: ImportKind
  file: TrunklineFile
  verdicts: Verdict[]
  /** Variables to set before the file works, with the place each secret was found at. */
  secrets: { variable: string; foundAt: string }[]
}

/** `os.environ/X`, `env.X`, `$X` and `${X}` as `${X}`; undefined for a value that is written out. */
export function reference(text: string): string | undefined {
  const name = /^(?:os\.environ\/|env\.|\$)([A-Za-z_]\w*)$/.exec(text.trim())?.[1]
  if (name !== undefined) return `\${${name}}`
  return /^\$\{[^}]+\}$/.test(text.trim()) ? text.trim() : undefined
}

/** The name of the variable that a key written out is to be moved to. */
export function variableFor(id: string): string {
  return `${id.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_API_KEY`
}

/** An id as the registry takes it. */
export function idOf(text: string): string {
  const id = text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64)
  return id === '' ? 'endpoint' : id
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== ''
    ? value
    : typeof value === 'number'
      ? String(value)
      : undefined
}

/** The number in a value that may be written as text. */
export function asCount(value: unknown): number | undefined {
  const number = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN
  return Number.isFinite(number) && number > 0 ? number : undefined
}
