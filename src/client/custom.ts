// Calls to a model object of the application's own, given the same face as calls to an endpoint.

import type { Cancel } from '../core/cancel.ts'
import { replay } from '../core/collect.ts'
import type { GenerationDialect } from '../core/dialect.ts'
import type { Part } from '../core/part.ts'
import type { GenerationResponse } from '../core/response.ts'
import type { StreamEvent } from '../core/event.ts'
import { type ChatAnswer, answerOf } from './answer.ts'
import type { CallOptions } from './client.ts'
import type { CustomModel, CustomModelContext, CustomReply } from './custom-model.ts'
import type { EmbedAnswer } from './embed.ts'
import { Other } from './errors.ts'
import type { ChatRequest } from './request.ts'
import { type ClientEvent, eventMapper } from './stream.ts'
import { asError } from './wait.ts'

interface Mine {
  name: string
  model: CustomModel
}

export async function customChat(
  { name, model }: Mine,
  request: ChatRequest,
  options: CallOptions,
  face: GenerationDialect,
  now: number,
): Promise<ChatAnswer<undefined>> {
  const context: CustomModelContext = {
    model: request.model ?? options.model ?? name,
    signal: options.signal ?? new AbortController().signal,
  }
  context.signal.throwIfAborted()
  let reply: string | CustomReply
  if (model.chat) reply = await model.chat(request, context)
  else if (model.stream) {
    let text = ''
    for await (const piece of model.stream(request, context)) text += piece
    reply = text
  } else
    throw new Other(`model "${name}" has neither chat nor stream`, {
      status: 0,
      kind: 'unsupported_operation',
      attempts: 0,
    })
  return answerOf(responseOf(reply, context.model, now), factsOf(name, context.model, now), face)
}

export async function* customStream(
  { name, model }: Mine,
  request: ChatRequest,
  options: CallOptions,
  face: GenerationDialect,
  now: number,
  stopped: Cancel,
): AsyncGenerator<ClientEvent, void> {
  const gone = new AbortController()
  stopped.onRaise((reason) => gone.abort(reason))
  const signal = options.signal ? AbortSignal.any([options.signal, gone.signal]) : gone.signal
  const context: CustomModelContext = { model: request.model ?? options.model ?? name, signal }
  const map = eventMapper((response) => answerOf(response, factsOf(name, context.model, now), face))
  if (!model.stream) {
    const { response } = await customChat({ name, model }, request, { ...options, signal }, face, now)
    const events: StreamEvent[] = []
    replay(response, (event) => events.push(event))
    for (const event of events) yield* map(event)
    return
  }
  yield* map({ type: 'start', id: 'custom', model: context.model, created: Math.floor(now / 1_000) })
  yield* map({ type: 'open', choice: 0, part: 0, open: { kind: 'text' } })
  for await (const text of model.stream(request, context)) {
    if (signal.aborted) throw asError(signal.reason)
    yield* map({ type: 'delta', choice: 0, part: 0, text })
  }
  yield* map({ type: 'close', choice: 0, part: 0 })
  yield* map({ type: 'finish', choice: 0, finish: { reason: 'stop' } })
  yield* map({ type: 'end' })
}

export async function customEmbed(
  { name, model }: Mine,
  input: readonly string[],
  options: CallOptions,
): Promise<EmbedAnswer> {
  const context: CustomModelContext = {
    model: options.model ?? name,
    signal: options.signal ?? new AbortController().signal,
  }
  if (!model.embed)
    throw new Other(`model "${name}" has no embed`, { status: 0, kind: 'unsupported_operation', attempts: 0 })
  const vectors = input.length === 0 ? [] : await model.embed(input, context)
  return { vectors, model: context.model, usage: undefined, provider: name, attempts: 1 }
}

function factsOf(provider: string, model: string, now: number): Parameters<typeof answerOf>[1] {
  return { provider, model, headers: {}, notes: [], attempts: 1, now }
}

function responseOf(reply: string | CustomReply, model: string, now: number): GenerationResponse {
  const { text, reasoning, toolCalls } = typeof reply === 'string' ? ({ text: reply } as CustomReply) : reply
  const parts: Part[] = []
  if (reasoning !== undefined) parts.push({ kind: 'reasoning', text: reasoning })
  if (text !== '') parts.push({ kind: 'text', text })
  for (const call of toolCalls ?? []) parts.push({ kind: 'tool_call', ...call })
  const reason = toolCalls && toolCalls.length > 0 ? 'tool_calls' : 'stop'
  return {
    id: 'custom',
    model,
    created: Math.floor(now / 1_000),
    choices: [{ index: 0, parts, finish: { reason } }],
  }
}
