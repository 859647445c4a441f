// Canonical requests to Ollama's. What the caller left out stays out, so that the model file's own defaults hold; `stream`
// is always said, for the server's default is true.

import type { EncodeTarget, Encoded } from '../../core/dialect.ts'
import { GatewayError, invalid } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import { applyQuirks } from '../../core/quirks.ts'
import type { FunctionTool, GenerationRequest, Tool } from '../../core/request.ts'
import { type Form, isOwn } from './form.ts'
import { encodeMessages } from './messages-encode.ts'

export function encodeRequest(form: Form, request: GenerationRequest, target: EncodeTarget): Encoded {
  const notes: Note[] = []
  const own = isOwn(request.dialect)
  const shape = own ? (request.origin?.shape ?? {}) : {}
  const extras = own ? { ...request.origin?.extras } : {}
  const body: JsonObject = { model: target.model }
  const messages = encodeMessages(request, notes)
  if (form === 'chat') body.messages = messages
  else Object.assign(body, shape.system === undefined ? {} : { system: shape.system }, asPrompt(messages))
  if (form === 'chat') encodeTools(request, body, notes)
  const options = encodeOptions(request, shape, notes)
  if (own && extras.options !== undefined) Object.assign(options, extras.options)
  else if (!own) roomFor(request, target, body, options)
  if (Object.keys(options).length > 0 || shape.options === 'empty') body.options = options
  encodeFormat(request, shape, body, notes)
  encodeThink(request, target, shape, body, notes)
  if (request.logprobs !== undefined && request.logprobs !== null) body.logprobs = request.logprobs
  if (request.topLogprobs !== undefined && request.topLogprobs !== null)
    body.top_logprobs = request.topLogprobs
  if (!own || shape.stream !== undefined) body.stream = request.stream
  if (own) {
    delete extras.options
    Object.assign(body, extras)
  } else noteForeign(request, notes)
  applyQuirks(body, target.quirks, notes)
  return { body, notes }
}

/** What the native API has no word for. */
function noteForeign(request: GenerationRequest, notes: Note[]): void {
  const lost: [string, unknown][] = [
    ['n', request.n === 1 ? undefined : request.n],
    ['logit_bias', request.logitBias],
    ['parallel_tool_calls', request.parallelToolCalls],
    ['user', request.user],
    ['service_tier', request.serviceTier],
    ['metadata', request.metadata],
    ['cache_control', request.cache],
    ...Object.entries(request.origin?.extras ?? {}),
  ]
  for (const [field, value] of lost)
    if (value !== undefined && value !== null)
      notes.push({ field, action: 'dropped', why: 'Ollama has no such member' })
}

/** /api/generate is one prompt with its instruction. @throws `invalid_request` for a conversation. */
function asPrompt(messages: readonly JsonObject[]): JsonObject {
  const system = messages.flatMap(({ role, content }) =>
    role === 'system' && typeof content === 'string' ? [content] : [],
  )
  const rest = messages.filter((message) => message.role !== 'system')
  const [only] = rest
  if (rest.length !== 1 || only?.role !== 'user')
    throw invalid('messages', 'a prompt holds no conversation; use the chat form')
  return {
    ...(system.length > 0 ? { system: system.join('\n\n') } : {}),
    prompt: only.content,
    ...(only.images === undefined ? {} : { images: only.images }),
  }
}

function encodeTools(request: GenerationRequest, body: JsonObject, notes: Note[]): void {
  if (request.tools === undefined || request.tools === null) return
  const choice = request.toolChoice
  let tools = request.tools.flatMap((tool, index) => functionOf(tool, index, notes))
  if (choice?.type === 'none') {
    tools = []
    notes.push({ field: 'tool_choice', action: 'approximated', why: 'sent as a request without tools' })
  } else if (choice?.type === 'tool') {
    tools = tools.filter((tool) => tool.name === choice.name)
    notes.push({
      field: 'tool_choice',
      action: 'approximated',
      why: 'Ollama has no tool choice: only that tool is offered',
    })
  } else if (choice && choice.type !== 'auto')
    notes.push({ field: 'tool_choice', action: 'dropped', why: 'Ollama has no tool choice' })
  if (tools.length === 0 && !isOwn(request.dialect)) return
  body.tools = tools.map((tool) => {
    const home = tool.origin && isOwn(tool.origin.dialect)
    return {
      type: 'function',
      function: {
        name: tool.name,
        ...(tool.description === undefined ? {} : { description: tool.description }),
        ...(tool.parameters === undefined ? {} : { parameters: tool.parameters }),
        ...(home ? tool.origin?.extras : {}),
      },
    }
  })
}

