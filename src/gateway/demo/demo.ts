// The built-in demo model: answers without any model at all, says so every time, and has the shapes of a real one:
// tools, reasoning, forms, limits, usage. For trying the gateway with nothing else at hand.

import type { Random } from '../../core/clock.ts'
import { replay } from '../../core/collect.ts'
import type { StreamEvent } from '../../core/event.ts'
import { type Json, asString, isObject } from '../../core/json.ts'
import type { Part } from '../../core/part.ts'
import type { CustomTool, FunctionTool, GenerationRequest, Message } from '../../core/request.ts'
import type { Finish, GenerationResponse } from '../../core/response.ts'
import { sampleSchema } from './sample-schema.ts'

export { demoEmbedding } from './embedding.ts'

const WHO = 'I am Trunkline’s built-in demo model, not a real LLM.'
const ECHO_CHARACTERS = 200
/** The usual rule of thumb. */
const CHARACTERS_PER_TOKEN = 4

type Callable = FunctionTool | CustomTool

/** @param random makes ids; without it the id is empty, the call's own id is used and the answer is a pure function. */
export function demoAnswer(request: GenerationRequest, random?: Random): GenerationResponse {
  const tools = calledTools(request)
  const { parts, finish } = limited(request, saidParts(request, tools, random))
  const count = Math.max(1, Math.min(request.n ?? 1, 16))
  const reasoning = parts.reduce(
    (sum, part) => sum + (part.kind === 'reasoning' ? estimate(part.text.length) : 0),
    0,
  )
  const input = estimate(inputLength(request))
  const output = parts.reduce((sum, part) => sum + estimate(textOf([part]).length), 0) * count
  return {
    id: random ? `demo-${hex(random)}` : '',
    model: request.model,
    created: 0,
    choices: Array.from({ length: count }, (_, index) => ({
      index,
      parts: parts.map((part) => ({ ...part })),
      finish: { ...finish },
    })),
    usage: {
      input,
      output,
      total: input + output,
      ...(reasoning > 0 ? { reasoning: reasoning * count } : {}),
    },
  }
}

/** The same answer as it would stream: word by word, arguments a few characters at a time. */
export function demoEvents(request: GenerationRequest, random?: Random): StreamEvent[] {
  const events: StreamEvent[] = []
  replay(demoAnswer(request, random), (event) => {
    if (event.type !== 'delta') events.push(event)
    else for (const text of pieces(event.text)) events.push({ ...event, text })
  })
  return events
}

/** Words with the space before them, long ones cut; their concatenation is the text. Never splits a character. */
function pieces(text: string): string[] {
  return text.match(/\s*\S{1,12}|\s+/gu) ?? []
}

function saidParts(
  request: GenerationRequest,
  tools: readonly Callable[],
  random: Random | undefined,
): Part[] {
  const parts: Part[] = []
  if (wantsReasoning(request))
    parts.push({
      kind: 'reasoning',
      text: 'There is nothing to think with here: a demo model repeats what it is asked.',
    })
  if (tools.length > 0) {
    const names = tools.map((tool) => tool.name).join(', ')
    parts.push({ kind: 'text', text: `${WHO} Calling ${names} with made-up arguments.` })
    for (const [index, tool] of tools.entries()) parts.push(toolCall(tool, index, request, random))
    return parts
  }
  parts.push({ kind: 'text', text: form(request) ?? words(request) })
  return parts
}

function toolCall(
  tool: Callable,
  index: number,
  request: GenerationRequest,
  random: Random | undefined,
): Part {
  // Ids must differ between the turns of a conversation, or a result would answer two calls.
  const id = random ? `call_${hex(random)}` : `call_demo_${request.messages.length}_${index}`
  return tool.type === 'custom'
    ? { kind: 'tool_call', id, name: tool.name, arguments: 'demo', custom: true }
    : {
        kind: 'tool_call',
        id,
        name: tool.name,
        arguments: JSON.stringify(sampleSchema(tool.parameters ?? {})),
      }
}

function words(request: GenerationRequest): string {
  const last = request.messages.at(-1)
  const results = last?.parts.filter((part) => part.kind === 'tool_result') ?? []
  if (results.length > 0) return `${WHO} The tool returned: ${short(textOf(results))}`
  const said = lastUserText(request.messages)
  return said === '' ? `${WHO} You sent me no text.` : `${WHO} You said: ${short(said)}`
}

/** The answer as a form, when one was demanded. A schema decides its members, so only free JSON can say who speaks. */
function form({ responseFormat, messages }: GenerationRequest): string | undefined {
  if (responseFormat?.type === 'json_schema') return JSON.stringify(sampleSchema(responseFormat.schema))
  if (responseFormat?.type === 'json')
    return JSON.stringify({ note: WHO, you_said: short(lastUserText(messages)) })
  return undefined
}

