// Cohere Chat v2, read without its codec. Nobody calls in it.

import { type JsonObject, isObject } from '../../../src/core/json.ts'
import { cohereChat } from '../../../src/dialects/cohere/index.ts'
import {
  type ChoiceFacts,
  type Facts,
  type FinishFact,
  type UsageFacts,
  argumentsOf,
  count,
  empty,
  eventPayloads,
  list,
  parse,
  text,
} from '../facts.ts'
import type { Wire } from './wire.ts'

export const cohereWire: Wire = {
  dialect: cohereChat,
  read: (streamed, bytes) =>
    streamed
      ? streamedCohere(eventPayloads(bytes.toString('utf8')))
      : wholeCohere(parse(bytes.toString('utf8'))),
  holds: (facts) => facts,
}

const FINISH: Readonly<Record<string, FinishFact>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop_sequence',
  TOOL_CALL: 'tool_calls',
  MAX_TOKENS: 'length',
}

const finishOf = (word: unknown): FinishFact | null =>
  typeof word === 'string' ? (FINISH[word] ?? 'unknown') : null

function usageOf(wire: unknown): UsageFacts | undefined {
  if (!isObject(wire) || !isObject(wire.tokens)) return undefined
  return {
    input: count(wire.tokens.input_tokens),
    output: count(wire.tokens.output_tokens),
    cacheRead: count(wire.cached_tokens) ?? 0,
  }
}

/** "null" is how this vendor writes no arguments at all. */
function addCall(into: ChoiceFacts, call: JsonObject): void {
  const inner = isObject(call.function) ? call.function : {}
  const args = inner.arguments === 'null' ? '' : inner.arguments
  into.tools.push({ id: text(call.id), name: text(inner.name), arguments: argumentsOf(args) })
}

const cited = (citation: JsonObject): string => text(citation.text)

function wholeCohere(body: unknown): Facts {
  if (!isObject(body)) return { choices: [], usage: undefined, error: 'not JSON', complete: false }
  if (!isObject(body.message))
    return { choices: [], usage: undefined, error: text(body.message), complete: true }
  const facts = empty()
  for (const piece of list(body.message.content)) {
    facts.text += text(piece.text)
    facts.reasoning += text(piece.thinking)
  }
  facts.reasoning += text(body.message.tool_plan)
  for (const call of list(body.message.tool_calls)) addCall(facts, call)
  facts.citations = list(body.message.citations).map(cited)
  facts.finish = finishOf(body.finish_reason)
  return { choices: [facts], usage: usageOf(body.usage), error: undefined, complete: true }
}

function streamedCohere(payloads: readonly string[]): Facts {
  const facts = empty()
  const calls = new Map<number, { call: JsonObject; args: string }>()
  let usage: UsageFacts | undefined
  let complete = false
  for (const payload of payloads) {
    const event = parse(payload)
    if (!isObject(event)) continue
    const delta = isObject(event.delta) ? event.delta : {}
    const message = isObject(delta.message) ? delta.message : {}
    const piece = isObject(message.content) ? message.content : {}
    const call = isObject(message.tool_calls) ? message.tool_calls : {}
    const inner = isObject(call.function) ? call.function : {}
    const index = count(event.index) ?? 0
    if (event.type === 'content-start' || event.type === 'content-delta') {
      facts.text += text(piece.text)
      facts.reasoning += text(piece.thinking)
    } else if (event.type === 'tool-plan-delta') facts.reasoning += text(message.tool_plan)
    else if (event.type === 'tool-call-start') calls.set(index, { call, args: text(inner.arguments) })
    else if (event.type === 'tool-call-delta') {
      const at = calls.get(index)
      if (at) at.args += text(inner.arguments)
    } else if (event.type === 'citation-start' && isObject(message.citations))
      facts.citations.push(cited(message.citations))
    else if (event.type === 'message-end') {
      complete = true
      facts.finish = finishOf(delta.finish_reason)
      usage = usageOf(delta.usage)
    }
  }
  for (const { call, args } of calls.values())
    addCall(facts, {
      ...call,
      function: { ...(isObject(call.function) ? call.function : {}), arguments: args },
    })
  return { choices: [facts], usage, error: undefined, complete }
}