function functionOf(tool: Tool, index: number, notes: Note[]): FunctionTool[] {
  const at = `tools[${index}]`
  if (tool.type !== 'function') {
    notes.push({
      field: at,
      action: 'dropped',
      why: `Ollama has no ${tool.type === 'native' ? tool.name : tool.type} tool`,
    })
    return []
  }
  if (tool.strict !== undefined && tool.strict !== null)
    notes.push({ field: `${at}.strict`, action: 'dropped', why: 'Ollama has no such member' })
  if (tool.cache)
    notes.push({ field: `${at}.cache_control`, action: 'dropped', why: 'Ollama caches by itself' })
  if (tool.origin && !isOwn(tool.origin.dialect))
    for (const name of Object.keys(tool.origin.extras ?? {}))
      notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Ollama has no such member' })
  return [tool]
}

function encodeOptions(request: GenerationRequest, shape: JsonObject, notes: Note[]): JsonObject {
  const options: JsonObject = {}
  const put = (name: string, value: number | string[] | null | undefined): void => {
    if (value !== undefined && value !== null) options[name] = value
  }
  put('num_predict', request.maxOutputTokens ?? (shape.numPredict as number | undefined))
  put('temperature', request.temperature)
  put('top_p', request.topP)
  put('top_k', request.topK)
  put('seed', request.seed)
  put('presence_penalty', request.presencePenalty)
  put('frequency_penalty', request.frequencyPenalty)
  put('stop', request.stop)
  if (request.stop && request.stop.length === 0) {
    delete options.stop
    notes.push({ field: 'stop', action: 'dropped', why: 'an empty list stops nothing' })
  }
  return options
}

/** Windows a server is asked for; few, for each change of it loads the model anew. */
const STEPS = [8_192, 16_384, 32_768, 65_536, 131_072, 262_144, 524_288, 1_048_576]
/** What the smallest servers give unasked. */
const UNASKED = 4_096

/**
 * Unasked, the server's window depends on its memory, and a longer prompt is cut at the front without a word. So room is
 * asked for where the prompt may not fit, and truncation is switched off.
 * @throws `context_length_exceeded` when the model's own limit is known and smaller.
 */
function roomFor(
  request: GenerationRequest,
  { facts }: EncodeTarget,
  body: JsonObject,
  options: JsonObject,
): void {
  body.truncate = false
  const prompt = JSON.stringify([body.messages ?? body.prompt, body.tools ?? []]).length / 4
  const wanted = Math.ceil(prompt) + (request.maxOutputTokens ?? 1_024)
  const most = facts.contextTokens
  // A quarter more than the estimate says is beyond doubt.
  if (most !== undefined && prompt > most * 1.25)
    throw new GatewayError(
      'context_length_exceeded',
      `the prompt is about ${Math.ceil(prompt)} tokens, and the model's context holds ${most}`,
    )
  if (wanted <= UNASKED) return
  const step = STEPS.find((size) => size >= wanted) ?? wanted
  options.num_ctx = most === undefined ? step : Math.min(step, most)
}

function encodeFormat(request: GenerationRequest, shape: JsonObject, body: JsonObject, notes: Note[]): void {
  const format = request.responseFormat
  if (shape.format !== undefined) body.format = shape.format
  if (format === undefined || format === null || format.type === 'text') return
  if (format.type === 'json') body.format = 'json'
  else if (format.type === 'json_schema') {
    body.format = format.schema ?? 'json'
    if (!isOwn(request.dialect) && format.strict !== undefined && format.strict !== null)
      notes.push({ field: 'response_format.strict', action: 'dropped', why: 'Ollama has no such member' })
  } else notes.push({ field: 'response_format', action: 'dropped', why: 'Ollama has no such format' })
}

const LEVELS: Readonly<Record<string, string>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'max',
  max: 'max',
}

/** gpt-oss knows levels alone and ignores a switch; other models know the switch. */
function encodeThink(
  request: GenerationRequest,
  { model }: EncodeTarget,
  shape: JsonObject,
  body: JsonObject,
  notes: Note[],
): void {
  const control = request.reasoning
  if (!control) return
  if (shape.think !== undefined) {
    body.think = shape.think
    return
  }
  const levels = model.toLowerCase().includes('gpt-oss')
  const off = control.mode === 'disabled' || control.effort === 'none'
  const { effort, budgetTokens } = control
  if (off) {
    if (levels) notes.push({ field: 'reasoning', action: 'dropped', why: 'this model cannot stop thinking' })
    else body.think = false
  } else if (levels) {
    const level = typeof effort === 'string' ? LEVELS[effort] : undefined
    body.think =
      level === 'max'
        ? 'high'
        : (level ??
          (budgetTokens === undefined || budgetTokens > 10_000
            ? 'high'
            : budgetTokens > 2_000
              ? 'medium'
              : 'low'))
  } else {
    body.think = true
    if (typeof effort === 'string' || budgetTokens !== undefined)
      notes.push({ field: 'reasoning', action: 'approximated', why: 'this model only switches thinking on' })
  }
}
