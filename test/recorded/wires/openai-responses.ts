// OpenAI Responses, read without its codec.

import { OpenAI } from 'openai'
import { type Json, type JsonObject, asString, isObject } from '../../../src/core/json.ts'
import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts'
import {
  type ChoiceFacts,
  type Facts,
  type FinishFact,
  type UsageFacts,
  argumentsOf,
  canonical,
  count,
  empty,
  eventPayloads,
  list,
  parse,
  text,
} from '../facts.ts'
import { sameAsked } from '../request-oracle.ts'
import { serving } from '../serving.ts'
import type { Wire } from './wire.ts'

export const responsesWire: Wire = {
  dialect: openaiResponses,
  read: (streamed, bytes) =>
    streamed
      ? streamedResponse(eventPayloads(bytes.toString('utf8')))
      : wholeResponse(parse(bytes.toString('utf8'))),
  // A response is one answer.
  holds(facts) {
    const [first] = facts.choices
    if (!first) return facts
    const called = first.tools.length > 0
    const word = SAID[first.finish ?? 'unknown']
    const finish = called && word === 'stop' ? 'tool_calls' : !called && word === 'tool_calls' ? 'stop' : word
    return { ...facts, choices: [{ ...first, others: [], finish }] }
  },
  face: {
    path: () => '/v1/responses',
    body(own, model, streamed) {
      const rest: JsonObject = { ...(own ?? { input: 'hi' }) }
      delete rest.stream
      // What the recorded conversation had stored is not stored here.
      return streamed ? { ...rest, model, stream: true } : { ...rest, model }
    },
    judge: async (streamed, bytes) =>
      wholeResponse(JSON.parse(JSON.stringify(await byOpenai(streamed, bytes)))),
    seen: (facts) => facts,
  },
  asks: {
    // What is between the caller and whoever keeps the conversation reaches no model.
    conversation: [
      'input',
      'instructions',
      'model',
      'store',
      'include',
      'previous_response_id',
      'background',
      'stream_options',
      'conversation',
      'client_metadata',
    ],
    twins: { user: ['user', 'safety_identifier'], text: ['text', 'response_format', 'verbosity'] },
    same(name, before, after) {
      if (name === 'tools') {
        // Tools that came among the items stand behind the others on a wire that has but one list.
        const wanted = toolFacts(before)
        return canonical(wanted) === canonical(toolFacts(after).slice(0, wanted.length))
      }
      // The default says nothing.
      if (name === 'tool_choice' && before === 'auto') return after === undefined || after === 'auto'
      if (name === 'reasoning') return effortOf(before) === effortOf(after)
      if (name === 'text') return canonical(formatOf(before)) === canonical(formatOf(after))
      return sameAsked(name, before, after)
    },
    atoms,
  },
}

async function byOpenai(streamed: boolean, bytes: Buffer): Promise<object> {
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://127.0.0.1/v1',
    maxRetries: 0,
    fetch: serving(streamed, bytes),
  })
  const request = { model: 'm', input: 'hi' }
  return streamed ? client.responses.stream(request).finalResponse() : client.responses.create(request)
}

/** Words of ours that Responses has no word for. */
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

function finishOf(response: JsonObject, called: boolean): FinishFact | null {
  if (response.status === 'completed' || response.status === undefined) return called ? 'tool_calls' : 'stop'
  if (response.status !== 'incomplete') return 'unknown'
  const why = isObject(response.incomplete_details) ? response.incomplete_details.reason : undefined
  return why === 'content_filter' ? 'content_filter' : why === 'max_output_tokens' ? 'length' : 'unknown'
}

function usageOf(wire: unknown): UsageFacts | undefined {
  if (!isObject(wire)) return undefined
  const details = isObject(wire.input_tokens_details) ? wire.input_tokens_details : {}
  return {
    input: count(wire.input_tokens),
    output: count(wire.output_tokens),
    cacheRead: count(details.cached_tokens) ?? 0,
  }
}

function errorOf(body: JsonObject): string | undefined {
  const { error } = body
  if (isObject(error)) return text(error.message) || JSON.stringify(error)
  return typeof error === 'string' ? error : undefined
}

