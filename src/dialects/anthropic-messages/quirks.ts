// The provider's deviations, applied to the finished body.

import type { EncodeTarget } from '../../core/dialect.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'

export function applyQuirks(body: JsonObject, { quirks }: EncodeTarget, notes: Note[]): void {
  const { drop, rename, force, clamp } = quirks
  for (const name of drop ?? [])
    if (body[name] !== undefined) {
      delete body[name]
      notes.push({ field: name, action: 'dropped', why: 'the provider refuses it' })
    }
  for (const [from, to] of Object.entries(rename ?? {}))
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
