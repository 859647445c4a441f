// At most four cache breakpoints a request, the automatic one at the root included; a fifth is refused upstream.

import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'

const MOST = 4

/** Takes the earliest surplus ones away: the later a breakpoint, the longer the prefix it saves. */
export function keepFourMarks(body: JsonObject, notes: Note[]): void {
  const marked: JsonObject[] = []
  // In the order the API caches in: tools, system, messages.
  for (const name of ['tools', 'system', 'messages'] as const) collect(body[name], marked)
  const surplus = marked.length + (isObject(body.cache_control) ? 1 : 0) - MOST
  for (const block of marked.slice(0, Math.max(0, surplus))) delete block.cache_control
  if (surplus > 0)
    notes.push({
      field: 'cache_control',
      action: 'dropped',
      why: `at most ${MOST} breakpoints: the earliest ${surplus} are left out`,
    })
}

function collect(value: Json | undefined, marked: JsonObject[]): void {
  if (!Array.isArray(value)) return
  for (const entry of value) {
    if (!isObject(entry)) continue
    collect(entry.content, marked)
    if (isObject(entry.cache_control)) marked.push(entry)
  }
}
