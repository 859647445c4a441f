// An independent reader of both wires. It shares no code with the codecs: plain JSON.parse, a split on blank lines, and
// its own tables. What it says an answer holds is what a translation of that answer must still hold.

import { type Json, type JsonObject, isObject } from '../../src/core/json.ts'
import type { WireName } from './cases.ts'

export interface ToolFact {
  id: string
  name: string
  /** Parsed where it parses, the raw text otherwise. */
  arguments: Json
}

export interface ChoiceFacts {
  text: string
  reasoning: string
  refusal: string
  tools: ToolFact[]
  /** URL or cited text of each citation, in order. */
  citations: string[]
  finish: string | null
  /** Answer parts with no fact of their own (images, audio, server tool blocks). */
  others: string[]
}

export interface UsageFacts {
  /** All input, cached included. */
  input: number | undefined
  output: number | undefined
  cacheRead: number
}

export interface Facts {
  choices: ChoiceFacts[]
  usage: UsageFacts | undefined
  /** The answer is an error object, or the stream says one. */
  error: string | undefined
  /** The stream's terminal marker came, or the answer was whole. */
  complete: boolean
}

export function readAnswer(wire: WireName, streamed: boolean, bytes: Buffer): Facts {
  const text = bytes.toString('utf8')
  if (!streamed) {
    const body = parse(text)
    return wire === 'chat' ? wholeChat(body) : wholeMessage(body)
  }
  const payloads = eventPayloads(text)
  return wire === 'chat' ? streamedChat(payloads) : streamedMessage(payloads)
}

/** The `data` of each event, by the plainest reading of the rules. */
export function eventPayloads(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n\r\n|\n\n|\r\r/)
    .map((block) =>
      block
        .split(/\r\n|\n|\r/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''))
        .join('\n'),
    )
    .filter((data) => data !== '')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
const count = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
const empty = (): ChoiceFacts => ({
  text: '',
  reasoning: '',
  refusal: '',
  tools: [],
  citations: [],
  finish: null,
  others: [],
})

/** No arguments at all and an empty object mean the same call. */
function argumentsOf(value: Json | undefined): Json {
  if (value === undefined) return {}
  if (typeof value !== 'string') return value
  if (value.trim() === '') return {}
  const parsed = parse(value)
  return parsed === undefined ? value : (parsed as Json)
}

// --- Chat -----------------------------------------------------------------------------------------------------

function chatUsage(wire: unknown): UsageFacts | undefined {
  if (!isObject(wire)) return undefined
  const details = isObject(wire.prompt_tokens_details) ? wire.prompt_tokens_details : {}
  return {
    input: count(wire.prompt_tokens),
    output: count(wire.completion_tokens),
    cacheRead: count(details.cached_tokens) ?? count(wire.prompt_cache_hit_tokens) ?? 0,
  }
}

function errorText(body: unknown): string | undefined {
  if (!isObject(body)) return undefined
  const { error } = body
  if (isObject(error)) return text(error.message) || JSON.stringify(error)
  return typeof error === 'string' ? error : undefined
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
    const cited = isObject(annotation.anthropic) ? annotation.anthropic.cited_text : undefined
    into.citations.push(text(inner.url) || text(cited))
  }
}

function wholeChat(body: unknown): Facts {
  if (!isObject(body)) return { choices: [], usage: undefined, error: 'not JSON', complete: false }
  const choices = list(body.choices).map((choice) => {
    const facts = empty()
    const message = isObject(choice.message) ? choice.message : {}
    addContent(facts, message.content)
    facts.reasoning += text(message.reasoning_content) || text(message.reasoning)
    facts.refusal = text(message.refusal)
    for (const call of list(message.tool_calls)) {
      const inner = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {}
      facts.tools.push({
        id: text(call.id),
        name: text(inner.name),
        arguments: argumentsOf(inner.arguments ?? inner.input),
      })
    }
    // The form before tools has no ids.
    if (isObject(message.function_call))
      facts.tools.push({
        id: `legacy_${text(message.function_call.name)}`,
        name: text(message.function_call.name),
        arguments: argumentsOf(message.function_call.arguments),
      })
    addAnnotations(facts, message.annotations)
    if (list(message.images).length > 0) facts.others.push('image')
    if (isObject(message.audio)) facts.others.push('audio')
    facts.finish = typeof choice.finish_reason === 'string' ? choice.finish_reason : null
    return facts
  })
  return { choices, usage: chatUsage(body.usage), error: errorText(body), complete: true }
}

