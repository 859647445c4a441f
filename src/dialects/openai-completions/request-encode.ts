// A canonical request to a prompt: only what came as one, or is one user message, can be said here.

import type { EncodeTarget, Encoded } from '../../core/dialect.ts'
import { invalid } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import { applyQuirks } from '../../core/quirks.ts'
import type { GenerationRequest } from '../../core/request.ts'

/** @throws GatewayError `invalid_request` for a conversation. */
export function encodeRequest(request: GenerationRequest, target: EncodeTarget): Encoded {
  const notes: Note[] = []
  const own = request.dialect === 'openai-completions'
  const shape = own ? (request.origin?.shape ?? {}) : {}
  const prompt = promptOf(request, notes)
  const body: JsonObject = { model: target.model, prompt: shape.prompt === 'list' ? [prompt] : prompt }
  const members: JsonObject = {
    max_tokens: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    n: request.n,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    seed: request.seed,
    logit_bias: request.logitBias,
    user: request.user,
    stop: shape.stop === 'string' ? request.stop?.[0] : request.stop,
    echo: shape.echo,
    stream_options: shape.streamOptions,
    stream: own ? shape.stream : request.stream,
    logprobs: shape.logprobs ?? (request.logprobs === true ? (request.topLogprobs ?? 1) : undefined),
  }
  for (const [name, value] of Object.entries(members)) if (value !== undefined) body[name] = value
  if (own) Object.assign(body, request.origin?.extras)
  else
    for (const field of Object.keys(request.origin?.extras ?? {}))
      notes.push({ field, action: 'dropped', why: 'completions have no such member' })
  applyQuirks(body, target.quirks, notes)
  return { body, notes }
}

function promptOf(request: GenerationRequest, notes: Note[]): string {
  const [message] = request.messages
  const texts = message?.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])) ?? []
  const plain =
    request.messages.length === 1 &&
    message?.role === 'user' &&
    texts.length > 0 &&
    texts.length === message.parts.length &&
    (request.tools ?? []).length === 0 &&
    (request.responseFormat === undefined ||
      request.responseFormat === null ||
      request.responseFormat.type === 'text')
  if (!plain) throw invalid('messages', 'a prompt holds one user text, and neither tools nor formats')
  if (request.reasoning !== undefined)
    notes.push({ field: 'reasoning', action: 'dropped', why: 'completions do not reason' })
  return texts.join('\n')
}
