// Canonical events to events of this wire, as openai-node's accumulator and Codex insist: one counter over all events,
// each output index given once and in the order of first appearance, a content part before its text, every `done` with
// the whole of what its deltas said, and a terminal event with the complete answer. Hot deltas are concatenated around a
// constant head; everything else is stringified.
//
// An item's `done` waits until the next item opens or the answer is over: only then is it known whether the item was
// complete or is what the limit cut off.

import type { AnswerContext, StreamEncoder } from '../../core/dialect.ts'
import type { OpenPart, StreamEvent } from '../../core/event.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Citation, Part } from '../../core/part.ts'
import type { Finish } from '../../core/response.ts'
import type { Usage } from '../../core/usage.ts'
import { encodeCitation } from './content.ts'
import { failedEvent } from './error.ts'
import { encodeFinish } from './finish.ts'
import { encodeParts } from './items-encode.ts'
import { encodeLogprob } from './logprobs.ts'
import { answerHead, answerItems, emptyMessage } from './response.ts'
import { echoOf } from './request-encode.ts'
import { encodeUsage } from './usage.ts'

interface Item {
  kind: 'message' | 'reasoning' | 'call' | 'whole'
  id: string
  index: number
  /** The parts of it that are open still. */
  open: number
  parts: Slot[]
}

interface Slot {
  part: Part
  item: Item
  /** Place among the item's parts. */
  content: number
  /** A delta event before its sequence number, and between that and its text. */
  head: string
  place: string
  texts: string[]
  citations: Citation[]
}

