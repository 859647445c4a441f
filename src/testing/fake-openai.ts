// The OpenAI-type answers: model list, chat, completions and embeddings, whole and streamed.

import { type Json, type JsonObject, asString, isObject } from '../core/json.ts'
import { type PlannedCall, limited, plannedCalls, sample, textOf, tokens, words } from './chat-plan.ts'
import type { FakeKind, FakeRequest } from './fake-kinds.ts'
import { fakeVector, vectorBase64 } from './fake-vector.ts'
import { type SsePiece, type Step, json } from './step.ts'

const CREATED = 1_700_000_000
const OWNERS: Partial<Record<FakeKind, string>> = {
  vllm: 'vllm',
  ollama: 'library',
  lmstudio: 'organization_owner',
}

export function openaiError(
  status: number,
  message: string,
  code: string | null = null,
  param: string | null = null,
): Step {
  const type =
    status === 401 || status === 403
      ? 'authentication_error'
      : status === 429
        ? 'rate_limit_error'
        : status >= 500
          ? 'server_error'
          : 'invalid_request_error'
  return json({ error: { message, type, param, code } }, status)
}

/** Undefined: not one of its paths. */
export function openaiAnswer(request: FakeRequest): Step | undefined {
  const { method, pathname, body } = request
  if (method === 'GET' && pathname.endsWith('/models'))
    return json({ object: 'list', data: request.models.map((id) => model(request.kind, id)) })
  const one = method === 'GET' ? /\/models\/(.+)$/.exec(pathname)?.[1] : undefined
  if (one !== undefined) {
    const id = decodeURIComponent(one)
    return request.models.includes(id)
      ? json(model(request.kind, id))
      : openaiError(404, `The model '${id}' does not exist`, 'model_not_found', 'model')
  }
  if (method !== 'POST') return undefined
  const operation = [chat, completion, embedding].find((candidate) => pathname.endsWith(candidate.path))
  if (!operation) return undefined
  if (!isObject(body)) return openaiError(400, 'We could not parse the JSON body of your request.')
  if (typeof body.model !== 'string')
    return openaiError(400, 'you must provide a model parameter', null, 'model')
  return operation.answer(body, body.model, request.serial)
}

function model(kind: FakeKind, id: string): JsonObject {
  return { id, object: 'model', created: CREATED, owned_by: OWNERS[kind] ?? 'openai' }
}

interface Operation {
  path: string
  answer(body: JsonObject, model: string, serial: number): Step
}

const chat: Operation = {
  path: '/chat/completions',
  answer(body, model, serial) {
    const messages = Array.isArray(body.messages) ? body.messages.filter(isObject) : []
    if (messages.length === 0)
      return openaiError(400, "Missing required parameter: 'messages'.", null, 'messages')
    const head = { id: `chatcmpl-fake-${serial}`, created: CREATED, model }
    const calls = chatCalls(body, messages)
    const format = isObject(body.response_format) ? body.response_format : {}
    const last = messages.findLast((message) => message.role === 'user' || message.role === 'tool')
    const said = textOf(last?.content)
    const words =
      format.type === 'json_schema' && isObject(format.json_schema)
        ? JSON.stringify(sample(format.json_schema.schema))
        : format.type === 'json_object'
          ? JSON.stringify({ echo: said })
          : said
    const { text, cut } = limited(words, body.max_completion_tokens ?? body.max_tokens)
    const finish = calls.length > 0 ? 'tool_calls' : cut ? 'length' : 'stop'
    const count = typeof body.n === 'number' && body.n > 1 ? body.n : 1
    const ids = calls.map((call, index) => ({ ...call, id: `call_fake_${serial}_${index}` }))
    const out = calls.length > 0 ? calls.map((call) => call.arguments).join(' ') : text
    const usage = chatUsage(messages, out, count)
    if (body.stream === true)
      return {
        sse: chatChunks(head, { text, calls: ids, finish, count }, includeUsage(body) ? usage : undefined),
      }
    return json({
      ...head,
      object: 'chat.completion',
      choices: Array.from({ length: count }, (_, index) => ({
        index,
        message: {
          role: 'assistant',
          content: calls.length > 0 ? null : text,
          refusal: null,
          ...(calls.length > 0
            ? {
                tool_calls: ids.map((call) => ({
                  id: call.id,
                  type: 'function',
                  function: { name: call.name, arguments: call.arguments },
                })),
              }
            : {}),
        },
        logprobs: null,
        finish_reason: finish,
      })),
      usage,
    })
  },
}

