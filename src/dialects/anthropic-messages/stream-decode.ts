// Messages events to canonical ones. Tolerates what upstreams really send (a second message_start, several
// message_delta, unknown events and deltas); a stream without message_stop is an interrupted one.

import type { Frame, Quirks, StreamDecoder } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import type { EventSink } from '../../core/event.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import type { Seal } from '../../core/origin.ts'
import { decodeBlock, decodeCitation } from './blocks.ts'
import { errorInside } from './error.ts'
import { decodeFinish } from './finish.ts'
import { rest } from './members.ts'
import { decodeUsage, mergeUsage } from './usage.ts'
import { LikeLast } from '../../wire/like-last.ts'

const MESSAGE = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'stop_details',
  'usage',
])
const START = new Set(['type', 'message'])
const BLOCK_START = new Set(['type', 'index', 'content_block'])
const BLOCK_DELTA = new Set(['type', 'index', 'delta'])
const BLOCK_STOP = new Set(['type', 'index'])
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  text: ['type', 'text', 'citations'],
  thinking: ['type', 'thinking', 'signature'],
  tool_use: ['type', 'id', 'name', 'input'],
}

interface OpenBlock {
  part: number
  type: string
  /** The block as it started; grown only for blocks that are passed on whole. */
  wire: JsonObject
  /** Fragments of input_json seen. */
  json: string
  signature?: string
  /** A delta of it was looked at for members nobody reads: the others are like the first. */
  looked: boolean
  /** Such members of its events. */
  unread: JsonObject
}

const DELTAS: Readonly<Record<string, string>> = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  signature_delta: 'signature',
  input_json_delta: 'partial_json',
  citations_delta: 'citation',
}

