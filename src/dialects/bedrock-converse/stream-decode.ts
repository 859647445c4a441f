// Converse stream events to canonical ones. Text and reasoning have no start event: they open with their first delta.
// `metadata` with the usage comes after `messageStop`; only both end the answer, in whichever order they come.

import type { Frame, Quirks, StreamDecoder } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import type { CloseEvent, EventSink, OpenPart } from '../../core/event.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import { ERROR_EVENT } from '../../wire/aws-event-stream.ts'
import { decodeBlock, decodeCitation } from './blocks.ts'
import { exceptionOf } from './error.ts'
import { decodeFinish } from './finish.ts'
import { ID } from './own.ts'
import { redactedSeal, signatureSeal } from './seal.ts'
import { decodeUsage } from './usage.ts'

interface Block {
  part: number
  kind: OpenPart['kind'] | undefined
  /** The start of a call, or of a block that is passed on whole. */
  start: JsonObject
  /** Fragments of a call's input. */
  json: string
  signature: string
  redacted: Buffer[]
  /** Pieces of a server tool's result. */
  pieces: Json[]
  /** Members of its events that nobody reads, as far as looked for: in the first delta, start and stop. */
  unread: JsonObject
  looked: boolean
}

const DELTA = new Set(['contentBlockIndex', 'delta', 'p'])
const START = new Set(['contentBlockIndex', 'start', 'p'])
const STOP = new Set(['contentBlockIndex', 'p'])
const DELTAS = new Set(['text', 'toolUse', 'reasoningContent', 'citation', 'toolResult', 'image'])

