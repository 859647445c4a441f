// Events of this wire to canonical ones. Items are addressed by output_index, their parts by content or summary index;
// hosts leave out what they like (parts that were never added, items that are never done, deltas that are told only at
// the end), so every level makes up for the one below it, and the terminal event for all.

import type { Frame, Quirks, StreamDecoder } from '../../core/dialect.ts'
import { openOf } from '../../core/collect.ts'
import { GatewayError } from '../../core/error.ts'
import type { CloseEvent, EventSink, OpenPart } from '../../core/event.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import type { Part } from '../../core/part.ts'
import { decodeCitation } from './content.ts'
import { errorInside, errorSaid } from './error.ts'
import { decodeFinish } from './finish.ts'
import { assistantParts } from './items-decode.ts'
import { rest } from './members.ts'
import { flatName } from './names.ts'
import { JOINT } from './reasoning.ts'
import { answerExtras } from './response.ts'
import { decodeUsage } from './usage.ts'

/** One open canonical part of an item. */
interface OpenSlot {
  part: number
  /** Members of its first delta that nobody reads: the others are like it. */
  unread?: JsonObject
  /** Text so far, in UTF-16 code units. */
  length: number
  citations: number
}

interface OpenItem {
  type: string
  /** By content index; calls and reasoning have one slot, at 0. */
  slots: Map<number, OpenSlot>
  /** Pieces of a reasoning item that were begun, `summary 0`. */
  pieces: Set<string>
  done: boolean
}

