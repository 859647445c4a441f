// What an answer loses on its way into another dialect, where its encoder does not say so itself: members that only the
// upstream's dialect knows, of the answer, its parts, its usage and its end, and events nobody knows. Of a stream also what
// the encoder notes of a whole answer. Looks at the rare events only; a delta costs one comparison.

import { replay } from './collect.ts'
import type { AnswerContext, GenerationDialect, SaidWhere } from './dialect.ts'
import type { EventSink, StreamEvent } from './event.ts'
import { type Json, type JsonObject, isObject } from './json.ts'
import { saysNothing } from './members.ts'
import type { Note } from './note.ts'
import type { DialectId } from './origin.ts'
import type { Part } from './part.ts'
import type { Choice, Finish, GenerationResponse } from './response.ts'
import type { Usage } from './usage.ts'

/** An upstream may invent members without end. */
const MOST_NOTES = 50

/** From where to where an answer goes. */
export interface Crossing {
  from: GenerationDialect
  to: GenerationDialect
  context: AnswerContext
}

/**
 * Watches the events of a streamed answer; each loss is told once, when it is known.
 * Undefined between forms of one dialect, where nothing is lost.
 */
export function streamLosses(crossing: Crossing, note: (note: Note) => void): EventSink | undefined {
  if (atHome(crossing.from.id, crossing.to)) return undefined
  return watch(crossing, note, ({ choice, part }, told) => {
    // A part alone is not the answer that is to be kept.
    const { keep: _, ...context } = crossing.context
    for (const one of crossing.to.response.encode(told, context).notes)
      note({ ...one, field: placed(one.field, choice, part) })
  })
}

/** Notes on a whole answer, besides those its encoder makes. */
export function answerLosses(response: GenerationResponse, crossing: Crossing): Note[] {
  const notes: Note[] = []
  if (!atHome(crossing.from.id, crossing.to))
    replay(
      response,
      watch(crossing, (note) => notes.push(note), undefined),
    )
  return notes
}

interface Place {
  choice: number
  part: number
}