export function encoder(context: AnswerContext, write: (text: string) => void): StreamEncoder {
  let sequence = 0
  let head: JsonObject = answerHead('', 0, context)
  let own = false
  let begun = false
  let usage: Usage | undefined
  let finish: Finish = { reason: 'unknown' }
  let extras: JsonObject = {}
  const logprobs: Json[] = []
  const slots = new Map<number, Slot>()
  const items: Item[] = []
  const output: JsonObject[] = []
  /** Items whose parts are all closed, their end not yet told. */
  let waiting: Item[] = []
  let message: Item | undefined
  const answer = answerItems(context, false)
  const echo = echoOf(context.request)

  const emit = (type: string, members: JsonObject): void =>
    write(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...members })}\n\n`)

  const snapshot = (status: string, members: JsonObject = {}): JsonObject => ({
    ...head,
    status,
    completed_at: null,
    incomplete_details: null,
    ...echo,
    output: [],
    ...members,
  })

  const begin = (): void => {
    if (begun) return
    begun = true
    emit('response.created', { response: snapshot('in_progress') })
    emit('response.in_progress', { response: snapshot('in_progress') })
  }

  const newItem = (kind: Item['kind'], id: string, wire: JsonObject): Item => {
    settle('completed')
    const item: Item = { kind, id, index: items.length, open: 0, parts: [] }
    items.push(item)
    emit('response.output_item.added', { output_index: item.index, item: wire })
    return item
  }

  /** @param place members of its delta events, besides those of the item, each with a comma behind it. */
  const addSlot = (item: Item, key: number, part: Part, type: string, place = ''): void => {
    const slot: Slot = {
      part,
      item,
      content: item.parts.length,
      head: `event: ${type}\ndata: {"type":"${type}","sequence_number":`,
      place: `,"item_id":${JSON.stringify(item.id)},"output_index":${item.index},${place}"delta":`,
      texts: [],
      citations: [],
    }
    item.parts.push(slot)
    item.open++
    slots.set(key, slot)
  }

  const openContent = (key: number, kind: 'text' | 'refusal'): void => {
    if (!message || items.at(-1) !== message) {
      const id = answer.id('msg')
      message = newItem('message', id, {
        id,
        type: 'message',
        status: 'in_progress',
        role: 'assistant',
        content: [],
      })
    }
    waiting = waiting.filter((item) => item !== message)
    const content = message.parts.length
    const text = kind === 'text'
    addSlot(
      message,
      key,
      { kind, text: '' },
      text ? 'response.output_text.delta' : 'response.refusal.delta',
      `"content_index":${content},`,
    )
    emit('response.content_part.added', {
      item_id: message.id,
      output_index: message.index,
      content_index: content,
      part: text
        ? { type: 'output_text', annotations: [], logprobs: [], text: '' }
        : { type: 'refusal', refusal: '' },
    })
  }

  const openReasoning = (key: number, redacted: boolean): void => {
    const id = answer.id('rs')
    const item = newItem('reasoning', id, { id, type: 'reasoning', summary: [] })
    addSlot(
      item,
      key,
      { kind: 'reasoning', text: '', ...(redacted ? { redacted } : {}) },
      'response.reasoning_summary_text.delta',
      '"summary_index":0,',
    )
  }

  const openCall = (key: number, given: Extract<OpenPart, { kind: 'tool_call' }>): void => {
    const custom = given.custom === true
    const part: Part = {
      kind: 'tool_call',
      id: given.id,
      name: given.name,
      arguments: '',
      ...(custom ? { custom } : {}),
    }
    const [wire] = encodeParts([part], '', { own: false, notes: [], answer })
    if (!wire) return
    const id = typeof wire.id === 'string' ? wire.id : ''
    const item = newItem('call', id, { ...wire, status: 'in_progress' })
    const type = custom ? 'response.custom_tool_call_input.delta' : 'response.function_call_arguments.delta'
    addSlot(item, key, part, type)
  }

  const openWhole = (part: Part): void => {
    const [wire] = encodeParts([part], '', { own: false, notes: [], answer })
    if (!wire || wire.type === 'message') return
    const item = newItem('whole', typeof wire.id === 'string' ? wire.id : '', wire)
    output[item.index] = wire
    emit('response.output_item.done', { output_index: item.index, item: wire })
  }

  const open = ({ part: key, open: given }: Extract<StreamEvent, { type: 'open' }>): void => {
    switch (given.kind) {
      case 'text':
      case 'refusal':
        return openContent(key, given.kind)
      case 'reasoning':
        return openReasoning(key, given.redacted === true)
      case 'tool_call':
        return openCall(key, given)
      default:
        return openWhole(given.value)
    }
  }

  const delta = (key: number, text: string): void => {
    const slot = slots.get(key)
    if (!slot || text === '') return
    if (slot.item.kind === 'reasoning' && slot.texts.length === 0)
      emit('response.reasoning_summary_part.added', {
        item_id: slot.item.id,
        output_index: slot.item.index,
        summary_index: 0,
        part: { type: 'summary_text', text: '' },
      })
    slot.texts.push(text)
    const tail = slot.part.kind === 'text' ? ',"logprobs":[]}\n\n' : '}\n\n'
    write(slot.head + sequence++ + slot.place + JSON.stringify(text) + tail)
  }

  const close = (event: Extract<StreamEvent, { type: 'close' }>): void => {
    const slot = slots.get(event.part)
    if (!slot) return
    slots.delete(event.part)
    const { part, item } = slot
    const text = slot.texts.join('')
    slot.texts = []
    if (part.kind === 'tool_call') part.arguments = text
    else if (part.kind === 'text' || part.kind === 'refusal' || part.kind === 'reasoning') part.text = text
    if (part.kind === 'text' && slot.citations.length > 0) part.citations = slot.citations
    if (event.sealed && (part.kind === 'reasoning' || part.kind === 'tool_call')) part.sealed = event.sealed
    // How another answer of this wire spelt its item is not repeated: ids are this stream's own.
    if (--item.open === 0) waiting.push(item)
  }

  /** Tells the end of every item that has ended, in the order of their places. */
  const settle = (last: 'completed' | 'incomplete'): void => {
    if (waiting.length === 0) return
    const ended = waiting.toSorted((a, b) => a.index - b.index)
    waiting = []
    for (const item of ended) itemDone(item, item === items.at(-1) ? last : 'completed')
  }

  const itemDone = (item: Item, status: 'completed' | 'incomplete'): void => {
    const parts = item.parts.map((slot) => slot.part)
    const scope = { own: false, notes: [], answer: { ...answer, id: () => item.id, status } }
    const [wire] = encodeParts(parts, '', scope)
    const done = wire ?? { id: item.id, type: item.kind }
    const at: JsonObject = { item_id: item.id, output_index: item.index }
    if (item.kind === 'message') contentDone(done, at)
    else if (item.kind === 'reasoning') {
      const [piece] = Array.isArray(done.summary) ? done.summary : []
      if (isObject(piece)) {
        const place = { ...at, summary_index: 0 }
        emit('response.reasoning_summary_text.done', { ...place, text: piece.text })
        emit('response.reasoning_summary_part.done', { ...place, part: piece })
      }
    } else if (done.type === 'custom_tool_call')
      emit('response.custom_tool_call_input.done', { ...at, input: done.input })
    else emit('response.function_call_arguments.done', { ...at, name: done.name, arguments: done.arguments })
    output[item.index] = done
    emit('response.output_item.done', { output_index: item.index, item: done })
    if (message === item) message = undefined
  }

  const contentDone = (done: JsonObject, at: JsonObject): void => {
    const content = Array.isArray(done.content) ? done.content : []
    for (const [index, part] of content.entries()) {
      if (!isObject(part)) continue
      const place = { ...at, content_index: index }
      // They are not told apart by part: the first text has them all.
      if (part.type === 'output_text' && logprobs.length > 0) part.logprobs = logprobs.splice(0)
      if (part.type === 'refusal') emit('response.refusal.done', { ...place, refusal: part.refusal })
      else emit('response.output_text.done', { ...place, text: part.text, logprobs: part.logprobs })
      emit('response.content_part.done', { ...place, part })
    }
  }

  const citation = (key: number, cited: Citation): void => {
    const slot = slots.get(key)
    if (!slot) return
    const annotation: Json = encodeCitation(
      cited,
      0,
      slot.texts.reduce((sum, text) => sum + text.length, 0),
    )
    emit('response.output_text.annotation.added', {
      item_id: slot.item.id,
      output_index: slot.item.index,
      content_index: slot.content,
      annotation_index: slot.citations.length,
      annotation,
    })
    slot.citations.push(cited)
  }

  const end = (): void => {
    const ending = encodeFinish(finish, own)
    settle(ending.status === 'incomplete' ? 'incomplete' : 'completed')
    if (items.length === 0) emptyAnswer()
    const response = snapshot(ending.status, {
      completed_at: ending.status === 'completed' ? context.created : null,
      incomplete_details: ending.details,
      output: output.filter((item) => item !== undefined),
      ...(usage ? { usage: encodeUsage(usage) } : {}),
      ...extras,
    })
    emit(ending.status === 'incomplete' ? 'response.incomplete' : 'response.completed', { response })
    context.keep?.(response)
  }

  /** Clients show nothing, and some ask again, when an answer has no item at all. */
  const emptyAnswer = (): void => {
    const item = emptyMessage(answer)
    emit('response.output_item.added', {
      output_index: 0,
      item: { ...item, status: 'in_progress', content: [] },
    })
    emit('response.output_item.done', { output_index: 0, item })
    output.push(item)
  }

  return {
    event(event) {
      switch (event.type) {
        case 'start':
          own = event.origin?.dialect === 'openai-responses'
          head = answerHead(event.id, event.created, context, own)
          return begin()
        case 'open':
          return event.choice === 0 ? open(event) : undefined
        case 'delta':
          return event.choice === 0 ? delta(event.part, event.text) : undefined
        case 'citation':
          return event.choice === 0 ? citation(event.part, event.citation) : undefined
        case 'close':
          return event.choice === 0 ? close(event) : undefined
        case 'finish':
          if (event.choice === 0) finish = event.finish
          return
        case 'usage':
          usage = event.usage
          return
        case 'logprobs':
          if (event.choice === 0 && event.content) logprobs.push(...event.content.map(encodeLogprob))
          return
        case 'extras':
          if (event.dialect === 'openai-responses' && event.choice === undefined)
            extras = { ...extras, ...event.members }
          return
        case 'unread': {
          const { type: _, sequence_number: __, ...members } = event.value
          return event.dialect === 'openai-responses' ? emit(event.name, members) : undefined
        }
        case 'failure':
          begin()
          return write(
            failedEvent(event.error, snapshot('failed', { output: output.filter(Boolean) }), sequence++),
          )
        case 'end':
          return end()
        default:
          event satisfies never
      }
    },
  }
}
