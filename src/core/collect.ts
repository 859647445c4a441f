// A response is the fold of its events: `collect` folds, `replay` unfolds, and `collect(replay(r))` equals `r`.

import { GatewayError } from './error.ts'
import type { EventSink, OpenPart, StreamEvent } from './event.ts'
import type { JsonObject } from './json.ts'
import { isObject } from './json.ts'
import type { Part } from './part.ts'
import type { Choice, GenerationResponse } from './response.ts'

interface OpenChoice {
  choice: Choice
  parts: Map<number, Part>
}

export interface Collector {
  event: EventSink
  /** The answer so far. Throws the failure if there was one, or `stream_interrupted` if no end came. */
  response(): GenerationResponse
}

export function collector(): Collector {
  let answer: GenerationResponse | undefined
  let failure: GatewayError | undefined
  let ended = false
  const choices = new Map<number, OpenChoice>()

  const at = (index: number): OpenChoice => {
    let found = choices.get(index)
    if (!found) {
      found = { choice: { index, parts: [], finish: { reason: 'unknown' } }, parts: new Map() }
      choices.set(index, found)
    }
    return found
  }

  const event: EventSink = (step) => {
    switch (step.type) {
      case 'start':
        answer = { id: step.id, model: step.model, created: step.created, choices: [] }
        if (step.origin) answer.origin = step.origin
        return
      case 'open':
        at(step.choice).parts.set(step.part, partOf(step.open))
        return
      case 'delta': {
        const part = at(step.choice).parts.get(step.part)
        if (part?.kind === 'tool_call') part.arguments += step.text
        else if (part?.kind === 'text' || part?.kind === 'refusal' || part?.kind === 'reasoning')
          part.text += step.text
        return
      }
      case 'citation': {
        const part = at(step.choice).parts.get(step.part)
        if (part?.kind === 'text') part.citations = [...(part.citations ?? []), step.citation]
        return
      }
      case 'close': {
        const part = at(step.choice).parts.get(step.part)
        if (!part) return
        if (step.sealed && (part.kind === 'reasoning' || part.kind === 'tool_call' || part.kind === 'text'))
          part.sealed = step.sealed
        if (step.origin) part.origin = step.origin
        return
      }
      case 'finish':
        at(step.choice).choice.finish = step.finish
        return
      case 'usage':
        if (answer) answer.usage = step.usage
        return
      case 'logprobs': {
        const { choice } = at(step.choice)
        const before: JsonObject = isObject(choice.logprobs) ? choice.logprobs : {}
        const merged: JsonObject = { ...before }
        if (step.content)
          merged.content = [...(Array.isArray(before.content) ? before.content : []), ...step.content]
        if (step.refusal)
          merged.refusal = [...(Array.isArray(before.refusal) ? before.refusal : []), ...step.refusal]
        choice.logprobs = merged
        return
      }
      case 'extras': {
        const node = step.choice === undefined ? answer : at(step.choice).choice
        if (node)
          node.origin = {
            ...node.origin,
            dialect: step.dialect,
            extras: { ...node.origin?.extras, ...step.members },
          }
        return
      }
      case 'unread':
        // Of a stream alone: a whole answer has no events.
        return
      case 'failure':
        failure = step.error
        return
      case 'end':
        ended = true
        return
      default:
        step satisfies never
    }
  }

  return {
    event,
    response() {
      if (failure) throw failure
      if (!answer || !ended)
        throw new GatewayError('stream_interrupted', 'the stream ended before its end event')
      answer.choices = [...choices.values()]
        .sort((a, b) => a.choice.index - b.choice.index)
        .map(({ choice, parts }) => {
          choice.parts = [...parts.entries()].sort((a, b) => a[0] - b[0]).map((entry) => entry[1])
          return choice
        })
      return answer
    },
  }
}

export function collect(events: Iterable<StreamEvent>): GenerationResponse {
  const fold = collector()
  for (const event of events) fold.event(event)
  return fold.response()
}

/** The events of a finished answer, in part order, ending with `end`. */
export function replay(response: GenerationResponse, sink: EventSink): void {
  sink({
    type: 'start',
    id: response.id,
    model: response.model,
    created: response.created,
    ...(response.origin ? { origin: response.origin } : {}),
  })
  for (const choice of response.choices) {
    for (const [part, value] of choice.parts.entries()) replayPart(choice.index, part, value, sink)
    if (isObject(choice.logprobs)) {
      const { content, refusal } = choice.logprobs
      sink({
        type: 'logprobs',
        choice: choice.index,
        ...(Array.isArray(content) ? { content } : {}),
        ...(Array.isArray(refusal) ? { refusal } : {}),
      })
    }
    if (choice.origin?.extras)
      sink({
        type: 'extras',
        dialect: choice.origin.dialect,
        choice: choice.index,
        members: choice.origin.extras,
      })
    sink({ type: 'finish', choice: choice.index, finish: choice.finish })
  }
  if (response.usage) sink({ type: 'usage', usage: response.usage })
  sink({ type: 'end' })
}

function replayPart(choice: number, part: number, value: Part, sink: EventSink): void {
  const open = openOf(value)
  sink({ type: 'open', choice, part, open })
  if (value.kind === 'tool_call') {
    if (value.arguments !== '') sink({ type: 'delta', choice, part, text: value.arguments })
  } else if (value.kind === 'text' || value.kind === 'refusal' || value.kind === 'reasoning') {
    if (value.text !== '') sink({ type: 'delta', choice, part, text: value.text })
    if (value.kind === 'text')
      for (const citation of value.citations ?? []) sink({ type: 'citation', choice, part, citation })
  }
  sink({
    type: 'close',
    choice,
    part,
    ...((value.kind === 'reasoning' || value.kind === 'tool_call' || value.kind === 'text') && value.sealed
      ? { sealed: value.sealed }
      : {}),
    ...(open.kind !== 'whole' && value.origin ? { origin: value.origin } : {}),
  })
}

/** What is known of a finished part when it opens: the inverse of folding it. */
export function openOf(part: Part): OpenPart {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return { kind: part.kind }
    case 'reasoning':
      return part.redacted === undefined
        ? { kind: 'reasoning' }
        : { kind: 'reasoning', redacted: part.redacted }
    case 'tool_call':
      return {
        kind: 'tool_call',
        id: part.id,
        name: part.name,
        ...(part.custom === undefined ? {} : { custom: part.custom }),
        ...(part.sealed ? { sealed: part.sealed } : {}),
      }
    default:
      return { kind: 'whole', value: part }
  }
}

function partOf(open: OpenPart): Part {
  switch (open.kind) {
    case 'text':
    case 'refusal':
      return { kind: open.kind, text: '' }
    case 'reasoning':
      return open.redacted === undefined
        ? { kind: 'reasoning', text: '' }
        : { kind: 'reasoning', text: '', redacted: open.redacted }
    case 'tool_call':
      return {
        kind: 'tool_call',
        id: open.id,
        name: open.name,
        arguments: '',
        ...(open.custom === undefined ? {} : { custom: open.custom }),
        ...(open.sealed ? { sealed: open.sealed } : {}),
      }
    case 'whole':
      return open.value
    default:
      return open satisfies never
  }
}