export function decoder(quirks: Quirks, sink: EventSink): StreamDecoder {
  let started = false
  let over = false
  let next = 0
  let called = false
  const items = new Map<number, OpenItem>()

  const fail = (error: GatewayError): void => {
    if (over) return
    over = true
    sink({ type: 'failure', error })
  }

  const start = (response: JsonObject | undefined): void => {
    if (started) return
    started = true
    sink({
      type: 'start',
      id: asString(response?.id) ?? '',
      model: asString(response?.model) ?? '',
      created: asNumber(response?.created_at) ?? 0,
      origin: { dialect: 'openai-responses' },
    })
  }

  const itemAt = (index: number, type: string): OpenItem => {
    let found = items.get(index)
    if (!found) {
      found = { type, slots: new Map(), pieces: new Set(), done: false }
      items.set(index, found)
    }
    return found
  }

  const openSlot = (item: OpenItem, content: number, open: OpenPart): OpenSlot => {
    let slot = item.slots.get(content)
    if (!slot) {
      slot = { part: next++, length: 0, citations: 0 }
      item.slots.set(content, slot)
      sink({ type: 'open', choice: 0, part: slot.part, open })
    }
    return slot
  }

  const add = (slot: OpenSlot, text: string): void => {
    if (text === '') return
    slot.length += text.length
    sink({ type: 'delta', choice: 0, part: slot.part, text })
  }

  const openCall = (item: OpenItem, wire: JsonObject): OpenSlot | undefined => {
    const { call_id: id, name } = wire
    if (typeof id !== 'string' || typeof name !== 'string') return undefined
    called = true
    const custom = wire.type === 'custom_tool_call'
    return openSlot(item, 0, {
      kind: 'tool_call',
      id,
      name: flatName(wire.namespace, name),
      ...(custom ? { custom: true } : {}),
    })
  }

  /** The slot of a reasoning item, its text ready for a piece: pieces are told apart by a blank line. */
  const piece = (item: OpenItem, name: string): OpenSlot => {
    const slot = openSlot(item, 0, { kind: 'reasoning' })
    if (!item.pieces.has(name)) {
      if (item.pieces.size > 0) add(slot, JOINT)
      item.pieces.add(name)
    }
    return slot
  }

  const added = (index: number, wire: JsonObject): void => {
    const item = itemAt(index, asString(wire.type) ?? '')
    if (item.type === 'function_call' || item.type === 'custom_tool_call') openCall(item, wire)
    else if (item.type === 'reasoning') openSlot(item, 0, { kind: 'reasoning' })
  }

  /** The finished item: whatever of it was not streamed is said now, then its parts close with what it says of them. */
  const done = (index: number, wire: JsonObject): void => {
    const item = itemAt(index, asString(wire.type) ?? '')
    if (item.done) return
    item.done = true
    for (const [position, part] of assistantParts(wire, `output[${index}]`).entries())
      finish(item, position, part)
    // Parts that the finished item no longer mentions.
    for (const slot of item.slots.values()) close(slot)
    item.slots.clear()
  }

  const looked = (slot: OpenSlot, wire: JsonObject): void => {
    slot.unread ??= rest(wire, DELTA)
  }
  const close = (slot: OpenSlot, more: Pick<CloseEvent, 'sealed' | 'origin'> = {}): void => {
    const extras = slot.unread && Object.keys(slot.unread).length > 0 ? slot.unread : undefined
    const origin = extras
      ? {
          ...more.origin,
          dialect: 'openai-responses' as const,
          extras: { ...more.origin?.extras, ...extras },
        }
      : more.origin
    sink({ type: 'close', choice: 0, part: slot.part, ...more, ...(origin ? { origin } : {}) })
  }

  const finish = (item: OpenItem, position: number, part: Part): void => {
    let slot = item.slots.get(position)
    if (!slot) {
      if (part.kind === 'tool_call') called = true
      slot = openSlot(item, position, openOf(part))
    }
    if (part.kind === 'text' || part.kind === 'refusal' || part.kind === 'reasoning')
      add(slot, part.text.slice(slot.length))
    else if (part.kind === 'tool_call') add(slot, part.arguments.slice(slot.length))
    if (part.kind === 'text')
      for (const citation of (part.citations ?? []).slice(slot.citations))
        sink({ type: 'citation', choice: 0, part: slot.part, citation })
    const sealed = part.kind === 'reasoning' || part.kind === 'tool_call' ? part.sealed : undefined
    const whole = part.kind === 'opaque' || part.kind === 'media' || part.kind === 'tool_result'
    close(slot, {
      ...(sealed ? { sealed } : {}),
      ...(!whole && part.origin ? { origin: part.origin } : {}),
    })
    item.slots.delete(position)
  }

  const delta = (type: string, wire: JsonObject): void => {
    const index = asNumber(wire.output_index) ?? 0
    const content = asNumber(wire.content_index) ?? 0
    const said = (slot: OpenSlot): void => {
      looked(slot, wire)
      add(slot, asString(wire.delta) ?? '')
    }
    switch (type) {
      case 'response.output_text.delta': {
        said(openSlot(itemAt(index, 'message'), content, { kind: 'text' }))
        if (Array.isArray(wire.logprobs) && wire.logprobs.length > 0)
          sink({ type: 'logprobs', choice: 0, content: wire.logprobs })
        return
      }
      case 'response.refusal.delta':
        return said(openSlot(itemAt(index, 'message'), content, { kind: 'refusal' }))
      case 'response.reasoning_summary_text.delta':
        return said(piece(itemAt(index, 'reasoning'), `summary ${asNumber(wire.summary_index) ?? 0}`))
      case 'response.reasoning_text.delta':
        return said(piece(itemAt(index, 'reasoning'), `content ${content}`))
      default: {
        // Arguments of a call that was never added wait for its end, which tells them whole.
        const slot = items.get(index)?.slots.get(0)
        if (slot) said(slot)
      }
    }
  }

  const part = (wire: JsonObject): void => {
    const index = asNumber(wire.output_index) ?? 0
    const content = asNumber(wire.content_index) ?? 0
    const type = isObject(wire.part) ? wire.part.type : undefined
    if (type === 'output_text' || type === 'refusal')
      openSlot(itemAt(index, 'message'), content, { kind: type === 'refusal' ? type : 'text' })
    else if (type === 'reasoning_text') piece(itemAt(index, 'reasoning'), `content ${content}`)
    else if (type === 'summary_text')
      piece(itemAt(index, 'reasoning'), `summary ${asNumber(wire.summary_index) ?? 0}`)
  }

  const annotation = (wire: JsonObject): void => {
    if (wire.annotation === undefined) return
    const item = itemAt(asNumber(wire.output_index) ?? 0, 'message')
    const slot = openSlot(item, asNumber(wire.content_index) ?? 0, { kind: 'text' })
    slot.citations++
    sink({ type: 'citation', choice: 0, part: slot.part, citation: decodeCitation(wire.annotation) })
  }

  const ended = (response: JsonObject, wire: JsonObject): void => {
    start(response)
    const output = Array.isArray(response.output) ? response.output : []
    for (const [index, item] of output.entries()) if (isObject(item)) done(index, item)
    for (const item of items.values()) {
      for (const slot of item.slots.values()) close(slot)
      item.slots.clear()
    }
    sink({
      type: 'extras',
      dialect: 'openai-responses',
      members: { ...answerExtras(response), ...rest(wire, ENDING) },
    })
    sink({ type: 'finish', choice: 0, finish: decodeFinish(response, called) })
    const usage = decodeUsage(response.usage, quirks)
    if (usage) sink({ type: 'usage', usage })
    over = true
    sink({ type: 'end' })
  }

  const event = (type: string, wire: JsonObject): void => {
    const response = isObject(wire.response) ? wire.response : undefined
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return start(response)
      case 'response.completed':
      case 'response.incomplete':
        return response
          ? ended(response, wire)
          : fail(new GatewayError('bad_upstream_response', `a ${type} event without its response`))
      case 'response.failed':
        return fail(errorSaid(response))
      case 'error':
        return fail(errorSaid(wire))
      case 'keepalive':
        return
      default:
    }
    start(undefined)
    if (type === 'response.output_item.added' && isObject(wire.item))
      added(asNumber(wire.output_index) ?? 0, wire.item)
    else if (type === 'response.output_item.done' && isObject(wire.item))
      done(asNumber(wire.output_index) ?? 0, wire.item)
    else if (type === 'response.content_part.added' || type === 'response.reasoning_summary_part.added')
      part(wire)
    else if (type === 'response.output_text.annotation.added') annotation(wire)
    else if (DELTAS.has(type)) delta(type, wire)
    else if (!PROGRESS.has(type))
      sink({ type: 'unread', dialect: 'openai-responses', name: type, value: wire })
  }

  return {
    frame({ event: name, data }: Frame) {
      if (over || data === '[DONE]') return
      let wire: Json
      try {
        wire = JSON.parse(data) as Json
      } catch (cause) {
        return fail(
          new GatewayError('bad_upstream_response', `a stream event is not JSON: ${data.slice(0, 120)}`, {
            cause,
          }),
        )
      }
      if (!isObject(wire))
        return fail(new GatewayError('bad_upstream_response', 'a stream event is no JSON object'))
      const type = asString(wire.type) ?? name
      if (type === '' || type === 'message') {
        const inside = errorInside(wire)
        return inside ? fail(inside) : undefined
      }
      event(type, wire)
    },
    end() {
      if (over) return
      fail(
        started
          ? new GatewayError('stream_interrupted', 'the stream ended before response.completed', {
              phase: 'stream',
            })
          : new GatewayError('bad_upstream_response', 'the stream carried no event'),
      )
    },
  }
}

