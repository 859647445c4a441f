// OpenAI Chat Completions, read without its codec.

import { OpenAI } from 'openai'
import { type Json, type JsonObject, isObject } from '../../../src/core/json.ts'
import { openaiChat } from '../../../src/dialects/openai-chat/index.ts'
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
import { chatAtoms, sameAsked, TWINS } from '../request-oracle.ts'
import { serving } from '../serving.ts'
import type { Hints, Wire } from './wire.ts'

export const chatWire: Wire = {
  dialect: openaiChat,
  read(streamed, bytes, hints = {}) {
    const said = bytes.toString('utf8')
    const facts = streamed ? streamedChat(eventPayloads(said), hints) : wholeChat(parse(said), hints)
    if (hints.numbered === true) cite(facts, said)
    return hints.tagged === true ? { ...facts, choices: facts.choices.map(untagged) } : facts
  },
  holds: (facts) => ({
    ...facts,
    choices: facts.choices.map((choice) => {
      const finish = SAID[choice.finish ?? 'unknown']
      return {
        ...choice,
        others: [],
        finish: choice.tools.length > 0 && finish === 'stop' ? 'tool_calls' : finish,
      }
    }),
  }),
  face: {
    path: () => '/v1/chat/completions',
    body(own, model, streamed) {
      const rest: JsonObject = { ...(own ?? { messages: [{ role: 'user', content: 'hi' }] }) }
      delete rest.stream_options
      delete rest.stream
      return streamed
        ? { ...rest, model, stream: true, stream_options: { include_usage: true } }
        : { ...rest, model }
    },
    judge: async (streamed, bytes) => wholeChat(JSON.parse(JSON.stringify(await byOpenai(streamed, bytes)))),
    // The SDK keeps the last fragment of members it does not know, and joins no annotations.
    seen: (facts, streamed) =>
      streamed
        ? { ...facts, choices: facts.choices.map((choice) => ({ ...choice, reasoning: '', citations: [] })) }
        : facts,
  },
  asks: { conversation: ['messages', 'model'], twins: TWINS, same: sameAsked, atoms: chatAtoms },
}

async function byOpenai(streamed: boolean, bytes: Buffer): Promise<object> {
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://127.0.0.1/v1',
    maxRetries: 0,
    fetch: serving(streamed, bytes),
  })
  const request = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] }
  if (!streamed) return client.chat.completions.create(request)
  return client.chat.completions
    .stream({ ...request, stream_options: { include_usage: true } })
    .finalChatCompletion()
}

const FINISH: Readonly<Record<string, FinishFact>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
}

/** Words of ours that Chat has no word for. */
const SAID: Readonly<Record<FinishFact, FinishFact>> = {
  stop: 'stop',
  stop_sequence: 'stop',
  tool_calls: 'tool_calls',
  length: 'length',
  context_full: 'length',
  content_filter: 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
  unknown: 'stop',
}

const finishOf = (word: unknown): FinishFact | null =>
  typeof word === 'string' ? (FINISH[word] ?? 'unknown') : null

function chatUsage(wire: unknown, hints: Hints): UsageFacts | undefined {
  if (!isObject(wire)) return undefined
  const details = isObject(wire.prompt_tokens_details) ? wire.prompt_tokens_details : {}
  return {
    input: count(wire.prompt_tokens),
    output: outputOf(wire, hints),
    cacheRead:
      count(details.cached_tokens) ??
      count(wire.prompt_cache_hit_tokens) ??
      count(wire.cached_tokens) ??
      count(wire.num_cached_tokens) ??
      0,
  }
}

/** All that was generated, reasoning included, however the host counts it. */
function outputOf(wire: JsonObject, { outputLacks }: Hints): number | undefined {
  const output = count(wire.completion_tokens)
  const input = count(wire.prompt_tokens)
  const total = count(wire.total_tokens)
  const more = isObject(wire.completion_tokens_details) ? wire.completion_tokens_details : {}
  const reasoning = count(more.reasoning_tokens) ?? 0
  if (outputLacks === 'what the total has more' && total !== undefined && input !== undefined)
    return total - input
  if (output === undefined || input === undefined) return output
  const beside = reasoning > 0 && total === input + output + reasoning
  return beside || (outputLacks === 'reasoning if larger' && reasoning > output) ? output + reasoning : output
}

/** Perplexity's marks, by the last list of addresses in the answer, whole or streamed. */
function cite(facts: Facts, said: string): void {
  const found = [...said.matchAll(/"citations":\s*(\[[^\]]*\])/g)].at(-1)?.[1]
  const urls = found === undefined ? undefined : parse(found)
  if (!Array.isArray(urls)) return
  for (const choice of facts.choices)
    for (const [, number] of choice.text.matchAll(/\[(\d+)\]/g)) {
      const url: unknown = urls[Number(number) - 1]
      if (typeof url === 'string') choice.citations.push(url)
    }
}

/** Reasoning in tags at the beginning of the text. */
function untagged(facts: ChoiceFacts): ChoiceFacts {
  const found = /^\s*<think>\n?([^]*?)(?:<\/think>\s*|$)/.exec(facts.text)
  if (!found) return facts
  return {
    ...facts,
    reasoning: facts.reasoning + (found[1] ?? ''),
    text: facts.text.slice(found[0].length),
  }
}

