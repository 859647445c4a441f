// Events to chunks. Google's own clients read each chunk as an answer by itself: text goes out as it comes, a call only
// whole (its arguments are an object), all calls of a step in one chunk, and the finish word with the usage last. No
// event names, no end marker.

import type { AnswerContext, StreamEncoder } from '../../core/dialect.ts'
import type { StreamEvent } from '../../core/event.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Citation, Part } from '../../core/part.ts'
import type { Finish } from '../../core/response.ts'
import type { Usage } from '../../core/usage.ts'
import { groundingOf } from './citations.ts'
import { failureFrame } from './error.ts'
import { encodeFinish } from './finish.ts'
import { encodeLogprobs } from './logprobs.ts'
import { type PartWriter, partWriter, showsThoughts } from './response.ts'
import { encodeUsage } from './usage.ts'

interface ChoiceState {
  writer: PartWriter
  /** Calls and sealed parts grow here until they close. */
  open: Map<number, Part>
  /** Whole calls wait for the others of their step. */
  waiting: boolean
  text: string
  citations: Citation[]
  logprobs: Json[]
  extras: JsonObject
  finish?: Finish
}

export function encoder(context: AnswerContext, write: (text: string) => void): StreamEncoder {
  const thoughts = showsThoughts(context)
  let tail = ''
  let own = false
  let usage: Usage | undefined
  let extras: JsonObject = {}
  const choices = new Map<number, ChoiceState>()

  const state = (choice: number): ChoiceState => {
    let found = choices.get(choice)
    if (!found) {
      found = {
        writer: partWriter(thoughts),
        open: new Map(),
        waiting: false,
        text: '',
        citations: [],
        logprobs: [],
        extras: {},
      }
      choices.set(choice, found)
    }
    return found
  }
  /** @param parts JSON text of the list's inside; `more` begins with a comma. */
  const chunk = (choice: number, parts: string, more = ''): void =>
    write(
      `data: {"candidates":[{"content":{"role":"model","parts":[${parts}]},"index":${choice}${more}}]${tail}}\n\n`,
    )
  const flush = (choice: number, at: ChoiceState): void => {
    at.waiting = false
    const parts = at.writer.take()
    if (parts.length > 0) chunk(choice, parts.map((part) => JSON.stringify(part)).join(','))
  }

  const open = (event: Extract<StreamEvent, { type: 'open' }>): void => {
    const at = state(event.choice)
    const given = event.open
    if (given.kind !== 'tool_call' && at.waiting) flush(event.choice, at)
    if (given.kind === 'whole') {
      at.writer.part(given.value)
      return flush(event.choice, at)
    }
    at.open.set(
      event.part,
      given.kind === 'tool_call'
        ? {
            kind: 'tool_call',
            id: given.id,
            name: given.name,
            arguments: '',
            ...(given.custom === true ? { custom: true } : {}),
          }
        : given.kind === 'reasoning'
          ? { kind: 'reasoning', text: '', ...(given.redacted === true ? { redacted: true } : {}) }
          : { kind: given.kind, text: '' },
    )
  }

  const delta = (event: Extract<StreamEvent, { type: 'delta' }>): void => {
    const at = state(event.choice)
    const part = at.open.get(event.part)
    if (!part) return
    if (part.kind === 'tool_call') part.arguments += event.text
    else if (part.kind === 'reasoning') {
      // Kept too: its seal, known at its end, is worth nothing without it.
      part.text += event.text
      if (thoughts) chunk(event.choice, `{"text":${JSON.stringify(event.text)},"thought":true}`)
    } else if (part.kind === 'text') {
      at.text += event.text
      at.writer.spoke()
      chunk(event.choice, `{"text":${JSON.stringify(event.text)}}`)
    } else if (part.kind === 'refusal') part.text += event.text
  }

  const close = (event: Extract<StreamEvent, { type: 'close' }>): void => {
    const at = state(event.choice)
    const part = at.open.get(event.part)
    if (!part) return
    at.open.delete(event.part)
    if (event.origin) part.origin = event.origin
    const { sealed } = event
    switch (part.kind) {
      case 'tool_call':
        at.writer.part(sealed ? { ...part, sealed } : part)
        at.waiting = true
        return
      case 'reasoning':
        // Its text went out already.
        at.writer.part({ ...part, ...(sealed ? { sealed } : {}) })
        dropThoughts(at)
        return
      case 'text':
        if (!sealed) return
        at.writer.part({ kind: 'text', text: '', sealed })
        return flush(event.choice, at)
      default:
        at.writer.part(part)
        flush(event.choice, at)
    }
  }
  /** What the writer would show of reasoning that was streamed before. */
  const dropThoughts = (at: ChoiceState): void => {
    const kept = at.writer.take().filter((part) => part.thought !== true)
    for (const part of kept) at.writer.part({ kind: 'opaque', dialect: 'gemini', type: '', value: part })
  }

  const finish = (choice: number, at: ChoiceState): void => {
    flush(choice, at)
    const parts = at.writer.end()
    const grounding = groundingOf(at.citations, at.text)
    const logprobs = encodeLogprobs({ content: at.logprobs })
    const more: JsonObject = {
      finishReason: encodeFinish(at.finish ?? { reason: 'unknown' }, own),
      ...(at.finish?.detail === undefined || !own ? {} : { finishMessage: at.finish.detail }),
      ...(grounding ? { groundingMetadata: grounding } : {}),
      ...(logprobs && at.logprobs.length > 0 ? { logprobsResult: logprobs } : {}),
      ...at.extras,
    }
    const counts = encodeUsage(usage)
    const end = tail
    tail = `${counts ? `,"usageMetadata":${JSON.stringify(counts)}` : ''}${tail}${inside(extras)}`
    chunk(
      choice,
      (parts.length > 0 ? parts : [{ text: '' }]).map((part) => JSON.stringify(part)).join(','),
      inside(more),
    )
    tail = end
  }

  return {
    event(event) {
      switch (event.type) {
        case 'start': {
          own = event.origin?.dialect === 'gemini'
          const id = event.id === '' ? context.id : event.id
          tail = `,"modelVersion":${JSON.stringify(context.model)},"responseId":${JSON.stringify(id)}`
          return
        }
        case 'open':
          return open(event)
        case 'delta':
          return delta(event)
        case 'citation':
          state(event.choice).citations.push(event.citation)
          return
        case 'close':
          return close(event)
        case 'finish':
          state(event.choice).finish = event.finish
          return
        case 'usage':
          usage = event.usage
          return
        case 'logprobs':
          state(event.choice).logprobs.push(...(event.content ?? []))
          return
        case 'extras':
          if (event.dialect !== 'gemini') return
          if (event.choice === undefined) extras = { ...extras, ...event.members }
          else Object.assign(state(event.choice).extras, event.members)
          return
        case 'unread':
          return
        case 'failure':
          write(failureFrame(event.error, context.id))
          return
        case 'end':
          for (const [choice, at] of choices) finish(choice, at)
          return
        default:
          event satisfies never
      }
    },
  }
}

/** The members of an object as text to go on with, the leading comma included. */
function inside(members: JsonObject): string {
  const text = JSON.stringify(members)
  return text === '{}' ? '' : `,${text.slice(1, -1)}`
}
