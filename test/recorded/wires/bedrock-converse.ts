// Amazon Bedrock Converse, read without its codec. Nobody calls in it.

import { type Json, type JsonObject, isObject } from '../../../src/core/json.ts'
import { bedrockConverse } from '../../../src/dialects/bedrock-converse/index.ts'
import { awsFrames } from '../aws-frames.ts'
import {
  type ChoiceFacts,
  type Facts,
  type FinishFact,
  type UsageFacts,
  argumentsOf,
  count,
  empty,
  list,
  parse,
  text,
} from '../facts.ts'
import type { Wire } from './wire.ts'

export const converseWire: Wire = {
  dialect: bedrockConverse,
  read: (streamed, bytes) =>
    streamed ? streamedConverse(bytes) : wholeConverse(parse(bytes.toString('utf8'))),
  holds: (facts) => facts,
}

const FINISH: Readonly<Record<string, FinishFact>> = {
  end_turn: 'stop',
  stop_sequence: 'stop_sequence',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'context_full',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
}

const finishOf = (word: unknown): FinishFact | null =>
  typeof word === 'string' ? (FINISH[word] ?? 'unknown') : null

function usageOf(wire: unknown): UsageFacts | undefined {
  if (!isObject(wire)) return undefined
  const fresh = count(wire.inputTokens)
  const read = count(wire.cacheReadInputTokens) ?? 0
  const written = count(wire.cacheWriteInputTokens) ?? 0
  return {
    input: fresh === undefined ? undefined : fresh + read + written,
    output: count(wire.outputTokens),
    cacheRead: read,
  }
}

function addBlock(into: ChoiceFacts, block: JsonObject): void {
  if (typeof block.text === 'string') into.text += block.text
  else if (isObject(block.reasoningContent)) {
    const { reasoningText: readable } = block.reasoningContent
    into.reasoning += isObject(readable) ? text(readable.text) : ''
  } else if (isObject(block.toolUse) && block.toolUse.type !== 'server_tool_use')
    into.tools.push({
      id: text(block.toolUse.toolUseId),
      name: text(block.toolUse.name),
      arguments: argumentsOf(block.toolUse.input),
    })
  else into.others.push(Object.keys(block)[0] ?? '')
}

const said = (wire: JsonObject): string => text(wire.message) || text(wire.Message)

function wholeConverse(body: unknown): Facts {
  if (!isObject(body)) return { choices: [], usage: undefined, error: 'not JSON', complete: false }
  const message = isObject(body.output) && isObject(body.output.message) ? body.output.message : undefined
  if (!message) return { choices: [], usage: undefined, error: said(body), complete: true }
  const facts = empty()
  for (const block of list(message.content)) addBlock(facts, block)
  facts.finish = finishOf(body.stopReason)
  return { choices: [facts], usage: usageOf(body.usage), error: undefined, complete: true }
}

function streamedConverse(bytes: Buffer): Facts {
  const facts = empty()
  const blocks = new Map<number, { block: JsonObject; args: string }>()
  let usage: UsageFacts | undefined
  let error: string | undefined
  let complete = false
  for (const { headers, payload } of awsFrames(bytes)) {
    const wire = parse(payload)
    if (headers[':message-type'] === 'exception') error = isObject(wire) ? said(wire) : payload
    if (!isObject(wire)) continue
    const index = count(wire.contentBlockIndex) ?? 0
    const at = blocks.get(index) ?? { block: {}, args: '' }
    switch (headers[':event-type']) {
      case 'contentBlockStart':
        if (isObject(wire.start)) at.block = { ...wire.start }
        blocks.set(index, at)
        break
      case 'contentBlockDelta':
        blocks.set(index, at)
        if (isObject(wire.delta)) addDelta(at, wire.delta)
        break
      case 'messageStop':
        complete = true
        facts.finish = finishOf(wire.stopReason)
        break
      case 'metadata':
        usage = usageOf(wire.usage)
        break
      default:
    }
  }
  for (const [, { block, args }] of [...blocks.entries()].toSorted((a, b) => a[0] - b[0]))
    if (Object.keys(block).length > 0)
      addBlock(
        facts,
        isObject(block.toolUse) ? { toolUse: { ...block.toolUse, input: argumentsOf(args) } } : block,
      )
  return { choices: [facts], usage, error, complete }
}

function addDelta(at: { block: JsonObject; args: string }, delta: JsonObject): void {
  if (typeof delta.text === 'string') at.block.text = text(at.block.text) + delta.text
  else if (isObject(delta.toolUse)) at.args += text(delta.toolUse.input)
  else if (isObject(delta.reasoningContent)) {
    const before: Json | undefined = isObject(at.block.reasoningContent)
      ? at.block.reasoningContent.reasoningText
      : undefined
    const so = isObject(before) ? text(before.text) : ''
    at.block.reasoningContent = { reasoningText: { text: so + text(delta.reasoningContent.text) } }
  }
}