/** Reasoning under one of its names; typed pieces count where no plain text does. */
function reasoningOf(holder: JsonObject): string {
  const plain = text(holder.reasoning_content) || text(holder.reasoning)
  return plain !== ''
    ? plain
    : list(holder.reasoning_details)
        .map((piece) => text(piece.text) || text(piece.summary))
        .join('')
}

/** Content that is a list (Mistral) is text and thinking pieces. */
function addContent(into: ChoiceFacts, content: Json | undefined): void {
  if (typeof content === 'string') into.text += content
  for (const piece of list(content)) {
    if (piece.type === 'text') into.text += text(piece.text)
    else if (piece.type === 'thinking')
      into.reasoning +=
        typeof piece.thinking === 'string'
          ? piece.thinking
          : list(piece.thinking)
              .map((inner) => text(inner.text))
              .join('')
  }
}

function addAnnotations(into: ChoiceFacts, annotations: unknown): void {
  for (const annotation of list(annotations)) {
    const inner = isObject(annotation.url_citation) ? annotation.url_citation : {}
    const google =
      isObject(annotation.google) && isObject(annotation.google.segment)
        ? annotation.google.segment.text
        : undefined
    const cited = isObject(annotation.anthropic)
      ? annotation.anthropic.cited_text
      : isObject(annotation.cohere)
        ? annotation.cohere.text
        : google
    into.citations.push(text(inner.url) || text(cited))
  }
}

function wholeChat(body: unknown, hints: Hints = {}): Facts {
  if (!isObject(body)) return { choices: [], usage: undefined, error: 'not JSON', complete: false }
  const choices = list(body.choices).map((choice) => {
    const facts = empty()
    const message = isObject(choice.message) ? choice.message : {}
    addContent(facts, message.content)
    facts.reasoning += reasoningOf(message)
    facts.refusal = text(message.refusal)
    for (const call of list(message.tool_calls)) {
      const inner = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {}
      facts.tools.push({
        id: text(call.id),
        name: text(inner.name),
        arguments: inner.input === undefined ? argumentsOf(inner.arguments) : { input: text(inner.input) },
      })
    }
    // The form before tools has no ids.
    if (isObject(message.function_call) && text(message.function_call.name) !== '')
      facts.tools.push({
        id: `legacy_${text(message.function_call.name)}`,
        name: text(message.function_call.name),
        arguments: argumentsOf(message.function_call.arguments),
      })
    addAnnotations(facts, message.annotations)
    if (list(message.images).length > 0) facts.others.push('image')
    if (isObject(message.audio)) facts.others.push('audio')
    facts.finish = finishOf(choice.finish_reason)
    return facts
  })
  return { choices, usage: chatUsage(body.usage, hints), error: errorText(body), complete: true }
}

function streamedChat(payloads: readonly string[], hints: Hints): Facts {
  const choices = new Map<
    number,
    ChoiceFacts & { calls: Map<number, { id: string; name: string; args: string; free: boolean }> }
  >()
  let usage: UsageFacts | undefined
  let error: string | undefined
  let complete = false
  for (const payload of payloads) {
    if (payload.trim() === '[DONE]') {
      complete = true
      continue
    }
    const chunk = parse(payload)
    if (!isObject(chunk)) continue
    error ??= errorText(chunk)
    const groq = isObject(chunk.x_groq) ? chunk.x_groq.usage : undefined
    usage = chatUsage(chunk.usage, hints) ?? chatUsage(groq, hints) ?? usage
    for (const choice of list(chunk.choices)) {
      const index = count(choice.index) ?? 0
      const at = choices.get(index) ?? { ...empty(), calls: new Map() }
      choices.set(index, at)
      const delta = isObject(choice.delta) ? choice.delta : {}
      addContent(at, delta.content)
      at.reasoning += reasoningOf(delta)
      at.refusal += text(delta.refusal)
      for (const call of list(delta.tool_calls)) {
        const inner = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {}
        const key = count(call.index) ?? at.calls.size
        const known = at.calls.get(key) ?? { id: '', name: '', args: '', free: isObject(call.custom) }
        if (text(call.id) !== '') known.id = text(call.id)
        if (text(inner.name) !== '') known.name = text(inner.name)
        known.args += text(inner.arguments ?? inner.input)
        at.calls.set(key, known)
      }
      addAnnotations(at, delta.annotations)
      if (list(delta.images).length > 0) at.others.push('image')
      if (typeof choice.finish_reason === 'string') at.finish = finishOf(choice.finish_reason)
    }
  }
  return {
    choices: [...choices.entries()]
      .toSorted((a, b) => a[0] - b[0])
      .map(([, { calls, ...facts }]) => ({
        ...facts,
        tools: [...calls.values()].map(({ id, name, args, free }) => ({
          id,
          name,
          arguments: free ? { input: args } : argumentsOf(args),
        })),
      })),
    usage,
    error,
    complete,
  }
}