const DELTAS: ReadonlySet<string> = new Set([
  'response.output_text.delta',
  'response.refusal.delta',
  'response.reasoning_summary_text.delta',
  'response.reasoning_text.delta',
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
])

const DELTA: ReadonlySet<string> = new Set([
  'type',
  'sequence_number',
  'item_id',
  'output_index',
  'content_index',
  'summary_index',
  'delta',
  'logprobs',
  'obfuscation',
])

const ENDING: ReadonlySet<string> = new Set(['type', 'sequence_number', 'response'])

/** What is told again by the item's end, or by the end of the answer. */
const PROGRESS: ReadonlySet<string> = new Set([
  'response.content_part.done',
  'response.output_text.done',
  'response.refusal.done',
  'response.function_call_arguments.done',
  'response.custom_tool_call_input.done',
  'response.reasoning_text.done',
  'response.reasoning_summary_text.done',
  'response.reasoning_summary_part.done',
  'response.web_search_call.in_progress',
  'response.web_search_call.searching',
  'response.web_search_call.completed',
  'response.file_search_call.in_progress',
  'response.file_search_call.searching',
  'response.file_search_call.completed',
  'response.code_interpreter_call.in_progress',
  'response.code_interpreter_call.interpreting',
  'response.code_interpreter_call.completed',
  'response.code_interpreter_call_code.delta',
  'response.code_interpreter_call_code.done',
  'response.shell_call_command.added',
  'response.shell_call_command.delta',
  'response.shell_call_command.done',
  'response.shell_call_output_content.delta',
  'response.shell_call_output_content.done',
  'response.image_generation_call.in_progress',
  'response.image_generation_call.generating',
  'response.image_generation_call.partial_image',
  'response.image_generation_call.completed',
  'response.mcp_call.in_progress',
  'response.mcp_call.completed',
  'response.mcp_call.failed',
  'response.mcp_call_arguments.delta',
  'response.mcp_call_arguments.done',
  'response.mcp_list_tools.in_progress',
  'response.mcp_list_tools.completed',
  'response.mcp_list_tools.failed',
])
