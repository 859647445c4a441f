// Anthropic Messages, read without its codec.

import Anthropic from '@anthropic-ai/sdk'
import { type JsonObject, isObject } from '../../../src/core/json.ts'
import { anthropicMessages } from '../../../src/dialects/anthropic-messages/index.ts'
import {
  type ChoiceFacts,
  type Facts,
  type FinishFact,
  type UsageFacts,
  argumentsOf,
  count,
  empty,
  errorText,
  eventPayloads,
  list,
  parse,
  text,
} from '../facts.ts'
import { messagesAtoms, sameAsked, TWINS } from '../request-oracle.ts'
import { serving } from '../serving.ts'
import type { Wire } from './wire.ts'

export const messagesWire: Wire = {
  dialect: anthropicMessages,
  read: (streamed, bytes) =>
    streamed
      ? streamedMessage(eventPayloads(bytes.toString('utf8')))
      : wholeMessage(parse(bytes.toString('utf8'))),
  // A message is one answer; a refusal is its text; foreign citations have no form there.
  holds(facts, from) {
    const [first] = facts.choices
    if (!first) return facts
    const called = first.tools.length > 0
    const word = SAID[first.finish ?? 'unknown']
    const finish = called && word === 'stop' ? 'tool_calls' : !called && word === 'tool_calls' ? 'stop' : word
    return {
      ...facts,
      choices: [
        {
          ...first,
          text: first.text + first.refusal,
          refusal: '',
          citations: from === 'anthropic-messages' ? first.citations : [],
          others: [],
          finish,
          tools: first.tools.map((tool, index) => ({
            ...tool,
            id: tool.id === '' && from !== 'gemini' ? `call_${index}` : packed(tool.id),
            arguments: isObject(tool.arguments) ? tool.arguments : { _raw_arguments: tool.arguments },
          })),
        },
      ],
    }
  },
  face: {
    path: () => '/v1/messages',
    body(own, model, streamed) {
      const rest: JsonObject = { ...(own ?? { messages: [{ role: 'user', content: 'hi' }], max_tokens: 64 }) }
      delete rest.stream
      return streamed ? { ...rest, model, stream: true } : { ...rest, model }
    },
    judge: async (streamed, bytes) =>
      wholeMessage(JSON.parse(JSON.stringify(await byAnthropic(streamed, bytes)))),
    seen: (facts) => facts,
  },
  asks: {
    conversation: ['messages', 'system', 'model'],
    twins: TWINS,
    same: sameAsked,
    atoms: messagesAtoms,
  },
}

/** Ids that the vendor's alphabet refuses come packed. */
const packed = (id: string): string =>
  /^[\w-]*$/.test(id) ? id : `tlid_${Buffer.from(id).toString('base64url')}`

async function byAnthropic(streamed: boolean, bytes: Buffer): Promise<object> {
  const client = new Anthropic({
    apiKey: 'none',
    baseURL: 'http://127.0.0.1',
    maxRetries: 0,
    fetch: serving(streamed, bytes),
  })
  const request = { model: 'm', max_tokens: 10, messages: [{ role: 'user' as const, content: 'hi' }] }
  return streamed ? client.messages.stream(request).finalMessage() : client.messages.create(request)
}

const FINISH: Readonly<Record<string, FinishFact>> = {
  end_turn: 'stop',
  stop_sequence: 'stop_sequence',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'context_full',
  refusal: 'refusal',
  pause_turn: 'pause',
}

/** Words of ours that Messages has no word for. */
const SAID: Readonly<Record<FinishFact, FinishFact>> = {
  stop: 'stop',
  stop_sequence: 'stop_sequence',
  tool_calls: 'tool_calls',
  length: 'length',
  context_full: 'context_full',
  content_filter: 'refusal',
  refusal: 'refusal',
  pause: 'pause',
  unknown: 'stop',
}

const finishOf = (word: unknown): FinishFact | null =>
  typeof word === 'string' ? (FINISH[word] ?? 'unknown') : null

function messageUsage(wire: unknown): UsageFacts | undefined {
  if (!isObject(wire)) return undefined
  const fresh = count(wire.input_tokens)
  const read = count(wire.cache_read_input_tokens) ?? 0
  const written = count(wire.cache_creation_input_tokens) ?? 0
  return {
    input: fresh === undefined ? undefined : fresh + read + written,
    output: count(wire.output_tokens),
    cacheRead: read,
  }
}

function addBlock(into: ChoiceFacts, block: JsonObject): void {
  switch (block.type) {
    case 'text':
      into.text += text(block.text)
      for (const citation of list(block.citations))
        into.citations.push(text(citation.url) || text(citation.cited_text))
      return
    case 'thinking':
      into.reasoning += text(block.thinking)
      return
    case 'redacted_thinking':
      return
    case 'tool_use':
      into.tools.push({ id: text(block.id), name: text(block.name), arguments: argumentsOf(block.input) })
      return
    default:
      into.others.push(text(block.type))
  }
}

function wholeMessage(body: unknown): Facts {
  if (!isObject(body)) return { choices: [], usage: undefined, error: 'not JSON', complete: false }
  const facts = empty()
  for (const block of list(body.content)) addBlock(facts, block)
  facts.finish = finishOf(body.stop_reason)
  return {
    choices: Array.isArray(body.content) ? [facts] : [],
    usage: messageUsage(body.usage),
    error: errorText(body),
    complete: true,
  }
}

function streamedMessage(payloads: readonly string[]): Facts {
  const facts = empty()
  const blocks = new Map<number, { block: JsonObject; json: string }>()
  let usage: JsonObject | undefined
  let error: string | undefined
  let complete = false
  const merge = (later: unknown): void => {
    if (!isObject(later)) return
    usage = { ...usage, ...Object.fromEntries(Object.entries(later).filter((entry) => entry[1] !== null)) }
  }
  for (const payload of payloads) {
    const event = parse(payload)
    if (!isObject(event)) continue
    error ??= event.type === 'error' ? (errorText(event) ?? payload) : undefined
    if (event.type === 'message_start' && isObject(event.message)) merge(event.message.usage)
    else if (event.type === 'content_block_start' && isObject(event.content_block))
      blocks.set(count(event.index) ?? 0, { block: { ...event.content_block }, json: '' })
    else if (event.type === 'content_block_delta' && isObject(event.delta)) {
      const at = blocks.get(count(event.index) ?? 0)
      if (!at) continue
      const { delta } = event
      if (delta.type === 'text_delta') at.block.text = text(at.block.text) + text(delta.text)
      else if (delta.type === 'thinking_delta')
        at.block.thinking = text(at.block.thinking) + text(delta.thinking)
      else if (delta.type === 'input_json_delta') at.json += text(delta.partial_json)
      else if (delta.type === 'citations_delta')
        at.block.citations = [...list(at.block.citations), delta.citation ?? null]
    } else if (event.type === 'message_delta') {
      merge(event.usage)
      if (isObject(event.delta) && typeof event.delta.stop_reason === 'string')
        facts.finish = finishOf(event.delta.stop_reason)
    } else if (event.type === 'message_stop') {
      // Some recordings hold the next message of the conversation too: that is another answer.
      complete = true
      break
    }
  }
  for (const [, { block, json }] of [...blocks.entries()].toSorted((a, b) => a[0] - b[0]))
    addBlock(facts, json === '' ? block : { ...block, input: argumentsOf(json) })
  return { choices: [facts], usage: messageUsage(usage), error, complete }
}
