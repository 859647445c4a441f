// What a translation could not carry as it was: reported to the caller, or refused in strict mode.

export type NoteAction = 'dropped' | 'approximated' | 'moved'

export interface Note {
  /** Where in the source request or response, e.g. `tools[2].strict`. */
  field: string
  action: NoteAction
  why: string
}

/** The `x-trunkline-notes` header value: `action field; ...`, ASCII only, at most 1,000 characters. */
export function notesHeader(notes: readonly Note[]): string {
  const seen = new Set<string>()
  for (const note of notes) seen.add(`${note.action} ${note.field}`)
  const text = [...seen].join('; ').replace(/[^\x20-\x7e]/g, '?')
  return text.length > 1000 ? `${text.slice(0, 996)} ...` : text
}