function calledTools(request: GenerationRequest): Callable[] {
  const { toolChoice: choice, messages } = request
  const tools = (request.tools ?? []).filter((tool) => tool.type !== 'native')
  if (tools.length === 0 || choice?.type === 'none') return []
  if (choice?.type === 'tool') return tools.filter((tool) => tool.name === choice.name)
  const allowed =
    choice?.type === 'allowed'
      ? tools.filter((tool) => choice.tools.some((row) => names(row, tool.name)))
      : tools
  // A tool's result is answered in words, or the conversation would never end.
  const last = messages.at(-1)
  const answersTool = last?.parts.some((part) => part.kind === 'tool_result') ?? false
  const said = answersTool ? '' : lastUserText(messages)
  const mentioned = allowed.filter((tool) => mentions(said, tool.name))
  if (mentioned.length > 0) return request.parallelToolCalls === false ? mentioned.slice(0, 1) : mentioned
  const must = choice?.type === 'required' || (choice?.type === 'allowed' && choice.mode === 'required')
  return must ? allowed.slice(0, 1) : []
}

/** Whether a row of `allowed_tools` is the tool of that name. */
function names(row: Json, name: string): boolean {
  if (!isObject(row)) return false
  const inner = isObject(row.function) ? row.function : isObject(row.custom) ? row.custom : row
  return asString(inner.name) === name
}

function mentions(text: string, name: string): boolean {
  if (name === '') return false
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text[at - 1] ?? ' '
    const after = text[at + name.length] ?? ' '
    if (!/[\w-]/.test(before) && !/[\w-]/.test(after)) return true
  }
  return false
}

function wantsReasoning({ reasoning }: GenerationRequest): boolean {
  if (!reasoning || reasoning.mode === 'disabled') return false
  const { effort, mode, budgetTokens } = reasoning
  if (effort === 'none') return false
  return (effort !== undefined && effort !== null) || mode !== undefined || (budgetTokens ?? 0) > 0
}

/** Cuts at the caller's stop sequences, then at the token limit, as a real model would have been cut. */
function limited(request: GenerationRequest, parts: readonly Part[]): { parts: Part[]; finish: Finish } {
  let room =
    request.maxOutputTokens === undefined || request.maxOutputTokens === null
      ? Infinity
      : Math.max(1, request.maxOutputTokens) * CHARACTERS_PER_TOKEN
  const kept: Part[] = []
  for (const part of parts) {
    if (room <= 0) return { parts: kept, finish: { reason: 'length' } }
    const hit = part.kind === 'text' ? firstStop(part.text, request.stop ?? []) : undefined
    const full = part.kind === 'tool_call' ? part.arguments : textOf([part])
    const text = hit ? full.slice(0, hit.at) : full
    const cut = text.length > room ? cutAt(text, room) : text
    if (cut !== '' || text === '') kept.push(withText(part, cut))
    if (text.length > room) return { parts: kept, finish: { reason: 'length' } }
    if (hit) return { parts: kept, finish: { reason: 'stop_sequence', stopSequence: hit.stop } }
    room -= text.length
  }
  return {
    parts: kept,
    finish: { reason: kept.some((part) => part.kind === 'tool_call') ? 'tool_calls' : 'stop' },
  }
}

function firstStop(text: string, stops: readonly string[]): { at: number; stop: string } | undefined {
  let first: { at: number; stop: string } | undefined
  for (const stop of stops) {
    const at = stop === '' ? -1 : text.indexOf(stop)
    if (at >= 0 && (!first || at < first.at)) first = { at, stop }
  }
  return first
}

function withText(part: Part, text: string): Part {
  if (part.kind === 'tool_call') return { ...part, arguments: text }
  return part.kind === 'text' || part.kind === 'reasoning' ? { ...part, text } : part
}

/** At most so many code units, never half of a surrogate pair. */
function cutAt(text: string, length: number): string {
  return /[\uD800-\uDBFF]/.test(text[length - 1] ?? '') ? text.slice(0, length - 1) : text.slice(0, length)
}

function short(text: string): string {
  const line = text.trim()
  return line.length <= ECHO_CHARACTERS ? line : `${cutAt(line, ECHO_CHARACTERS)} …`
}

function lastUserText(messages: readonly Message[]): string {
  const last = messages.findLast((message) => message.role === 'user' && textOf(message.parts) !== '')
  return last ? textOf(last.parts.filter((part) => part.kind !== 'tool_result')) : ''
}

function textOf(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      switch (part.kind) {
        case 'text':
        case 'refusal':
        case 'reasoning':
          return part.text
        case 'tool_call':
          return `${part.name} ${part.arguments}`
        case 'tool_result':
          return textOf(part.content)
        case 'media':
        case 'opaque':
          return ''
        default:
          return part satisfies never
      }
    })
    .filter((text) => text !== '')
    .join('\n')
}

function inputLength({ messages, tools }: GenerationRequest): number {
  const said = messages.reduce((sum, message) => sum + textOf(message.parts).length, 0)
  return said + (tools && tools.length > 0 ? JSON.stringify(tools).length : 0)
}

function estimate(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN)
}

function hex(random: Random): string {
  return Array.from({ length: 24 }, () => Math.floor(random() * 16).toString(16)).join('')
}