/** The pieces of one reasoning item are paragraphs. */
function reasoningOf(item: JsonObject): string {
  return [...list(item.summary), ...list(item.content)].map((piece) => text(piece.text)).join('\n\n')
}

function addItem(into: ChoiceFacts, item: JsonObject): void {
  switch (item.type) {
    case 'message':
      for (const part of list(item.content)) {
        if (part.type === 'refusal') into.refusal += text(part.refusal)
        else into.text += text(part.text)
        for (const annotation of list(part.annotations))
          into.citations.push(text(annotation.url) || text(annotation.cited_text))
      }
      return
    case 'reasoning':
      into.reasoning += reasoningOf(item)
      return
    case 'function_call':
    case 'custom_tool_call':
      into.tools.push({
        id: text(item.call_id),
        name: typeof item.namespace === 'string' ? `${item.namespace}__${text(item.name)}` : text(item.name),
        arguments:
          item.type === 'custom_tool_call' ? { input: text(item.input) } : argumentsOf(item.arguments),
      })
      return
    default:
      into.others.push(text(item.type))
  }
}

function wholeResponse(body: unknown): Facts {
  if (!isObject(body)) return { choices: [], usage: undefined, error: 'not JSON', complete: false }
  const facts = empty()
  for (const item of list(body.output)) addItem(facts, item)
  facts.finish = finishOf(body, facts.tools.length > 0)
  return {
    choices: Array.isArray(body.output) ? [facts] : [],
    usage: usageOf(body.usage),
    error: errorOf(body),
    complete: true,
  }
}

/** What the deltas of one item said. */
interface Said {
  texts: Map<string, string>
  done?: JsonObject
}

/** An item is what its deltas said, and what its end says beside: the two must not differ, or it is told as an error. */
function streamedResponse(payloads: readonly string[]): Facts {
  const items = new Map<number, Said>()
  let final: JsonObject | undefined
  let error: string | undefined
  let sequence = -1
  const at = (event: JsonObject): Said => {
    const index = count(event.output_index) ?? 0
    const found = items.get(index) ?? { texts: new Map<string, string>() }
    items.set(index, found)
    return found
  }
  for (const payload of payloads) {
    const event = parse(payload)
    if (!isObject(event) || final) continue
    const type = text(event.type)
    const number = count(event.sequence_number)
    if (number !== undefined && number <= sequence) error ??= `event ${number} after ${sequence}`
    sequence = number ?? sequence
    if (type === 'error') error = errorOf(event) ?? (text(event.message) || payload)
    else if (/^response\.(completed|incomplete|failed)$/.test(type) && isObject(event.response)) {
      final = event.response
      if (type === 'response.failed') error = errorOf(final) ?? payload
    } else if (type === 'response.output_item.done' && isObject(event.item)) at(event).done = event.item
    else if (type.endsWith('.delta') && typeof event.delta === 'string') {
      const place = `${type} ${count(event.content_index) ?? count(event.summary_index) ?? 0}`
      const { texts } = at(event)
      texts.set(place, (texts.get(place) ?? '') + event.delta)
    }
  }
  const facts = empty()
  const ended = list(final?.output)
  const places = Math.max(ended.length, ...[...items.keys()].map((key) => key + 1), 0)
  for (let index = 0; index < places; index++) {
    const said = items.get(index)
    const item = said?.done ?? ended[index]
    if (!item) continue
    addItem(facts, item)
    error ??= contradiction(item, said)
  }
  facts.finish = finishOf(final ?? {}, facts.tools.length > 0)
  return { choices: [facts], usage: usageOf(final?.usage), error, complete: final !== undefined }
}

function contradiction(item: JsonObject, said: Said | undefined): string | undefined {
  if (!said || said.texts.size === 0) return undefined
  const streamed = [...said.texts.values()].join('\n\n')
  const whole =
    item.type === 'message'
      ? list(item.content)
          .map((part) => text(part.text ?? part.refusal))
          .join('\n\n')
      : item.type === 'reasoning'
        ? reasoningOf(item)
        : item.type === 'function_call'
          ? text(item.arguments)
          : item.type === 'custom_tool_call'
            ? text(item.input)
            : streamed
  // Some recordings were cut in the middle of an item, whose end is whole.
  return whole.startsWith(streamed)
    ? undefined
    : `deltas of ${text(item.type)} say ${streamed.slice(0, 80)}, its end ${whole.slice(0, 80)}`
}

