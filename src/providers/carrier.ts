// How a cloud carries another vendor's dialect: the body is the vendor's own, but the model stands in the path, the
// version and the beta names in the body, and a stream may be wrapped. A carrier is data, and one small function for
// what data cannot say; the dialect's codec and the relay stay as they are.

import { type Json, type JsonObject, isObject } from '../core/json.ts'
import type { Note } from '../core/note.ts'

export interface Carrier {
  /** Body members that the host refuses because its path says them. */
  omit: readonly string[]
  /** Body members that every request carries. */
  add: JsonObject
  /** Body member that takes the names of the `anthropic-beta` header; absent: the header passes as it is. */
  betaMember?: string
  /** A streamed answer comes as `chunk` messages of Amazon's event stream, each an event of the dialect in base64. */
  stream?: 'aws-chunks'
  /** A token count carries the body as it is, model included, and no beta names. */
  plainCount?: boolean
  /** Wraps the body of a token count, and reads the answer. */
  count?: { wrap(body: string): JsonObject; read(answer: Json): number | undefined }
  /** Features that the host refuses, taken out of the body and of the beta names together. */
  gate?(body: JsonObject, betas: readonly string[]): Gated
}

export interface Gated {
  /** Root members to change; undefined takes one out. */
  changes: Record<string, Json | undefined>
  betas: string[]
  notes: Note[]
}

/** Root members of a body that must change for this host, and the notes of what it refuses. */
export function carried(
  carrier: Carrier,
  body: JsonObject,
  betas: readonly string[],
): { changes: Record<string, Json | undefined>; notes: Note[] } {
  const given = carrier.betaMember === undefined ? undefined : body[carrier.betaMember]
  const named = Array.isArray(given) ? given.filter((name) => typeof name === 'string') : []
  const all = [...new Set([...named, ...betas])]
  const gated = carrier.gate?.(body, all) ?? { changes: {}, betas: all, notes: [] }
  const changes: Record<string, Json | undefined> = { ...gated.changes }
  for (const name of carrier.omit) if (name in body) changes[name] = undefined
  for (const [name, value] of Object.entries(carrier.add)) changes[name] ??= body[name] ?? value
  if (carrier.betaMember !== undefined) {
    if (gated.betas.length > 0) changes[carrier.betaMember] = gated.betas
    else if (given !== undefined) changes[carrier.betaMember] = undefined
  }
  return { changes, notes: gated.notes }
}

/** Names in an `anthropic-beta` header. */
export function betaNames(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

/** Members that hold the caller's own data: nothing in there is ours to read. */
const DATA = new Set(['input', 'input_schema'])

/** The same value with every object looked at once; `look` gives a replacement, or undefined to go on inside. */
export function rewritten(value: Json, look: (node: JsonObject) => JsonObject | undefined): Json {
  if (Array.isArray(value)) {
    const next = value.map((item) => rewritten(item, look))
    return next.some((item, index) => item !== value[index]) ? next : value
  }
  if (!isObject(value)) return value
  const node = look(value) ?? value
  let changed: JsonObject | undefined
  for (const [key, inner] of Object.entries(node)) {
    if (inner === undefined || DATA.has(key)) continue
    const next = rewritten(inner, look)
    if (next !== inner) (changed ??= { ...node })[key] = next
  }
  return changed ?? node
}
