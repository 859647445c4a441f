// Canonical events to Messages events, as the official parser demands: every event named, one message_start, dense
// indexes, one block open at a time, `thinking: ""` and `text: ""` at the start of theirs, one message_delta with the
// final usage, then message_stop. Parts that interleave (parallel calls) wait for their turn.

import type { AnswerContext, StreamEncoder } from '../../core/dialect.ts'
import type { StreamEvent } from '../../core/event.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Finish } from '../../core/response.ts'
import type { Usage } from '../../core/usage.ts'
import { carrySeal } from '../../core/seal.ts'
import { failureFrame } from './error.ts'
import { encodeFinish } from './finish.ts'
import { answerId } from './names.ts'
import { ownBlock, sealBlock } from './blocks.ts'
import { messageId } from './response.ts'
import { deltaUsage, messageUsage } from './usage.ts'

/** A part not yet written out: its own text, in order, until it is its turn. */
interface Waiting {
  part: number
  /** The content_block of its start; undefined for a text whose first fragment has not come. */
  begin: JsonObject | undefined
  /** `index` is filled in when the block is written. */
  deltas: string[]
  closed: boolean
  /** Nothing is written for it (an empty text, a part without a form here). */
  kind: string
}

export function encoder(context: AnswerContext, write: (text: string) => void): StreamEncoder {
  let usage: Usage | undefined
  let finish: Finish = { reason: 'unknown' }
  let called = false
  let own = false
  let index = 0
  let extras: JsonObject = {}
  // In the order they opened; the first is the one being written.
  const queue: Waiting[] = []
  const byPart = new Map<number, Waiting>()
  let writing: Waiting | undefined

  const begin = (entry: Waiting): void => {
    writing = entry
    write(
      `event: content_block_start\ndata: {"type":"content_block_start","index":${index},"content_block":${JSON.stringify(entry.begin)}}\n\n`,
    )
    for (const delta of entry.deltas) emit(delta)
    entry.deltas = []
  }
  const emit = (delta: string): void =>
    write(
      `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${delta}}\n\n`,
    )

  /** Writes whatever is due: the first of the queue, and after it each one that was only waiting. */
  const advance = (): void => {
    for (;;) {
      const [entry] = queue
      if (!entry) return
      if (!writing && entry.begin && !(entry.kind === 'text' && entry.deltas.length === 0)) begin(entry)
      if (!entry.closed) return
      queue.shift()
      if (writing === entry) {
        write(`event: content_block_stop\ndata: {"type":"content_block_stop","index":${index}}\n\n`)
        index++
        writing = undefined
      }
    }
  }

  const add = (part: number, delta: string): void => {
    const entry = byPart.get(part)
    if (!entry) return
    if (writing === entry) emit(delta)
    else {
      entry.deltas.push(delta)
      advance()
    }
  }

  /** A block that is complete in its start. */
  const whole = (begin: JsonObject): void => {
    queue.push({ part: -1, begin, deltas: [], closed: true, kind: 'whole' })
    advance()
  }

  const open = (event: Extract<StreamEvent, { type: 'open' }>): void => {
    const { open: given } = event
    const entry: Waiting = { part: event.part, begin: undefined, deltas: [], closed: false, kind: given.kind }
    if (given.kind === 'text' || given.kind === 'refusal') {
      entry.begin = { type: 'text', text: '' }
      entry.kind = 'text'
    } else if (given.kind === 'reasoning') {
      // A redacted block is complete in its start, which is known only when it closes.
      entry.begin = given.redacted === true ? undefined : { type: 'thinking', thinking: '', signature: '' }
      if (given.redacted === true) entry.kind = 'redacted'
    } else if (given.kind === 'tool_call') {
      called = true
      if (given.sealed) whole(sealBlock(given.sealed, 'next'))
      entry.begin = { type: 'tool_use', id: own ? given.id : answerId(given.id), name: given.name, input: {} }
      // Free text is no JSON: it travels as the one string of an object, as in a whole answer.
      if (given.custom === true) {
        entry.kind = 'free_text'
        entry.deltas.push(jsonDelta('{"input":"'))
      }
    } else {
      const [block] = given.value.kind === 'opaque' ? ownBlock(given.value) : []
      if (!block) return
      entry.begin = block
    }
    queue.push(entry)
    byPart.set(event.part, entry)
    advance()
  }

  const close = (event: Extract<StreamEvent, { type: 'close' }>): void => {
    const entry = byPart.get(event.part)
    if (!entry) return
    // Another vendor's seal travels packed: the caller echoes it unread.
    const seal = event.sealed && carrySeal(event.sealed, 'anthropic-messages')
    if (entry.kind === 'redacted' && seal !== undefined)
      entry.begin = { type: 'redacted_thinking', data: seal }
    else if (entry.kind === 'reasoning' && seal !== undefined)
      add(event.part, `{"type":"signature_delta","signature":${JSON.stringify(seal)}}`)
    if (entry.kind === 'free_text') add(event.part, jsonDelta('"}'))
    const spoke = writing === entry || entry.deltas.length > 0
    entry.closed = true
    byPart.delete(event.part)
    advance()
    if (entry.kind === 'text' && event.sealed) whole(sealBlock(event.sealed, spoke ? 'before' : 'next'))
  }

  return {
    event(event) {
      switch (event.type) {
        case 'start': {
          own = event.origin?.dialect === 'anthropic-messages'
          const message = {
            id: messageId(event.id, own, context),
            type: 'message',
            role: 'assistant',
            model: context.model,
            content: [],
            stop_reason: null,
            stop_sequence: null,
            usage: messageUsage(undefined),
          }
          write(`event: message_start\ndata: ${JSON.stringify({ type: 'message_start', message })}\n\n`)
          return
        }
        case 'open':
          // A message is one answer: further choices have no place on this wire.
          if (event.choice === 0) open(event)
          return
        case 'delta': {
          if (event.choice !== 0) return
          const kind = byPart.get(event.part)?.kind
          const text = JSON.stringify(event.text)
          if (kind === 'text') add(event.part, `{"type":"text_delta","text":${text}}`)
          else if (kind === 'reasoning') add(event.part, `{"type":"thinking_delta","thinking":${text}}`)
          else if (kind === 'tool_call') add(event.part, jsonDelta(event.text))
          else if (kind === 'free_text') add(event.part, jsonDelta(text.slice(1, -1)))
          return
        }
        case 'citation':
          if (event.choice === 0 && event.citation.dialect === 'anthropic-messages')
            add(event.part, `{"type":"citations_delta","citation":${JSON.stringify(event.citation.raw)}}`)
          return
        case 'close':
          if (event.choice === 0) close(event)
          return
        case 'finish':
          if (event.choice === 0) finish = event.finish
          return
        case 'usage':
          usage = event.usage
          return
        case 'extras':
          if (event.dialect === 'anthropic-messages') extras = { ...extras, ...event.members }
          return
        case 'logprobs':
          return
        case 'unread':
          if (event.dialect === 'anthropic-messages')
            write(`event: ${event.name}\ndata: ${JSON.stringify(event.value)}\n\n`)
          return
        case 'failure':
          write(failureFrame(event.error, context.id))
          return
        case 'end': {
          const delta = encodeFinish(finish, called, own)
          write(
            `event: message_delta\ndata: ${JSON.stringify({ type: 'message_delta', delta: { ...delta, ...extras }, usage: deltaUsage(usage) })}\n\n`,
          )
          write('event: message_stop\ndata: {"type":"message_stop"}\n\n')
          return
        }
        default:
          event satisfies never
      }
    },
  }
}

const jsonDelta = (text: string): string =>
  `{"type":"input_json_delta","partial_json":${JSON.stringify(text)}}`