/** @param encodes what an encoder would say of a whole answer that holds this; undefined where it says so itself. */
function watch(
  { from, to, context }: Crossing,
  told: (note: Note) => void,
  encodes: ((place: Place, response: GenerationResponse) => void) | undefined,
): EventSink {
  const fields = new Set<string>()
  let finished = false
  let usage: Usage | undefined

  const note = (field: string, why: string): void => {
    if (fields.has(field) || fields.size >= MOST_NOTES) return
    fields.add(field)
    told({ field, action: 'dropped', why })
  }
  const lost = (where: SaidWhere, members: JsonObject, prefix: string): void => {
    for (const [name, value] of Object.entries(members))
      if (value !== undefined && !saysNothing(value) && !from.response.tellsNothing(where, name, value))
        note(`${prefix}${name}`, `only ${from.id} says it in an answer`)
  }
  const carried = (dialect: DialectId): boolean => to.response.carriesUnread?.(dialect) === true
  const once = (what: string, place: Place, choice: Partial<Choice>): void => {
    if (!encodes || fields.has(what) || fields.size >= MOST_NOTES) return
    fields.add(what)
    const whole: Choice = { index: place.choice, parts: [], finish: { reason: 'stop' }, ...choice }
    encodes(place, answerOf(from.id, what === 'choices' ? [{ ...whole, index: 0 }, whole] : [whole]))
  }

  const opened = ({ choice, part, open }: Extract<StreamEvent, { type: 'open' }>): void => {
    const place = { choice, part }
    if (choice > 0) once('choices', place, {})
    if (open.kind === 'refusal') once('refusal', place, { parts: [{ kind: 'refusal', text: '...' }] })
    else if (open.kind === 'whole') {
      once(`part ${choice}/${part}`, place, { parts: [open.value] })
      ofPart(place, open.value.origin)
    }
  }
  const ofPart = ({ choice, part }: Place, origin: Part['origin']): void => {
    if (!origin || atHome(origin.dialect, to)) return
    const at = `choices[${choice}].parts[${part}].`
    if (origin.extras) lost('part', origin.extras, at)
    for (const kept of [origin.shape?.item, origin.shape?.inner, origin.shape?.call])
      if (isObject(kept)) lost('part', kept, at)
  }
  const ended = (choice: number, { reason, detail }: Finish): void => {
    finished = true
    if (detail === undefined || saysNothing(detail)) return
    if (!from.response.tellsNothing('finish', reason, detail))
      note(`choices[${choice}].finish`, `only ${from.id} says more of the end`)
  }

  const counted = (): void => {
    if (!usage?.raw || atHome(usage.raw.dialect, to)) return
    const { value } = usage.raw
    const unread = [...leaves(value, '')].filter(
      ([path, leaf]) => !from.response.tellsNothing('usage', path, leaf),
    )
    if (unread.length === 0) return
    const { keep: _, ...quiet } = context
    const shown = JSON.stringify(to.response.encode({ ...answerOf(from.id, []), usage }, quiet).body)
    for (const [path] of unread) {
      const [name] = path.split('.') as [string]
      const there = shown.includes(`${JSON.stringify(name)}:${JSON.stringify(value[name])}`)
      if (!there) note(`usage.${path}`, `only ${from.id} counts it`)
    }
  }

  return (event) => {
    switch (event.type) {
      case 'delta':
        return
      case 'start':
        if (event.origin?.extras && !carried(event.origin.dialect)) lost('answer', event.origin.extras, '')
        return
      case 'open':
        return opened(event)
      case 'close':
        return ofPart(event, event.origin)
      case 'citation': {
        const { citation } = event
        const parts: Part[] = [{ kind: 'text', text: '...', citations: [citation] }]
        return once(`citation of ${citation.dialect}`, event, { parts })
      }
      case 'logprobs':
        return once('logprobs', { choice: event.choice, part: 0 }, { logprobs: { content: [] } })
      case 'extras': {
        if (atHome(event.dialect, to)) return
        if (!finished && carried(event.dialect)) return
        return event.choice === undefined
          ? lost('answer', event.members, '')
          : lost('choice', event.members, `choices[${event.choice}].`)
      }
      case 'unread':
        return note(`events.${event.name}`, `only ${from.id} has such an event`)
      case 'finish':
        return ended(event.choice, event.finish)
      case 'usage':
        usage = event.usage
        return
      case 'end':
      case 'failure':
        return counted()
      default:
        event satisfies never
    }
  }
}

function answerOf(dialect: DialectId, choices: Choice[]): GenerationResponse {
  return { id: '', model: '', created: 0, choices, origin: { dialect } }
}

/** The two native forms of Ollama are one dialect in all that an answer says. */
function atHome(dialect: DialectId, { id }: GenerationDialect): boolean {
  return dialect.replace('-generate', '') === id.replace('-generate', '')
}

/** The encoder was shown one part alone: the note names the place it has in the stream. */
function placed(field: string, choice: number, part: number): string {
  return field.startsWith('choices[') || field.startsWith('candidates[')
    ? field
    : field.replace(/\[0\]/, `[${choice === 0 ? part : 0}]`)
}

/** Counts by their path; those of nothing left out. A list is one count. */
function* leaves(value: JsonObject, prefix: string): Generator<[string, Json]> {
  for (const [name, inner] of Object.entries(value)) {
    if (inner === undefined || inner === 0 || saysNothing(inner)) continue
    if (isObject(inner)) yield* leaves(inner, `${prefix}${name}.`)
    else yield [`${prefix}${name}`, inner]
  }
}

/** A dialect's `tellsNothing` from its tables. */
export function tellsNothing(
  tables: Partial<Record<SaidWhere, readonly string[]>>,
): GenerationDialect['response']['tellsNothing'] {
  const sets = new Map(Object.entries(tables).map(([where, names]) => [where, new Set(names)]))
  return (where, name) => sets.get(where)?.has(name) === true
}
