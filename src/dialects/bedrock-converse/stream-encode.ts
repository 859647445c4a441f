// Canonical events to Converse stream messages: one block open at a time, `messageStop`, then `metadata`. Frames of this
// wire are bytes; they are written as latin1 text, one character a byte, for nobody calls in this dialect yet.

import type { AnswerContext, StreamEncoder } from '../../core/dialect.ts'
import type { StreamEvent } from '../../core/event.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Seal } from '../../core/origin.ts'
import type { Part } from '../../core/part.ts'
import type { Finish } from '../../core/response.ts'
import type { Usage } from '../../core/usage.ts'
import { carrySeal } from '../../core/seal.ts'
import { awsMessage } from '../../wire/aws-event-stream.ts'
import { ownBlock } from './blocks.ts'
import { failureFrame } from './error.ts'
import { stopReason } from './finish.ts'
import { ID } from './own.ts'
import { redactedBytes } from './seal.ts'
import { encodeUsage } from './usage.ts'

/** Deltas of a part that waits for its turn: parallel calls of other wires interleave. */
interface Waiting {
  part: number
  kind: 'text' | 'reasoning' | 'tool_call' | 'whole'
  start?: JsonObject
  whole?: Part
  deltas: Json[]
  closed: boolean
}

export function encoder(_context: AnswerContext, write: (text: string) => void): StreamEncoder {
  let usage: Usage | undefined
  let finish: Finish = { reason: 'unknown' }
  let called = false
  let own = false
  let index = 0
  let extras: JsonObject = {}
  const queue: Waiting[] = []
  let begun = false

  const emit = (event: string, payload: Json): void =>
    write(awsMessage(event, JSON.stringify(payload)).toString('latin1'))

  /** Writes whatever is due: the first of the queue, and after it each one that was only waiting. */
  const advance = (): void => {
    for (;;) {
      const [entry] = queue
      if (!entry) return
      if (!begun && entry.start) emit('contentBlockStart', { contentBlockIndex: index, start: entry.start })
      begun = true
      for (const delta of entry.deltas) emit('contentBlockDelta', { contentBlockIndex: index, delta })
      entry.deltas = []
      if (!entry.closed) return
      queue.shift()
      begun = false
      emit('contentBlockStop', { contentBlockIndex: index++ })
    }
  }
  const add = (part: number, delta: Json): void => {
    queue.find((entry) => entry.part === part)?.deltas.push(delta)
    advance()
  }

  const open = (event: Extract<StreamEvent, { type: 'open' }>): void => {
    const given = event.open
    const entry: Waiting = { part: event.part, kind: 'text', deltas: [], closed: false }
    if (given.kind === 'tool_call') {
      called = true
      entry.kind = 'tool_call'
      entry.start = { toolUse: { toolUseId: given.id, name: given.name } }
    } else if (given.kind === 'reasoning') entry.kind = 'reasoning'
    else if (given.kind === 'whole') {
      const block = ownBlock(given.value)
      const start = startOf(block)
      if (!start) return
      entry.kind = 'whole'
      entry.start = start.start
      entry.deltas = start.deltas
    }
    queue.push(entry)
    advance()
  }

  const close = (part: number, sealed: Seal | undefined): void => {
    const entry = queue.find((one) => one.part === part)
    if (!entry) return
    if (sealed && entry.kind === 'reasoning')
      entry.deltas.push({
        reasoningContent:
          sealed.kind === 'redacted'
            ? { redactedContent: redactedBytes(sealed) }
            : { signature: carrySeal(sealed, 'anthropic-messages') },
      })
    entry.closed = true
    advance()
  }

  return {
    event(event) {
      // A message is one answer: further choices have no place on this wire.
      if ('choice' in event && event.choice !== undefined && event.choice !== 0) return
      switch (event.type) {
        case 'start':
          own = event.origin?.dialect === ID
          extras = own ? { ...event.origin?.extras } : {}
          return emit('messageStart', { role: 'assistant' })
        case 'open':
          return open(event)
        case 'delta': {
          const kind = queue.find((entry) => entry.part === event.part)?.kind
          if (kind === 'text') add(event.part, { text: event.text })
          else if (kind === 'reasoning') add(event.part, { reasoningContent: { text: event.text } })
          else if (kind === 'tool_call') add(event.part, { toolUse: { input: event.text } })
          return
        }
        case 'citation':
          if (event.citation.dialect === ID) add(event.part, { citation: event.citation.raw })
          return
        case 'close':
          return close(event.part, event.sealed)
        case 'finish':
          finish = event.finish
          return
        case 'usage':
          usage = event.usage
          return
        case 'extras':
          if (event.dialect === ID) extras = { ...extras, ...event.members }
          return
        case 'logprobs':
          return
        case 'unread':
          return
        case 'failure':
          return write(failureFrame(event.error))
        case 'end': {
          const { additionalModelResponseFields: fields, ...rest } = extras
          emit('messageStop', {
            stopReason: stopReason(finish, called, own),
            ...(fields === undefined ? {} : { additionalModelResponseFields: fields }),
          })
          return emit('metadata', { usage: encodeUsage(usage), ...rest })
        }
        default:
          event satisfies never
      }
    },
  }
}

/** How a block that came whole is told in events; undefined for kinds that have no start here. */
function startOf(block: JsonObject | undefined): { start: JsonObject; deltas: Json[] } | undefined {
  const { toolUse, toolResult } = (block ?? {}) as { toolUse?: JsonObject; toolResult?: JsonObject }
  if (toolUse) {
    const { input, ...start } = toolUse
    return { start: { toolUse: start }, deltas: [{ toolUse: { input: JSON.stringify(input ?? {}) } }] }
  }
  if (toolResult) {
    const { content, ...start } = toolResult
    return { start: { toolResult: start }, deltas: [{ toolResult: content ?? [] }] }
  }
  return undefined
}