function chatCalls(body: JsonObject, messages: readonly JsonObject[]): PlannedCall[] {
  const tools = (Array.isArray(body.tools) ? body.tools : [])
    .map((tool) => (isObject(tool) ? tool.function : undefined))
    .filter(isObject)
    .map((tool) => ({ name: asString(tool.name) ?? '', schema: tool.parameters }))
  const choice = body.tool_choice
  const named = isObject(choice) && isObject(choice.function) ? choice.function.name : undefined
  const forced =
    typeof named === 'string' ? named : choice === 'required' ? true : choice === 'none' ? false : undefined
  const last = messages.at(-1)
  // A tool's result is answered in words, or the conversation would never end.
  return plannedCalls(tools, forced, last?.role === 'user' ? textOf(last.content) : '')
}

function chatUsage(messages: readonly JsonObject[], out: string, count: number): JsonObject {
  const input = messages.reduce((sum, message) => sum + tokens(textOf(message.content)), 0)
  const output = tokens(out) * count
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  }
}

function includeUsage(body: JsonObject): boolean {
  return isObject(body.stream_options) && body.stream_options.include_usage === true
}

interface Said {
  text: string
  calls: (PlannedCall & { id: string })[]
  finish: string
  count: number
}

function chatChunks(head: JsonObject, said: Said, usage: JsonObject | undefined): SsePiece[] {
  const pieces: SsePiece[] = []
  // With include_usage every chunk but the last says `usage: null`.
  const chunk = (choices: Json[], total: Json = null): void => {
    pieces.push({
      data: { ...head, object: 'chat.completion.chunk', choices, ...(usage ? { usage: total } : {}) },
    })
  }
  for (let index = 0; index < said.count; index++) {
    const delta = (value: JsonObject): void =>
      chunk([{ index, delta: value, logprobs: null, finish_reason: null }])
    delta({ role: 'assistant', content: said.calls.length > 0 ? null : '', refusal: null })
    if (said.calls.length === 0) for (const word of words(said.text)) delta({ content: word })
    for (const [at, call] of said.calls.entries()) {
      delta({
        tool_calls: [
          { index: at, id: call.id, type: 'function', function: { name: call.name, arguments: '' } },
        ],
      })
      for (const part of fragments(call.arguments))
        delta({ tool_calls: [{ index: at, function: { arguments: part } }] })
    }
    chunk([{ index, delta: {}, logprobs: null, finish_reason: said.finish }])
  }
  if (usage) chunk([], usage)
  pieces.push({ data: '[DONE]' })
  return pieces
}

/** JSON text as models stream it: a few characters at a time. */
export function fragments(text: string): string[] {
  return text.match(/[\s\S]{1,6}/g) ?? []
}

const completion: Operation = {
  path: '/completions',
  answer(body, model, serial) {
    const prompts = Array.isArray(body.prompt) ? body.prompt : [body.prompt ?? '']
    const echoes = prompts.map((prompt) => limited(typeof prompt === 'string' ? prompt : '', body.max_tokens))
    const head = { id: `cmpl-fake-${serial}`, object: 'text_completion', created: CREATED, model }
    const input = prompts.reduce<number>(
      (sum, prompt) => sum + tokens(typeof prompt === 'string' ? prompt : ''),
      0,
    )
    const output = echoes.reduce((sum, echo) => sum + tokens(echo.text), 0)
    const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
    const finish = (cut: boolean) => (cut ? 'length' : 'stop')
    if (body.stream !== true)
      return json({
        ...head,
        choices: echoes.map(({ text, cut }, index) => ({
          text,
          index,
          logprobs: null,
          finish_reason: finish(cut),
        })),
        usage,
      })
    const pieces: SsePiece[] = []
    const chunk = (choices: Json[], total: Json = null): void => {
      pieces.push({ data: { ...head, choices, ...(includeUsage(body) ? { usage: total } : {}) } })
    }
    for (const [index, { text, cut }] of echoes.entries()) {
      for (const word of words(text)) chunk([{ text: word, index, logprobs: null, finish_reason: null }])
      chunk([{ text: '', index, logprobs: null, finish_reason: finish(cut) }])
    }
    if (includeUsage(body)) chunk([], usage)
    pieces.push({ data: '[DONE]' })
    return { sse: pieces }
  },
}

const embedding: Operation = {
  path: '/embeddings',
  answer(body, model) {
    const { input } = body
    // A list of numbers is one text, already cut into tokens.
    const rows = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input]
    if (rows.length === 0 || rows[0] === undefined || rows[0] === '')
      return openaiError(400, "'$.input' is invalid.", null, 'input')
    const texts = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row)))
    const dimensions = typeof body.dimensions === 'number' ? body.dimensions : 8
    const count = texts.reduce((sum, text) => sum + tokens(text), 0)
    return json({
      object: 'list',
      model,
      data: texts.map((text, index) => {
        const vector = fakeVector(text, dimensions)
        return {
          object: 'embedding',
          index,
          embedding: body.encoding_format === 'base64' ? vectorBase64(vector) : vector,
        }
      }),
      usage: { prompt_tokens: count, total_tokens: count },
    })
  },
}