// --- requests ----------------------------------------------------------------------------------------------------

function effortOf(reasoning: Json | undefined): string {
  return isObject(reasoning) && typeof reasoning.effort === 'string' ? reasoning.effort : ''
}

function formatOf(wire: Json | undefined): Json {
  const format = isObject(wire) ? wire.format : undefined
  if (!isObject(format) || format.type === 'text') return null
  return { type: format.type ?? null, schema: format.schema ?? null, description: format.description ?? null }
}

/** Functions by name and schema; namespaces by their tools. */
function toolFacts(tools: Json | undefined): Json[] {
  return list(tools).flatMap((tool): Json[] =>
    tool.type === 'namespace'
      ? toolFacts(list(tool.tools).map((one) => ({ ...one, name: `${text(tool.name)}__${text(one.name)}` })))
      : [
          {
            name: tool.name ?? tool.type ?? null,
            description: tool.description ?? null,
            parameters: emptySchema(tool.parameters) ? null : (tool.parameters ?? null),
          },
        ],
  )
}

function emptySchema(schema: Json | undefined): boolean {
  return !isObject(schema) || (isObject(schema.properties) && Object.keys(schema.properties).length === 0)
}

function atoms(body: JsonObject): string[] {
  const found: { role: string; kind: string; value: string }[] = []
  const known: string[] = []
  // Ids may be rewritten, everywhere alike: their order stays.
  const ids = (id: Json | undefined): string => {
    const name = canonical(id)
    if (!known.includes(name)) known.push(name)
    return `#${known.indexOf(name)}`
  }
  const add = (role: string, kind: string, value: string): void => {
    const last = found.at(-1)
    if (kind === 'text' && value.trim() === '') return
    if (kind === 'text' && last?.kind === 'text' && last.role === role) last.value += value
    else found.push({ role, kind, value })
  }
  if (typeof body.instructions === 'string') add('system', 'text', body.instructions)
  if (typeof body.input === 'string') add('user', 'text', body.input)
  for (const item of list(body.input)) {
    const role = item.role === 'developer' ? 'system' : (asString(item.role) ?? 'assistant')
    switch (item.type ?? 'message') {
      case 'message':
        if (typeof item.content === 'string') add(role, 'text', item.content)
        for (const part of list(item.content)) addPart(add, role, part)
        break
      case 'function_call':
      case 'custom_tool_call': {
        const name =
          typeof item.namespace === 'string' ? `${item.namespace}__${text(item.name)}` : text(item.name)
        add(
          'assistant',
          'call',
          `${ids(item.call_id)} ${name} ${canonical(argumentsOf(item.arguments ?? item.input))}`,
        )
        break
      }
      case 'function_call_output':
      case 'custom_tool_call_output':
        add('tool', 'result', `${ids(item.call_id)} ${flat(item.output)}`)
        break
      case 'reasoning':
        add('assistant', 'reasoning', reasoningOf(item) + text(item.encrypted_content))
        break
      // The tools they bring are the request's.
      case 'additional_tools':
      case 'tool_search_output':
        break
      default:
        add('assistant', text(item.type), canonical(item))
    }
  }
  return found.map(({ role, kind, value }) => `${role} ${kind} ${value}`)
}

function addPart(
  add: (role: string, kind: string, value: string) => void,
  role: string,
  part: JsonObject,
): void {
  if (part.type === 'input_text' || part.type === 'output_text' || part.type === 'text')
    add(role, 'text', text(part.text))
  else if (part.type === 'refusal') add(role, 'refusal', text(part.refusal))
  else if (part.type === 'input_image') add(role, 'image', text(part.image_url ?? part.file_id))
  else if (part.type === 'input_file')
    add(role, 'file', text(part.file_url ?? part.file_data ?? part.file_id))
  else add(role, text(part.type), canonical(part))
}

function flat(output: Json | undefined): string {
  if (typeof output === 'string') return output
  return list(output)
    .map((part) => (typeof part.text === 'string' ? part.text : canonical(part)))
    .join('')
}
