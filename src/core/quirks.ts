// A provider's deviations, applied to a finished request body; every drop and clamp leaves a note.

import type { Quirks } from './dialect.ts'
import type { JsonObject } from './json.ts'
import type { Note } from './note.ts'

/** @param renames wire name to wire name, on top of the provider's own. */
export function applyQuirks(
  body: JsonObject,
  { drop, rename, force, clamp }: Quirks,
  notes: Note[],
  renames: Readonly<Record<string, string>> = {},
): void {
  for (const name of drop ?? [])
    if (body[name] !== undefined) {
      delete body[name]
      notes.push({ field: name, action: 'dropped', why: 'the provider refuses it' })
    }
  for (const [from, to] of Object.entries({ ...rename, ...renames }))
    if (body[from] !== undefined) {
      body[to] ??= body[from]
      delete body[from]
    }
  for (const [name, { min, max }] of Object.entries(clamp ?? {})) {
    const value = body[name]
    if (typeof value !== 'number') continue
    const kept = Math.min(Math.max(value, min ?? value), max ?? value)
    if (kept === value) continue
    body[name] = kept
    notes.push({ field: name, action: 'approximated', why: 'outside what the provider takes' })
  }
  Object.assign(body, force)
}