function streamedChat(payloads: readonly string[]): Facts {
  const choices = new Map<
    number,
    ChoiceFacts & { calls: Map<number, { id: string; name: string; args: string }> }
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
    usage = chatUsage(chunk.usage) ?? chatUsage(groq) ?? usage
    for (const choice of list(chunk.choices)) {
      const index = count(choice.index) ?? 0
      const at = choices.get(index) ?? { ...empty(), calls: new Map() }
      choices.set(index, at)
      const delta = isObject(choice.delta) ? choice.delta : {}
      addContent(at, delta.content)
      at.reasoning += text(delta.reasoning_content) || text(delta.reasoning)
      at.refusal += text(delta.refusal)
      for (const call of list(delta.tool_calls)) {
        const inner = isObject(call.function) ? call.function : isObject(call.custom) ? call.custom : {}
        const key = count(call.index) ?? at.calls.size
        const known = at.calls.get(key) ?? { id: '', name: '', args: '' }
        if (text(call.id) !== '') known.id = text(call.id)
        if (text(inner.name) !== '') known.name = text(inner.name)
        known.args += text(inner.arguments ?? inner.input)
        at.calls.set(key, known)
      }
      addAnnotations(at, delta.annotations)
      if (list(delta.images).length > 0) at.others.push('image')
      if (typeof choice.finish_reason === 'string') at.finish = choice.finish_reason
    }
  }
  return {
    choices: [...choices.entries()]
      .toSorted((a, b) => a[0] - b[0])
      .map(([, { calls, ...facts }]) => ({
        ...facts,
        tools: [...calls.values()].map(({ id, name, args }) => ({ id, name, arguments: argumentsOf(args) })),
      })),
    usage,
    error,
    complete,
  }
}

// --- Messages -------------------------------------------------------------------------------------------------

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
  facts.finish = typeof body.stop_reason === 'string' ? body.stop_reason : null
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
        facts.finish = event.delta.stop_reason
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

// --- What a translation must say ------------------------------------------------------------------------------

const CHAT_WORD: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content_filter',
  pause_turn: 'stop',
}
const MESSAGES_WORD: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
}

/** The facts of an answer once it is on the other wire. */
export function translated(from: WireName, facts: Facts): Facts {
  return from === 'chat' ? chatAsMessage(facts) : messageAsChat(facts)
}

/** A message is one answer; a refusal is its text; foreign citations have no form there. */
function chatAsMessage(facts: Facts): Facts {
  const [first] = facts.choices
  if (!first) return facts
  const called = first.tools.length > 0
  const word = MESSAGES_WORD[first.finish ?? ''] ?? 'end_turn'
  const finish =
    called && word === 'end_turn' ? 'tool_use' : !called && word === 'tool_use' ? 'end_turn' : word
  return {
    ...facts,
    choices: [
      {
        ...first,
        text: first.text + first.refusal,
        refusal: '',
        citations: [],
        others: [],
        finish,
        tools: first.tools.map((tool, index) => ({
          ...tool,
          id: tool.id === '' ? `call_${index}` : tool.id,
          arguments: isObject(tool.arguments) ? tool.arguments : { _raw_arguments: tool.arguments },
        })),
      },
    ],
  }
}

function messageAsChat(facts: Facts): Facts {
  return {
    ...facts,
    choices: facts.choices.map((choice) => ({
      ...choice,
      others: [],
      finish:
        choice.tools.length > 0 && (CHAT_WORD[choice.finish ?? ''] ?? 'stop') === 'stop'
          ? 'tool_calls'
          : (CHAT_WORD[choice.finish ?? ''] ?? 'stop'),
    })),
  }
}

/** Where two readings of one answer differ; empty when they agree. */
export function differences(got: Facts, want: Facts): string[] {
  const found: string[] = []
  const check = (what: string, a: unknown, b: unknown): void => {
    if (canonical(a) !== canonical(b)) found.push(`${what}: ${shown(a)} instead of ${shown(b)}`)
  }
  check('choices', got.choices.length, want.choices.length)
  for (const [index, wanted] of want.choices.entries()) {
    const at = got.choices[index]
    if (!at) continue
    for (const key of ['text', 'reasoning', 'refusal', 'tools', 'citations', 'finish'] as const)
      check(`choice ${index} ${key}`, at[key], wanted[key])
  }
  if (want.usage) {
    check('usage.input', got.usage?.input, want.usage.input ?? 0)
    check('usage.output', got.usage?.output, want.usage.output ?? 0)
    check('usage.cacheRead', got.usage?.cacheRead, want.usage.cacheRead)
  }
  return found
}

/** JSON text with sorted members: member order is no fact. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      isObject(inner)
        ? Object.fromEntries(Object.entries(inner).toSorted((a, b) => (a[0] < b[0] ? -1 : 1)))
        : inner,
    ) ?? 'undefined'
  )
}

export function shown(value: unknown): string {
  const line = canonical(value)
  return line.length > 160 ? `${line.slice(0, 157)}...` : line
}
