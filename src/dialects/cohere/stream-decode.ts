// Chat v2 events to canonical ones. What a block is says its start event; its deltas do not always repeat it. Calls and
// content count their indexes apart.

import type { Frame, Quirks, StreamDecoder } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import type { CloseEvent, EventSink, OpenPart } from '../../core/event.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { Origin } from '../../core/origin.ts'
import { decodeCitation, decodePiece } from './content.ts'
import { decodeFinish, failureOf } from './finish.ts'
import { ID, PLAN } from './own.ts'
import { decodeUsage } from './usage.ts'

interface Block {
  part: number
  kind: OpenPart['kind']
  open: boolean
  text: string
  /** Members that nobody reads. */
  unread: JsonObject
  /** A piece of a kind not known: it is passed on whole. */
  whole?: JsonObject
}

const START = new Set(['type', 'id', 'delta'])
const INSIDE = new Set(['message'])
const MESSAGE = new Set(['role', 'content', 'tool_plan', 'tool_calls', 'citations'])
const PIECE = new Set(['type', 'text', 'thinking'])
const CALL = new Set(['id', 'type', 'function'])
const INNER = new Set(['name', 'arguments'])

export function decoder(_quirks: Quirks, sink: EventSink): StreamDecoder {
  let started = false
  let over = false
  let next = 0
  let plan: Block | undefined
  const content = new Map<number, Block>()
  const calls = new Map<number, Block>()

  const fail = (error: GatewayError): void => {
    if (over) return
    over = true
    sink({ type: 'failure', error })
  }
  const open = (part: OpenPart, unread: JsonObject = {}): Block => {
    const block: Block = { part: next++, kind: part.kind, open: true, text: '', unread }
    sink({ type: 'open', choice: 0, part: block.part, open: part })
    return block
  }
  const grow = (block: Block | undefined, text: string | undefined): void => {
    if (!block?.open || text === undefined || text === '') return
    block.text += text
    sink({ type: 'delta', choice: 0, part: block.part, text })
  }
  const close = (block: Block | undefined, origin?: CloseEvent['origin']): void => {
    if (!block?.open) return
    block.open = false
    if (block.whole) {
      sink({
        type: 'open',
        choice: 0,
        part: block.part,
        open: { kind: 'whole', value: decodePiece(block.whole) },
      })
      return sink({ type: 'close', choice: 0, part: block.part })
    }
    const more = Object.keys(block.unread).length > 0
    const own: Origin | undefined = more ? { ...origin, dialect: ID, extras: block.unread } : origin
    sink({ type: 'close', choice: 0, part: block.part, ...(own ? { origin: own } : {}) })
  }
  const closePlan = (): void => {
    close(plan, PLAN)
    plan = undefined
  }
  const closeCall = (block: Block | undefined): void => {
    if (!block?.open) return
    const none = block.text.trim() === ''
    if (none) grow(block, '{}')
    close(block, none ? { dialect: ID, shape: { arguments: '' } } : undefined)
  }

  const extras = (members: JsonObject): void => {
    if (Object.keys(members).length > 0) sink({ type: 'extras', dialect: ID, members })
  }

  const event = (type: string, wire: JsonObject): void => {
    const delta = isObject(wire.delta) ? wire.delta : {}
    const message = isObject(delta.message) ? delta.message : {}
    const index = asNumber(wire.index) ?? 0
    switch (type) {
      case 'message-start':
        if (started) return
        started = true
        sink({ type: 'start', id: asString(wire.id) ?? '', model: '', created: 0, origin: { dialect: ID } })
        return extras({ ...unread(wire, START), ...unread(delta, INSIDE), ...unread(message, MESSAGE) })
      case 'content-start': {
        closePlan()
        const piece = isObject(message.content) ? message.content : {}
        if (typeof piece.type === 'string' && piece.type !== 'text' && piece.type !== 'thinking') {
          const part = next++
          content.set(index, { part, kind: 'whole', open: true, text: '', unread: {}, whole: { ...piece } })
          return
        }
        const block = open({ kind: piece.type === 'thinking' ? 'reasoning' : 'text' }, unread(piece, PIECE))
        content.set(index, block)
        return grow(block, asString(piece.thinking) ?? asString(piece.text))
      }
      case 'content-delta': {
        const piece = isObject(message.content) ? message.content : {}
        const whole = content.get(index)?.whole
        if (whole) return void Object.assign(whole, piece)
        return grow(content.get(index), asString(piece.thinking) ?? asString(piece.text))
      }
      case 'content-end': {
        // Citations come between here and the end of the answer, and belong into their text.
        const block = content.get(index)
        return block?.kind === 'text' ? undefined : close(block)
      }
      case 'tool-plan-delta':
        plan ??= open({ kind: 'reasoning' })
        return grow(plan, asString(message.tool_plan))
      case 'tool-call-start': {
        closePlan()
        const call = isObject(message.tool_calls) ? message.tool_calls : {}
        const inner = isObject(call.function) ? call.function : {}
        const block = open(
          { kind: 'tool_call', id: asString(call.id) ?? '', name: asString(inner.name) ?? '' },
          { ...unread(call, CALL), ...unread(inner, INNER) },
        )
        calls.set(index, block)
        return grow(block, asString(inner.arguments))
      }
      case 'tool-call-delta': {
        const call = isObject(message.tool_calls) ? message.tool_calls : {}
        return grow(calls.get(index), isObject(call.function) ? asString(call.function.arguments) : undefined)
      }
      case 'tool-call-end':
        return closeCall(calls.get(index))
      case 'citation-start': {
        const wireCitation = message.citations
        if (!isObject(wireCitation)) return
        const named = content.get(asNumber(wireCitation.content_index) ?? index)
        const text =
          named?.kind === 'text' ? named : [...content.values()].find((block) => block.kind === 'text')
        if (text?.open)
          sink({ type: 'citation', choice: 0, part: text.part, citation: decodeCitation(wireCitation) })
        return
      }
      case 'message-end': {
        const failed = failureOf(delta.finish_reason, delta.error)
        if (failed) return fail(failed)
        closePlan()
        for (const block of content.values()) close(block)
        for (const block of calls.values()) closeCall(block)
        extras({ ...unread(delta, new Set(['finish_reason', 'usage', 'error'])), ...unread(wire, START) })
        sink({ type: 'finish', choice: 0, finish: decodeFinish(delta.finish_reason) })
        const usage = decodeUsage(delta.usage)
        if (usage) sink({ type: 'usage', usage })
        over = true
        return sink({ type: 'end' })
      }
      case 'citation-end':
      case 'debug':
        return
      default:
        return sink({ type: 'unread', dialect: ID, name: type, value: wire })
    }
  }

  return {
    frame({ event: name, data }: Frame) {
      if (over) return
      const wire = parse(data)
      if (!isObject(wire))
        return data.trim() === '[DONE]'
          ? undefined
          : fail(
              new GatewayError(
                'bad_upstream_response',
                `a stream event is not a JSON object: ${data.slice(0, 120)}`,
              ),
            )
      const type = asString(wire.type) ?? name
      // Without a type it is an error body that came inside a 200.
      if (type === '' && typeof wire.message === 'string')
        return fail(new GatewayError('bad_upstream_response', wire.message, { phase: 'stream' }))
      if (!started && type !== 'message-start') {
        if (!type.includes('-')) return
        event('message-start', {})
      }
      event(type, wire)
    },
    end() {
      if (over) return
      fail(
        started
          ? new GatewayError('stream_interrupted', 'the stream ended before message-end', { phase: 'stream' })
          : new GatewayError('bad_upstream_response', 'the stream carried no message'),
      )
    },
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