export function decoder(_quirks: Quirks, sink: EventSink): StreamDecoder {
  let started = false
  let over = false
  let next = 0
  let stop: JsonObject | undefined
  let metered = false
  const blocks = new Map<number, Block>()

  const fail = (error: GatewayError): void => {
    if (over) return
    over = true
    sink({ type: 'failure', error })
  }
  const begin = (): void => {
    if (started) return
    started = true
    sink({ type: 'start', id: '', model: '', created: 0, origin: { dialect: ID } })
  }
  const blockAt = (wire: JsonObject): Block => {
    const index = asNumber(wire.contentBlockIndex) ?? 0
    let block = blocks.get(index)
    if (!block) {
      block = {
        part: next++,
        kind: undefined,
        start: {},
        json: '',
        signature: '',
        redacted: [],
        pieces: [],
        unread: {},
        looked: false,
      }
      blocks.set(index, block)
    }
    return block
  }
  const open = (block: Block, part: OpenPart): void => {
    if (block.kind !== undefined) return
    block.kind = part.kind
    sink({ type: 'open', choice: 0, part: block.part, open: part })
  }
  const text = (block: Block, fragment: string): void => {
    if (fragment !== '') sink({ type: 'delta', choice: 0, part: block.part, text: fragment })
  }

  const startBlock = (wire: JsonObject): void => {
    if (!isObject(wire.start)) return
    const block = blockAt(wire)
    block.start = wire.start
    Object.assign(block.unread, unread(wire, START))
    const { toolUse: call } = wire.start
    if (isObject(call) && call.type !== 'server_tool_use')
      open(block, { kind: 'tool_call', id: asString(call.toolUseId) ?? '', name: asString(call.name) ?? '' })
  }

  const look = (block: Block, wire: JsonObject, delta: JsonObject): void => {
    if (block.looked) return
    block.looked = true
    Object.assign(block.unread, unread(wire, DELTA), unread(delta, DELTAS))
  }

  const deltaBlock = (wire: JsonObject): void => {
    const { delta } = wire
    if (!isObject(delta)) return
    if (typeof delta.text === 'string') {
      // An empty first fragment opens nothing: a block without a word is no part.
      if (delta.text === '' && !blocks.has(asNumber(wire.contentBlockIndex) ?? 0)) return
      const block = blockAt(wire)
      open(block, { kind: 'text' })
      look(block, wire, delta)
      return text(block, delta.text)
    }
    const block = blockAt(wire)
    look(block, wire, delta)
    const { toolUse, reasoningContent: reasoning, citation, toolResult } = delta
    if (isObject(toolUse)) {
      const fragment = asString(toolUse.input) ?? ''
      block.json += fragment
      if (block.kind === 'tool_call') text(block, fragment)
    } else if (isObject(reasoning)) {
      if (typeof reasoning.redactedContent === 'string') {
        open(block, { kind: 'reasoning', redacted: true })
        block.redacted.push(Buffer.from(reasoning.redactedContent, 'base64'))
      } else {
        open(block, { kind: 'reasoning' })
        text(block, asString(reasoning.text) ?? '')
        block.signature += asString(reasoning.signature) ?? ''
      }
    } else if (citation !== undefined) {
      open(block, { kind: 'text' })
      if (block.kind === 'text')
        sink({ type: 'citation', choice: 0, part: block.part, citation: decodeCitation(citation) })
    } else if (Array.isArray(toolResult)) block.pieces.push(...toolResult)
    else if (block.kind === undefined && !DELTAS.has(Object.keys(delta)[0] ?? ''))
      // A kind of block from the future: what its deltas say is all there is of it.
      block.start = { ...block.start, ...delta }
    else if (isObject(delta.image))
      block.start = { image: { ...asObject(block.start.image), ...delta.image } }
  }

  const closeBlock = (index: number, wire: JsonObject = {}): void => {
    const block = blocks.get(index)
    if (!block) return
    Object.assign(block.unread, unread(wire, STOP))
    blocks.delete(index)
    const at = { choice: 0, part: block.part }
    if (block.kind === undefined) {
      const value = wholeBlock(block)
      if (!value) return
      const whole = decodeBlock(value)
      // Of a block that is its deltas they are no members beside it.
      const extras = unread(block.unread, new Set(Object.keys(value)))
      if (Object.keys(extras).length > 0)
        whole.origin = { ...whole.origin, dialect: ID, extras: { ...whole.origin?.extras, ...extras } }
      sink({ type: 'open', ...at, open: { kind: 'whole', value: whole } })
      sink({ type: 'close', ...at })
      return
    }
    if (block.kind === 'tool_call') {
      // A call without arguments says nothing about them.
      if (block.json === '') sink({ type: 'delta', ...at, text: '{}' })
      const extras = unread(asObject(block.start.toolUse), new Set(['toolUseId', 'name']))
      return sink({ type: 'close', ...at, ...originOf({ ...extras, ...block.unread }) })
    }
    const sealed =
      block.redacted.length > 0
        ? redactedSeal(Buffer.concat(block.redacted).toString('base64'))
        : block.signature === ''
          ? undefined
          : signatureSeal(block.signature)
    sink({ type: 'close', ...at, ...(sealed ? { sealed } : {}), ...originOf(block.unread) })
  }

  const settle = (): void => {
    if (!stop || over) return
    over = true
    sink({ type: 'end' })
  }

  return {
    frame({ event, data }: Frame) {
      if (over) return
      const wire = parse(data)
      if (event.endsWith('Exception') || event === ERROR_EVENT) return fail(exceptionOf(event, wire ?? data))
      if (!isObject(wire))
        return fail(
          new GatewayError(
            'bad_upstream_response',
            `a stream event is not a JSON object: ${data.slice(0, 120)}`,
          ),
        )
      begin()
      switch (event) {
        case 'contentBlockStart':
          return startBlock(wire)
        case 'contentBlockDelta':
          return deltaBlock(wire)
        case 'contentBlockStop':
          return closeBlock(asNumber(wire.contentBlockIndex) ?? 0, wire)
        case 'messageStop': {
          if (stop) return
          for (const index of Array.from(blocks.keys())) closeBlock(index)
          stop = wire
          const extras = unread(wire, new Set(['stopReason', 'p']))
          if (Object.keys(extras).length > 0) sink({ type: 'extras', dialect: ID, members: extras })
          sink({ type: 'finish', choice: 0, finish: decodeFinish(wire) })
          if (metered) settle()
          return
        }
        case 'metadata': {
          const extras = unread(wire, new Set(['usage', 'p']))
          if (Object.keys(extras).length > 0) sink({ type: 'extras', dialect: ID, members: extras })
          const usage = decodeUsage(wire.usage)
          if (usage) sink({ type: 'usage', usage })
          metered = true
          return settle()
        }
        case 'messageStart': {
          const extras = unread(wire, new Set(['role', 'p']))
          if (Object.keys(extras).length > 0) sink({ type: 'extras', dialect: ID, members: extras })
          return
        }
        default:
          return sink({ type: 'unread', dialect: ID, name: event, value: wire })
      }
    },
    end() {
      if (over) return
      // Without metadata the answer is whole, only its usage is unknown.
      if (stop) return settle()
      fail(
        started
          ? new GatewayError('stream_interrupted', 'the stream ended before messageStop', { phase: 'stream' })
          : new GatewayError('bad_upstream_response', 'the stream carried no message'),
      )
    },
  }
}

const originOf = (extras: JsonObject): Pick<CloseEvent, 'origin'> =>
  Object.keys(extras).length > 0 ? { origin: { dialect: ID, extras } } : {}

/** A server tool's call or result, or an image, put together from its start and its pieces. */
function wholeBlock(block: Block): JsonObject | undefined {
  const { start } = block
  if (isObject(start.toolUse)) {
    const input = block.json === '' ? {} : (parse(block.json) ?? block.json)
    return { toolUse: { ...start.toolUse, input } }
  }
  if (isObject(start.toolResult)) return { toolResult: { ...start.toolResult, content: block.pieces } }
  return Object.keys(start).length > 0 ? start : undefined
}

const asObject = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
