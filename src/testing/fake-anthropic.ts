// The Anthropic-type answers: messages, whole and streamed, token counts and the model list. Strict where the real one
// is: a version header, a key when one is set, and max_tokens are demanded.

import { type Json, type JsonObject, asString, isObject } from '../core/json.ts'
import { type PlannedCall, limited, plannedCalls, textOf, tokens, words } from './chat-plan.ts'
import type { FakeRequest } from './fake-kinds.ts'
import { fragments } from './fake-openai.ts'
import { type SsePiece, type Step, json } from './step.ts'

const ERROR_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

function error(status: number, message: string, serial: number): Step {
  const type = ERROR_TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  const id = `req_fake_${serial}`
  return json({ type: 'error', error: { type, message }, request_id: id }, status, { 'request-id': id })
}

function answer(request: FakeRequest): Step {
  const { method, pathname, headers, key, body, models, serial } = request
  const bearer = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (key !== undefined && headers['x-api-key'] !== key && bearer !== key)
    return error(
      401,
      headers['x-api-key'] === undefined ? 'x-api-key header is required' : 'invalid x-api-key',
      serial,
    )
  if (headers['anthropic-version'] === undefined)
    return error(400, 'anthropic-version: header is required', serial)
  if (method === 'GET' && pathname.endsWith('/models'))
    return json({
      data: models.map(model),
      has_more: false,
      first_id: models[0] ?? null,
      last_id: models.at(-1) ?? null,
    })
  const one = method === 'GET' ? /\/models\/(.+)$/.exec(pathname)?.[1] : undefined
  if (one !== undefined) {
    const id = decodeURIComponent(one)
    return models.includes(id) ? json(model(id)) : error(404, `model: ${id}`, serial)
  }
  const counts = pathname.endsWith('/messages/count_tokens')
  if (method !== 'POST' || (!counts && !pathname.endsWith('/messages')))
    return error(404, 'Not Found', serial)
  if (!isObject(body)) return error(400, 'The request body is not valid JSON', serial)
  if (typeof body.model !== 'string') return error(400, 'model: Field required', serial)
  const list = Array.isArray(body.messages) ? body.messages.filter(isObject) : []
  if (list.length === 0) return error(400, 'messages: at least one message is required', serial)
  if (counts) return json({ input_tokens: inputTokens(body, list) })
  if (typeof body.max_tokens !== 'number') return error(400, 'max_tokens: Field required', serial)
  return messages(body, body.model, body.max_tokens, list, serial)
}

export const anthropicAnswer = { answer, error }

function model(id: string): JsonObject {
  return { type: 'model', id, display_name: id, created_at: '2025-01-01T00:00:00Z' }
}

function inputTokens(body: JsonObject, list: readonly JsonObject[]): number {
  return Math.max(
    1,
    tokens(textOf(body.system)) + list.reduce((sum, row) => sum + tokens(textOf(row.content)), 0),
  )
}

function messages(
  body: JsonObject,
  model: string,
  maxTokens: number,
  list: readonly JsonObject[],
  serial: number,
): Step {
  const last = list.findLast((message) => message.role === 'user')
  const said = textOf(last?.content)
  const thinking = isObject(body.thinking) && body.thinking.type !== 'disabled'
  const { text, cut } = limited(said, maxTokens)
  const calls = toolCalls(body, last, said)
  const content: JsonObject[] = []
  if (thinking)
    content.push({
      type: 'thinking',
      thinking: 'The user wants an echo.',
      signature: `fake-signature-${serial}`,
    })
  for (const [index, call] of calls.entries())
    content.push({
      type: 'tool_use',
      id: `toolu_fake_${serial}_${index}`,
      name: call.name,
      input: parsed(call),
    })
  if (calls.length === 0 && text !== '') content.push({ type: 'text', text })
  const stop = calls.length > 0 ? 'tool_use' : cut ? 'max_tokens' : 'end_turn'
  const output = content.reduce((sum, block) => sum + tokens(blockText(block)), 0)
  const usage = {
    input_tokens: inputTokens(body, list),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: output,
  }
  const head = { id: `msg_fake_${serial}`, type: 'message', role: 'assistant', model }
  const headers = { 'request-id': `req_fake_${serial}` }
  if (body.stream !== true)
    return json({ ...head, content, stop_reason: stop, stop_sequence: null, usage }, 200, headers)
  return { sse: events(head, content, stop, usage), headers }
}

function toolCalls(body: JsonObject, last: JsonObject | undefined, said: string): PlannedCall[] {
  const tools = (Array.isArray(body.tools) ? body.tools : [])
    .filter(isObject)
    .map((tool) => ({ name: asString(tool.name) ?? '', schema: tool.input_schema }))
  const choice = isObject(body.tool_choice) ? body.tool_choice : {}
  const forced =
    choice.type === 'tool' && typeof choice.name === 'string'
      ? choice.name
      : choice.type === 'any'
        ? true
        : choice.type === 'none'
          ? false
          : undefined
  const answersTool =
    Array.isArray(last?.content) &&
    last.content.some((block) => isObject(block) && block.type === 'tool_result')
  return plannedCalls(tools, forced, answersTool ? '' : said)
}

function parsed(call: PlannedCall): Json {
  return JSON.parse(call.arguments) as Json
}

function blockText(block: JsonObject): string {
  return [block.text, block.thinking, block.input === undefined ? undefined : JSON.stringify(block.input)]
    .filter((value) => typeof value === 'string')
    .join(' ')
}

function events(
  head: JsonObject,
  content: readonly JsonObject[],
  stop: string,
  usage: JsonObject,
): SsePiece[] {
  const pieces: SsePiece[] = []
  const event = (type: string, members: JsonObject): void => {
    pieces.push({ event: type, data: { type, ...members } })
  }
  event('message_start', {
    message: {
      ...head,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...usage, output_tokens: 1 },
    },
  })
  event('ping', {})
  for (const [index, block] of content.entries()) {
    const delta = (value: JsonObject): void => event('content_block_delta', { index, delta: value })
    event('content_block_start', { index, content_block: opened(block) })
    if (typeof block.thinking === 'string') {
      for (const word of words(block.thinking)) delta({ type: 'thinking_delta', thinking: word })
      delta({ type: 'signature_delta', signature: block.signature })
    } else if (typeof block.text === 'string') {
      for (const word of words(block.text)) delta({ type: 'text_delta', text: word })
    } else {
      delta({ type: 'input_json_delta', partial_json: '' })
      for (const part of fragments(JSON.stringify(block.input)))
        delta({ type: 'input_json_delta', partial_json: part })
    }
    event('content_block_stop', { index })
  }
  event('message_delta', { delta: { stop_reason: stop, stop_sequence: null }, usage })
  event('message_stop', {})
  return pieces
}

/** A block as it opens: of its kind, and empty. */
function opened(block: JsonObject): JsonObject {
  if (block.type === 'thinking') return { type: 'thinking', thinking: '', signature: '' }
  if (block.type === 'text') return { type: 'text', text: '' }
  return { ...block, input: {} }
}