export function decoder(_quirks: Quirks, sink: EventSink): StreamDecoder {
  let started = false
  let over = false
  let next = 0
  let counts: JsonObject | undefined
  const stop: JsonObject = {}
  const open = new Map<number, OpenBlock>()

  const fail = (error: GatewayError): void => {
    if (over) return
    over = true
    sink({ type: 'failure', error })
  }

  const usage = (wire: Json | undefined): void => {
    counts = mergeUsage(counts, wire)
    const decoded = decodeUsage(counts)
    if (decoded) sink({ type: 'usage', usage: decoded })
  }

  const start = (wire: JsonObject): void => {
    const message = isObject(wire.message) ? wire.message : {}
    if (!started) {
      started = true
      sink({
        type: 'start',
        id: typeof message.id === 'string' ? message.id : '',
        model: typeof message.model === 'string' ? message.model : '',
        created: 0,
      })
      const extras = { ...rest(message, MESSAGE), ...rest(wire, START) }
      if (Object.keys(extras).length > 0)
        sink({ type: 'extras', dialect: 'anthropic-messages', members: extras })
    }
    usage(message.usage)
  }

  const openBlock = (wire: JsonObject): void => {
    const index = asNumber(wire.index) ?? next
    const block = isObject(wire.content_block) ? wire.content_block : {}
    const type = typeof block.type === 'string' ? block.type : ''
    const entry: OpenBlock = {
      part: next++,
      type,
      wire: { ...block },
      json: '',
      looked: false,
      unread: rest(wire, BLOCK_START),
    }
    open.set(index, entry)
    const at = { choice: 0, part: entry.part }
    if (type === 'text') {
      sink({ type: 'open', ...at, open: { kind: 'text' } })
      if (typeof block.text === 'string' && block.text !== '')
        sink({ type: 'delta', ...at, text: block.text })
      if (Array.isArray(block.citations))
        for (const citation of block.citations)
          sink({ type: 'citation', ...at, citation: decodeCitation(citation) })
    } else if (type === 'thinking') {
      sink({ type: 'open', ...at, open: { kind: 'reasoning' } })
      if (typeof block.thinking === 'string' && block.thinking !== '')
        sink({ type: 'delta', ...at, text: block.thinking })
      if (typeof block.signature === 'string' && block.signature !== '') entry.signature = block.signature
    } else if (type === 'redacted_thinking')
      sink({ type: 'open', ...at, open: { kind: 'reasoning', redacted: true } })
    else if (type === 'tool_use')
      sink({
        type: 'open',
        ...at,
        open: { kind: 'tool_call', id: asString(block.id) ?? '', name: asString(block.name) ?? '' },
      })
  }

  const deltaBlock = (wire: JsonObject): void => {
    const entry = open.get(asNumber(wire.index) ?? -1)
    const delta = wire.delta
    if (!entry || !isObject(delta)) return
    const at = { choice: 0, part: entry.part }
    if (!entry.looked) {
      entry.looked = true
      const text = typeof delta.type === 'string' ? DELTAS[delta.type] : undefined
      Object.assign(entry.unread, rest(wire, BLOCK_DELTA))
      if (text !== undefined) Object.assign(entry.unread, rest(delta, new Set(['type', text])))
    }
    switch (delta.type) {
      case 'text_delta':
        if (typeof delta.text !== 'string' || delta.text === '') return
        if (entry.type === 'text') sink({ type: 'delta', ...at, text: delta.text })
        else entry.wire.text = `${typeof entry.wire.text === 'string' ? entry.wire.text : ''}${delta.text}`
        return
      case 'thinking_delta':
        if (entry.type === 'thinking' && typeof delta.thinking === 'string' && delta.thinking !== '')
          sink({ type: 'delta', ...at, text: delta.thinking })
        return
      case 'signature_delta':
        if (typeof delta.signature === 'string') entry.signature = delta.signature
        return
      case 'input_json_delta': {
        if (typeof delta.partial_json !== 'string') return
        entry.json += delta.partial_json
        if (entry.type === 'tool_use' && delta.partial_json !== '')
          sink({ type: 'delta', ...at, text: delta.partial_json })
        return
      }
      case 'citations_delta':
        if (entry.type === 'text' && delta.citation !== undefined)
          sink({ type: 'citation', ...at, citation: decodeCitation(delta.citation) })
        return
      default: {
        // A delta from the future (or compaction's): its members are set on the block, which travels whole.
        for (const [key, value] of Object.entries(delta))
          if (key !== 'type' && value !== undefined) entry.wire[key] = value
      }
    }
  }

  /** Text added to an open block is the pattern for the next event. */
  const learn = (data: string, { index, delta }: JsonObject): void => {
    const entry = open.get(asNumber(index) ?? -1)
    if (entry?.type !== 'text' || !isObject(delta) || delta.type !== 'text_delta') return
    if (typeof delta.text !== 'string') return
    alike = { index: index as number, entry }
    like.learn(data, delta.text)
  }
  const like = new LikeLast('text')
  let alike: { index: number; entry: OpenBlock } | undefined

  const closeBlock = (index: number, wire: JsonObject = {}): void => {
    const entry = open.get(index)
    if (!entry) return
    open.delete(index)
    Object.assign(entry.unread, rest(wire, BLOCK_STOP))
    const at = { choice: 0, part: entry.part }
    if (entry.type === 'tool_use') {
      if (entry.json === '') {
        // Arguments that never came: some hosts put them into the start instead.
        const given = isObject(entry.wire.input) ? JSON.stringify(entry.wire.input) : '{}'
        sink({ type: 'delta', ...at, text: given })
      }
    } else if (!(entry.type in KNOWN) && entry.type !== 'redacted_thinking') {
      if (entry.json !== '') entry.wire.input = parse(entry.json) ?? entry.json
      const value = decodeBlock(entry.wire)
      if (Object.keys(entry.unread).length > 0)
        value.origin = {
          ...value.origin,
          dialect: 'anthropic-messages',
          extras: { ...value.origin?.extras, ...entry.unread },
        }
      sink({ type: 'open', ...at, open: { kind: 'whole', value } })
      sink({ type: 'close', ...at })
      return
    }
    const extras = { ...rest(entry.wire, new Set(KNOWN[entry.type] ?? ['type', 'data'])), ...entry.unread }
    const sealed = sealOf(entry)
    sink({
      type: 'close',
      ...at,
      ...(sealed ? { sealed } : {}),
      ...(Object.keys(extras).length > 0 ? { origin: { dialect: 'anthropic-messages', extras } } : {}),
    })
  }

  const finish = (): void => {
    for (const index of Array.from(open.keys())) closeBlock(index)
    sink({ type: 'finish', choice: 0, finish: decodeFinish(stop) })
    over = true
    sink({ type: 'end' })
  }

  return {
    frame({ event, data }: Frame) {
      if (over) return
      const more = like.read(data)
      if (more !== undefined && alike && open.get(alike.index) === alike.entry) {
        if (more !== '') sink({ type: 'delta', choice: 0, part: alike.entry.part, text: more })
        return
      }
      const wire = parse(data)
      if (!isObject(wire))
        return fail(
          new GatewayError(
            'bad_upstream_response',
            `a stream event is not a JSON object: ${data.slice(0, 120)}`,
          ),
        )
      const type = typeof wire.type === 'string' ? wire.type : event
      if (type === 'error' || (event === 'error' && type !== 'ping'))
        return fail(errorInside(wire.type === 'error' ? wire : { ...wire, type: 'error' }) as GatewayError)
      if (type === 'message_start') return start(wire)
      if (type === 'ping') return
      if (!started) return
      switch (type) {
        case 'content_block_start':
          return openBlock(wire)
        case 'content_block_delta':
          deltaBlock(wire)
          return learn(data, wire)
        case 'content_block_stop':
          return closeBlock(asNumber(wire.index) ?? -1, wire)
        case 'message_delta': {
          const delta = isObject(wire.delta) ? wire.delta : {}
          if (delta.stop_reason !== undefined && delta.stop_reason !== null)
            stop.stop_reason = delta.stop_reason
          if (delta.stop_sequence !== undefined) stop.stop_sequence = delta.stop_sequence
          if (delta.stop_details !== undefined) stop.stop_details = delta.stop_details
          const extras = {
            ...rest(delta, new Set(['stop_reason', 'stop_sequence', 'stop_details'])),
            ...rest(wire, new Set(['type', 'delta', 'usage'])),
          }
          if (Object.keys(extras).length > 0)
            sink({ type: 'extras', dialect: 'anthropic-messages', members: extras })
          return usage(wire.usage)
        }
        case 'message_stop':
          return finish()
        default:
          return sink({ type: 'unread', dialect: 'anthropic-messages', name: type, value: wire })
      }
    },
    end() {
      if (over) return
      fail(
        started
          ? new GatewayError('stream_interrupted', 'the stream ended before message_stop', {
              phase: 'stream',
            })
          : new GatewayError('bad_upstream_response', 'the stream carried no message'),
      )
    },
  }
}

function sealOf(entry: OpenBlock): Seal | undefined {
  const dialect = 'anthropic-messages' as const
  if (entry.type === 'redacted_thinking' && typeof entry.wire.data === 'string')
    return { dialect, kind: 'redacted', value: entry.wire.data }
  return entry.signature === undefined ? undefined : { dialect, kind: 'signature', value: entry.signature }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
